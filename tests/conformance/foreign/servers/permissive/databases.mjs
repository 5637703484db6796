// Databases and records.
import { CSV, FLAT, JSON_TYPE, VND, detail, invalid, operation, own, textField } from "./rest.mjs";
import { Refused, pairsOf } from "./web.mjs";
import { Database, ORGANIZATION, dayOf, fresh, instant } from "./world.mjs";

const TYPES = ["Key-Value", "Asset"];
const STRATEGIES = ["", "replace", "shallow", "deep", "deep_append"];
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

export const shownDatabase = (one) => ({
  id: one.id,
  name: one.name,
  organization_id: one.organization,
  created_at: instant(one.created),
  enforce_schema: one.enforceSchema,
  owner_field: one.ownerField,
  type: one.type,
  last_write_at: instant(one.lastWrite),
  num_records: one.rows.size,
  color: "#ff0000",
  icon: null,
  shared_with: [],
});

const shownRecord = (row) => ({
  created_at: instant(row.created),
  updated_at: instant(row.updated),
  id: row.key,
  data: row.data,
  created_by: null,
});

function listed(call) {
  call.organization();
  const mine = [...call.vault.databases.values()].filter((one) => one.organization === ORGANIZATION);
  return call.page(mine.sort((a, b) => (a.name < b.name ? -1 : 1)).map(shownDatabase));
}

function change(one, body, required) {
  const name = textField(body, "name", 256, { required });
  if (body.enforce_schema !== undefined && typeof body.enforce_schema !== "boolean")
    throw invalid("enforce_schema", "true or false");
  if (body.type !== undefined && !TYPES.includes(body.type)) throw invalid("type", "no such type");
  if (
    ![undefined, null].includes(body.owner_field) &&
    (typeof body.owner_field !== "string" || body.owner_field.length > 256)
  ) {
    throw invalid("owner_field", "a text of at most 256 characters");
  }
  Object.assign(one, {
    name: name ?? one.name,
    enforceSchema: body.enforce_schema ?? one.enforceSchema,
    type: body.type ?? one.type,
    ownerField: body.owner_field === undefined ? one.ownerField : body.owner_field,
  });
  return one;
}

function created(call) {
  call.organization();
  const made = change(new Database(fresh(), "", ORGANIZATION, call.vault.clock.now()), call.fields(), true);
  call.vault.databases.set(made.id, made);
  return { status: 201, data: shownDatabase(made) };
}

const changed = (call) => ({
  status: 200,
  data: shownDatabase(change(call.database(), call.fields(), call.request.method === "PUT")),
});

function schema(call) {
  const one = call.database();
  if (call.request.method === "PUT") one.schema = call.fields();
  return { status: 200, data: one.schema };
}

/** The part of JSON Schema that this server knows: type, required, properties. */
function breaks(value, rules) {
  const kinds = {
    object: isObject,
    array: Array.isArray,
    string: (v) => typeof v === "string",
    number: (v) => typeof v === "number",
    boolean: (v) => typeof v === "boolean",
    null: (v) => v === null,
    integer: Number.isInteger,
  };
  if (rules.type && !(own(kinds, rules.type)?.(value) ?? true)) return true;
  if (!isObject(value)) return false;
  if ((rules.required ?? []).some((name) => !(name in value))) return true;
  return Object.entries(rules.properties ?? {}).some(
    ([name, inner]) => name in value && breaks(own(value, name), inner),
  );
}

const date = (call, name) => {
  const text = call.query.get(name);
  if (text === undefined) return undefined;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text)) || dayOf(Date.parse(text)) !== text)
    throw invalid(name, "YYYY-MM-DD, please");
  return text;
};

/** The records that pass the filters, the newest first. */
function chosen(call, database) {
  const [start, end] = [date(call, "start_date"), date(call, "end_date")];
  const filters = pairsOf(call.request.query)
    .filter(([name]) => name.startsWith("data__"))
    .map(([name, value]) => {
      const isnull = name.endsWith("__isnull");
      const inner = name.slice(6, isnull ? -8 : undefined);
      const [field, wanted] = inner.includes("=") && !value ? inner.split(/=(.*)/s) : [inner, value];
      if (isnull) return (row) => ((own(row.data, field) ?? null) === null) === /^(true|1|yes)$/i.test(value);
      return (row) => own(row.data, field) === wanted;
    });
  const rows = [...database.rows.values()].filter(
    (row) => !(dayOf(row.created) < start) && !(dayOf(row.created) > end),
  );
  const kept = rows.filter((row) => filters.every((fits) => fits(row)));
  return kept.sort((a, b) => b.created - a.created || (a.key < b.key ? 1 : -1));
}

function listedRecords(call) {
  const items = chosen(call, call.database()).map(shownRecord);
  return call.version === "2.0"
    ? call.page(items, { cap: 10_000, total: false })
    : { status: 200, data: items.slice(0, 10_000) };
}

