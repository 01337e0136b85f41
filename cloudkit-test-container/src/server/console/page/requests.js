// The requests so far: a list that goes on by itself, and one of them in full.

import { get } from "./api.js";
import { copyButton, empty, fill, h, pill, readable, size, table, timeOfDay, took } from "./dom.js";
import { verdict } from "./signature.js";

/** So many are listed. The container remembers no more. */
const MOST = 1000;

/** The latest first. */
let all = [];
let count = 0;
let text = "";
let refusalsOnly = false;
let open = null;
/** What is on the page now. */
let list = null;
let detail = null;

/** Asks for what came since, and lists it. */
export async function fetchNew() {
  const answer = await get("requests", { after: all[0]?.number ?? 0 });
  count = answer.count;
  const fresh = answer.requests.reverse();
  all = fresh.concat(all).slice(0, MOST);
  document.getElementById("request-count").textContent = count || "";
  if (fresh.length > 0 && list?.isConnected) showList(fresh);
  return { fresh, now: answer.now };
}

export async function show(main, parameters, isOther) {
  if (isOther) build(main);
  const number = Number(parameters.number) || null;
  if (number !== open || isOther) {
    open = number;
    await showDetail();
  }
  markOpen();
}

function build(main) {
  list = h("tbody");
  detail = h("div", { class: "detail", role: "region", "aria-label": "The chosen request" });
  const filter = h("input", {
    type: "search", placeholder: "Filter", "aria-label": "Filter by text", value: text,
    oninput: () => { text = filter.value; applyFilter(); },
  });
  const only = h("input", { type: "checkbox", onchange: () => { refusalsOnly = only.checked; applyFilter(); } });
  only.checked = refusalsOnly;
  const heads = ["#", "Time", "Request", "Caller", "Status", "Took"].map((head) => h("th", { scope: "col" }, head));
  fill(main,
    h("div", { class: "bar" }, h("h1", {}, "Requests"), filter, h("label", {}, only, " Refusals only"),
      h("span", { id: "shown", class: "faint" })),
    h("div", { class: "split" },
      h("div", { class: "scroll list", onkeydown: move },
        h("table", { class: "requests" }, h("thead", {}, h("tr", {}, heads)), list),
        h("div", { id: "no-request", class: "empty" },
          h("p", {}, "No request yet."),
          h("p", { class: "faint" }, "Everything that programs ask of the container appears here as it comes."))),
      detail));
  showList(all);
}

/** Puts rows at the beginning of the list. */
function showList(fresh) {
  list.prepend(...fresh.map(row));
  while (list.children.length > MOST) list.lastChild.remove();
  applyFilter();
  markOpen();
}

function row(request) {
  const { path, environment, database } = parts(request.target);
  const bad = isRefused(request);
  const element = h("tr", { class: bad ? "refused" : "", onclick: () => { location.hash = `#requests?number=${request.number}`; } },
    h("td", { class: "number" }, request.number),
    h("td", { class: "mono" }, timeOfDay(request.at)),
    h("td", {},
      h("a", { href: `#requests?number=${request.number}`, class: "mono", title: request.target },
        h("span", { class: "method" }, request.method), " ", path),
      environment ? h("span", { class: "faint where" }, `${environment} · ${database}`) : null,
      request.explanation ? h("span", { class: "why" }, request.explanation) : null),
    h("td", {}, caller(request.caller)),
    h("td", { class: "status" }, status(request), code(request)),
    h("td", { class: "number" }, took(request.took)));
  element.request = request;
  return element;
}

/** The parts of a path that people look for. */
function parts(target) {
  const [path] = target.split("?");
  const found = /^\/(?:database|device)\/1\/[^/]+\/(development|production)\/(?:(public|private|shared)\/)?(.+)$/.exec(path);
  if (!found) return { path: target };
  return { environment: found[1], database: found[2] ?? "device", path: found[3] };
}

function isRefused(request) {
  return request.status >= 400 || request.dropped;
}

function status(request) {
  if (request.dropped) return pill("dropped", "bad");
  const kind = request.status >= 400 ? "bad" : request.status >= 300 ? "warn" : "good";
  return pill(request.status, kind);
}

function code(request) {
  const words = [request.serverErrorCode, request.fault ? `fault: ${request.fault}` : null].filter(Boolean);
  return words.length > 0 ? h("span", { class: "faint code" }, words.join(" · ")) : null;
}

