// Pieces OS: collections are frames, a length in four bytes and so many bytes; the longer of two entries wins.
import { Refused } from "./web.mjs";

const BYTES =
  "websites analyses applications assets codeAnalyses files formatMetrics formats fragments imageAnalyses models ocrAnalyses persons sensitives tags".split(
    " ",
  );
const MORE =
  "activities annotations anchors anchorPoints conversations conversationMessages hints ranges relationships workstreamEvents workstreamSummaries workstreamPatternEngineSources".split(
    " ",
  );
const TABLES = ["values", "messageValues", "workstreamEventValues"];
const VERSION = "3.14.0-rc.1+build.7";
const MIGRATION = 12;

const refused = (status, text) => new Refused(status, text, {}, "text/plain; charset=UTF-8");
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const frame = (text) => {
  const content = Buffer.from(text);
  return Buffer.concat([Buffer.from(new Uint32Array([content.length]).buffer), content]);
};

/** The frames of a collection, or null if it is not made of frames. */
function frames(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return null;
    const size = bytes.readUInt32LE(at);
    if (at + 4 + size > bytes.length) return null;
    found.push(bytes.subarray(at, at + 4 + size).toString("latin1"));
    at += 4 + size;
  }
  return found;
}

const parse = (text) => {
  const found = text.match(
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*))*))?(?:\+[\da-zA-Z-]+(?:\.[\da-zA-Z-]+)*)?$/,
  );
  if (!found) throw refused(500, "version: not one that can be compared");
  return { numbers: found.slice(1, 4).map(BigInt), before: found[4]?.split(".") ?? [] };
};

/** Whether a semantic version is higher than another. */
function higher(one, other) {
  for (let i = 0; i < 3; i += 1)
    if (one.numbers[i] !== other.numbers[i]) return one.numbers[i] > other.numbers[i];
  if (!one.before.length || !other.before.length) return !one.before.length && other.before.length > 0;
  for (let i = 0; i < Math.max(one.before.length, other.before.length); i += 1) {
    const [a, b] = [one.before[i], other.before[i]];
    if (a === b) continue;
    if (a === undefined || b === undefined) return b === undefined;
    const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
    if (left && right) return BigInt(a) > BigInt(b);
    return left === right ? a > b : right;
  }
  return false;
}

export class Pieces {
  collections = new Map();
  tables = new Map(TABLES.map((name) => [name, new Map()]));
  failures = new Map();
  exports = 0;

  furnish() {
    for (const name of BYTES)
      this.collections.set(name, Buffer.concat([frame(`one of ${name}`), frame(`another of ${name} é`)]));
    for (const id of ["text", "code", "picture"]) {
      this.tables
        .get("values")
        .set(id, { id, raw: [...Buffer.from(`kept as ${id}`)], schema: null, read: true });
    }
    return this;
  }

  /** What goes on beside all requests: the user works, and every so often that is noted. */
  note() {
    this.exports += 1;
    if (this.exports % 3 || !this.tables.get("values").size) return;
    const kept = this.collections.get("workstreamEvents") ?? Buffer.alloc(0);
    this.collections.set("workstreamEvents", Buffer.concat([kept, frame(`event ${this.exports}`)]));
  }

