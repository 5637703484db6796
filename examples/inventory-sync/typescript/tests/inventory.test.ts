import { afterEach, beforeEach, expect, test } from "vitest";

import { ExportFailed, Inventory, type Stock } from "../src/inventory.js";
import { World } from "./world.js";

let world: World;
let inventory: Inventory;

beforeEach(async () => {
  world = new World();
  const organization = await world.begin("2026-03-02T09:00:00Z");
  const database = await world.database(organization, "Stock");
  // When the client waits, the mock's clock moves on, and no real time passes.
  const wait = (seconds: number): Promise<void> => world.advance(seconds);
  inventory = new Inventory({ url: world.url, token: world.token, organization, database, wait });
});

afterEach(() => world.end());

const many = (count: number): Stock =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`article-${n}`, n]));

test("a long list is read page by page", async () => {
  await inventory.write(many(250));
  expect(await inventory.read()).toEqual(many(250));
  expect(await world.requests("listRecords")).toHaveLength(3);
});

test("a request limit is waited for", async () => {
  await inventory.write(many(250));
  const began = await world.now();
  await world.control("PATCH", "settings", { requests_per_minute: 2 });
  expect(await inventory.read()).toEqual(many(250));
  expect((await world.requests("listRecords")).map((one) => one.status)).toEqual([200, 200, 429, 200]);
  expect((await world.now()) - began).toBe(60_000);
});

test.each(["drop", "truncate"])("a connection that breaks while reading is tried again (%s)", async (connection) => {
  await inventory.write({ bolt: 5 });
  await world.control("POST", "faults", { operation: "listRecords", connection, times: 2 });
  expect(await inventory.read()).toEqual({ bolt: 5 });
});

test("only what differs is written", async () => {
  await inventory.write({ bolt: 5, nut: 7, screw: 9 });
  await world.control("DELETE", "requests");
  const changes = await inventory.sync({ bolt: 5, nut: 8, hinge: 1 });
  expect(changes).toEqual({ written: ["hinge", "nut"], removed: ["screw"] });
  expect(await inventory.read()).toEqual({ bolt: 5, nut: 8, hinge: 1 });
  const [write] = await world.requests("createRecords");
  expect(JSON.parse(write?.request.body ?? "").map((one: { id: string }) => one.id)).toEqual(["nut", "hinge"]);
});

test("a sync that broke off goes on where it was", async () => {
  await inventory.write({ bolt: 5 });
  await world.control("POST", "faults", { operation: "deleteRecord", connection: "drop", times: 1 });
  await expect(inventory.sync({ nut: 7 })).rejects.toThrow();
  expect(await inventory.read()).toEqual({ bolt: 5, nut: 7 });
  expect(await inventory.sync({ nut: 7 })).toEqual({ written: [], removed: ["bolt"] });
});

test("an export is waited for", async () => {
  await world.control("PATCH", "settings", { job_pace: { seconds: 90 } });
  await inventory.write({ bolt: 5 });
  const began = await world.now();
  expect(await inventory.export()).toContain("bolt");
  expect((await world.now()) - began).toBe(90_000);
});

test("an export that fails says why", async () => {
  const inside = { error_message: "Too many rows." };
  await world.control("POST", "faults", { operation: "createExportJob", inside });
  await expect(inventory.export()).rejects.toThrow(new ExportFailed("Too many rows."));
});

test("a link that expired meanwhile is asked for again", async () => {
  await inventory.write({ bolt: 5, nut: 7 });
  await world.advance(24 * 3600);
  await inventory.write({ bolt: 4 });
  await world.advance("next-midnight");
  const read: [string, Stock][] = [];
  for await (const archive of inventory.archived()) {
    read.push(archive);
    await world.advance(2 * 3600);
  }
  expect(read).toEqual([
    ["2026-03-03", { bolt: 4 }],
    ["2026-03-02", { bolt: 5, nut: 7 }],
  ]);
  const downloads = await world.requests("downloadObject");
  expect(downloads.map((one) => one.status)).toEqual([200, 403, 200]);
});
