// The landing page: what runs here, and the first calls of it.
import { copyable, el, quoted, toast } from "./dom.js";

const TOKENS = {
  any: ["any-token", "Every token is accepted; there has to be one."],
  given: ["$PIXIEBRIX_TOKEN", "Only the tokens that the server was started with are accepted."],
  none: ["", "No token is asked for."],
};

function firstCalls(index, token) {
  const value = `Authorization: Token ${token}`;
  // A variable of the shell has to be expanded, anything else must not be.
  const header = token ? ` -H ${token.startsWith("$") ? `"${value}"` : quoted(value)}` : "";
  const calls = [];
  for (const api of index.apis) {
    if (api.name === "pieces") {
      calls.push(["Export the Pieces database", `curl ${quoted(`${api.url}/database/export`)}`]);
    }
    const database = index.databases.find((one) => one.type === "Key-Value");
    if (api.name === "pixiebrix" && database) {
      calls.push(["List the records of a database",
        `curl ${quoted(`${api.url}/databases/${database.id}/records/?page_size=5`)} -H 'Accept: application/json; version=2.0'${header}`]);
      calls.push(["Begin an export job",
        `curl -X POST ${quoted(`${api.url}/databases/records/jobs/`)}${header} -H 'Content-Type: application/json' -d ${quoted(JSON.stringify({ name: "first", databases: [database.id] }))}`]);
    }
  }
  if (index.dashboard) {
    calls.push(["Let the nightly archiving run", `curl -X POST ${quoted(`${index.dashboard}clock/advance`)} -d '{"to": "next-midnight"}'`]);
  }
  return calls;
}

function api(one) {
  return el("section", { class: "card" },
    el("h2", {}, one.title),
    copyable(one.url),
    el("p", {}, el("a", { href: one.docs }, "Swagger UI"), " · ", el("a", { href: one.description }, "OpenAPI description")));
}

async function show() {
  const index = await (await fetch("./", { headers: { Accept: "application/json" } })).json();
  const [token, meaning] = TOKENS[index.token];
  document.title = index.sandbox ? `dbcontract: ${index.sandbox}` : "dbcontract mock server";
  document.getElementById("about").textContent =
    `Version ${index.version}, data set ${index.data}${index.sandbox ? `, sandbox ${index.sandbox}` : ""}.`;
  const ids = [
    ...index.organizations.map((one) => [`Organization ${one.name}`, one.id]),
    ...index.databases.map((one) => [`Database ${one.name} (${one.type})`, one.id]),
  ];
  document.getElementById("content").replaceChildren(
    index.dashboard ? el("p", {}, el("a", { href: index.dashboard }, "Open the dashboard"), ": clock, live requests, data, faults, snapshots.") : "",
    el("div", { class: "grid" }, index.apis.map(api)),
    el("h2", {}, "Token"),
    token ? copyable(`Authorization: Token ${token}`) : "",
    el("p", { class: "dim" }, meaning),
    el("h2", {}, "First calls"),
    ...firstCalls(index, token).map(([what, command]) => el("div", {}, el("h3", {}, what), copyable(command, { block: true }))),
    el("h2", {}, "Ids"),
    ...ids.map(([name, id]) => el("div", {}, el("span", { class: "dim" }, name), copyable(id))),
    el("h2", {}, "A sandbox of its own"),
    el("p", {}, "Every path below ", el("code", {}, "/~any-name/"), " is a separate sandbox: state, clock, faults and journal of its own, made when it is first addressed."),
  );
}

show().catch((error) => toast(String(error)));
