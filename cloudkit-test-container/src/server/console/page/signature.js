// What the signature of a request is worth: the verdict, the way out, and both texts beside each other.

import { copyButton, h } from "./dom.js";

export function verdict(found) {
  const sure = found.causes.filter((cause) => cause.sure);
  const [mark, kind, headline] = {
    valid: ["✓", "good", "The signature is right"],
    invalid: ["✗", "bad", sure.map((cause) => capital(cause.title)).join(", and ") || "The request is refused"],
    unproven: ["?", "warn", "The signature fits none of the texts that were tried"],
  }[found.verdict];
  return h("section", { class: `verdict ${kind}` },
    h("h3", {}, h("span", { "aria-hidden": "true" }, mark), " ", headline,
      sure.map((cause) => h("span", { class: "code mono" }, `${cause.row} ${cause.code}`))),
    found.causes.map(explained),
    found.advice ? h("p", {}, `${capital(found.advice)}.`) : null,
    found.notes.map((note) => h("p", {}, `Note: ${note}.`)),
    texts(found),
    found.publicKeyFingerprint
      ? h("p", { class: "faint" }, "Verified with the public key ", h("span", { class: "mono" }, `${found.publicKeyFingerprint.slice(0, 16)}…`))
      : null);
}

function explained(cause) {
  return h("div", { class: "cause" },
    h("p", {}, cause.sure ? "" : "Perhaps: ", `${capital(cause.detail)}.`),
    h("p", { class: "fix" }, h("strong", {}, "Fix: "), `${cause.fix}.`, " ", copyButton(cause.fix)));
}

/** The text that the container expects, and the one that the signature is valid for. */
function texts(found) {
  if (!found.expected && !found.signed) return null;
  if (found.verdict === "valid" || (found.signed && found.signed.text === found.expected?.text)) {
    const text = found.signed ?? found.expected;
    return h("div", { class: "texts" }, column("The text that was signed", text));
  }
  return h("div", { class: "texts two" },
    column("The container expects", found.expected, "it is not known"),
    column("The signature is valid for", found.signed, `it was not found among ${found.textsTried} texts`));
}

function column(title, text, without) {
  return h("figure", {},
    h("figcaption", {}, title),
    h("div", { class: "text mono", tabindex: "0" }, text ? marked(text) : h("span", { class: "faint" }, without)),
    text ? labels(text) : null);
}

/** The text with the parts marked that the other one has not. */
function marked({ text, marks }) {
  const parts = [];
  let at = 0;
  for (const { start, end, label } of marks) {
    parts.push(text.slice(at, start));
    // Where something is missing there is nothing to mark.
    parts.push(h("mark", { title: label, class: start === end ? "gap" : null }, text.slice(start, end)));
    at = end;
  }
  parts.push(text.slice(at));
  return parts;
}

function labels({ marks }) {
  const words = marks.map((mark) => mark.label).filter(Boolean);
  return words.length > 0 ? h("p", { class: "labels" }, words.join("; ")) : null;
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