function caller(caller) {
  if (!caller) return h("span", { class: "faint" }, "unknown");
  const names = {
    key: () => [h("span", { class: "faint" }, "key "), h("span", { class: "mono", title: caller.name }, `${caller.name.slice(0, 8)}…`)],
    user: () => [caller.name],
    apiToken: () => [h("span", { class: "faint" }, "API token")],
    management: () => [h("span", { class: "faint" }, "management token")],
  };
  return h("span", {}, names[caller.kind]());
}

function applyFilter() {
  const wanted = text.trim().toLowerCase();
  let visible = 0;
  for (const row of list.children) {
    const request = row.request;
    const words = [request.method, request.target, request.status, request.serverErrorCode, request.caller?.name,
      request.caller?.kind, request.explanation, request.fault].join(" ").toLowerCase();
    row.hidden = (refusalsOnly && !isRefused(request)) || !words.includes(wanted);
    if (!row.hidden) visible += 1;
  }
  document.getElementById("no-request").hidden = list.children.length > 0;
  document.getElementById("shown").textContent =
    visible === count ? "" : `${visible} of ${count}${count > MOST ? `; the latest ${MOST} are remembered` : ""}`;
}

function markOpen() {
  for (const row of list?.children ?? []) row.classList.toggle("open", row.request.number === open);
}

/** Up and down go from row to row, and Escape closes what is open. */
function move(event) {
  if (event.key === "Escape") location.hash = "#requests";
  const steps = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" };
  const step = steps[event.key];
  let row = event.target.closest("tbody tr");
  if (!step || !row) return;
  do row = row[step]; while (row?.hidden);
  if (!row) return;
  event.preventDefault();
  row.querySelector("a").focus();
}

async function showDetail() {
  detail.parentElement.classList.toggle("has-detail", open !== null);
  if (open === null) {
    fill(detail, empty("Choose a request to see what came, what went back, and what its signature is worth."));
    return;
  }
  const number = open;
  fill(detail, empty("…"));
  const request = await get("request", { number });
  // Another may have been opened meanwhile.
  if (number === open && detail.isConnected) fill(detail, full(request));
}

function full(request) {
  return [
    h("div", { class: "detail-head" },
      h("h2", {}, h("span", { class: "method" }, request.method), " ", parts(request.target).path, " ", status(request)),
      h("a", { class: "close", href: "#requests", "aria-label": "Close", title: "Close" }, "×")),
    h("p", { class: "mono target" }, request.target),
    h("dl", { class: "facts" },
      h("dt", {}, "Caller"), h("dd", {}, caller(request.caller)),
      h("dt", {}, "Took"), h("dd", {}, took(request.took)),
      request.serverErrorCode ? [h("dt", {}, "Error"), h("dd", { class: "mono" }, request.serverErrorCode)] : null,
      request.fault ? [h("dt", {}, "Fault"), h("dd", {}, `met the planned ${request.fault}`)] : null,
      request.dropped ? [h("dt", {}, "Reply"), h("dd", {}, "the connection was closed instead")] : null,
      request.notes.map((note) => [h("dt", {}, "Note"), h("dd", {}, note)]),
      h("dt", {}, "UUID"), h("dd", { class: "mono" }, request.uuid)),
    request.verdict ? verdict(request.verdict) : null,
    message("Request", request.requestHeaders, request.requestBody),
    message("Reply", request.replyHeaders, request.replyBody),
  ];
}

function message(title, headers, body) {
  return h("section", {},
    h("h3", {}, title),
    shownBody(body),
    h("details", {},
      h("summary", {}, `${headers.length} headers`),
      table(["Header", "Value"], headers.map(([name, value]) => [
        h("span", { class: "mono" }, name), h("span", { class: "mono wrap" }, value),
      ]))));
}

function shownBody(body) {
  if (!body) return h("p", { class: "faint" }, "The body was larger than the server takes.");
  if (body.bytes === 0) return h("p", { class: "faint" }, "No body.");
  const text = body.text === undefined ? body.base64 : readable(body.text);
  const what = `${size(body.bytes)}${body.text === undefined ? ", in base64" : ""}${body.cut ? ", the beginning of it" : ""}`;
  return h("div", { class: "body" },
    h("div", { class: "body-head" }, h("span", { class: "faint" }, what), copyButton(text)),
    h("pre", { tabindex: "0" }, text));
}
