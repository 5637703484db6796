// The separate sandboxes of this server.
import { call } from "./api.js";
import { el, table, toast } from "./dom.js";

export function sandboxesPanel(page) {
  const list = el("div");
  const root = location.pathname.replace(/(\/~[^/]+)?\/_mock\/.*$/, "");
  const name = el("input", { type: "text", placeholder: "name", "aria-label": "Name of a sandbox" });
  const open = () => {
    if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name.value)) location.assign(`${root}/~${name.value}/_mock/`);
    else toast("A name has 1 to 64 ASCII letters, digits, dots, lines or hyphens, and begins with a letter or digit.");
  };
  const refresh = async () => {
    const found = await call("GET", "sandboxes");
    list.replaceChildren(found.length === 0 ? el("p", { class: "dim" }, "no sandbox yet")
      : table("Sandboxes", [["name", "wide"], ["data"], ["requests", "number"], ["action"]], found.toReversed().map((one) => [
        el("a", { href: `${root}/~${one.name}/_mock/` }, one.name), one.data, one.requests,
        el("button", { type: "button", onclick: async () => { await page.act(`${one.name} is forgotten.`, "DELETE", `sandboxes/${one.name}`); await refresh(); } }, "Forget")])));
  };
  const element = el("section", {}, el("h2", {}, "Sandboxes"),
    el("p", {}, el("a", { href: `${root}/_mock/` }, "The default sandbox")),
    el("div", { class: "bar" }, name, el("button", { type: "button", onclick: open }, "Open, or make")), list);
  return { element, start: () => refresh().catch((error) => toast(error.message)), show: () => { if (!element.hidden) refresh().catch(() => {}); } };
}
