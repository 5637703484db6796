// Builds elements. Whatever comes from a server becomes text, never markup.

export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function copyable(text, { block = false } = {}) {
  const button = el("button", { type: "button", "aria-label": `Copy ${text.slice(0, 60)}` }, "copy");
  button.addEventListener("click", async () => {
    await copy(text);
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
  return el("div", { class: "copy" }, el(block ? "pre" : "code", {}, text), button);
}

async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Outside of localhost and https there is no clipboard: select the text, so that the keyboard can copy it.
  const area = el("textarea", { "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function table(caption, columns, rows) {
  const head = columns.map(([name, kind]) => el("th", { scope: "col", class: kind }, name));
  const body = rows.map((cells) => el("tr", {}, cells.map((cell, index) => el("td", { class: columns[index][1] }, cell ?? ""))));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", { "aria-label": caption }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}

export function field(name, input) {
  return el("label", { class: "field" }, el("span", {}, name), input);
}

// Draws a part of the page anew; what had the focus in it, by its name, has it again.
export function redraw(place, ...children) {
  const name = (element) => element.getAttribute("aria-label") ?? element.textContent;
  const focused = place.contains(document.activeElement) ? name(document.activeElement) : null;
  place.replaceChildren(...children);
  if (focused !== null) [...place.querySelectorAll("button, [tabindex]")].find((one) => name(one) === focused)?.focus();
}

let timer;
export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => { place.textContent = ""; }, 6000);
}

export function size(bytes) {
  if (bytes === null) return "";
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

export function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