  /** The same for who compares: in order, and without what the server notes by itself. */
  snapshot() {
    const { workstreamEvents, ...found } = this.exported((entries) =>
      entries.sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
    return found;
  }

  /** The export, its entries in an order that nobody promised. */
  exported(order = (entries) => entries.reverse()) {
    const found = { exportedBy: "somebody", version: VERSION, schema: null };
    for (const name of MORE)
      found[name] = this.collections.has(name) ? [...this.collections.get(name)] : null;
    for (const name of TABLES)
      found[name] = { schema: null, iterable: order([...this.tables.get(name).values()]) };
    for (const name of BYTES) found[name] = [...(this.collections.get(name) ?? [])];
    return found;
  }

  handle(request) {
    const path = request.path.replace(/\/$/, "");
    if (path === "/database/export" && request.verb === "GET") {
      const told = this.take("exportDatabase");
      if (told) throw refused(Number(told.status || 500), "no export today");
      this.note();
      return {
        status: 200,
        kind: "application/json;charset=utf-8",
        body: Buffer.from(`${JSON.stringify(this.exported(), null, 1)}\n`),
      };
    }
    if (path === "/database/import" && request.method === "POST") return this.import(request.body);
    if (path === "/.well-known/health") return { status: 200, kind: "text/plain", body: Buffer.from("fine") };
    throw refused(404, "nothing is here");
  }

  take(name) {
    const told = this.failures.get(name);
    this.failures.delete(name);
    return told;
  }

  import(bytes) {
    const told = this.take("importDatabase");
    if (!bytes.length && !told) return { status: 204 };
    const body = bytes.length ? this.checked(bytes) : {};
    const kept = {
      collections: new Map(this.collections),
      tables: new Map([...this.tables].map(([name, table]) => [name, new Map(table)])),
    };
    try {
      this.merge(body, told ? Number(told.after || 0) : Infinity);
      if (told) throw refused(Number(told.status || 500), told.message || "it broke off");
    } catch (error) {
      Object.assign(this, kept);
      throw error;
    }
    return { status: 204 };
  }

  merge(body, limit) {
    let through = 0;
    for (const name of TABLES) {
      for (const entry of body[name]?.iterable ?? []) {
        if (through >= limit) return;
        through += 1;
        const mine = this.tables.get(name).get(entry.id);
        if (!mine || entry.raw.length > mine.raw.length) this.tables.get(name).set(entry.id, entry);
      }
    }
    for (const name of [...BYTES, ...MORE]) {
      const [mine, theirs] = [this.collections.get(name) ?? Buffer.alloc(0), Buffer.from(body[name] ?? [])];
      if (mine.equals(theirs) || !theirs.length) continue;
      const [old, fresh] = [frames(mine), frames(theirs)];
      if (mine.length && (!old || !fresh))
        throw refused(500, `${name}: cannot be read, so it cannot be merged`);
      this.collections.set(
        name,
        mine.length ? Buffer.from([...new Set([...old, ...fresh])].join(""), "latin1") : theirs,
      );
    }
  }

  checked(bytes) {
    let body;
    try {
      body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch (error) {
      throw refused(500, `no JSON: ${error.message}`);
    }
    if (!isObject(body)) throw refused(500, "an object, please");
    const wrong = (name) => refused(500, `${name}: not as it should be`);
    const isBytes = (value) =>
      Array.isArray(value) && value.every((one) => Number.isInteger(one) && one >= 0 && one <= 255);
    const isSchema = (value) =>
      value === undefined ||
      value === null ||
      (isObject(value) &&
        Number.isInteger(value.migration) &&
        ["UNKNOWN", "MAJOR_0_MINOR_0_PATCH_1"].includes(value.semantic));
    const isEntry = (value) =>
      isObject(value) && typeof value.id === "string" && isBytes(value.raw) && isSchema(value.schema);
    const isTable = (value) =>
      isObject(value) &&
      Array.isArray(value.iterable) &&
      value.iterable.every(isEntry) &&
      isSchema(value.schema);
    for (const name of BYTES) if (!isBytes(body[name])) throw wrong(name);
    for (const name of MORE) if (!isBytes(body[name] ?? [])) throw wrong(name);
    if (!isTable(body.values)) throw wrong("values");
    for (const name of TABLES.slice(1)) if (!isTable(body[name] ?? { iterable: [] })) throw wrong(name);
    if (!isSchema(body.schema)) throw wrong("schema");
    if (typeof body.version !== "string") throw wrong("version");
    if (higher(parse(body.version), parse(VERSION)) || body.schema?.migration > MIGRATION)
      throw refused(505, "update this one first");
    return body;
  }
}
