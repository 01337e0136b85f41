// The records: which database, which zone, which type, and one record in full.

import { get, getBlob, post, withParameters } from "./api.js";
import { copyButton, download, empty, h, moment, pill, plural, refill, size, table, time } from "./dom.js";
import { attempt, changed, say } from "./notice.js";

const PAGE = 50;

/** What the address names: environment, database, user, zone, owner, type, text, name. */
let chosen = {};
let databases = [];
let main = null;
/** So many records are listed. */
let count = PAGE;
let typing;
/** What the page shows, to leave it as it is when nothing is new. */
let shown = "";

export async function show(element, parameters, isOther) {
  main = element;
  const before = { ...chosen, name: undefined };
  chosen = { environment: "development", database: "public", ...parameters };
  if (JSON.stringify({ ...chosen, name: undefined }) !== JSON.stringify(before)) count = PAGE;
  if (isOther) shown = "";
  await refresh();
}

export async function refresh() {
  ({ databases } = await get("databases"));
  const { place, zone, known } = resolve();
  const page = known ? await records(place, count) : { records: [], next: null };
  const record = chosen.name ? await get("record", { ...place, name: chosen.name }).catch(gone) : null;
  const now = JSON.stringify([chosen, databases, page, record]);
  if (now === shown) return;
  shown = now;
  refill(main,
    h("div", { class: "bar" }, h("h1", {}, "Data"), choices(place), filter(),
      h("button", { title: "Save these records as a file of JSON lines", onclick: () => attempt(() => save(place)) }, "Export"),
      importer(place)),
    types(zone),
    h("div", { class: `split ${chosen.name ? "has-detail" : ""}` },
      h("div", { class: "scroll list" }, listed(page)),
      h("div", { class: "detail", role: "region", "aria-label": "The chosen record" },
        chosen.name ? h("div", { class: "detail-head" }, h("h2", { class: "mono wrap" }, chosen.name), close()) : null,
        record ? full(record, place) : empty("There is no such record in this zone."))));
}

/** The record may have been deleted since it was chosen. */
function gone(error) {
  if (error.status === 404) return null;
  throw error;
}

function close() {
  return h("a", { class: "close", href: address({ ...chosen, name: undefined }), "aria-label": "Close", title: "Close" }, "×");
}

/** The chosen records of a zone, the latest first, as many as that if there are so many. */
async function records(place, most) {
  const found = { records: [], next: undefined };
  do {
    const limit = Math.min(200, most - found.records.length);
    const page = await get("records", { ...place, type: chosen.type, text: chosen.text, limit, before: found.next });
    found.records.push(...page.records);
    found.next = page.next;
  } while (found.next !== null && found.records.length < most);
  return found;
}

/** The chosen zone among those that there are, and the parameters that name it. */
function resolve() {
  const { environment, database } = chosen;
  const here = databases.filter((one) => one.environment === environment && one.database === database);
  const known = here.find((one) => database === "public" || one.user.recordName === chosen.user) ?? here[0];
  const zones = known?.zones ?? [];
  const wanted = (zone) => zone.zoneName === (chosen.zone ?? "_defaultZone")
    && (database !== "shared" || !chosen.owner || zone.owner?.recordName === chosen.owner);
  const zone = zones.find(wanted) ?? zones[0];
  const place = {
    environment, database, user: known?.user?.recordName, zone: zone?.zoneName,
    owner: database === "shared" ? zone?.owner?.recordName : undefined,
  };
  return { place, zone, known };
}

function address(parameters) {
  return withParameters("#data", parameters);
}

function go(parameters) {
  location.hash = address(parameters);
}

function nameOf(user) {
  return user?.name ?? (user ? `${user.recordName.slice(0, 9)}…` : "");
}

/** The menus of environments, databases and zones. */
function choices(place) {
  const here = databases.filter((one) => one.environment === place.environment);
  const zones = here.find((one) => one.database === place.database && one.user?.recordName === place.user)?.zones ?? [];
  return [
    menu("Environment", ["development", "production"].map((environment) => [environment, { environment, database: "public" }]),
      (parameters) => parameters.environment === place.environment),
    menu("Database", (here.length > 0 ? here : [{ database: "public" }]).map((one) => [
      one.user ? `${one.database} of ${nameOf(one.user)}` : one.database,
      { environment: place.environment, database: one.database, user: one.user?.recordName },
    ]), (parameters) => parameters.database === place.database && parameters.user === place.user),
    menu("Zone", zones.map((zone) => [
      place.database === "shared" ? `${zone.zoneName} of ${nameOf(zone.owner)}` : zone.zoneName,
      { ...place, zone: zone.zoneName, owner: place.database === "shared" ? zone.owner?.recordName : undefined },
    ]), (parameters) => parameters.zone === place.zone && parameters.owner === place.owner),
  ];
}

