// A small server of both APIs, written from the documents alone: as free wherever they leave something open as can be.
//
// It shares no code with the mock, needs nothing but Node, says on standard output where it listens, and serves until
// standard input ends.
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { operations as databases } from "./databases.mjs";
import { operations as files, storage } from "./files.mjs";
import { Pieces } from "./pieces.mjs";
import { Call, detail, negotiate, permitted, write } from "./rest.mjs";
import { serve } from "./web.mjs";
import { Clock, DAY, ORGANIZATION, OTHER_ORGANIZATION, Vault } from "./world.mjs";

const { values: options } = parseArgs({
  options: {
    "record-limit": { type: "string", default: "500000" },
    "nights-on-call": { type: "boolean", default: false }, // and not as soon as somebody looks
  },
});
const clock = new Clock();
const tokens = new Map([
  [randomBytes(24).toString("base64url"), "write"],
  [randomBytes(24).toString("base64url"), "read"],
]);
const failures = new Map();
failures.take = (name) => {
  const told = failures.get(name);
  failures.delete(name);
  return told;
};
const all = [...files(failures), ...databases];
const journal = [];
const world = {};

function reset() {
  clock.ahead = 0;
  journal.length = 0;
  failures.clear();
  Object.assign(world, {
    vault: new Vault(clock, Number(options["record-limit"])),
    pieces: new Pieces().furnish(),
    second: new Pieces(),
  });
}

function rest(request, path) {
  if (/^\/health\/?$/.test(path))
    return { status: 200, kind: "application/json", body: Buffer.from('{"ok":true}') };
  if (!options["nights-on-call"]) world.vault.catchUp();
  const fits = all.map((one) => [one, path.match(one.pattern)]).filter(([, match]) => match);
  permitted(request, tokens);
  if (!fits.length) throw detail(404, "Nothing is here.");
  const [chosen, match] = fits.find(([one]) => one.method === request.verb) ?? fits[0];
  if (chosen.method !== request.verb)
    throw detail(405, "Not that way.", { allow: [...new Set(fits.map(([one]) => one.method))].join(", ") });
  if (request.method === "GET" && !path.endsWith("/") && !path.includes("/assets/")) {
    const to = `${path.split("/").at(-1)}/${request.query ? `?${request.query}` : ""}`;
    return { status: 308, headers: { location: `./${to}` } }; // relative to where it was asked for
  }
  const [version, media] = negotiate(request.headers.accept ?? "*/*", chosen);
  if (chosen.name !== "createExportJob" || !failures.get(chosen.name)?.message) {
    const told = failures.take(chosen.name);
    if (told) throw detail(Number(told.status || 500), "as ordered");
  }
  const call = new Call(request, world.vault, version, media, world.origin, match.groups ?? {});
  const reply = chosen.run(call);
  return reply.raw ? { status: reply.status, ...reply.raw } : write(reply, call);
}

function front(request) {
  if (request.path.startsWith("/api/")) return rest(request, request.path.slice(4));
  if (request.path.startsWith("/files/")) return storage(request, world.vault);
  if (request.path.startsWith("/second/"))
    return world.second.handle({ ...request, path: request.path.slice(7) });
  return world.pieces.handle(request);
}

const snapshot = () => ({
  pieces: world.pieces.snapshot(),
  second: world.second.snapshot(),
  pixiebrix: world.vault.snapshot(),
});

function administer(request) {
  const asked = Object.fromEntries(new URLSearchParams(request.query));
  const orders = {
    "/advance": () => clock.advance(Number(asked.seconds)),
    "/nightly": () => clock.advance((DAY - (clock.now() % DAY)) / 1000), // the night comes when it is called
    "/fail": () => {
      if (/Database$/.test(asked.operation) && /^(im|ex)port/.test(asked.operation))
        world.pieces.failures.set(asked.operation, asked);
      else failures.set(/ExportJob$/.test(asked.operation) && asked.message ? "job" : asked.operation, asked);
    },
    "/reset": reset,
    "/snapshot": () => {},
    "/journal": () => {},
  };
  if (!orders[request.path]) return { status: 404 };
  orders[request.path]();
  if (!options["nights-on-call"] || request.path === "/nightly") world.vault.catchUp();
  const body = Buffer.from(JSON.stringify(request.path === "/journal" ? journal : snapshot()));
  return { status: 200, kind: "application/json", body };
}

reset();
const now = () => clock.now();
world.origin = await serve(front, now, journal);
const ids = [...world.vault.databases.keys()];
const [token, readOnly] = tokens.keys();
console.log(
  JSON.stringify({
    pieces: world.origin,
    second: `${world.origin}/second`,
    pixiebrix: `${world.origin}/api`,
    storage: world.origin,
    admin: await serve(administer, now),
    token,
    read_only_token: readOnly,
    organization: ORGANIZATION,
    databases: ids.slice(2, 5),
    kept: [ids[0], ids[1], ids[5]],
    records_cap: 10_000,
    foreign_organization: OTHER_ORGANIZATION,
    foreign_database: ids[5],
  }),
);
process.stdin.resume().on("end", () => process.exit());
