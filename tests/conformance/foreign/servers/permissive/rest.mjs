// The conventions of PixieBrix: who may, which version and media type, what the body says, and pages.
import { Refused, decoded, multipart, pairsOf, parameters } from "./web.mjs";
import { ORGANIZATION } from "./world.mjs";

export const JSON_TYPE = "application/json";
export const VND = "application/vnd.pixiebrix.api+json";
export const FLAT = "application/vnd.pixiebrix.api.flat+json";
export const CSV = "text/csv";
export const VERSIONS = ["2.0", "1.0", "1.1"]; // the first is what nobody asked for gets

export const detail = (status, text, headers) =>
  new Refused(status, { detail: text, code: `E${status}` }, headers);
export const invalid = (field, text) => new Refused(400, { [field]: [text] });

/** An operation: method, path with ids in braces, what it does, its name, versions and media types. */
export const operation = (
  method,
  path,
  run,
  name = "",
  { versions = VERSIONS, media = [JSON_TYPE, VND] } = {},
) => {
  const pattern = new RegExp(`^${path.replace(/\/$/, "").replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}/?$`);
  return { method, pattern, run, name, versions, media };
};

export function negotiate(accept, { versions, media }) {
  const ranges = (accept.match(/(?:"(?:\\.|[^"\\])*"|[^,])+/g) ?? ["*/*"]).map((text, position) => {
    const [kind, options] = parameters(text);
    return { kind, version: options.version ?? versions[0], weight: Number(options.q ?? 1), position };
  });
  const wanted = ranges
    .filter((each) => each.weight > 0)
    .sort((a, b) => b.weight - a.weight || a.position - b.position);
  for (const { kind, version } of wanted) {
    const fits = media.find((one) => kind === "*/*" || kind === one || kind === `${one.split("/")[0]}/*`);
    if (fits && versions.includes(version)) return [version, fits];
  }
  throw detail(406, "Nothing of what is asked for can be given.");
}

export function permitted(request, tokens) {
  const [, scheme, token] = (request.headers.authorization ?? "").match(/^(\S+)\s+(.*)$/) ?? [];
  const known = /^(token|bearer)$/i.test(scheme ?? "") ? tokens.get(token) : undefined;
  if (!known) throw detail(401, "Who are you?", { "www-authenticate": 'Token realm="api", Bearer' });
  if (known === "read" && request.verb !== "GET") throw detail(403, "This token only reads.");
}

function parsed(bytes) {
  try {
    const text = typeof bytes === "string" ? bytes : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return JSON.parse(text, (_, value) => {
      if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("a number is too large");
      return value;
    });
  } catch (error) {
    throw detail(400, `no JSON: ${error.message}`);
  }
}

/** A field of a JSON object, whatever its name is; undefined where it has none. */
export const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

export function readBody(request) {
  const [kind, options] = parameters(request.headers["content-type"]);
  if (!request.body.length) return {};
  if (["", JSON_TYPE, VND, "application/octet-stream"].includes(kind)) return parsed(request.body);
  const form = (pairs) => {
    const found = {};
    for (const [name, value] of pairs) {
      if (name === "databases") (found.databases ??= []).push(value);
      else if (name.startsWith("filters.")) (found.filters ??= {})[name.slice(8)] = value || null;
      else if (["data", "schema", "filters"].includes(name)) found[name] = parsed(value);
      else if (["is_uploaded", "enforce_schema"].includes(name))
        found[name] = { true: true, false: false, on: true }[value] ?? value;
      else found[name] = value;
    }
    return found;
  };
  if (kind === "application/x-www-form-urlencoded") return form(pairsOf(request.body.toString()));
  if (kind === "multipart/form-data") {
    return form(
      multipart(request.body, options.boundary ?? "").map(({ name, content }) => [name, content.toString()]),
    );
  }
  throw detail(415, `${kind} cannot be read.`);
}

