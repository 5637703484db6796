// Assets, archives and export jobs, and the place that keeps their files: at the same origin, below `/files/`.
import { createHmac, randomBytes } from "node:crypto";
import { csv, detail, invalid, operation, own, textField } from "./rest.mjs";
import { Refused, decoded, multipart, parameters } from "./web.mjs";
import { fresh, instant, ORGANIZATION, utc } from "./world.mjs";
import { workbook } from "./xlsx.mjs";

const secret = randomBytes(16);
const sign = (text) => createHmac("sha1", secret).update(text).digest("base64url");
const xml = (status, code) =>
  new Refused(status, `<Error><Code>${code}</Code></Error>`, {}, "application/xml");
const attachment = (name) =>
  `attachment;filename*=utf-8''${encodeURIComponent(name.toWellFormed()).replace(/['()*!]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`;

/** A link that works for as long as the server does; no two are the same. */
function link(origin, key, name) {
  const salt = randomBytes(6).toString("hex");
  return `${origin}/files/${encodeURIComponent(key)}?name=${encodeURIComponent(name.toWellFormed())}&salt=${salt}&signature=${sign(`${key} ${salt}`)}`;
}

/** Requests below `/files/`: posted forms go in, signed links lead out. */
export function storage(request, vault) {
  if (request.method === "POST") {
    const [kind, options] = parameters(request.headers["content-type"]);
    if (kind !== "multipart/form-data") throw xml(412, "PreconditionFailed");
    const parts = multipart(request.body, options.boundary ?? "");
    const place = parts.findIndex(({ name }) => name === "file");
    const fields = Object.fromEntries(
      parts.slice(0, Math.max(0, place)).map(({ name, content }) => [name, content.toString()]),
    );
    if (place < 0 || !fields.key) throw xml(400, "InvalidArgument");
    if (fields.signature !== sign(fields.key)) throw xml(403, "AccessDenied");
    vault.blobs.set(fields.key, {
      content: parts[place].content,
      kind: parts[place].kind ?? "application/octet-stream",
    });
    return {
      status: Number(fields.success_action_status),
      kind: "application/xml",
      body: Buffer.from(`<PostResponse><Key>${fields.key}</Key></PostResponse>`),
    };
  }
  const query = new URLSearchParams(request.query);
  const key = decoded(request.path.slice("/files/".length));
  if (request.method !== "GET" || query.get("signature") !== sign(`${key} ${query.get("salt")}`))
    throw xml(403, "AccessDenied");
  const blob = vault.blobs.get(key);
  if (!blob) throw xml(404, "NoSuchKey");
  return {
    status: 200,
    kind: blob.kind,
    body: blob.content,
    headers: { "content-disposition": attachment(query.get("name")) },
  };
}

const shownAsset = (call, asset) => ({
  download_url: `${call.origin}/api/databases/${call.ids.database}/assets/${asset.id}`,
  id: asset.id,
  filename: asset.filename,
  is_uploaded: asset.uploaded,
  created_at: utc(asset.created),
  updated_at: utc(asset.updated),
  size: null,
});

function createdAsset(call) {
  const database = call.database();
  const filename = textField(call.fields(), "filename", 255);
  const now = call.vault.clock.now();
  const asset = { id: fresh(), filename, created: now, updated: now, uploaded: false };
  database.assets.set(asset.id, asset);
  const key = `assets/${asset.id}`;
  const fields = { success_action_status: "201", "x-unused": "", key, signature: sign(key) };
  return {
    status: 201,
    data: { upload_url: `${call.origin}/files/`, fields, asset: shownAsset(call, asset), method: "POST" },
  };
}

function assetOf(call) {
  const assets = call.database().assets;
  const found = assets.get(call.ids.asset.toUpperCase()) ?? assets.get(call.ids.asset.toLowerCase());
  if (!found) throw detail(404, "No such asset.");
  return found;
}

function readAsset(call) {
  const asset = assetOf(call);
  if (/^(true|1)$/i.test(call.query.get("meta") ?? "")) return { status: 200, data: shownAsset(call, asset) };
  const blob = call.vault.blobs.get(`assets/${asset.id}`);
  if (!asset.uploaded || !blob) throw detail(404, "Nothing was uploaded.");
  return {
    status: 200,
    raw: {
      kind: blob.kind,
      body: blob.content,
      headers: { "content-disposition": attachment(asset.filename) },
    },
  };
}

function changedAsset(call) {
  const asset = assetOf(call);
  const body = call.fields();
  if (body.is_uploaded !== undefined && typeof body.is_uploaded !== "boolean")
    throw invalid("is_uploaded", "true or false");
  const filename = textField(body, "filename", 255, { required: false });
  Object.assign(asset, {
    uploaded: body.is_uploaded ?? asset.uploaded,
    filename: filename ?? asset.filename,
  });
  asset.updated = Math.max(call.vault.clock.now(), asset.updated + 1);
  return { status: 200, data: shownAsset(call, asset) };
}

function listedArchives(call) {
  const database = call.database();
  const sign = call.query.get("ordering") === "date" ? 1 : -1;
  const archives = [...database.archives.values()].sort((a, b) => (a.day < b.day ? -sign : sign));
  return call.page(
    archives.map(({ id, day, made }) => ({
      id,
      file: `${day}.jsonl`,
      date: day,
      database: { id: database.id, name: database.name, type: database.type },
      created_at: instant(made),
      updated_at: instant(made),
      error: null,
    })),
  );
}

