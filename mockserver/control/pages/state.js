// What the sandbox holds: databases with their records, jobs, archives, assets, Pieces collections.
import { bytes, call } from "./api.js";
import { el, redraw, size, table, toast } from "./dom.js";

const PAGE = 50;
// What has a table of its own below, or a place elsewhere on the page; an API from outside may show more.
const KNOWN = new Set(["clock", "requests", "next_midnight", "databases", "jobs", "archives", "assets", "pieces", "contents"]);
const PICTURE = /^image\/(png|jpeg|gif|webp|avif)$/;

function when(text) {
  return text.slice(0, 19).replace("T", " ");
}

// The records of one database, a page at a time; looked at again whenever the sandbox is.
function records() {
  const place = el("div");
  let shown = null;
  let before = "";
  const show = async (database, offset) => {
    shown = [database, offset];
    const found = await call("GET", `databases/${database.id}/records?offset=${offset}&limit=${PAGE}`);
    const now = JSON.stringify([database, offset, found]);
    if (shown[0] !== database || shown[1] !== offset || now === before) return;
    before = now;
    const step = (by, name) => el("button", { type: "button", disabled: offset + by < 0 || offset + by >= database.records,
      onclick: () => open(database, offset + by) }, name);
    const last = Math.min(offset + found.length, database.records);
    redraw(place,
      el("h3", {}, `Records of ${database.name}`),
      el("div", { class: "bar" }, step(-PAGE, "Previous"), step(PAGE, "Next"), el("span", { class: "dim" }, database.records ? `${offset + 1} to ${last} of ${database.records}` : "no record")),
      table(`Records of ${database.name}`, [["key"], ["data", "wide"], ["created"], ["updated"]], found.map((record) =>
        [record.id, el("code", {}, JSON.stringify(record.data)), when(record.created_at), when(record.updated_at)])));
  };
  const open = (database, offset = 0) => show(database, offset).catch((error) => toast(error.message));
  const again = (databases) => {
    if (!shown) return;
    const database = databases.find((one) => one.id === shown[0].id);
    if (database) {
      open(database, shown[1]);
    } else {
      shown = null;
      before = "";
      place.replaceChildren();
    }
  };
  return { element: place, open, again };
}

function jobs(found) {
  return table("Export jobs", [["name", "wide"], ["format"], ["status"], ["progress"], ["records", "number"], ["created"]], found.latest.map((job) => [
    job.name, job.media_type,
    el("span", { class: { SUCCESS: "good", FAILURE: "bad" }[job.status] }, job.status, job.error_message ? `: ${job.error_message}` : ""),
    job.progress === null ? el("span", { class: "dim" }, "not by the clock") : el("progress", { value: job.progress, max: 1, "aria-label": `Progress of ${job.name}` }),
    job.records, when(job.created_at)]));
}

function archives(found) {
  return table("Archives", [["database"], ["date"], ["records", "number"], ["written"]],
    found.latest.map((one) => [one.database, `${one.date}.jsonl`, one.records, when(one.created_at)]));
}

// Previews are kept by id and size: an upload may be replaced.
const previews = new Map();

function preview(asset) {
  if (!PICTURE.test(asset.content_type ?? "")) return asset.content_type ?? "";
  const key = `${asset.id} ${asset.size}`;
  const image = el("img", { class: "thumb", alt: `Preview of ${asset.filename}` });
  if (!previews.has(key)) previews.set(key, bytes(`assets/${asset.id}/content`).then((blob) => URL.createObjectURL(blob)));
  previews.get(key).then((url) => { image.src = url; }, () => { image.alt = "no preview"; });
  return image;
}

