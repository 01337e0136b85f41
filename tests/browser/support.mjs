// A container to ask, a browser, and pages of another origin.

import { spawn } from "node:child_process";
import { createHash, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

/** The command, as `run` has built it. */
const CLOUDKIT = process.env.CLOUDKIT ?? new URL("../../target/debug/cloudkit", import.meta.url).pathname;

/** Where pictures of the pages go, if anybody wants them. */
const PICTURES = process.env.PICTURES;

/** Starts a container. Whoever starts it stops it. */
export async function startContainer(...options) {
  const schema = new URL("../../examples/other-languages/schema.ckdb", import.meta.url).pathname;
  const process_ = spawn(CLOUDKIT, ["container", "serve", "--schema", schema, "--user", "alice", "--ready-json", ...options],
    { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => process_.kill());
  const { value, done } = await createInterface(process_.stdout)[Symbol.asyncIterator]().next();
  if (done) throw new Error("the container did not start");
  const ready = JSON.parse(value);
  const ended = new Promise((resolve) => process_.once("exit", resolve));
  return {
    ...ready,
    path: `/database/1/${ready.container}/development`,
    async stop() {
      process_.kill("SIGTERM");
      const code = await ended;
      if (code !== 0) throw new Error(`the container ended with ${code}`);
    },
  };
}

export async function launch() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** A page that fails the test when a script of it fails, or its policy forbids something. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const mistakes = [];
  page.on("pageerror", (error) => mistakes.push(String(error)));
  page.on("console", (message) => {
    // What a server refuses is told there as well.
    const isMistake = message.type() === "error" && !message.text().startsWith("Failed to load resource");
    if (isMistake) mistakes.push(message.text());
  });
  page.setDefaultTimeout(30_000);
  return { page, mistakes };
}

export async function picture(page, name) {
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}.png` });
}

/** Serves one page at an origin of its own. */
export async function serveElsewhere(html = "<!doctype html><title>An app</title>") {
  const server = createServer((_, reply) => reply.writeHead(200, { "content-type": "text/html" }).end(html));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}

/** The address of an endpoint with the tokens of the first user. */
export function asAlice(container, endpoint, token = container.users[0].webAuthToken) {
  const query = new URLSearchParams({ ckAPIToken: container.apiToken, ckWebAuthToken: token });
  return `${container.url}${container.path}/${endpoint}?${query}`;
}

/** Saves a record in the private database of the first user. */
export async function saveNote(container, recordName, text) {
  const operations = [{ operationType: "forceUpdate", record: { recordType: "Note", recordName, fields: { text: { value: text } } } }];
  const reply = await fetch(asAlice(container, "private/records/modify"), { method: "POST", body: JSON.stringify({ operations }) });
  const { records } = await reply.json();
  if (records?.[0].serverErrorCode !== undefined || !records) throw new Error(JSON.stringify(records));
}

/** Sends a request whose body hash is written in hex, where base64 belongs. */
export async function sendWithHashInHex(container) {
  const path = `${container.path}/public/records/lookup`;
  const body = '{"records":[{"recordName":"x"}]}';
  const date = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const hash = createHash("sha256").update(body);
  const hex = hash.copy().digest("hex");
  const signature = sign("sha256", Buffer.from(`${date}:${hex}:${path}`), readFileSync(container.privateKeyFile));
  const reply = await fetch(container.url + path, {
    method: "POST",
    body,
    headers: {
      "x-apple-cloudkit-request-keyid": container.keyId,
      "x-apple-cloudkit-request-iso8601date": date,
      "x-apple-cloudkit-request-signaturev1": signature.toString("base64"),
    },
  });
  return { status: reply.status, hex, base64: hash.digest("base64") };
}
