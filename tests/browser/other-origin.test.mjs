// A page of an app, at an origin of its own, which asks the container as CloudKit JS does.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { asAlice, launch, openPage, serveElsewhere, startContainer } from "./support.mjs";

let container;
let browser;
let app;

before(async () => {
  container = await startContainer();
  browser = await launch();
  app = await serveElsewhere();
});

after(async () => {
  await browser?.close();
  await app?.stop();
  await container?.stop();
});

/** What a page reads of an answer. */
async function ask(page, address, { contentType, body, headers = {} } = {}) {
  return page.evaluate(async ([address, contentType, body, headers]) => {
    const reply = await fetch(address, body === null ? {} : { method: "POST", body, headers: { "content-type": contentType, ...headers } });
    return { status: reply.status, body: await reply.json(), headers: Object.fromEntries(reply.headers) };
  }, [address, contentType, body ?? null, headers]);
}

test("a page reads answers and the tokens in their headers, with and without a preflight", async () => {
  const { page, mistakes } = await openPage(browser);
  await page.goto(app.origin);
  const operations = [{ operationType: "create", record: { recordType: "Note", recordName: "from-a-page", fields: { text: { value: "Hello" } } } }];
  // Plain text is what needs no preflight, and JSON does.
  const saved = await ask(page, asAlice(container, "private/records/modify"), { contentType: "text/plain", body: JSON.stringify({ operations }) });
  assert.equal(saved.status, 200);
  assert.equal(saved.body.records[0].recordName, "from-a-page", JSON.stringify(saved.body));
  const next = saved.headers["x-apple-cloudkit-web-auth-token"];
  assert.equal(saved.headers["x-apple-cloudkit-session"], next);
  assert.match(saved.headers["x-apple-request-uuid"], /^[0-9a-f-]{36}$/);

  const found = await ask(page, asAlice(container, "private/records/lookup", next), {
    contentType: "application/json",
    body: '{"records":[{"recordName":"from-a-page"}]}',
    headers: { "x-apple-request-uuid": "of the client" },
  });
  assert.equal(found.body.records[0].fields.text.value, "Hello", JSON.stringify(found.body));
  assert.deepEqual(mistakes, []);
});

test("a page reads refusals", async () => {
  const { page } = await openPage(browser);
  await page.goto(app.origin);
  const refused = await ask(page, `${container.url}${container.path}/private/users/caller?ckAPIToken=${container.apiToken}`);
  assert.equal(refused.body.serverErrorCode, "AUTHENTICATION_REQUIRED");
  assert.ok(refused.body.redirectURL.startsWith(container.url), JSON.stringify(refused.body));
});