// An upload as a client makes it: create, presigned form, mark. The journal shows all three.
async function upload(page, database, file) {
  const api = `../api/databases/${database}/assets/`;
  const headers = { "Content-Type": "application/json", Accept: "application/json; version=2.0", Authorization: "Token dashboard" };
  const ask = async (method, path, body) => {
    const response = await fetch(path, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const created = await ask("POST", api, { filename: file.name });
  const form = new FormData();
  for (const [name, value] of Object.entries(created.fields)) form.append(name, value);
  form.append("file", file);
  const stored = await fetch(created.upload_url, { method: "POST", body: form });
  if (!stored.ok) throw new Error(`the upload was answered ${stored.status}`);
  await ask("PATCH", `${api}${created.asset.id}/`, { is_uploaded: true });
  toast(`${file.name} is uploaded.`);
  await page.refresh();
}

function assets(found) {
  return table("Assets", [["file", "wide"], ["preview"], ["size", "number"], ["state"], ["created"]], found.latest.map((asset) => [
    asset.filename, preview(asset), size(asset.size),
    el("span", { class: asset.is_uploaded ? "good" : "warn" }, asset.is_uploaded ? "uploaded" : asset.size === null ? "waits for the upload" : "not marked as uploaded"),
    when(asset.created_at)]));
}

// What APIs hold that this page has no table for: lists of ids and names, and whatever else they tell.
function others(sandbox) {
  const listed = sandbox.contents.flatMap((one) => [
    el("h2", {}, `${one.label}: ${one.kind}`),
    table(`${one.label}: ${one.kind}`, [["name", "wide"], ["id"]], one.items.map((item) => [item.name, el("code", {}, item.id)])),
    one.count > one.items.length ? el("p", { class: "dim" }, `${one.items.length} of ${one.count}`) : ""]);
  const told = Object.entries(sandbox).filter(([name]) => !KNOWN.has(name)).flatMap(([name, value]) => [
    el("h2", {}, name), el("pre", { tabindex: "0" }, JSON.stringify(value, null, 2))]);
  return [...listed, ...told];
}

export function statePanel(page) {
  const place = records();
  const parts = Object.fromEntries(["databases", "jobs", "archives", "assets", "pieces", "others"].map((name) => [name, el("div")]));
  const target = el("select", { "aria-label": "Database of the upload" });
  const file = el("input", { type: "file", "aria-label": "File to upload" });
  const send = el("button", { type: "button", onclick: () => {
    if (!file.files.length) toast("Choose a file first.");
    else upload(page, target.value, file.files[0]).catch((error) => toast(error.message));
  } }, "Upload as an asset");
  let before = "";
  const element = el("section", {}, el("h2", {}, "Databases"), parts.databases, place.element,
    el("h2", {}, "Export jobs"), parts.jobs,
    el("h2", {}, "Assets"), el("div", { class: "bar" }, target, file, send), parts.assets,
    el("h2", {}, "Pieces OS"), parts.pieces, el("h2", {}, "Archives"), parts.archives, parts.others);
  const orNothing = (found, render) => (found.count === 0 ? el("p", { class: "dim" }, "nothing yet") : render(found));
  const more = (found) => (found.count > found.latest.length ? el("p", { class: "dim" }, `the latest ${found.latest.length} of ${found.count}`) : "");
  return {
    element,
    show: (sandbox) => {
      place.again(sandbox.databases);
      // Rebuilt only when something changed, so that scrolling stays where it is.
      const { clock, requests, ...rest } = sandbox;
      const now = JSON.stringify(rest);
      if (now === before) return;
      before = now;
      redraw(parts.databases, table("Databases", [["name", "wide"], ["type"], ["records", "number"], ["id"]], sandbox.databases.map((database) => [
        el("button", { type: "button", onclick: () => place.open(database) }, database.name), database.type, database.records, el("code", {}, database.id)])));
      redraw(parts.jobs, orNothing(sandbox.jobs, jobs), more(sandbox.jobs));
      redraw(parts.archives, orNothing(sandbox.archives, archives), more(sandbox.archives));
      redraw(parts.assets, orNothing(sandbox.assets, assets), more(sandbox.assets));
      const kept = target.value;
      target.replaceChildren(...sandbox.databases.map((database) => el("option", { value: database.id }, `${database.name} (${database.type})`)));
      const first = sandbox.databases.find((database) => database.type === "Asset") ?? sandbox.databases[0];
      target.value = sandbox.databases.some((database) => database.id === kept) ? kept : first?.id ?? "";
      redraw(parts.others, ...others(sandbox));
      redraw(parts.pieces, el("p", {}, `Version ${sandbox.pieces.version}, migration ${sandbox.pieces.migration}`),
        table("Pieces collections", [["collection"], ["entries", "number"]], Object.entries(sandbox.pieces.collections)));
    },
  };
}
