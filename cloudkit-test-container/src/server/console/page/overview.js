// What the container is and who may ask: users, keys, tokens, zones, subscriptions.

import { get } from "./api.js";
import { empty, fill, h, indented, pill, plural, section, size, table, time } from "./dom.js";

let main = null;

export async function show(element) {
  main = element;
  await refresh();
}

export async function refresh() {
  const [container, access, { databases }, { subscriptions }] =
    await Promise.all([get("container"), get("access"), get("databases"), get("subscriptions")]);
  fill(main,
    h("div", { class: "bar" }, h("h1", {}, "Overview")),
    facts(container),
    section("Users", users(access.users)),
    section("Server-to-server keys", keys(access.keys)),
    section("API tokens", apiTokens(access.apiTokens)),
    section("Web auth tokens", webAuthTokens(access)),
    section("Zones", zones(databases)),
    section("Subscriptions", subscribed(subscriptions)));
}

function facts({ container, url, teamId, seed, settings }) {
  const on = (value) => (value ? "yes" : "no");
  return h("section", { class: "card" }, h("dl", { class: "facts wide" }, [
    ["Container", mono(container)],
    ["Address", mono(url)],
    ["Team", mono(teamId)],
    ["Seed", mono(seed)],
    ["Saves create record types", on(settings.jit)],
    ["Explains in a header", on(!settings.strictHeaders)],
    ["A web auth token is good once", on(settings.strictWebAuthTokens)],
    ["A date may be off by", `${settings.clockWindowMs / 1000} s`],
    ["Largest file", size(settings.assetLimit)],
  ].map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

function mono(text) {
  return h("span", { class: "mono wrap" }, text);
}

function person(user) {
  return h("span", { title: user.recordName, class: user.name ? "" : "mono" }, user.name ?? user.recordName);
}

function users(users) {
  if (users.length === 0) return empty("No users. `--user alice` adds one.");
  return table(["Name", "Record name", "E-mail", "Roles", ""], users.map((user) => [
    user.name, mono(user.recordName), user.email, user.roles.map((role) => pill(role)), user.discoverable ? "" : pill("hidden"),
  ]));
}

function keys(keys) {
  return table(["Key ID", "Environment", "Fingerprint of the public key", "Record name of its user", ""], keys.map((key) => [
    mono(key.keyId), key.environment, h("span", { class: "mono", title: key.fingerprint }, `${key.fingerprint.slice(0, 16)}…`),
    mono(key.userRecordName), key.revoked ? pill("revoked", "bad") : "",
  ]));
}

function apiTokens(tokens) {
  return table(["Token", "Environment", "Origins", "Goes to"], tokens.map((token) => [
    mono(token.token), token.environment, token.origins.length > 0 ? token.origins.join(", ") : "any",
    token.callback ?? "the window that asked",
  ]));
}

function webAuthTokens({ webAuthTokens, webAuthTokenCount }) {
  if (webAuthTokens.length === 0) return empty("Nobody has signed in.");
  const rest = webAuthTokenCount - webAuthTokens.length;
  return [
    table(["Token", "User", "Environment", "Good until"], webAuthTokens.map((token) => [
      mono(token.token), person(token.user), token.environment,
      token.expiresAt === null ? "for good" : [time(token.expiresAt), " ", token.expired ? pill("expired", "bad") : ""],
    ])),
    rest > 0 ? h("p", { class: "faint" }, `and ${plural(rest, "older one")}`) : null,
  ];
}

function zones(databases) {
  const rows = databases.flatMap(({ environment, database, user, zones }) => zones.map((zone) => [
    environment, database, user ? person(user) : "", mono(zone.zoneName),
    zone.owner && zone.owner.recordName !== user?.recordName ? person(zone.owner) : "",
    zone.recordTypes.map(({ recordType, records }) => [pill(`${recordType} ${records}`), " "]),
  ]));
  return table(["Environment", "Database", "User", "Zone", "Owner", "Records"], rows);
}

function subscribed(subscriptions) {
  if (subscriptions.length === 0) return empty("No subscriptions.");
  return table(["ID", "Type", "Environment", "Database", "User", ""], subscriptions.map((one) => [
    mono(one.subscriptionID), one.subscription?.subscriptionType ?? "", one.environment, one.database, person(one.owner),
    h("details", {}, h("summary", {}, "All of it"), h("pre", {}, indented(JSON.stringify(one.subscription)))),
  ]));
}
