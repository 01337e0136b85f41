// Everything that the container holds, as one file, and back.

import { getBlob, post } from "./api.js";
import { download, empty, fill, h, size, table, timeOfDay } from "./dom.js";
import { attempt, changed, say } from "./notice.js";

/** Those that this page has taken, the latest first. They are gone with the page. */
const taken = [];
let main = null;

/** Connects the two buttons that every view has. */
export function connect() {
  const file = document.getElementById("restore-file");
  document.getElementById("snapshot").addEventListener("click", () => attempt(async () => {
    const snapshot = await take("by hand");
    save(snapshot);
    say(`A snapshot of ${size(snapshot.blob.size)} is saved as ${snapshot.name}.`);
  }));
  document.getElementById("restore").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    const [chosen] = file.files;
    if (chosen) attempt(() => restore(chosen, chosen.name));
    file.value = "";
  });
}

export async function show(element) {
  main = element;
  refresh();
}

export function refresh() {
  fill(main,
    h("div", { class: "bar" }, h("h1", {}, "Snapshots")),
    h("section", { class: "card" },
      h("p", {}, "A snapshot is both environments with their schemas, zones, records, files, subscriptions and shares. Users, keys and tokens are not in it. It is an archive of readable files: ",
        h("code", {}, "tar xf"), " unpacks the directory that ", h("code", {}, "cloudkit container restore"), " and ", h("code", {}, "restore_from"), " take."),
      taken.length === 0
        ? empty("This page has taken none yet. Whatever it takes or replaces is listed here, to go back to with one click.")
        : table(["Taken", "Why", "Size", ""], taken.map((snapshot) => [
          timeOfDay(snapshot.at), snapshot.why, size(snapshot.blob.size),
          h("span", { class: "row" },
            h("button", { class: "small", onclick: () => attempt(() => restore(snapshot.blob, `the snapshot of ${timeOfDay(snapshot.at)}`)) }, "Restore"),
            h("button", { class: "small", onclick: () => save(snapshot) }, "Save")),
        ]), "Snapshots")));
}

async function take(why) {
  const blob = await getBlob("snapshot", { form: "tar" });
  const at = Date.now();
  const snapshot = { at, why, blob, name: `snapshot-${new Date(at).toISOString().slice(0, 19).replaceAll(":", "")}.tar` };
  taken.unshift(snapshot);
  if (main?.isConnected && location.hash === "#snapshots") refresh();
  return snapshot;
}

function save({ blob, name }) {
  download(blob, name);
}

/** Replaces everything, and keeps what was there. */
async function restore(blob, what) {
  const before = await take(`before restoring ${what}`);
  try {
    await post("restore", blob);
  } catch (error) {
    taken.splice(taken.indexOf(before), 1);
    throw error;
  }
  const undo = h("button", { class: "small", onclick: () => attempt(() => restore(before.blob, "what was there before")) }, "Undo");
  say(`Restored ${what}.`, "good", undo);
  changed();
}
