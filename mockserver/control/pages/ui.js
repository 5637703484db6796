// Swagger UI, ready at the first click: with a token where any one is accepted, kept when the page is loaded anew.
(async () => {
  // An operation is read when it is opened. Until then Swagger UI knows neither its id nor its parameters, and would
  // call nothing: there is no button for that before it can do its work, however slow the machine.
  const ExecuteWhatIsRead = {
    wrapComponents: {
      execute: (Execute, { React }) => (props) => props.operation?.size ? React.createElement(Execute, props) : null,
    },
  };
  // Swagger UI knows a dark look, but not when the reader wants it.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
  const { root, description } = document.currentScript.dataset;
  const read = async (url) => (await fetch(url, { headers: { Accept: "application/json" } })).json();
  const [spec, index] = await Promise.all([read(description), read(root)]);
  document.title = `${spec.info.title} · Swagger UI`;
  accessible(document.getElementById("swagger-ui"));
  const schemes = Object.keys(spec.components?.securitySchemes ?? {});
  const ui = window.SwaggerUIBundle({
    spec,
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    filter: true,
    tryItOutEnabled: true,
    persistAuthorization: true,
    plugins: [ExecuteWhatIsRead, PlainPath],
    validatorUrl: null,
    onComplete: () => {
      if (index.token === "any" && !localStorage.getItem("authorized")) {
        for (const scheme of schemes) ui.preauthorizeApiKey(scheme, "Token any-token");
      }
      document.body.dataset.ready = "yes"; // for who does not look but waits: a script, a test
    },
  });
})();