function menu(label, entries, isChosen) {
  const select = h("select", {
    id: `choose-${label.toLowerCase()}`, "aria-label": label,
    onchange: () => go(entries[select.selectedIndex][1]),
  }, entries.map(([text, parameters]) => h("option", { selected: isChosen(parameters) }, text)));
  return select;
}

function filter() {
  const input = h("input", {
    id: "filter-records", type: "search", placeholder: "Name or value", "aria-label": "Filter by name or value",
    value: chosen.text ?? "",
    oninput: () => {
      clearTimeout(typing);
      // Letters that are typed are no places to go back to.
      typing = setTimeout(() => location.replace(address({ ...chosen, text: input.value, name: undefined })), 200);
    },
  });
  return input;
}

function types(zone) {
  if (!zone?.recordTypes.length) return null;
  const all = zone.recordTypes.reduce((sum, type) => sum + type.records, 0);
  const link = (type, label, count) => h("a", {
    href: address({ ...chosen, type, name: undefined }), class: "chip",
    "aria-current": (chosen.type ?? "") === (type ?? "") ? "true" : null,
  }, label, " ", h("span", { class: "count" }, count));
  return h("div", { class: "chips", role: "group", "aria-label": "Record type" },
    link(undefined, "All types", all),
    zone.recordTypes.map(({ recordType, records }) => link(recordType, recordType, records)));
}

function listed({ records, next }) {
  if (records.length === 0) {
    return empty(chosen.text || chosen.type ? "No record is like that." : "No record yet in this zone.");
  }
  const names = [...new Set(records.flatMap((record) => Object.keys(record.fields)))].slice(0, 8);
  const row = (record) => ({
    class: record.recordName === chosen.name ? "open" : "",
    onclick: (event) => { if (!event.target.closest("a")) go({ ...chosen, name: record.recordName }); },
    cells: [
      h("a", { href: address({ ...chosen, name: record.recordName }), class: "mono clip", title: record.recordName }, record.recordName),
      chosen.type ? null : record.recordType,
      ...names.map((name) => record.fields[name] ? h("span", { class: "clip" }, brief(record.fields[name])) : h("span", { class: "faint" }, "–")),
      h("span", { class: "nowrap" }, moment(record.modified.at)),
    ].filter((cell) => cell !== null),
  });
  const head = ["Record name", chosen.type ? null : "Type", ...names, "Modified"].filter((cell) => cell !== null);
  const listing = table(head, records.map(row), "Records");
  if (next === null) return listing;
  const more = () => {
    count += PAGE;
    return attempt(refresh);
  };
  return [listing, h("p", { class: "more" }, h("button", { id: "more-records", onclick: more }, "More"))];
}

/** A value in a few characters. */
function brief({ value, type }) {
  if (type.endsWith("_LIST")) return value.length === 0 ? "[]" : `[${value.map((one) => brief({ value: one, type: type.slice(0, -5) })).join(", ")}]`;
  switch (type) {
    case "TIMESTAMP": return moment(value);
    case "REFERENCE": return `→ ${value.recordName}`;
    case "LOCATION": return `${value.latitude}, ${value.longitude}`;
    case "ASSETID": return `file, ${size(value.size)}`;
    case "BYTES": return `${size(value.replaceAll("=", "").length * 3 >> 2)} of data`;
    default: return String(value);
  }
}