const FORM =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:[.,]\d+)?))?(?:Z|([+-])(\d\d)(?::?(\d\d))?)?)?$/i;

/** An ISO 8601 timestamp in milliseconds; a date alone is midnight, and what names no zone is UTC. */
function moment(filters, name) {
  const text = filters[name] ?? undefined;
  if (text === undefined) return undefined;
  const [, year, month, day, hours = 0, minutes = 0, seconds = "0", sign, ...zone] =
    (typeof text === "string" && text.match(FORM)) || [];
  const midnight = Date.UTC(year, month - 1, day);
  const exists = new Date(midnight).getUTCDate() === Number(day) && hours < 24 && minutes < 60;
  if (!exists) throw new Refused(400, { filters: { [name]: "no timestamp" } });
  const ahead = (sign === "-" ? -1 : 1) * (Number(zone[0] ?? 0) * 60 + Number(zone[1] ?? 0));
  return (
    midnight + (hours * 60 + Number(minutes) - ahead) * 60_000 + Number(seconds.replace(",", ".")) * 1000
  );
}

const ENDINGS = { "application/json": "json", "application/xlsx": "xlsx", "text/csv": "csv" };

function artifact(media, rows) {
  const items = rows.map(([database, row]) => ({
    data: row.data,
    id: row.key,
    database: database.id,
    created_at: utc(row.created),
    updated_at: utc(row.updated),
  }));
  if (media === "application/json") return Buffer.from(JSON.stringify(items));
  const names = [...new Set(items.flatMap((item) => Object.keys(item.data)))].reverse();
  const columns = ["id", "database", "created_at", "updated_at"];
  const table = items.map((item) => [
    ...columns.map((name) => item[name]),
    ...names.map((name) => own(item.data, name)),
  ]);
  const head = [...columns, ...names.map((name) => `data.${name}`)];
  return media === "text/csv" ? Buffer.from(csv(head, table)) : workbook([head, ...table]);
}

function createdJob(call, failures) {
  const body = call.fields();
  const name = textField(body, "name", 1024);
  const ids = body.databases;
  if (!Array.isArray(ids) || !ids.length) throw invalid("databases", "one or more, please");
  const find = (id) =>
    typeof id === "string"
      ? (call.vault.databases.get(id.toLowerCase()) ?? call.vault.databases.get(id.toUpperCase()))
      : undefined;
  const databases = ids.map(find);
  if (databases.some((one) => one?.organization !== ORGANIZATION))
    throw invalid("databases", "some are not there");
  const media = body.media_type ?? "application/json";
  if (typeof media !== "string" || !Object.hasOwn(ENDINGS, media))
    throw invalid("media_type", "no such format");
  const filters = body.filters ?? {};
  if (typeof filters !== "object" || Array.isArray(filters)) throw invalid("filters", "an object, please");
  const [start, end] = [moment(filters, "start_date"), moment(filters, "end_date")];
  const rows = [...new Set(databases)].flatMap((one) => [...one.rows.values()].map((row) => [one, row]));
  const kept = rows.filter(([, row]) => !(row.updated < start) && !(row.updated > end));
  const job = {
    id: fresh(),
    name,
    created: call.vault.clock.now(),
    looks: 0,
    ending: ENDINGS[media],
    error: failures.take("job")?.message ?? null,
  };
  call.vault.blobs.set(`exports/${job.id}`, { content: artifact(media, kept), kind: media });
  call.vault.jobs.set(job.id, job);
  return { status: 201, data: { status: "STARTED", id: job.id, progress: 0.5 } };
}

function readJob(call) {
  const job = call.vault.jobs.get(call.ids.job.toUpperCase());
  if (!job) throw detail(404, "No such job.");
  job.looks += 1;
  const status = job.looks === 1 ? "UNKNOWN" : job.error ? "FAILURE" : "SUCCESS";
  const data =
    status === "SUCCESS" ? link(call.origin, `exports/${job.id}`, `${job.name}.${job.ending}`) : null;
  const error = status === "FAILURE" ? job.error : "";
  return {
    status: 200,
    data: { id: job.id, status, data, error_message: error, created_at: instant(job.created), owner: null },
  };
}

const ASSETS = "/databases/{database}/assets/";
export const operations = (failures) => [
  operation("POST", "/databases/records/jobs/", (call) => createdJob(call, failures), "createExportJob"),
  operation("GET", "/databases/records/jobs/{job}/", readJob, "getExportJob"),
  operation(
    "GET",
    ASSETS,
    (call) => call.page([...call.database().assets.values()].map((one) => shownAsset(call, one))),
    "listAssets",
  ),
  operation("POST", ASSETS, createdAsset, "createAsset"),
  operation("GET", `${ASSETS}{asset}/`, readAsset, "getAsset"),
  operation("PATCH", `${ASSETS}{asset}/`, changedAsset, "updateAsset"),
  operation(
    "GET",
    "/organizations/{organization}/databases/{database}/record-archives/",
    listedArchives,
    "listRecordArchives",
    { versions: ["2.0"] },
  ),
];
