// What the page says to people, and that something has changed.

import { Refusal } from "./api.js";
import { fill, h } from "./dom.js";

/** Says something for a while, with a button if there is something to do. */
export function say(text, kind = "", button = null) {
  const toast = document.getElementById("toast");
  const message = h("div", { class: `message ${kind}` }, h("span", {}, text), button,
    h("button", { class: "plain", "aria-label": "Close", onclick: () => message.remove() }, "×"));
  fill(toast, message);
  if (kind !== "bad") setTimeout(() => message.remove(), 15_000);
}

/** Does something, and says so if the container refuses it. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(error.message, "bad");
    return undefined;
  }
}

/** Lets the view that is shown know that the container holds something else now. */
export function changed() {
  document.dispatchEvent(new Event("changed"));
}
