// The dashboard: tabs over what the control API tells and takes.
import { call } from "./api.js";
import { coveragePanel } from "./coverage.js";
import { el, toast } from "./dom.js";
import { faultsPanel } from "./faults.js";
import { requestsPanel } from "./requests.js";
import { sandboxesPanel } from "./sandboxes.js";
import { settingsPanel } from "./settings.js";
import { statePanel } from "./state.js";

const REFRESH = 2500; // milliseconds between two looks at the sandbox, besides those that something brings about

const page = {
  // Calls that change something: tells what came of it, and looks at the sandbox anew.
  async act(what, ...order) {
    try {
      const answer = await call(...order);
      toast(what);
      await this.refresh();
      return answer;
    } catch (error) {
      toast(error.message);
      return undefined;
    }
  },
  refresh: async () => {},
};

const panels = [
  ["requests", "Requests", requestsPanel(page)],
  ["state", "State", statePanel(page)],
  ["faults", "Faults & defects", faultsPanel(page)],
  ["coverage", "Coverage", coveragePanel(page)],
  ["settings", "Settings & snapshots", settingsPanel(page)],
  ["sandboxes", "Sandboxes", sandboxesPanel(page)],
];

function clockBar() {
  const place = document.getElementById("clock");
  const now = el("span", { class: "clock", id: "now" });
  const freeze = el("button", { type: "button", id: "freeze" });
  const advance = (seconds, name) =>
    el("button", { type: "button", onclick: () => page.act(`The clock moved by ${name}.`, "POST", "clock/advance", { seconds }) }, `+${name}`);
  let frozen = false;
  freeze.addEventListener("click", () => page.act(frozen ? "The clock runs." : "The clock stands still.", "PATCH", "clock", { frozen: !frozen }));
  place.append(now, freeze, advance(60, "1 min"), advance(3600, "1 h"), advance(86400, "1 day"),
    el("button", { type: "button", class: "primary", onclick: () => page.act("It is midnight; the nightly job has run.", "POST", "clock/advance", { to: "next-midnight" }) }, "Next midnight"));
  return (clock) => {
    ({ frozen } = clock);
    now.textContent = `${clock.now.slice(0, 19).replace("T", " ")} UTC${frozen ? " (frozen)" : ""}`;
    freeze.textContent = frozen ? "Let it run" : "Freeze";
  };
}

function tabs() {
  const list = document.getElementById("tabs");
  const select = (chosen, focus) => {
    for (const [name, , panel] of panels) {
      const tab = document.getElementById(`tab-${name}`);
      const on = name === chosen;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
      panel.element.hidden = !on;
      if (on && focus) tab.focus();
      if (on) page.refresh();
    }
    if (location.hash.slice(1) !== chosen) history.replaceState(null, "", `#${chosen}`);
  };
  const names = panels.map(([name]) => name);
  for (const [name, title, panel] of panels) {
    list.append(el("button", {
      type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`,
      onclick: () => select(name),
      onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step) select(names[(names.indexOf(name) + step + names.length) % names.length], true);
      },
    }, title));
    panel.element.id = `panel-${name}`;
    panel.element.setAttribute("role", "tabpanel");
    panel.element.setAttribute("aria-labelledby", `tab-${name}`);
  }
  document.getElementById("panels").replaceChildren(...panels.map(([, , panel]) => panel.element));
  const wanted = () => (names.includes(location.hash.slice(1)) ? location.hash.slice(1) : names[0]);
  addEventListener("hashchange", () => select(wanted()));
  select(wanted());
}

async function start() {
  const showClock = clockBar();
  tabs();
  const health = await call("GET", "health");
  document.getElementById("sandbox").textContent = health.sandbox ? `sandbox ${health.sandbox}` : "";
  document.title = health.sandbox ? `dbcontract: ${health.sandbox}` : "dbcontract dashboard";
  let looking = null;
  const look = async () => {
    const sandbox = await call("GET", "overview");
    showClock(sandbox.clock);
    for (const [, , panel] of panels) panel.show?.(sandbox);
  };
  // Two looks at a time would show an older sandbox after a newer one.
  page.refresh = () => {
    looking ??= look().catch((error) => toast(error.message)).finally(() => { looking = null; });
    return looking;
  };
  for (const [, , panel] of panels) panel.start?.(health);
  await page.refresh();
  setInterval(() => { if (!document.hidden) page.refresh(); }, REFRESH);
}

start().catch((error) => toast(error.message));