function merged(old, next, strategy) {
  if (isObject(old) && isObject(next)) {
    const result = new Map(Object.entries(old));
    for (const [key, value] of Object.entries(next))
      result.set(key, result.has(key) ? merged(result.get(key), value, strategy) : value);
    return Object.fromEntries(result);
  }
  return strategy === "deep_append" && Array.isArray(old) && Array.isArray(next) ? [...old, ...next] : next;
}

function wrong(item, database) {
  if (!isObject(item)) return "an object, please";
  if (!isObject(item.data)) return "data: an object, please";
  if (!STRATEGIES.includes(item.merge_strategy ?? "")) return "merge_strategy: no such strategy";
  if (![undefined, null].includes(item.id) && typeof item.id !== "string") return "id: a text, please";
  return database.enforceSchema && breaks(item.data, database.schema)
    ? "data: not as the schema wants it"
    : null;
}

function put(call, database, item, key) {
  const old = database.rows.get(key);
  const now = call.vault.clock.now();
  let data = item.data;
  if (old && item.merge_strategy === "shallow") data = { ...old.data, ...data };
  else if (old && (item.merge_strategy ?? "").startsWith("deep"))
    data = merged(old.data, data, item.merge_strategy);
  const row = { key, data, created: old?.created ?? now, updated: now };
  database.rows.set(key, row);
  database.lastWrite = now;
  return row;
}

function written(call) {
  const database = call.database();
  const body = call.body();
  const items = Array.isArray(body) ? body : [body];
  const problems = items.map((item) => wrong(item, database));
  if (problems.some(Boolean))
    throw new Refused(400, Array.isArray(body) ? problems : { data: [problems[0]] });
  const rows = items.map((item) => shownRecord(put(call, database, item, item.id || fresh())));
  return { status: call.request.method === "POST" ? 201 : 200, data: Array.isArray(body) ? rows : rows[0] };
}

function set(call) {
  const database = call.database();
  const body = call.body();
  const problem = wrong(body, database);
  if (problem) throw invalid("data", problem);
  const status = database.rows.has(call.ids.key) ? 200 : 201;
  return { status, data: shownRecord(put(call, database, body, call.ids.key)) };
}

function row(call) {
  const found = call.database().rows.get(call.ids.key);
  if (!found) throw detail(404, "No such record.");
  return found;
}

const removed = (call) => (call.database().rows.delete(row(call).key), { status: 204 });

function cleared(call) {
  const database = call.database();
  for (const each of chosen(call, database)) database.rows.delete(each.key);
  return { status: 204 };
}

const deleted = (call) => (call.vault.databases.delete(call.database().id), { status: 204 });
const one = (call) => ({ status: 200, data: shownDatabase(call.database()) });

const OWN = "/organizations/{organization}/databases/";
const RECORDS = "/databases/{database}/records/";
const media = [JSON_TYPE, VND, CSV, FLAT];

export const operations = [
  operation("GET", OWN, listed, "listDatabases"),
  operation("POST", OWN, created, "createDatabase"),
  operation("GET", "/databases/", listed),
  operation("POST", "/databases/", created),
  operation("GET", `${OWN}{database}/schema/`, schema),
  operation("PUT", `${OWN}{database}/schema/`, schema),
  operation(
    "GET",
    "/databases/{database}/permissions/",
    (call) => (call.database(), { status: 200, data: { permissions: [1, 2] } }),
  ),
  ...[OWN, "/databases/"].flatMap((base) => [
    operation("GET", `${base}{database}/`, one),
    operation("PUT", `${base}{database}/`, changed),
    operation("PATCH", `${base}{database}/`, changed),
    operation("DELETE", `${base}{database}/`, deleted, "deleteDatabase"),
  ]),
  operation("GET", "/organizations/", (call) =>
    call.page([{ id: ORGANIZATION, name: "Umbrella", role: null }]),
  ),
  operation("GET", "/me/", () => ({
    status: 200,
    data: { id: fresh(), email: "who@example.org", organization: { id: ORGANIZATION } },
  })),
  operation("GET", RECORDS, listedRecords, "listRecords", { media }),
  operation("POST", RECORDS, written, "createRecords", { media }),
  operation("PUT", RECORDS, written, "putRecords", { media }),
  operation("DELETE", RECORDS, cleared, "clearRecords", { media }),
  operation(
    "GET",
    `${RECORDS}{key}/`,
    (call) => ({ status: 200, data: shownRecord(row(call)) }),
    "getRecord",
    { media },
  ),
  operation("PUT", `${RECORDS}{key}/`, set, "putRecord", { media }),
  operation("DELETE", `${RECORDS}{key}/`, removed, "deleteRecord", { media }),
];
