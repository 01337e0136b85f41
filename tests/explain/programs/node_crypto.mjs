// Requests signed with the crypto module of Node.js. One function a case.
import { createHash, createPrivateKey, createSign, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";

const { CLOUDKIT_URL, KEYS, KEY_ID, API_TOKEN } = process.env;
const clock = () => new Date(process.env.NOW);

const privateKey = readFileSync(`${KEYS}/one.pem`, "utf8");
const container = "iCloud.com.example.Ledger";
const database = `/database/1/${container}/development/public`;
const path = `${database}/records/query`;
const query = { query: { recordType: "Account" }, resultsLimit: 1 };

const isoDate = () => clock().toISOString().split(".")[0] + "Z";
const sha256 = (data) => createHash("sha256").update(data, "utf8").digest("base64");
const signed = (message) => createSign("SHA256").update(message).sign(privateKey, "base64");

function headers(date, signature, keyId = KEY_ID) {
  return {
    "X-Apple-CloudKit-Request-KeyID": keyId,
    "X-Apple-CloudKit-Request-ISO8601Date": date,
    "X-Apple-CloudKit-Request-SignatureV1": signature,
  };
}

function send(target, headers, body) {
  const method = body === undefined ? "GET" : "POST";
  return fetch(CLOUDKIT_URL + target, { method, headers: { "Content-Type": "application/json", ...headers }, body });
}

async function inEnvironment(environment) {
  const date = isoDate();
  const body = JSON.stringify(query);
  const path = `/database/1/${container}/${environment}/public/records/query`;
  await send(path, headers(date, signed(`${date}:${sha256(body)}:${path}`)), body);
}

const cases = {
  async right() {
    const date = isoDate();
    const body = JSON.stringify(query);
    await send(path, headers(date, signed(`${date}:${sha256(body)}:${path}`)), body);
  },

  // The older module, with a callback, and the length set by hand.
  right_with_http_request() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const { hostname, port } = new URL(CLOUDKIT_URL);
    const request = http.request({
      hostname,
      port,
      path,
      method: "POST",
      headers: {
        Host: "api.apple-cloudkit.com",
        "Content-Type": "text/plain",
        "Content-Length": Buffer.byteLength(body),
        ...headers(date, signed(`${date}:${sha256(body)}:${path}`)),
      },
    });
    request.end(body);
    return new Promise((resolve) => request.on("response", (response) => response.resume().on("end", resolve)));
  },

  async right_non_ascii() {
    const date = isoDate();
    const path = `${database}/records/modify`;
    const fields = { name: { value: "Zoë Ångström, 東京 🦀" } };
    const body = JSON.stringify({ operations: [{ operationType: "create", record: { recordType: "Account", fields } }] });
    await send(path, headers(date, signed(`${date}:${sha256(body)}:${path}`)), body);
  },

  async right_percent_encoded() {
    // Every character but letters and digits is encoded, as with .alphanumerics in Swift.
    const encode = (text) => text.replace(/[^A-Za-z0-9]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
    const date = isoDate();
    const body = JSON.stringify(query);
    const path = `/database/1/${encode(container)}/development/public/records/query`;
    await send(path, headers(date, signed(`${date}:${sha256(body)}:${path}`)), body);
  },

  async right_query_string_signed() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const target = `${path}?clientBuildNumber=17&remapEnums=true`;
    await send(target, headers(date, signed(`${date}:${sha256(body)}:${target}`)), body);
  },

  async right_query_string_not_signed() {
    const date = isoDate();
    const body = JSON.stringify(query);
    await send(`${path}?clientBuildNumber=17`, headers(date, signed(`${date}:${sha256(body)}:${path}`)), body);
  },

  // No parameters, and the question mark is there all the same.
  async query_signed_not_sent() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const parameters = new URLSearchParams();
    await send(path, headers(date, signed(`${date}:${sha256(body)}:${path}?${parameters}`)), body);
  },

  async query_reordered() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const parameters = { remapEnums: "true", clientBuildNumber: "17" };
    const asWritten = new URLSearchParams(parameters);
    const sorted = new URLSearchParams(parameters);
    sorted.sort();
    await send(`${path}?${asWritten}`, headers(date, signed(`${date}:${sha256(body)}:${path}?${sorted}`)), body);
  },

  async token_mixed_in() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const target = `${path}?ckAPIToken=${API_TOKEN}`;
    await send(target, headers(date, signed(`${date}:${sha256(body)}:${target}`)), body);
  },

  async path_encoding_changed() {
    const encode = (text) => text.replace(/[^A-Za-z0-9]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
    const date = isoDate();
    const body = JSON.stringify(query);
    const sent = `/database/1/${encode(container)}/development/public/records/query`;
    await send(sent, headers(date, signed(`${date}:${sha256(body)}:${decodeURIComponent(sent)}`)), body);
  },

  async date_has_fraction() {
    const date = clock().toISOString();
    const body = JSON.stringify(query);
    await send(path, headers(date, signed(`${date}:${sha256(body)}:${path}`)), body);
  },

  // The header has whole seconds, the message milliseconds.
  async date_fraction_in_message() {
    const body = JSON.stringify(query);
    const signature = signed(`${clock().toISOString()}:${sha256(body)}:${path}`);
    await send(path, headers(isoDate(), signature), body);
  },

  async date_has_fraction_and_body_hash_hex() {
    const date = clock().toISOString();
    const body = JSON.stringify(query);
    const hash = createHash("sha256").update(body).digest("hex");
    await send(path, headers(date, signed(`${date}:${hash}:${path}`)), body);
  },

  async body_not_hashed() {
    const date = isoDate();
    const body = JSON.stringify(query);
    await send(path, headers(date, signed(`${date}:${body}:${path}`)), body);
  },

  async body_base64_not_hashed() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const encoded = Buffer.from(body).toString("base64");
    await send(path, headers(date, signed(`${date}:${encoded}:${path}`)), body);
  },

  async message_is_raw_body_only() {
    const body = JSON.stringify(query);
    await send(path, headers(isoDate(), signed(body)), body);
  },

  async message_is_body_hash_only() {
    const body = JSON.stringify(query);
    await send(path, headers(isoDate(), signed(sha256(body))), body);
  },

  async message_is_date_and_raw_body() {
    const date = isoDate();
    const body = JSON.stringify(query);
    await send(path, headers(date, signed(`${date}:${body}`)), body);
  },

  async message_without_path() {
    const date = isoDate();
    const body = JSON.stringify(query);
    await send(path, headers(date, signed(`${date}:${sha256(body)}`)), body);
  },

  async message_parts_reordered() {
    const date = isoDate();
    const body = JSON.stringify(query);
    await send(path, headers(date, signed([path, date, sha256(body)].join(":"))), body);
  },

  async message_lines() {
    const date = isoDate();
    const body = JSON.stringify(query);
    await send(path, headers(date, signed([date, sha256(body), path].join("\n"))), body);
  },

  async method_in_message_and_body_hash_hex() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const hash = createHash("sha256").update(body).digest("hex");
    await send(path, headers(date, signed(["POST", date, hash, path].join(":"))), body);
  },

  // The message of the developer forum: method first, then path, date, and the hash in hex.
  async forum() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const hash = createHash("sha256").update(body).digest("hex");
    await send(path, headers(date, signed(`POST:${path}:${date}:${hash}`)), body);
  },

  async body_hash_wrong_algorithm() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const hash = createHash("sha512").update(body).digest("base64");
    await send(path, headers(date, signed(`${date}:${hash}:${path}`)), body);
  },

  async path_without_environment() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const subpath = `/database/1/${container}/public/records/query`;
    await send(path, headers(date, signed(`${date}:${sha256(body)}:${subpath}`)), body);
  },

  async path_without_prefix() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const subpath = `/${container}/development/public/records/query`;
    await send(path, headers(date, signed(`${date}:${sha256(body)}:${subpath}`)), body);
  },

  async path_operation_only() {
    const date = isoDate();
    const body = JSON.stringify(query);
    await send(path, headers(date, signed(`${date}:${sha256(body)}:records/query`)), body);
  },

  async path_operation_with_slash() {
    const date = isoDate();
    const body = JSON.stringify(query);
    await send(path, headers(date, signed(`${date}:${sha256(body)}:/records/query`)), body);
  },

  async digest_applied_twice() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const digest = createHash("sha256").update(`${date}:${sha256(body)}:${path}`).digest();
    await send(path, headers(date, sign("sha256", digest, privateKey).toString("base64")), body);
  },

  async signature_raw_rs() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const key = { key: createPrivateKey(privateKey), dsaEncoding: "ieee-p1363" };
    const signature = createSign("SHA256").update(`${date}:${sha256(body)}:${path}`).sign(key, "base64");
    await send(path, headers(date, signature), body);
  },

  async signature_hex() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const signature = createSign("SHA256").update(`${date}:${sha256(body)}:${path}`).sign(privateKey, "hex");
    await send(path, headers(date, signature), body);
  },

  async signature_base64url() {
    const date = isoDate();
    const body = JSON.stringify(query);
    let signature;
    // The two alphabets differ in two characters; one of them should be there.
    do {
      signature = createSign("SHA256").update(`${date}:${sha256(body)}:${path}`).sign(privateKey, "base64url");
    } while (!/[-_]/.test(signature));
    await send(path, headers(date, signature), body);
  },

  // Array-like bytes as text: "48,69,2,33,…".
  async signature_as_numbers() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const signature = new Uint8Array(sign("sha256", Buffer.from(`${date}:${sha256(body)}:${path}`), privateKey));
    await send(path, headers(date, `${signature}`), body);
  },

  async body_changed_by_pretty_print() {
    const date = isoDate();
    const signature = signed(`${date}:${sha256(JSON.stringify(query))}:${path}`);
    await send(path, headers(date, signature), JSON.stringify(query, null, 2));
  },

  // The body is read from a stream that somebody has read before.
  async body_signed_as_empty() {
    const date = isoDate();
    const body = JSON.stringify(query);
    await send(path, headers(date, signed(`${date}:${sha256("")}:${path}`)), body);
  },

  // A request library whose option is called `data`, used with one whose option is called `body`.
  async body_sent_empty() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const options = { method: "POST", data: body, headers: headers(date, signed(`${date}:${sha256(body)}:${path}`)) };
    await fetch(CLOUDKIT_URL + path, options);
  },

  async empty_body_hash_of_null() {
    const date = isoDate();
    const path = `${database}/users/caller`;
    const body = undefined;
    await send(path, headers(date, signed(`${date}:${sha256(JSON.stringify(body ?? null))}:${path}`)), body);
  },

  async empty_body_hash_of_braces() {
    const date = isoDate();
    const path = `${database}/users/caller`;
    await send(path, headers(date, signed(`${date}:${sha256(JSON.stringify({}))}:${path}`)), undefined);
  },

  async empty_body_hash_of_undefined() {
    const date = isoDate();
    const path = `${database}/users/caller`;
    let body;
    await send(path, headers(date, signed(`${date}:${sha256(`${body}`)}:${path}`)), body);
  },

  async header_names_invented() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const signature = signed(`${date}:${sha256(body)}:${path}`);
    const invented = { "X-CloudKit-KeyID": KEY_ID, "X-CloudKit-Date": date, "X-CloudKit-SignedMessage": signature };
    await send(path, invented, body);
  },

  async header_of_date_missing() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const complete = headers(date, signed(`${date}:${sha256(body)}:${path}`));
    delete complete["X-Apple-CloudKit-Request-ISO8601Date"];
    await send(path, complete, body);
  },

  async header_duplicated() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const { hostname, port } = new URL(CLOUDKIT_URL);
    const complete = headers(date, signed(`${date}:${sha256(body)}:${path}`));
    const twice = { ...complete, "X-Apple-CloudKit-Request-ISO8601Date": [date, date] };
    const request = http.request({ hostname, port, path, method: "POST", headers: { Host: "api.apple-cloudkit.com", ...twice } });
    request.setHeader("Content-Length", Buffer.byteLength(body));
    request.end(body);
    return new Promise((resolve) => request.on("response", (response) => response.resume().on("end", resolve)));
  },

  async wrong_host() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const { hostname, port } = new URL(CLOUDKIT_URL);
    const request = http.request({
      hostname,
      port,
      path,
      method: "POST",
      headers: { Host: "p12-ckdatabasews.icloud.com", "Content-Length": Buffer.byteLength(body), ...headers(date, signed(`${date}:${sha256(body)}:${path}`)) },
    });
    request.end(body);
    return new Promise((resolve) => request.on("response", (response) => response.resume().on("end", resolve)));
  },

  // One of the five programs that fail on some input: the lookup sends the text that it has hashed ...
  async serialised_once_passes() {
    const date = isoDate();
    const path = `${database}/records/lookup`;
    const body = JSON.stringify({ records: [{ recordName: "a" }] });
    await send(path, headers(date, signed(`${date}:${sha256(body)}:${path}`)), body);
  },

  // ... and the save hashes the object, and serialises it once more to send it.
  async serialised_twice_fails() {
    const date = isoDate();
    const path = `${database}/records/modify`;
    const record = { recordType: "Account", recordName: "a", fields: { name: { value: "Ines" } } };
    const operations = { operations: [{ operationType: "forceReplace", record }] };
    const signature = signed(`${date}:${sha256(JSON.stringify(operations))}:${path}`);
    await send(path, headers(date, signature), JSON.stringify(operations, null, "\t"));
  },

  // One of the five: the environment as the program's own words have it, which is right for one of them ...
  async environment_word_passes() {
    const environments = { PRODUCTION_ENVIRONMENT: "production" };
    await inEnvironment(environments.PRODUCTION_ENVIRONMENT);
  },

  // ... and wrong for the other.
  async environment_constant_fails() {
    await inEnvironment("DEVELOPMENT_ENVIRONMENT");
  },

  // Two requests of one program, for people who have logs and no key.
  async two_captures() {
    for (const resultsLimit of [1, 2]) {
      const date = isoDate();
      const body = JSON.stringify({ ...query, resultsLimit });
      await send(path, headers(date, signed(`${date}:${sha256(body)}:${path.replace("/development", "")}`)), body);
    }
  },

  async wrong_public_key() {
    const date = isoDate();
    const body = JSON.stringify(query);
    const hash = createHash("sha256").update(body).digest("hex");
    await send(path, headers(date, signed(`${date}:${hash}:${path}`)), body);
  },
};

await cases[process.argv[2]]();
