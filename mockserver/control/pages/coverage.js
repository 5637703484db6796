// What of the contract was met in this sandbox, what brings the rest about, and what clients do wrong.
import { call } from "./api.js";
import { copyable, el, field, redraw, table, toast } from "./dom.js";

const KINDS = { status: "statuses", format: "formats", version: "versions", situation: "situations" };

// Text in which something stands between backquotes.
function coded(text) {
  return text.split("`").map((part, at) => (at % 2 ? el("code", {}, part) : part));
}

function lines(one) {
  if (!one.python.length) return one.then ? [el("p", {}, "To meet it, ", coded(one.then), ".")] : [];
  return [
    el("h3", {}, "What brings it about"),
    ...one.python.map((line) => copyable(line, { block: true })),
    ...one.curl.map((line) => copyable(line, { block: true })),
    one.then ? el("p", {}, "Then ", coded(one.then), ".") : null,
  ];
}

function details(key, open, summary, ...children) {
  const element = el("details", { class: "card", open: open.has(key) }, summary, el("div", {}, ...children));
  element.addEventListener("toggle", () => (element.open ? open.add(key) : open.delete(key)));
  return element;
}

function situation(one, open) {
  const met = el("span", { class: one.met ? "good" : "warn" }, one.met ? `met (${one.met})` : "never met");
  return details(one.id, open, el("summary", {}, met, " ", el("b", {}, one.id), ": ", coded(one.title)),
    one.rules.length ? el("p", { class: "dim" }, `Rules: ${one.rules.join(", ")}`) : null, ...lines(one));
}

function exchange(shown) {
  if (!shown.request) return "";
  const message = (of) => [...Object.entries(of.headers).map(([name, value]) => `${name}: ${value}`), ...(of.body ? ["", of.body] : [])];
  return [`${shown.method} ${shown.path}${shown.query ? `?${shown.query}` : ""}`, ...message(shown.request), "",
    String(shown.status || "no answer"), ...message(shown.response)].join("\n");
}

function finding(one, open) {
  return details(one.kind, open, el("summary", {}, el("b", { class: "bad" }, one.kind), ` (${one.count}): ${one.title}`),
    el("p", {}, coded(one.remedy)), el("p", { class: "dim" }, `${one.level}: ${one.source}`),
    ...one.cases.flatMap((each) => [el("h3", {}, `${each.said} (${each.count})`), el("pre", { tabindex: "0" }, exchange(each.evidence))]));
}

function outcomes(operation, wanted) {
  return operation.outcomes.filter((one) => Boolean(one.met) === wanted).map((one) => one.value).join(", ");
}

export function coveragePanel(page) {
  const told = el("div", { class: "card" });
  const only = el("select", { id: "coverage-only" }, el("option", { value: "never" }, "never met"), el("option", { value: "" }, "all"));
  const list = el("div");
  const found = el("div");
  const operations = el("div");
  const open = new Set();
  let shown = null;
  let seen = "";

  const draw = () => {
    const { totals } = shown;
    told.replaceChildren(
      el("p", {}, el("b", {}, `${totals.percent} % of the contract was met`), ` by ${shown.requests} requests since request ${shown.since ?? "–"}.`),
      el("p", {}, Object.entries(KINDS).map(([kind, name]) => `${totals[kind].met} of ${totals[kind].of} ${name}`).join(" · ")));
    redraw(found, ...(shown.findings.length ? shown.findings.map((one) => finding(one, open))
      : [el("p", { class: "good" }, "Nothing was found that the client does wrong.")]));
    const situations = shown.apis.flatMap((api) => api.situations).filter((one) => !only.value || !one.met);
    redraw(list, ...(situations.length ? situations.map((one) => situation(one, open)) : [el("p", { class: "dim" }, "none")]));
    redraw(operations, ...shown.apis.map((api) => table(`Operations of ${api.label}`, [["operation"], ["met", "wide"], ["never met", "wide"]],
      api.operations.filter((one) => one.counts).map((one) => [one.id, outcomes(one, true), outcomes(one, false)]))));
  };
  const refresh = async () => {
    shown = await call("GET", "coverage?filled=true");
    // Drawn anew only when there is something new, so that who reads is left in peace.
    const now = JSON.stringify([shown.requests, shown.totals.met, shown.findings.map((one) => one.count)]);
    if (now !== seen) draw();
    seen = now;
  };
  only.addEventListener("change", () => { if (shown) draw(); });
  const clear = el("button", { type: "button", onclick: async () => {
    await page.act("It is counted from nothing.", "DELETE", "coverage");
    await refresh().catch((error) => toast(error.message));
  } }, "Count from nothing");
  const element = el("section", {}, el("h2", {}, "Coverage of the contract"), told, el("div", { class: "bar" }, clear),
    el("p", { class: "dim" }, "Counted from when this is looked at first, with what the journal has then; with ", el("code", {}, "serve --coverage"), " from the first request on."),
    el("h2", {}, "What the client does wrong"), found,
    el("h2", {}, "Situations"), el("div", { class: "bar" }, field("show", only)), list,
    el("h2", {}, "Operations"), operations);
  let due = true;
  return {
    element,
    // Asked only while somebody looks: a sandbox that nobody asks counts nothing.
    show: () => { if (!element.hidden && due) { due = false; refresh().catch((error) => toast(error.message)).finally(() => { due = true; }); } },
  };
}
