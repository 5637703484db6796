import { afterEach, beforeEach, expect, test } from "vitest";

import { ExportFailed, Inventory, type Stock } from "../src/inventory.js";
import { Sandbox } from "./sandbox.js";

let sandbox: Sandbox;
let inventory: Inventory;

beforeEach(async () => {
  sandbox = new Sandbox();
  const organization = await sandbox.begin("2026-03-02T09:00:00Z");
  const database = await sandbox.database(organization, "Stock");
  // When the client waits, the mock's clock moves on, and no real time passes.
  const wait = (seconds: number): Promise<void> => sandbox.advance(seconds);
  inventory = new Inventory({ url: sandbox.url, token: sandbox.token, organization, database, wait });
});

afterEach(() => sandbox.end());

const many = (count: number): Stock =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`article-${n}`, n]));

test("a long list is read page by page", async () => {
  await inventory.write(many(250));
  expect(await inventory.read()).toEqual(many(250));
  expect(await sandbox.requests("listRecords")).toHaveLength(3);
});

test("a request limit is waited for", async () => {
  await inventory.write(many(250));
  const began = await sandbox.now();
  await sandbox.control("PATCH", "settings", { requests_per_minute: 2 });
  expect(await inventory.read()).toEqual(many(250));
  expect((await sandbox.requests("listRecords")).map((one) => one.status)).toEqual([200, 200, 429, 200]);
  expect((await sandbox.now()) - began).toBe(60_000);
});

test.each(["drop", "truncate"])("a connection that breaks while reading is tried again (%s)", async (connection) => {
  await inventory.write({ bolt: 5 });
  await sandbox.control("POST", "faults", { operation: "listRecords", connection, times: 2 });
  expect(await inventory.read()).toEqual({ bolt: 5 });
});

test("only what differs is written", async () => {
  await inventory.write({ bolt: 5, nut: 7, screw: 9 });
  await sandbox.control("DELETE", "requests");
  const changes = await inventory.sync({ bolt: 5, nut: 8, hinge: 1 });
  expect(changes).toEqual({ written: ["hinge", "nut"], removed: ["screw"] });
  expect(await inventory.read()).toEqual({ bolt: 5, nut: 8, hinge: 1 });
  const [write] = await sandbox.requests("createRecords");
  expect(JSON.parse(write?.request.body ?? "").map((one: { id: string }) => one.id)).toEqual(["nut", "hinge"]);
});

test("a sync that broke off goes on where it was", async () => {
  await inventory.write({ bolt: 5 });
  await sandbox.control("POST", "faults", { operation: "deleteRecord", connection: "drop", times: 1 });
  await expect(inventory.sync({ nut: 7 })).rejects.toThrow();
  expect(await inventory.read()).toEqual({ bolt: 5, nut: 7 });
  expect(await inventory.sync({ nut: 7 })).toEqual({ written: [], removed: ["bolt"] });
});

test("an export is waited for", async () => {
  await sandbox.control("PATCH", "settings", { job_pace: { seconds: 90 } });
  await inventory.write({ bolt: 5 });
  const began = await sandbox.now();
  expect(await inventory.export()).toContain("bolt");
  expect((await sandbox.now()) - began).toBe(90_000);
});

test("an export that fails says why", async () => {
  const inside = { error_message: "Too many rows." };
  await sandbox.control("POST", "faults", { operation: "createExportJob", inside });
  await expect(inventory.export()).rejects.toThrow(new ExportFailed("Too many rows."));
});

test("a link that expired meanwhile is asked for again", async () => {
  await inventory.write({ bolt: 5, nut: 7 });
  await sandbox.advance(24 * 3600);
  await inventory.write({ bolt: 4 });
  await sandbox.advance("next-midnight");
  const read: [string, Stock][] = [];
  for await (const archive of inventory.archived()) {
    read.push(archive);
    await sandbox.advance(2 * 3600);
  }
  expect(read).toEqual([
    ["2026-03-03", { bolt: 4 }],
    ["2026-03-02", { bolt: 5, nut: 7 }],
  ]);
  const downloads = await sandbox.requests("downloadObject");
  expect(downloads.map((one) => one.status)).toEqual([200, 403, 200]);
});
