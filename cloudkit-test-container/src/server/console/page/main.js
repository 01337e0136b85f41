// The frame of the console: which view is shown, and what is new.

import { Refusal, get } from "./api.js";
import { fill, h, moment } from "./dom.js";
import { attempt } from "./notice.js";
import * as data from "./data.js";
import * as overview from "./overview.js";
import * as requests from "./requests.js";
import * as schema from "./schema.js";
import * as snapshots from "./snapshots.js";
import * as trouble from "./trouble.js";

/** The title of each view, and what shows it. Some can be refreshed when the container holds something else. */
const VIEWS = {
  requests: ["Requests", requests],
  data: ["Data", data],
  schema: ["Schema", schema],
  overview: ["Overview", overview],
  trouble: ["Trouble", trouble],
  snapshots: ["Snapshots", snapshots],
};

const main = document.getElementById("main");
const bar = document.getElementById("trouble-bar");
let shown = null;
let isVirtual = false;

/** Shows what stands behind the `#`: the name of a view, and parameters. */
async function show() {
  const [given, query = ""] = location.hash.slice(1).split("?");
  if (given === "main") return;
  const name = given in VIEWS ? given : "requests";
  const [title, view] = VIEWS[name];
  document.title = `${title} – CloudKit test container`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const isOther = shown !== name;
  shown = name;
  await attempt(() => view.show(main, Object.fromEntries(new URLSearchParams(query)), isOther));
}

async function refresh() {
  await showContainer();
  await VIEWS[shown][1].refresh?.();
}

async function showContainer() {
  const { container, clock } = await get("container");
  document.getElementById("container").textContent = container;
  isVirtual = clock.virtual;
  showClock(clock.now);
}

function showClock(now) {
  fill(document.getElementById("clock"), h("span", { class: "faint" }, isVirtual ? "virtual time" : "clock"), " ",
    h("time", {}, moment(now - (now % 1000))));
}

/** Asks for new requests, again and again. */
async function follow() {
  let pause = 1000;
  try {
    if (!document.hidden) {
      const { fresh, now } = await requests.fetchNew();
      showClock(now);
      const isBack = !bar.hidden;
      bar.hidden = true;
      if (isBack || (fresh.some((request) => request.method !== "GET") && shown !== "requests")) await refresh();
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    pause = 2000;
    bar.hidden = false;
    if (error.status === 401) {
      fill(bar, "Another container runs at this address now. ",
        h("button", { onclick: () => location.reload() }, "Load its console"));
    } else {
      fill(bar, error.message);
    }
  } finally {
    setTimeout(follow, pause);
  }
}

window.addEventListener("hashchange", show);
document.addEventListener("changed", () => attempt(refresh));
snapshots.connect();
await attempt(showContainer);
await show();
follow();
