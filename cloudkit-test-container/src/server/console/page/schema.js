// The schemas of both environments, and how they differ.

import { get, post } from "./api.js";
import { copyButton, download, fill, h, pill } from "./dom.js";
import { attempt, say } from "./notice.js";

let main = null;
/** What the page shows, to leave it as it is when nothing is new. */
let shown = "";

export async function show(element, _, isOther) {
  main = element;
  if (isOther) shown = "";
  await refresh();
}

export async function refresh() {
  showBoth(await get("schema"));
}

function showBoth(schemas) {
  const now = JSON.stringify(schemas);
  if (now === shown) return;
  shown = now;
  fill(main,
    h("div", { class: "bar" }, h("h1", {}, "Schema"), clicks(schemas)),
    h("section", { class: "card" },
      h("h2", {}, "Changes from production to development"),
      differences(schemas.changes)),
    h("div", { class: "two" },
      ["development", "production"].map((environment) => h("section", { class: "card" },
        h("div", { class: "body-head" },
          h("h2", {}, environment),
          h("span", {},
            copyButton(schemas[environment]), " ",
            h("button", { class: "small", onclick: () => download(schemas[environment], `${environment}.ckdb`, "text/plain") }, "Save"))),
        h("pre", { class: "schema", tabindex: "0", "aria-label": `The schema of ${environment}` }, coloured(schemas[environment]))))));
}

/** The buttons that change a schema. */
function clicks({ changes }) {
  const change = (what, body, done) => attempt(async () => {
    showBoth(await post(what, body));
    say(done);
  });
  const file = h("input", {
    type: "file", accept: ".ckdb,.txt", hidden: true, "aria-label": "A schema to import",
    onchange: () => {
      const [chosen] = file.files;
      if (chosen) change("schema", chosen, `${chosen.name} is the schema of development.`);
      file.value = "";
    },
  });
  return [
    h("button", { title: "Make a file the schema of development; what it leaves out is removed with its values", onclick: () => file.click() },
      "Import into development…"),
    file,
    h("button", {
      disabled: changes.length === 0, title: "Add to production what it lacks",
      onclick: () => change("schema/deploy", undefined, "Deployed to production."),
    }, "Deploy to production"),
  ];
}

function differences(changes) {
  if (changes.length === 0) return h("p", { class: "faint" }, "Nothing: both say the same.");
  const kinds = { addition: "good", "index-added": "good", "grant-changed": "warn", "index-removed": "warn" };
  return h("ul", { class: "changes" }, changes.map(({ change, class: name, reason }) => h("li", {},
    h("span", { class: "mono" }, change), " ", pill(name, kinds[name] ?? "bad"),
    reason ? h("div", { class: "faint" }, reason) : null)));
}

/** The text with its words, names and comments told apart. */
function coloured(text) {
  const words = /(\/\/[^\n]*|--[^\n]*)|("[^"]*")|\b(DEFINE|SCHEMA|RECORD|TYPE|CREATE|ROLE|GRANT|TO|WRITE|READ)\b|\b(QUERYABLE|SORTABLE|SEARCHABLE|ENCRYPTED)\b|\b(STRING|INT64|DOUBLE|TIMESTAMP|BYTES|LOCATION|REFERENCE|ASSET|LIST)\b/g;
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(words)) {
    const kind = ["comment", "name", "word", "index", "type"][found.slice(1).findIndex((group) => group !== undefined)];
    parts.push(text.slice(at, found.index), h("span", { class: `ck-${kind}` }, found[0]));
    at = found.index + found[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}