export class Call {
  constructor(request, vault, version, media, origin, ids) {
    Object.assign(this, { request, vault, version, media, origin });
    this.ids = Object.fromEntries(Object.entries(ids).map(([name, text]) => [name, decoded(text)]));
    this.query = new Map(pairsOf(request.query));
  }

  body() {
    return readBody(this.request);
  }

  fields() {
    const body = this.body();
    if (body === null || typeof body !== "object" || Array.isArray(body))
      throw invalid("non_field_errors", "an object, please");
    return body;
  }

  organization() {
    if ((this.ids.organization ?? ORGANIZATION).toLowerCase() !== ORGANIZATION)
      throw detail(404, "No such organization.");
  }

  database() {
    this.organization();
    const found =
      this.vault.databases.get(this.ids.database.toLowerCase()) ??
      this.vault.databases.get(this.ids.database.toUpperCase());
    if (found?.organization !== ORGANIZATION) throw detail(404, "No such database.");
    return found;
  }

  /** One page, with all links that there can be; `last` and the total only where counting is cheap. */
  page(items, { cap = 1000, total = true } = {}) {
    if (this.version !== "2.0") return { status: 200, data: items };
    const text = this.query.get("page") ?? "1";
    if (!/^[0-9]+$/.test(text) || Number(text) < 1) throw detail(422, "There is no such page.");
    const size = Math.min(
      /^[1-9][0-9]*$/.test(this.query.get("page_size")) ? Number(this.query.get("page_size")) : 100,
      cap,
    );
    const number = Number(text);
    const last = Math.max(1, Math.ceil(items.length / size));
    if (number > last) throw detail(404, "There is no such page.");
    const rest = pairsOf(this.request.query).filter(([name]) => name !== "page");
    const at = (page) => `<?${new URLSearchParams([["page", page], ...rest])}>`; // relative to where it is asked for
    const links = [`${at(1)}; title="a, b; c"; rel=first`];
    if (number > 1) links.push(`${at(number - 1)}; REL="previous prev"`);
    if (number < last)
      links.push(`${at(number + 1)} ;rel="${total && number + 1 === last ? "next last" : "next"}"`);
    if (total && number + 1 !== last) links.push(`${at(last)}; rel=last; rel=ignored`);
    const headers = { LINK: links };
    if (total) headers["x-total-count"] = String(items.length);
    return { status: 200, headers, data: items.slice((number - 1) * size, number * size) };
  }
}

export function textField(body, name, limit, { required = true } = {}) {
  const value = body[name];
  if (value === undefined && !required) return undefined;
  if (typeof value !== "string" || value.length < 1 || [...value].length > limit) {
    throw invalid(name, `a text of 1 to ${limit} characters, please`);
  }
  return value;
}

const quoted = (value) => {
  if (value === null || value === undefined) return "";
  return `"${(typeof value === "string" ? value : JSON.stringify(value)).replaceAll('"', '""')}"`;
};

/** A table with everything quoted and no line end after the last line. */
export const csv = (columns, rows) => [columns, ...rows].map((row) => row.map(quoted).join(",")).join("\r\n");

export function write(reply, call) {
  const { status, headers, data } = reply;
  if (data === undefined) return { status, headers };
  let text;
  const list = Array.isArray(data) ? data : [data];
  const flat = ({ data: fields, ...rest }) => ({ ...fields, ...rest });
  if (call.media === CSV) {
    const names = [...new Set(list.flatMap((record) => Object.keys(record.data)))];
    text = csv(
      [...names, "id", "created_at"],
      list.map((r) => [...names.map((name) => own(r.data, name)), r.id, r.created_at]),
    );
  } else {
    const shaped = call.media === FLAT ? (Array.isArray(data) ? data.map(flat) : flat(data)) : data;
    text = `\n${JSON.stringify(shaped, null, 1).replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
  }
  const kind = `${call.media.replace("json", "JSON")}; charset=UTF-8; Version="${call.version}"`;
  return { status, headers, kind, body: Buffer.from(text) };
}