function full(record, place) {
  const rows = Object.entries(record.fields).map(([name, field]) => [
    h("span", { class: "mono" }, name),
    h("span", {}, h("span", { class: "faint" }, field.type), field.isEncrypted ? [" ", pill("encrypted")] : null),
    values(field, name, place),
  ]);
  const by = (stamp) => [time(stamp.at), h("span", { class: "faint" }, " by "), person(stamp.by)];
  return [
    h("dl", { class: "facts" },
      h("dt", {}, "Type"), h("dd", {}, record.recordType),
      h("dt", {}, "Change tag"), h("dd", { class: "mono" }, record.recordChangeTag),
      h("dt", {}, "Created"), h("dd", {}, by(record.created)),
      h("dt", {}, "Modified"), h("dd", {}, by(record.modified)),
      h("dt", {}, "Zone"), h("dd", {}, record.zoneName, record.owner ? [h("span", { class: "faint" }, " of "), person(record.owner)] : null),
      record.parent ? [h("dt", {}, "Parent"), h("dd", {}, link(record.parent, place))] : null,
      record.sharing?.share ? [h("dt", {}, "Share"), h("dd", {}, link(record.sharing.share, place))] : null,
      record.sharing?.shortGUID ? [h("dt", {}, "Short GUID"), h("dd", { class: "mono" }, record.sharing.shortGUID)] : null),
    rows.length > 0 ? table(["Field", "Type", "Value"], rows, "Fields") : h("p", { class: "faint" }, "No field has a value."),
    record.sharing?.terms ? share(record.sharing.terms, place) : null,
    h("p", {}, copyButton(JSON.stringify(record, null, 2), "Copy as JSON")),
  ];
}

function person(user) {
  return h("span", { title: user.recordName, class: user.name ? "" : "mono" }, user.name ?? user.recordName);
}

function link(name, place) {
  return h("a", { class: "mono wrap", href: address({ ...place, name }) }, name);
}

function values({ value, type }, name, place) {
  if (type.endsWith("_LIST")) {
    if (value.length === 0) return h("span", { class: "faint" }, "empty list");
    return h("ol", { class: "values" }, value.map((one) => h("li", {}, values({ value: one, type: type.slice(0, -5) }, name, place))));
  }
  switch (type) {
    case "TIMESTAMP": return time(value);
    case "REFERENCE": {
      const { recordName, action, zoneID } = value;
      const there = zoneID ? { ...place, zone: zoneID.zoneName, owner: zoneID.ownerRecordName ?? place.owner } : place;
      return [link(recordName, there), action === "NONE" ? null : [" ", pill(action)]];
    }
    case "ASSETID":
      return [h("button", {
        class: "small",
        onclick: () => attempt(async () => download(await getBlob("file", { checksum: value.fileChecksum }), name)),
      }, "Download"), ` ${size(value.size)} `, h("span", { class: "faint mono" }, value.fileChecksum)];
    case "LOCATION":
      return h("span", {}, Object.entries(value).map(([member, number]) => h("div", {}, h("span", { class: "faint" }, `${member} `), number)));
    default:
      return h("span", { class: `wrap ${type === "STRING" ? "string" : "mono"}` }, value);
  }
}

function share(terms, place) {
  return [
    h("h3", {}, "Share"),
    h("p", {}, terms.root ? ["Of the record ", link(terms.root, place), " and all below it."] : "Of the whole zone.",
      " Whoever knows its address: ", pill(terms.publicPermission)),
    table(["Participant", "Type", "Permission", "Status"], terms.participants.map((participant) => [
      participant.user ? person(participant.user) : participant.email ?? participant.phone ?? "",
      participant.type, participant.permission, participant.acceptanceStatus,
    ]), "Participants"),
  ];
}

/** The button that saves the records of a file in this zone. A shared database gets its records from their owner. */
function importer(place) {
  if (place.database === "shared") return null;
  const file = h("input", {
    type: "file", accept: ".jsonl", hidden: true, "aria-label": "Records to import",
    onchange: () => {
      const [chosen] = file.files;
      if (chosen) attempt(() => load(place, chosen));
      file.value = "";
    },
  });
  return [
    h("button", { title: "Save the records of a file of JSON lines in this zone, in place of those of the same names", onclick: () => file.click() },
      "Import…"),
    file,
  ];
}

async function load(place, file) {
  const { saved, failed } = await post(withParameters("records", place), file);
  const done = `${plural(saved, "record")} imported from ${file.name}`;
  if (failed.length === 0) {
    say(`${done}.`, "good");
  } else {
    const [{ line, error }] = failed;
    say(`${done}, ${failed.length} refused; the first in line ${line}: ${error}`, "bad");
  }
  changed();
}

/** Saves all records that the list would show. */
async function save(place) {
  const all = await records(place, Infinity);
  const name = [place.environment, place.database, place.zone, chosen.type].filter(Boolean).join("-");
  const lines = all.records.reverse().map((record) => `${JSON.stringify(record)}\n`);
  download(new Blob(lines), `${name}.jsonl`);
}

