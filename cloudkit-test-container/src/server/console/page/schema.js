// The schemas of both environments, and how they differ.

import { get } from "./api.js";
import { copyButton, download, fill, h, pill } from "./dom.js";

let main = null;

export async function show(element) {
  main = element;
  await refresh();
}

export async function refresh() {
  const schemas = await get("schema");
  fill(main,
    h("div", { class: "bar" }, h("h1", {}, "Schema")),
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
