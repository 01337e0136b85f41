// A signed request in Node.js: saves a record, and looks it up again.
//
// It reads the variables that `cloudkit container serve` prints. With CLOUDKIT_URL=https://api.apple-cloudkit.com it
// speaks to Apple's service. Needs nothing but Node.js 18 or later.

import { createHash, createSign, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

const { CLOUDKIT_URL, CLOUDKIT_CONTAINER, CLOUDKIT_ENVIRONMENT, CLOUDKIT_KEY_ID } = process.env;
const key = readFileSync(process.env.CLOUDKIT_PRIVATE_KEY_FILE);

async function call(operation, payload) {
  const path = `/database/1/${CLOUDKIT_CONTAINER}/${CLOUDKIT_ENVIRONMENT}/public/${operation}`;
  // Serialised once: the text that is hashed is the text that is sent.
  const body = JSON.stringify(payload);
  // Whole seconds; toISOString() has a fraction.
  const date = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const hash = createHash("sha256").update(body).digest("base64");
  // DER, which is what sign() gives unless dsaEncoding says otherwise.
  const signature = createSign("sha256").update(`${date}:${hash}:${path}`).sign(key, "base64");
  const reply = await fetch(CLOUDKIT_URL + path, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Apple-CloudKit-Request-KeyID": CLOUDKIT_KEY_ID,
      "X-Apple-CloudKit-Request-ISO8601Date": date,
      "X-Apple-CloudKit-Request-SignatureV1": signature,
    },
    body,
  });
  const text = await reply.text();
  if (!reply.ok) {
    // The test container says in this header why it refuses.
    throw new Error(`${reply.status} ${text} ${reply.headers.get("x-cloudkit-explain") ?? ""}`);
  }
  return JSON.parse(text);
}

const recordName = `note-from-node-${randomUUID()}`;
const fields = { text: { value: "Hello from Node.js" } };
const record = { recordName, recordType: "Note", fields };
await call("records/modify", { operations: [{ operationType: "create", record }] });
const { records: [found] } = await call("records/lookup", { records: [{ recordName }] });
console.log(found.recordName, found.recordChangeTag, found.fields.text.value);
