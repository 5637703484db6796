// Settings of the sandbox, and the sandbox as a whole: snapshots, reset.
import { bytes, call } from "./api.js";
import { el, field, toast } from "./dom.js";

function editor(name, value) {
  if (typeof value === "boolean") {
    return el("select", {}, ["true", "false"].map((text) => el("option", { value: text, selected: text === String(value) }, text)));
  }
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const input = el("input", { type: "text" });
  input.value = text;
  return input;
}

function parsed(text, before) {
  if (typeof before === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // The server says what is wrong with it.
  }
}

export function settingsPanel(page) {
  const grid = el("div", { class: "grid" });
  let before = {};
  const show = (settings) => {
    before = settings;
    grid.replaceChildren(...Object.entries(settings).map(([name, value]) => {
      const input = editor(name, value);
      input.dataset.name = name;
      return field(name, input);
    }));
  };
  const save = async () => {
    const changed = {};
    for (const input of grid.querySelectorAll("[data-name]")) {
      const value = parsed(input.value, before[input.dataset.name]);
      if (JSON.stringify(value) !== JSON.stringify(before[input.dataset.name])) changed[input.dataset.name] = value;
    }
    if (Object.keys(changed).length === 0) { toast("Nothing was changed."); return; }
    const answer = await page.act("The settings are changed.", "PATCH", "settings", changed);
    if (answer) show(answer);
  };
  const reload = async () => show(await call("GET", "settings"));
  const download = async () => {
    const blob = await bytes("state");
    const link = el("a", { href: URL.createObjectURL(blob), download: "sandbox.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // not before the browser has begun
    toast("The sandbox is saved as sandbox.json.");
  };
  const file = el("input", { type: "file", accept: "application/json,.json", "aria-label": "Snapshot to restore" });
  const restore = async () => {
    if (!file.files.length) { toast("Choose a snapshot first."); return; }
    await page.act("The sandbox is as in the snapshot.", "PUT", "state", await file.files[0].text());
    await reload();
  };
  const reset = async () => {
    if (!window.confirm("Everything in this sandbox becomes as it was at the start. Go on?")) return;
    if (await page.act("The sandbox began anew.", "POST", "reset")) await reload();
  };
  const safely = (action) => () => action().catch((error) => toast(error.message));
  const element = el("section", {}, el("h2", {}, "Settings"), grid,
    el("p", {}, el("button", { type: "button", class: "primary", onclick: safely(save) }, "Save settings")),
    el("h2", {}, "Snapshot"), el("div", { class: "bar" },
      el("button", { type: "button", id: "snapshot-download", onclick: safely(download) }, "Download"),
      file, el("button", { type: "button", id: "snapshot-restore", onclick: safely(restore) }, "Restore")),
    el("p", { class: "dim" }, "State, clock, faults and settings in one document; the journal and the tokens are not in it."),
    el("h2", {}, "Begin anew"), el("button", { type: "button", class: "danger", onclick: safely(reset) }, "Reset the sandbox"));
  return { element, start: safely(reload) };
}
