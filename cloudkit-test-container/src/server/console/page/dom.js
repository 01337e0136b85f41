// Elements, and how times, sizes and texts are shown. Whatever comes from the container becomes text and never markup.

/** Makes an element. A member that begins with `on` is a listener; null, undefined and false are left out. */
export function h(name, members = {}, ...children) {
  const element = document.createElement(name);
  for (const [member, value] of Object.entries(members)) {
    if (value === null || value === undefined || value === false) continue;
    if (member.startsWith("on")) element.addEventListener(member.slice(2), value);
    else element.setAttribute(member, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts these children in the place of all others. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts these children in the place of all others, as `fill` does, but leaves the scrolled places and what has the focus as they are. */
export function refill(element, ...children) {
  const places = [".list", ".detail"].map((place) => [place, element.querySelector(place)?.scrollTop ?? 0]);
  const { id, value } = document.activeElement ?? {};
  fill(element, ...children);
  for (const [place, top] of places) element.querySelector(place)?.scrollTo(0, top);
  const focused = id ? document.getElementById(id) : null;
  if (!focused || !element.contains(focused)) return;
  // What was written and not sent yet.
  if (focused.type === "search") focused.value = value;
  focused.focus();
}

export function pill(text, kind = "") {
  return h("span", { class: `pill ${kind}` }, text);
}

/** A table. Cells are nodes or texts; a row may be an object of cells and the members of the row's element. */
export function table(head, rows, caption) {
  return h("div", { class: "scroll" },
    h("table", {},
      caption ? h("caption", { class: "hidden" }, caption) : null,
      h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell)))),
      h("tbody", {}, rows.map((row) => {
        const { cells, ...members } = Array.isArray(row) ? { cells: row } : row;
        return h("tr", members, cells.map((cell) => h("td", {}, cell ?? "")));
      }))));
}

export function section(title, ...children) {
  return h("section", { class: "card" }, h("h2", {}, title), ...children);
}

export function empty(text) {
  return h("p", { class: "empty" }, text);
}

/** The time of day in UTC, with milliseconds. */
export function timeOfDay(ms) {
  return new Date(ms).toISOString().slice(11, 23);
}

/** A moment as ISO 8601 has it, in UTC. */
export function moment(ms) {
  const time = new Date(Number(ms));
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString().replace("T", " ").replace(/\.000Z$/, "Z");
}

export function time(ms) {
  return h("time", { title: `${ms} ms since 1970` }, moment(ms));
}

export function took(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** A button that copies a text. */
export function copyButton(text, what = "Copy") {
  const button = h("button", {
    class: "small",
    onclick: async () => {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = what; }, 1500);
    },
  }, what);
  return button;
}

/** Saves bytes or a text as a file. */
export function download(content, name, type = "application/octet-stream") {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** JSON with a line for each member. Numbers keep their digits, which reading and writing them would not. */
export function indented(json) {
  let text = "", depth = 0, inString = false;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (let at = 0; at < json.length; at += 1) {
    const c = json[at];
    if (inString) {
      text += c;
      if (c === "\\") { at += 1; text += json[at] ?? ""; } else if (c === '"') inString = false;
    } else if (c === '"') {
      inString = true;
      text += c;
    } else if (c === "{" || c === "[") {
      const rest = json.slice(at + 1, at + 40).trimStart();
      text += c;
      if (rest[0] === "}" || rest[0] === "]") {
        at = json.indexOf(rest[0], at);
        text += rest[0];
      } else {
        depth += 1;
        text += line();
      }
    } else if (c === "}" || c === "]") {
      depth = Math.max(0, depth - 1);
      text += line() + c;
    } else if (c === ",") text += c + line();
    else if (c === ":") text += ": ";
    else if (!/\s/.test(c)) text += c;
  }
  return text;
}

/** A text that is JSON, indented; any other as it is. */
export function readable(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? indented(text) : text;
  } catch {
    return text;
  }
}
