// What keyboards and screen readers need and Swagger UI does not have, put in as it draws.
const MISSING = [
  ["h3:not([aria-level])", { "aria-level": "2" }], // below the title, which is the first
  ["h4:not([aria-level])", { "aria-level": "3" }],
  [":is(h5, h6):not([aria-level])", { "aria-level": "4" }],
  [".information-container:not([role])", { role: "region", "aria-label": "About" }],
  [".schemes-server-container:not([role])", { role: "region", "aria-label": "Server and authorization" }],
  [".filter-container:not([role])", { role: "search" }],
  ["#servers:not([aria-label])", { "aria-label": "Server" }],
  [".examples-select-element:not([aria-label])", { "aria-label": "Example" }],
  [".body-param__text:not([aria-label])", { "aria-label": "Request body" }],
  [".close-modal:not([aria-label])", { "aria-label": "Close" }],
  [".modal-ux:not([role])", { role: "dialog", "aria-modal": "true", "aria-label": "Authorizations" }],
  ["pre.microlight:not([tabindex])", { tabindex: "0" }], // may be wider than the page: to be scrolled by keys
];

function named(root) {
  for (const [selector, attributes] of MISSING) {
    for (const element of root.querySelectorAll(selector)) {
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    }
  }
  for (const row of root.querySelectorAll("tr[data-param-name]")) {
    for (const input of row.querySelectorAll(":is(input, select, textarea):not([aria-label])")) {
      input.setAttribute("aria-label", row.dataset.paramName);
    }
  }
  for (const table of root.querySelectorAll("table[role=region]:not([aria-label])")) {
    table.setAttribute("aria-label", `Responses of ${table.closest(".opblock").querySelector(".opblock-summary-control").textContent}`);
  }
}

// Keeps doing so while the page is shown, and lets the keyboard into a dialog and out of it.
function accessible(root) {
  let opener = null;
  let dialog = null;
  const look = () => {
    named(root);
    const shown = root.querySelector(".modal-ux");
    if (shown && !dialog) {
      opener = document.activeElement;
      shown.querySelector(".close-modal")?.focus();
    } else if (!shown && dialog) {
      opener?.focus();
    }
    dialog = shown;
  };
  new MutationObserver(look).observe(root, { childList: true, subtree: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") dialog?.querySelector(".close-modal")?.click();
  });
  look();
}

// An operation is opened by a button, and a link inside of a button cannot be reached: its address is in the bar
// of the browser once the operation is open.
const PlainPath = {
  wrapComponents: {
    DeepLink: (_, { React }) => ({ text }) => React.createElement("span", {}, text),
  },
};
