// The landing page: what runs here, and the first calls of it.
import { copyable, el, quoted, toast } from "./dom.js";

const TOKENS = {
  any: "Every token is accepted; there has to be one.",
  given: "Only the tokens that the server was started with are accepted.",
  none: "No token is asked for.",
};
const SHOWN = "any-token";

function calls(api) {
  return [el("h3", {}, api.title), ...api.calls.flatMap((one) => [el("h4", {}, one.summary), copyable(one.command, { block: true })])];
}

function ids(api) {
  return api.contents.flatMap((one) => [
    el("h3", {}, one.kind, one.count > one.items.length ? el("span", { class: "dim" }, ` (${one.items.length} of ${one.count})`) : ""),
    ...one.items.map((item) => el("div", {}, el("span", { class: "dim" }, item.name), copyable(item.id)))]);
}

function card(api) {
  return el("section", { class: "card" },
    el("h2", {}, api.title),
    copyable(api.url),
    el("p", {}, el("a", { href: api.docs }, "Swagger UI"), " · ", el("a", { href: api.description }, "OpenAPI description")));
}

async function show() {
  const index = await (await fetch("./", { headers: { Accept: "application/json" } })).json();
  // The control API is there for the others, and has the dashboard to begin with.
  const apis = index.apis.filter((api) => api.docs !== `${index.dashboard}ui/`);
  document.title = index.sandbox ? `dbcontract: ${index.sandbox}` : "dbcontract mock server";
  document.getElementById("about").textContent =
    `Version ${index.version}, data set ${index.data}${index.sandbox ? `, sandbox ${index.sandbox}` : ""}.`;
  document.getElementById("content").replaceChildren(
    index.dashboard ? el("p", {}, el("a", { href: index.dashboard }, "Open the dashboard"), ": clock, live requests, data, faults, snapshots.") : "",
    el("div", { class: "grid" }, index.apis.map(card)),
    el("h2", {}, "Token"),
    index.token === "any" ? copyable(`Authorization: Token ${SHOWN}`) : "",
    el("p", { class: "dim" }, TOKENS[index.token]),
    el("h2", {}, "First calls"),
    ...apis.flatMap(calls),
    ...(index.dashboard ? [el("h3", {}, "Time"), el("h4", {}, "Let the nightly archiving run"),
      copyable(`curl -X POST ${quoted(`${index.dashboard}clock/advance`)} -d '{"to": "next-midnight"}'`, { block: true })] : []),
    el("h2", {}, "Ids"),
    ...apis.flatMap(ids),
    el("h2", {}, "A sandbox of its own"),
    el("p", {}, "Every path below ", el("code", {}, "/~any-name/"), " is a separate sandbox: state, clock, faults and journal of its own, made when it is first addressed."),
    el("h2", {}, "Documentation"),
    el("p", {}, "Guides and the reference are in ", el("code", {}, "docs/"), " of the repository (", el("code", {}, "tox run -e docs"), " builds a site with a search); ", el("code", {}, "dbcontract --help"), " has the commands."),
  );
}

show().catch((error) => toast(String(error)));
