// Trouble on demand: the clock, and the planned faults.

import { get, post } from "./api.js";
import { empty, fill, h, moment, pill, plural } from "./dom.js";
import { attempt, changed, say } from "./notice.js";

const EXAMPLES = {
  "Throttle the next request": 'kind = "throttle"\nretry_after_ms = 2000',
  "Lose the answer of the next save": 'kind = "drop-after-commit"\nendpoint = "records/modify"',
  "Let one request in ten fail": 'kind = "status"\ncode = "INTERNAL_ERROR"\nprobability = 0.1',
  "Let everything take a while": 'kind = "latency"\nmedian_ms = 80\np99_ms = 900',
  "Cut the third answer to a query": 'kind = "truncated-body"\nendpoint = "records/query"\nskip = 2',
  "Let the web auth token expire": 'kind = "expired-token"',
  "Forget how far readers have come": 'kind = "expired-sync-tokens"',
  "Put two empty pages before the changes of a zone": 'kind = "empty-pages"\npages = 2\nendpoint = "changes/zone"',
  "Break off the next download": 'kind = "truncated-body"\nendpoint = "files/download"',
};

let main = null;
let faults = null;

export async function show(element) {
  main = element;
  faults = h("div");
  fill(main,
    h("div", { class: "bar" }, h("h1", {}, "Trouble")),
    h("section", { class: "card" }, h("h2", {}, "Clock"), h("div", { id: "clock-card" }), moves()),
    h("section", { class: "card" }, h("h2", {}, "Planned faults"), faults),
    h("section", { class: "card" }, h("h2", {}, "Plan more"), form()));
  await refresh();
}

export async function refresh() {
  const [{ clock }, planned] = await Promise.all([get("container"), get("faults")]);
  fill(document.getElementById("clock-card"),
    h("p", {}, h("span", { class: "mono" }, moment(clock.now)), " ",
      clock.virtual ? pill("stands until it is moved", "good") : pill("follows the machine")),
    clock.virtual ? null : h("p", { class: "faint" },
      "Programs sign with the machine's time: once this clock is more than ten minutes ahead, it refuses their signatures."));
  showFaults(planned.faults);
}

/** The buttons that move the clock. */
function moves() {
  const advance = (ms, what) => attempt(async () => {
    await post("clock", JSON.stringify({ advanceMs: ms }));
    say(`The clock has moved by ${what}.`);
    changed();
  });
  const amount = h("input", { type: "number", min: "1", value: "90", "aria-label": "How far" });
  const unit = h("select", { "aria-label": "Unit" }, [["seconds", 1000], ["minutes", 60_000], ["hours", 3_600_000], ["days", 86_400_000]]
    .map(([name, ms]) => h("option", { value: ms }, name)));
  const other = (event) => {
    event.preventDefault();
    const ms = Math.round(Number(amount.value) * Number(unit.value));
    if (ms > 0) advance(ms, `${amount.value} ${unit.selectedOptions[0].textContent}`);
  };
  return h("form", { class: "row", onsubmit: other },
    [["1 minute", 60_000], ["1 hour", 3_600_000], ["1 day", 86_400_000]]
      .map(([what, ms]) => h("button", { type: "button", onclick: () => advance(ms, what) }, `+ ${what}`)),
    h("span", { class: "row" }, amount, unit, h("button", {}, "Advance")));
}

function showFaults(planned) {
  if (planned.length === 0) {
    fill(faults, empty("None. The container is as reliable as it can be."));
    return;
  }
  fill(faults,
    h("ul", { class: "faults" }, planned.map((fault) => h("li", { class: fault.over ? "over" : "" },
      h("pre", {}, fault.text.trimEnd()),
      h("div", {}, state(fault), h("div", { class: "faint" }, `met ${plural(fault.met, "time")} · ${fault.plannedAt}`))))),
    h("p", {}, h("button", {
      class: "danger",
      onclick: () => attempt(async () => showFaults((await post("faults/forget")).faults)),
    }, "Forget all")));
}

function state({ met, required, over }) {
  if (over) return met > 0 ? pill("met", "good") : pill("over, never met", "warn");
  return required > 0 ? pill(`waits for ${plural(required, "more request")}`, "warn") : pill("in force", met > 0 ? "good" : "");
}

function form() {
  const text = h("textarea", { id: "plan", rows: "7", spellcheck: "false", class: "mono", "aria-label": "A plan of faults, as a fault file has it" });
  text.value = `[[fault]]\n${Object.values(EXAMPLES)[0]}\n`;
  const example = h("select", {
    "aria-label": "Examples",
    onchange: () => { text.value = `[[fault]]\n${EXAMPLES[example.value]}\n`; },
  }, Object.keys(EXAMPLES).map((name) => h("option", {}, name)));
  const plan = (event) => {
    event.preventDefault();
    attempt(async () => {
      showFaults((await post("faults", text.value)).faults);
      say("Planned.");
    });
  };
  return h("form", { onsubmit: plan },
    h("p", { class: "faint" }, "In the form of a fault file, TOML or JSON: a ", h("code", {}, "[[fault]]"),
      " for each. One that has to be met and is not lets the command end with exit code 4, unless it is ", h("code", {}, "optional"), "."),
    text, h("div", { class: "row" }, example, h("button", { class: "primary" }, "Plan")));
}
