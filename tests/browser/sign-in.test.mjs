// The page behind `redirectURL`, in the windows in which programs open it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { asAlice, launch, openPage, picture, serveElsewhere, startContainer } from "./support.mjs";

let browser;
let app;

before(async () => {
  browser = await launch();
  app = await serveElsewhere();
});

after(async () => {
  await browser?.close();
  await app?.stop();
});

/** Asks for something private without a user, as a page of the app, and opens the page that the refusal names. */
async function signIn(page, container) {
  const address = `${container.url}${container.path}/private/records/query?ckAPIToken=${container.apiToken}`;
  const opening = page.waitForEvent("popup");
  await page.evaluate(async (address) => {
    const reply = await fetch(address, { method: "POST", body: '{"query":{"recordType":"Note"}}' });
    const { redirectURL, serverErrorCode } = await reply.json();
    if (serverErrorCode !== "AUTHENTICATION_REQUIRED") throw new Error(serverErrorCode);
    window.posted = new Promise((resolve) => window.addEventListener("message", ({ data, origin }) => resolve({ data, origin })));
    window.open(redirectURL);
  }, address);
  return opening;
}

test("a window that signs in posts the web auth token under both names and closes", async () => {
  const container = await startContainer();
  try {
    const { page, mistakes } = await openPage(browser);
    await page.goto(app.origin);
    const popup = await signIn(page, container);
    await popup.getByRole("link", { name: "alice", exact: true }).waitFor();
    await picture(popup, "sign-in");
    const closed = popup.waitForEvent("close");
    await popup.getByRole("link", { name: "alice", exact: true }).click();
    const { data, origin } = await page.evaluate(() => window.posted);
    await closed;
    assert.equal(origin, container.url);
    assert.ok(data.ckWebAuthToken.length > 20, JSON.stringify(data));
    assert.equal(data.ckSession, data.ckWebAuthToken);
    const status = await page.evaluate(async (address) => (await fetch(address)).status, asAlice(container, "private/users/caller", data.ckWebAuthToken));
    assert.equal(status, 200);
    assert.deepEqual(mistakes, []);
  } finally {
    await container.stop();
  }
});

test("whoever does not sign in posts an error message", async () => {
  const container = await startContainer();
  try {
    const { page } = await openPage(browser);
    await page.goto(app.origin);
    const popup = await signIn(page, container);
    await popup.getByRole("link", { name: "Do not sign in" }).click();
    const { data } = await page.evaluate(() => window.posted);
    assert.deepEqual(Object.keys(data), ["errorMessage"]);
  } finally {
    await container.stop();
  }
});

test("an API token with a callback sends the browser there with the web auth token", async () => {
  const callback = `${app.origin}/signed-in?from=cloudkit`;
  const container = await startContainer("--api-token", "a1".repeat(32), "--callback", callback);
  try {
    const { page, mistakes } = await openPage(browser);
    await page.goto(app.origin);
    const popup = await signIn(page, container);
    await popup.getByRole("link", { name: "stay signed in" }).click();
    await popup.waitForURL(`${app.origin}/signed-in?*`);
    const landed = new URL(popup.url());
    assert.equal(landed.searchParams.get("from"), "cloudkit");
    const reply = await fetch(asAlice(container, "private/users/caller", landed.searchParams.get("ckWebAuthToken")));
    assert.equal((await reply.json()).userRecordName, container.users[0].recordName);
    assert.deepEqual(mistakes, []);
  } finally {
    await container.stop();
  }
});
