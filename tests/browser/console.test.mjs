// The console, as people use it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch, openPage, picture, saveNote, sendWithHashInHex, serveElsewhere, startContainer } from "./support.mjs";

let container;
let browser;

before(async () => {
  // With strict headers nothing but the console explains.
  container = await startContainer("--strict-headers", "--deploy");
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await container?.stop();
});

test("a wrong signature is explained with both texts", async () => {
  const { page, mistakes } = await openPage(browser);
  await page.goto(container.console);
  await page.getByText("No request yet.").waitFor();
  const { status, hex, base64 } = await sendWithHashInHex(container);
  assert.equal(status, 401);
  // The list goes on by itself.
  await page.locator("tbody tr.refused a").click();
  const verdict = page.locator(".verdict");
  await verdict.getByText("M5 body_hash_hex").waitFor();
  assert.match(await verdict.innerText(), /Fix: encode the 32 bytes of the digest in base64, not in hex/);
  const [expected, signed] = await verdict.locator("figure").all();
  assert.match(await expected.innerText(), /^The container expects/);
  assert.equal(await expected.locator("mark").innerText(), base64);
  assert.equal(await signed.locator("mark").innerText(), hex);
  await picture(page, "request");
  assert.deepEqual(mistakes, []);
});

test("requests are filtered and walked through with the keyboard", async () => {
  await saveNote(container, "keyboard", "text");
  const { page, mistakes } = await openPage(browser, { colorScheme: "dark" });
  await page.goto(container.console);
  const rows = page.locator("tbody tr:visible");
  await rows.nth(1).waitFor();
  await rows.first().locator("a").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.locator(".verdict").waitFor();
  await picture(page, "request-dark");
  const all = await rows.count();
  await page.getByLabel("Refusals only").check();
  assert.equal(await rows.count(), 1);
  await page.getByLabel("Refusals only").uncheck();
  await page.getByLabel("Filter by text").fill("alice");
  assert.equal(await rows.count(), all - 1);
  assert.deepEqual(mistakes, []);
});

test("a snapshot is saved, and what was added since is gone when it is restored", async () => {
  await saveNote(container, "kept", "There from the start");
  const { page, mistakes } = await openPage(browser);
  const inPrivate = new URLSearchParams({ environment: "development", database: "private", user: container.users[0].recordName });
  await page.goto(`${container.console}#data?${inPrivate}`);
  await page.getByRole("link", { name: "kept" }).click();
  await page.getByRole("region", { name: "The chosen record" }).getByText("There from the start").waitFor();
  await page.getByRole("link", { name: "Close" }).click();

  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Snapshot", exact: true }).click();
  const snapshot = await (await saving).path();
  assert.match(await readFile(snapshot, "utf8"), /There from the start/, "it is readable");

  const filter = page.getByLabel("Filter by name or value");
  await filter.pressSequentially("for long");
  await page.getByText("No record is like that.").waitFor();
  await saveNote(container, "added", "Not for long");
  // The view follows what programs do, and people go on typing.
  const added = page.getByRole("link", { name: "added" });
  await added.waitFor();
  assert.equal(await filter.evaluate((input) => input === document.activeElement && input.value), "for long");
  await filter.fill("");
  await page.getByRole("link", { name: "kept" }).waitFor();
  await picture(page, "data");

  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Restore…" }).click();
  await (await choosing).setFiles(snapshot);
  await added.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "kept" }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await added.waitFor();
  await page.goto(`${container.console}#snapshots`);
  await page.getByRole("button", { name: "Restore", exact: true }).nth(2).waitFor();
  await picture(page, "snapshots");
  assert.deepEqual(mistakes, []);
});

test("records are exported as lines and imported into another zone", async () => {
  await saveNote(container, "travels", "far");
  const { page, mistakes } = await openPage(browser);
  const inPrivate = new URLSearchParams({ environment: "development", database: "private", user: container.users[0].recordName, text: "travels" });
  await page.goto(`${container.console}#data?${inPrivate}`);
  await page.getByRole("link", { name: "travels" }).waitFor();
  const exporting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  const file = await (await exporting).path();
  assert.equal((await readFile(file, "utf8")).trim().split("\n").length, 1);
  await page.goto(`${container.console}#data?environment=development&database=public`);
  await page.getByText("Users").first().waitFor();
  await page.getByLabel("Records to import").setInputFiles(file);
  await page.getByText("1 record imported").waitFor();
  await page.getByRole("link", { name: "travels" }).waitFor();
  assert.deepEqual(mistakes, []);
});

