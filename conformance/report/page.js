(() => {
  document.body.classList.remove("no-script");
  const form = document.querySelector("form.filters");
  const rules = [...document.querySelectorAll("details.rule")];
  const texts = new Map();
  const stored = new Map(); // the evidence of what passed, by rule, which is not in the page as text
  const textOf = (rule) => {
    if (!texts.has(rule)) {
      const more = stored.has(rule.id) ? JSON.stringify(stored.get(rule.id)) : "";
      texts.set(rule, `${rule.textContent} ${more}`.toLowerCase());
    }
    return texts.get(rule);
  };
  const apply = () => {
    const data = new FormData(form);
    const verdicts = new Set(data.getAll("verdict"));
    const words = data.get("text").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const rule of rules) {
      const fits = verdicts.has(rule.dataset.verdict)
        && (!data.get("level") || rule.dataset.level === data.get("level"))
        && (!data.get("area") || rule.dataset.area === data.get("area"))
        && words.every((word) => textOf(rule).includes(word));
      rule.hidden = !fits;
      shown += fits;
    }
    for (const section of document.querySelectorAll("section")) {
      section.hidden = !section.querySelector("details.rule:not([hidden])");
    }
    form.querySelector("output").textContent = `${shown} of ${rules.length} rules`;
  };
  for (const event of ["input", "change"]) form.addEventListener(event, apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const [name, open] of [["open", true], ["close", false]]) {
    form.elements.namedItem(name).addEventListener("click", () => {
      for (const rule of rules) if (!rule.hidden) rule.open = open;
    });
  }

  const openTarget = () => {
    const rule = document.getElementById(location.hash.slice(1));
    if (!rule?.matches("details.rule")) return;
    rule.hidden = rule.closest("section").hidden = false;
    rule.open = true;
    rule.scrollIntoView();
  };
  addEventListener("hashchange", openTarget);

  // What is folded is printed open; of what passed, only what the reader has opened.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")]
      .filter((one) => !one.closest("details.rule[data-verdict=passed]"));
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
    opened = [];
  });

  for (const block of navigator.clipboard ? document.querySelectorAll(".copy pre") : []) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.textContent);
      button.textContent = "Copied";
    });
    block.after(button);
  }

  const draw = (rule) => {
    if (rule.open && stored.has(rule.id)) rule.querySelector(".stored")?.replaceWith(...stored.get(rule.id).map(evidence));
  };
  const unpack = async () => {
    const packed = Uint8Array.from(atob(document.getElementById("result").textContent), (sign) => sign.codePointAt(0));
    const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    document.getElementById("download").href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    for (const result of JSON.parse(text).results) if (result.verdict === "passed") stored.set(result.rule, result.evidence);
    texts.clear();
    for (const rule of rules) {
      draw(rule);
      rule.addEventListener("toggle", () => draw(rule));
    }
    apply();
  };
  apply();
  openTarget();
  unpack();
})();
