// The journal, live: each exchange whole, its curl, and what the description says of its answer.
import { call, descriptions, watch } from "./api.js";
import { copyable, el, quoted, size } from "./dom.js";

const KEPT = 300;
const UNWANTED = new Set(["host", "connection", "content-length", "accept-encoding"]);

function curl(entry) {
  const root = location.href.split("/_mock/")[0];
  const parts = [`curl -i -X ${entry.method} ${quoted(root + entry.path + (entry.query ? `?${entry.query}` : ""))}`];
  for (const [name, value] of Object.entries(entry.request.headers)) {
    if (UNWANTED.has(name)) continue;
    parts.push(value.endsWith("***") ? `-H "${name}: ${value.replace("***", "$TOKEN")}"` : `-H ${quoted(`${name}: ${value}`)}`);
  }
  if (entry.request.body) parts.push(`--data-binary ${quoted(entry.request.body)}`);
  return parts.join(" \\\n  ");
}

function message(title, part) {
  const headers = Object.entries(part.headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  let body = part.body;
  try {
    body = JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    // Not JSON: shown as it is.
  }
  return el("div", {}, el("h3", {}, title), el("pre", { tabindex: "0" }, headers),
    body ? el("pre", { tabindex: "0" }, body) : el("p", { class: "dim" }, "no body"),
    part.truncated ? el("p", { class: "dim" }, `cut; ${size(part.size)} in all`) : null);
}

function statusClass(status) {
  if (status >= 500 || status === 0) return "bad";
  return status >= 400 ? "warn" : "good";
}

// What the descriptions say, by operationId.
async function described(apis) {
  const known = new Map();
  for (const description of await descriptions(apis)) {
    const resolve = (value) => (value?.$ref ? value.$ref.slice(2).split("/").reduce((at, key) => at[key], description) : value);
    for (const item of Object.values(description.paths)) {
      for (const operation of Object.values(item)) {
        if (!operation.operationId) continue;
        const answers = Object.entries(operation.responses).map(([status, response]) => [status, resolve(response).description]);
        known.set(operation.operationId, { summary: operation.summary, text: operation.description, answers });
      }
    }
  }
  return known;
}

function contract(entry, known) {
  const operation = known.get(entry.operation);
  if (!operation) {
    return el("p", { class: "dim" }, entry.operation ? `${entry.operation}: storage, which the documents only link to.` : "No operation of the contract has this path and method.");
  }
  const said = operation.answers.find(([status]) => status === String(entry.status));
  return el("div", {}, el("h3", {}, "What the contract says"),
    el("p", {}, el("strong", {}, operation.summary), operation.text ? ` — ${operation.text.split("\n\n")[0]}` : ""),
    said ? el("p", { class: statusClass(entry.status) }, `${said[0]}: ${said[1]}`)
      : el("p", { class: "bad" }, `${entry.status} is not described for this operation.`),
    el("p", { class: "dim" }, `Described answers: ${operation.answers.map(([status]) => status).join(", ")}`));
}

export function requestsPanel(page) {
  const list = el("div", { "aria-live": "off" });
  const state = el("span", { class: "dim", role: "status" }, "connecting");
  const search = el("input", { type: "search", placeholder: "path, operation or status", "aria-label": "Filter requests" });
  const count = el("span", { class: "dim" });
  // For who does not see: told when the filter changes, and not with every request that comes.
  const found = el("span", { class: "unseen", role: "status" });
  let known = new Map();
  const fits = (row) => search.value.toLowerCase().split(/\s+/).every((word) => row.dataset.text.includes(word));
  const filter = () => {
    const rows = [...list.children];
    for (const row of rows) row.hidden = !fits(row);
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} requests`;
  };
  search.addEventListener("input", () => {
    filter();
    found.textContent = count.textContent;
  });

  const add = (entry) => {
    const path = entry.path + (entry.query ? `?${entry.query}` : "");
    const row = el("details", { class: "request" }, el("summary", {},
      el("span", { class: `mono ${statusClass(entry.status)}` }, entry.status || "cut"),
      el("span", { class: "mono" }, entry.method),
      el("span", { class: "path mono" }, path, entry.operation ? el("span", { class: "dim" }, `  ${entry.operation}`) : null),
      el("span", { class: "when dim" }, `${entry.at.slice(11, 19)} · ${entry.milliseconds.toFixed(1)} ms`)));
    row.dataset.text = `${entry.method} ${path} ${entry.operation ?? ""} ${entry.status} ${entry.request_id}`.toLowerCase();
    // Rendered when it is opened: most never are.
    row.addEventListener("toggle", () => {
      if (row.open && row.children.length === 1) {
        row.append(el("div", {}, contract(entry, known), message("Request", entry.request), message(`Answer ${entry.status}`, entry.response),
          el("h3", {}, "The same again"), copyable(curl(entry), { block: true })));
      }
    });
    list.prepend(row);
    while (list.children.length > KEPT) list.lastChild.remove();
    filter();
  };

  const clear = el("button", { type: "button", onclick: async () => {
    await page.act("The journal is empty.", "DELETE", "requests");
    list.replaceChildren();
    filter();
  } }, "Clear");
  const element = el("section", {}, el("h2", {}, "Requests, as they come"),
    el("div", { class: "bar" }, search, clear, count, state, found), list,
    el("p", { class: "dim" }, "Calls of the control API are not among them. Secrets are masked."));
  return {
    element,
    start: async (health) => {
      known = await described(health.apis).catch(() => known);
      let due = null;
      watch((entry) => {
        add(entry);
        due ??= setTimeout(() => { due = null; page.refresh(); }, 150);
      }, (live) => { state.textContent = live ? "live" : "not connected; trying again"; });
    },
    clear: () => { list.replaceChildren(); filter(); },
  };
}