test("a fault is planned and met, and the clock is moved", async () => {
  const { page, mistakes } = await openPage(browser);
  await page.goto(`${container.console}#trouble`);
  await page.getByLabel("A plan of faults").fill('[[fault]]\nkind = "fire"\n');
  await page.getByRole("button", { name: "Plan" }).click();
  await page.getByText("there is no kind `fire`").waitFor();
  await page.getByLabel("A plan of faults").fill('[[fault]]\nkind = "throttle"\nretry_after_ms = 2000\n');
  await page.getByRole("button", { name: "Plan" }).click();
  await page.getByText("waits for 1 more request").waitFor();
  await assert.rejects(saveNote(container, "late", "text"));
  await page.getByText("met 1 time ").waitFor();
  const clock = async () => Date.parse((await page.locator("#clock time").innerText()).replace(" ", "T"));
  const earlier = await clock();
  await page.getByRole("button", { name: "+ 1 minute" }).click();
  await page.getByText("The clock has moved by 1 minute.").waitFor();
  await picture(page, "trouble");
  await page.waitForFunction((earlier) =>
    Date.parse(document.querySelector("#clock time").textContent.replace(" ", "T")) >= earlier + 60_000, earlier);
  await page.getByRole("button", { name: "Forget all" }).click();
  await page.getByText("None. The container is as reliable as it can be.").waitFor();
  assert.deepEqual(mistakes, []);
});

test("schema and overview show both environments and no secret", async () => {
  const { page, mistakes } = await openPage(browser);
  await page.goto(`${container.console}#schema`);
  await page.getByText("Nothing: both say the same.").waitFor();
  assert.match(await page.getByLabel("The schema of production").innerText(), /RECORD TYPE Note/);
  await picture(page, "schema");
  const grown = (await page.getByLabel("The schema of development").innerText()).replace("RECORD TYPE Note (", "RECORD TYPE Note (\n    stars INT64,");
  await page.getByLabel("A schema to import").setInputFiles({ name: "grown.ckdb", mimeType: "text/plain", buffer: Buffer.from(grown) });
  await page.getByText("+ field `stars` of `Note`: INT64").waitFor();
  await page.getByRole("button", { name: "Deploy to production" }).click();
  await page.getByText("Nothing: both say the same.").waitFor();
  await page.goto(`${container.console}#overview`);
  await page.getByRole("heading", { name: "Subscriptions" }).waitFor();
  const text = await page.locator("main").innerText();
  assert.ok(text.includes(container.keyId) && text.includes("alice@example.com"), text);
  for (const secret of [container.apiToken, container.managementToken, container.users[0].webAuthToken]) {
    assert.ok(!text.includes(secret), "a secret is shown");
  }
  await picture(page, "overview");
  assert.deepEqual(mistakes, []);
});

test("a page of another origin neither reads the console nor uses what is behind it", async () => {
  const app = await serveElsewhere();
  try {
    const { page } = await openPage(browser);
    await page.goto(app.origin);
    const headers = { authorization: `Bearer ${container.managementToken}` };
    const outcome = await page.evaluate(async ([url, headers]) => {
      const body = '[[fault]]\nkind = "misdirected"';
      // Without the header it is a request that browsers send unasked; with it they ask first.
      await fetch(`${url}/admin/faults`, { method: "POST", body, mode: "no-cors" }).catch(() => {});
      await fetch(`${url}/admin/faults`, { method: "POST", body, headers }).catch(() => {});
      const tries = [fetch(`${url}/console`), fetch(`${url}/admin/faults`, { headers })];
      return Promise.all(tries.map((attempt) => attempt.then((reply) => reply.status, () => "not to be read")));
    }, [container.url, headers]);
    assert.deepEqual(outcome, ["not to be read", "not to be read"]);
    const { faults } = await (await fetch(`${container.url}/admin/faults`, { headers })).json();
    assert.deepEqual(faults, []);
  } finally {
    await app.stop();
  }
});
