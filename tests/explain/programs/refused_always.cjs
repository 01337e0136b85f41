// Ten programs that CloudKit always refuses, typed anew after public ones. One function a program; `_with_fraction`
// after its name is the same program with milliseconds in the date. (Node.js; the second needs npm install elliptic@6)
const { createHash, createSign } = require("node:crypto");
const { readFileSync } = require("node:fs");

const { CLOUDKIT_URL, KEYS, KEY_ID, API_TOKEN } = process.env;
const clock = () => new Date(process.env.NOW);
const withFraction = process.argv[2].endsWith("_with_fraction");
const isoDate = () => (withFraction ? clock().toISOString() : clock().toISOString().replace(/\.\d{3}Z$/, "Z"));

const database = "/database/1/iCloud.com.example.Ledger/development/public";
const path = `${database}/records/query`;
const body = JSON.stringify({ query: { recordType: "Account" }, resultsLimit: 1 });
const privateKey = readFileSync(`${KEYS}/one.pem`, "utf8");
const sha256 = (data) => createHash("sha256").update(data).digest("base64");
const sign = (message) => createSign("SHA256").update(message).sign(privateKey, "base64");

function send(headers, target = path) {
  return fetch(CLOUDKIT_URL + target, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body });
}

const signed = (date, signature, keyId = KEY_ID) => ({
  "X-Apple-CloudKit-Request-KeyID": keyId,
  "X-Apple-CloudKit-Request-ISO8601Date": date,
  "X-Apple-CloudKit-Request-SignatureV1": signature,
});

const programs = {
  // What it calls a signature is a hash of date and body.
  program_1() {
    const date = isoDate();
    return send(signed(date, sha256(`${date}:${body}`)));
  },

  // The curve of Bitcoin, and an object turned into text.
  program_2() {
    const { ec: EC } = require("elliptic");
    const key = new EC("secp256k1").keyFromPrivate(createHash("sha256").update(privateKey).digest());
    const date = isoDate();
    return send(signed(date, key.sign(`${date}:${sha256(body)}:${path}`).toString()));
  },

  program_3() {
    const date = isoDate();
    return send(signed(date, sign(`${date}:${body}:${path}`)));
  },

  program_4() {
    const date = isoDate();
    return send(signed(date, sign(`${date}:${sha256(body)}`)));
  },

  program_5() {
    const date = isoDate();
    const path = "/database/1/iCloud.com.example.Ledger/development/private/records/query";
    return send(signed(date, sign(`${date}:${body}:${path}`)), path);
  },

  // With the issuer ID and the key of App Store Connect, which is a key on P-256 too.
  program_6() {
    const date = isoDate();
    const container = "icloud.com.example.Ledger";
    const signature = sign(`${date}:${sha256(body)}:/database/1/${container}/public/records/query`);
    const target = `/database/1/${container}/development/public/records/query`;
    return send(signed(date, signature, "57246542-96fe-1a63-e053-0824d011072a"), target);
  },

  program_7() {
    return send(signed(isoDate(), "YOUR_SIGNATURE", API_TOKEN));
  },

  // The ID of an `AuthKey_….p8`.
  program_8() {
    const date = isoDate();
    return send(signed(date, sign(`${date}:${sha256(body)}:${path}`), "2X9R4HXF34"));
  },

  program_9() {
    const date = isoDate();
    return send(signed(date, sign(`${date}:${sha256(body)}:${path}`), API_TOKEN));
  },

  // A token for other interfaces of Apple's. It sends no date, so it is here once.
  program_10() {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const seconds = Math.floor(clock() / 1000);
    const content = `${part({ alg: "ES256", kid: "2X9R4HXF34", typ: "JWT" })}.${part({ iss: "57246542-96fe-1a63-e053-0824d011072a", iat: seconds, exp: seconds + 1200 })}`;
    const signature = createSign("SHA256").update(content).sign({ key: privateKey, dsaEncoding: "ieee-p1363" }, "base64url");
    return send({ Authorization: `Bearer ${content}.${signature}` }, path.replace("/public/", "/private/"));
  },
};

programs[process.argv[2].replace("_with_fraction", "")]();
