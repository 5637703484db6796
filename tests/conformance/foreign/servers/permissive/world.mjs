// Everything that is kept: what the user had before anybody came, and what came since.
import { createHash, randomUUID } from "node:crypto";

export const ORGANIZATION = "3d1f0c66-9a51-4c0e-8f0b-5a6f7d1e2b11";
export const OTHER_ORGANIZATION = "8c2e4b7a-1d3f-4e5a-9b6c-7d8e9f0a1b22";
export const DAY = 86_400_000;

export class Clock {
  ahead = 0;
  now() {
    return Date.now() + this.ahead;
  }
  advance(seconds) {
    this.ahead += seconds * 1000;
  }
}

/** ISO 8601 with microseconds; the offset is spelt out where only an instant is asked for. */
export const instant = (ms) => (ms === null ? null : new Date(ms).toISOString().replace("Z", "000+00:00"));
export const utc = (ms) => new Date(ms).toISOString().replace("Z", "000Z");
export const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);
export const fresh = () => randomUUID().toUpperCase(); // the case of a UUID says nothing

export class Database {
  constructor(id, name, organization, created, more = {}) {
    Object.assign(this, {
      id,
      name,
      organization,
      created,
      type: "Key-Value",
      enforceSchema: false,
      ownerField: null,
    });
    Object.assign(this, {
      schema: {},
      lastWrite: null,
      rows: new Map(),
      assets: new Map(),
      archives: new Map(),
      ...more,
    });
  }
}

export class Vault {
  databases = new Map();
  jobs = new Map();
  blobs = new Map();

  constructor(clock, recordLimit) {
    this.clock = clock;
    this.recordLimit = recordLimit;
    this.today = dayOf(clock.now());
    this.furnish();
  }

  furnish() {
    const now = this.clock.now();
    const database = (number, name, more = {}) => {
      const id = `decade00-0000-4000-9000-${String(number).padStart(12, "0")}`;
      const made = new Database(id, name, more.organization ?? ORGANIZATION, now - 500 * DAY, more);
      this.databases.set(id, made);
      return made;
    };
    const rows = (into, count, label) => {
      for (let index = 0; index < count; index += 1) {
        const then = now - (2 + (index % 5)) * DAY - index;
        const data = {
          first_name: `${label} ${index}`,
          note: index % 3 ? "said" : null,
          tags: ["é", { deep: [index] }],
        };
        into.rows.set(`${label}/${index}`, { key: `${label}/${index}`, data, created: then, updated: then });
        into.lastWrite = now - 2 * DAY;
      }
    };
    rows(database(1, "Kunden"), 90, "kunde");
    const pictures = database(2, "Bilder");
    for (const index of [0, 1]) {
      const asset = {
        id: randomUUID(),
        filename: `bild ${index}.png`,
        created: now - 9 * DAY,
        updated: now - 9 * DAY,
        uploaded: true,
      };
      pictures.assets.set(asset.id, asset);
      this.blobs.set(`assets/${asset.id}`, {
        content: Buffer.from([137, 80, 78, 71, index]),
        kind: "image/png",
      });
    }
    rows(database(3, "Kladde"), 5, "rest");
    database(4, "Kladde 2");
    database(5, "Kladde 3");
    rows(database(6, "Lohn", { organization: OTHER_ORGANIZATION }), 4, "lohn");
    for (const one of this.databases.values())
      for (const row of one.rows.values()) this.archive(one, dayOf(row.updated));
  }

  archive(database, day) {
    if (database.archives.has(day)) return;
    const rows = [...database.rows.values()].filter((row) => dayOf(row.updated) === day);
    if (rows.length)
      database.archives.set(day, { id: randomUUID(), day, made: this.clock.now(), count: rows.length });
  }

  /** What midnight brings, as soon as somebody looks: files first, then the oldest dates go until fewer are left. */
  catchUp() {
    const today = dayOf(this.clock.now());
    if (today === this.today) return;
    for (const database of this.databases.values()) {
      for (const row of database.rows.values())
        if (dayOf(row.updated) < today) this.archive(database, dayOf(row.updated));
      const full = database.rows.size > this.recordLimit;
      while (full && database.rows.size >= this.recordLimit) {
        const oldest = [...database.rows.values()].map((row) => dayOf(row.created)).sort()[0];
        if (oldest >= today) break;
        for (const row of [...database.rows.values()])
          if (dayOf(row.created) === oldest) database.rows.delete(row.key);
      }
    }
    this.today = today;
  }

  snapshot() {
    const entries = (map, shape) => Object.fromEntries([...map].map(([key, value]) => [key, shape(value)]));
    return {
      databases: entries(this.databases, (one) => ({
        name: one.name,
        organization: one.organization,
        type: one.type,
        enforce_schema: one.enforceSchema,
        owner_field: one.ownerField,
        schema: one.schema,
        records: entries(one.rows, (row) => ({
          data: row.data,
          created_at: utc(row.created),
          updated_at: utc(row.updated),
        })),
        assets: entries(one.assets, (each) => ({
          filename: each.filename,
          is_uploaded: each.uploaded,
          updated_at: utc(each.updated),
        })),
        archives: entries(one.archives, (each) => each.id),
      })),
      jobs: entries(this.jobs, (job) => ({ name: job.name, created_at: utc(job.created) })),
      blobs: entries(this.blobs, (blob) => createHash("sha256").update(blob.content).digest("hex")),
    };
  }
}
