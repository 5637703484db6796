// Faults strike single answers; defects make a vendor that is wrong in one way all the time.
import { call, descriptions } from "./api.js";
import { el, field, table, toast } from "./dom.js";

async function operations(apis) {
  const found = [];
  for (const description of await descriptions(apis)) {
    for (const item of Object.values(description.paths)) {
      for (const operation of Object.values(item)) {
        if (operation.operationId) found.push([operation.operationId, operation.summary]);
      }
    }
  }
  return found;
}

function describe(fault) {
  const { id, operation, left, ...rest } = fault;
  return Object.entries(rest).filter(([, value]) => value !== null && value !== undefined && value !== false)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
}

function faultForm(page, refresh) {
  const operation = el("select", { id: "fault-operation" });
  const status = el("input", { type: "number", min: 100, max: 599, placeholder: "e.g. 500", id: "fault-status" });
  const delay = el("input", { type: "number", min: 0, step: 0.1, placeholder: "seconds" });
  const times = el("input", { type: "number", min: 1, value: "1" });
  const order = async () => {
    const fault = { operation: operation.value };
    if (status.value) fault.status = Number(status.value);
    if (delay.value) fault.delay = Number(delay.value);
    if (times.value) fault.times = Number(times.value);
    if (await page.act(`The next call of ${operation.value} is struck.`, "POST", "faults", fault)) await refresh();
  };
  const element = el("div", { class: "bar card" }, field("operation", operation), field("status", status), field("delay", delay),
    field("times", times), el("button", { type: "button", class: "primary", id: "fault-add", onclick: order }, "Add fault"));
  return { element, fill: (found) => operation.replaceChildren(...found.map(([id, summary]) => el("option", { value: id }, `${id}: ${summary}`))) };
}

function defectList(page) {
  const search = el("input", { type: "search", placeholder: "name, sentence or rule", "aria-label": "Filter defects" });
  const on = el("div");
  const list = el("div");
  let state = { on: [], known: [] };
  const put = async (names) => {
    const answer = await page.act(names.length ? `Served with ${names.join(", ")}.` : "Served as documented.", "PUT", "defects", { names });
    if (answer) { state = answer; show(); }
  };
  const box = (one) => el("label", { class: "bar" },
    el("input", { type: "checkbox", checked: state.on.includes(one.name), onchange: (event) =>
      put(event.target.checked ? [...state.on, one.name] : state.on.filter((name) => name !== one.name)) }),
    el("code", {}, one.name), el("span", {}, one.sentence), el("span", { class: "dim" }, one.breaks.join(", ") || one.kind));
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matching = state.known.filter((one) => words.every((word) => `${one.name} ${one.sentence} ${one.breaks.join(" ")}`.toLowerCase().includes(word)));
    on.replaceChildren(state.on.length ? el("p", { class: "warn" }, `On: ${state.on.join(", ")} `, el("button", { type: "button", onclick: () => put([]) }, "Switch all off")) : el("p", { class: "good" }, "No defect is on: the mock behaves as documented."));
    list.replaceChildren(...matching.slice(0, 30).map(box), el("p", { class: "dim" }, `${Math.min(30, matching.length)} of ${matching.length} shown, ${state.known.length} in all`));
  };
  search.addEventListener("input", show);
  return { element: el("div", {}, on, search, list), load: async () => { state = await call("GET", "defects"); show(); } };
}

export function faultsPanel(page) {
  const list = el("div");
  const refresh = async () => {
    const found = await call("GET", "faults");
    list.replaceChildren(found.length === 0 ? el("p", { class: "dim" }, "no fault is ordered")
      : table("Faults", [["operation"], ["what", "wide"], ["left", "number"], ["action"]], found.map((fault) => [
        fault.operation, describe(fault), fault.left ?? "always",
        el("button", { type: "button", onclick: async () => { await page.act("The fault is gone.", "DELETE", `faults/${fault.id}`); await refresh(); } }, "Remove")])));
  };
  const form = faultForm(page, refresh);
  const defects = defectList(page);
  const element = el("section", {}, el("h2", {}, "Faults"), form.element, list,
    el("p", { class: "dim" }, "The control API orders more: bodies, probability, cut connections, failures inside an import."),
    el("h2", {}, "Defects and unusual implementations"), defects.element);
  let due = true;
  return {
    element,
    start: async (health) => {
      try {
        form.fill(await operations(health.apis));
        await refresh();
        await defects.load();
      } catch (error) {
        toast(error.message);
      }
    },
    // Each request may use a fault up.
    show: () => { if (!element.hidden && due) { due = false; refresh().catch(() => {}).finally(() => { due = true; }); } },
  };
}
