// Requests signed with the package elliptic (npm install elliptic@6). One function a case.
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { ec: EC } = require("elliptic");

const { CLOUDKIT_URL, KEYS, KEY_ID } = process.env;
const clock = () => new Date(process.env.NOW);
const path = "/database/1/iCloud.com.example.Ledger/development/public/records/query";
const body = JSON.stringify({ query: { recordType: "Account" }, resultsLimit: 1 });

// The 32 bytes of the private key begin at the seventh byte of the SEC1 form.
const der = Buffer.from(readFileSync(`${KEYS}/one.pem`, "utf8").replace(/-----[^-]+-----|\s/g, ""), "base64");
const key = new EC("p256").keyFromPrivate(der.subarray(7, 39));

const isoDate = () => clock().toISOString().replace(/\.\d{3}/, "");
const sha256 = (data, encoding) => createHash("sha256").update(data).digest(encoding);

function send(date, signature) {
  const headers = {
    "X-Apple-CloudKit-Request-KeyID": KEY_ID,
    "X-Apple-CloudKit-Request-ISO8601Date": date,
    "X-Apple-CloudKit-Request-SignatureV1": signature,
  };
  return fetch(CLOUDKIT_URL + path, { method: "POST", headers, body });
}

const cases = {
  // The nonce follows RFC 6979.
  right() {
    const date = isoDate();
    const signature = key.sign(sha256(`${date}:${sha256(body, "base64")}:${path}`));
    return send(date, Buffer.from(signature.toDER()).toString("base64"));
  },

  right_canonical() {
    const date = isoDate();
    const signature = key.sign(sha256(`${date}:${sha256(body, "base64")}:${path}`), { canonical: true });
    return send(date, Buffer.from(signature.toDER()).toString("base64"));
  },

  // sign() takes a digest, and takes whatever it is given for one.
  digest_not_applied() {
    const date = isoDate();
    const signature = key.sign(Buffer.from(`${date}:${sha256(body, "base64")}:${path}`));
    return send(date, Buffer.from(signature.toDER()).toString("base64"));
  },

  signature_as_object() {
    const date = isoDate();
    const signature = key.sign(sha256(`${date}:${sha256(body, "base64")}:${path}`));
    return send(date, signature.toString());
  },

  signature_hex_of_toDER() {
    const date = isoDate();
    const signature = key.sign(sha256(`${date}:${sha256(body, "hex")}:${path}`));
    return send(date, signature.toDER("hex"));
  },
};

cases[process.argv[2]]();
