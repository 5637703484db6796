// Calls of the control API of the sandbox that this page belongs to.

const KEY = "dbcontract-control-token";

export class ApiError extends Error {
  constructor(status, body) {
    super(typeof body === "object" && body !== null ? sentence(body) : `the server answered ${status}`);
    this.status = status;
  }
}

function sentence(body) {
  if (typeof body.detail === "string") return body.detail;
  return Object.entries(body).map(([field, problem]) => `${field}: ${typeof problem === "string" ? problem : JSON.stringify(problem)}`).join(" · ");
}

function headers(more = {}) {
  const token = sessionStorage.getItem(KEY);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

// A server that asks for the control token is asked again with it, once the user has given it.
async function send(path, options) {
  let response = await fetch(path, { ...options, headers: headers(options.headers) });
  if (response.status === 403) {
    const { detail } = await response.clone().json().catch(() => ({}));
    const token = window.prompt(`${detail ?? "The control API refuses."}\n\nControl token:`);
    if (token) {
      sessionStorage.setItem(KEY, token);
      response = await fetch(path, { ...options, headers: headers(options.headers) });
    }
  }
  return response;
}

export async function call(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.body = typeof body === "string" ? body : JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  const response = await send(path, options);
  const text = await response.text();
  const value = text ? JSON.parse(text) : null;
  if (!response.ok) throw new ApiError(response.status, value);
  return value;
}

export async function bytes(path) {
  const response = await send(path, { method: "GET" });
  if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => null));
  return response.blob();
}

function visible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => { document.addEventListener("visibilitychange", resolve, { once: true }); });
}

// Server-sent events over fetch: EventSource could not send the control token. A browser has six connections for
// each host, so a page that nobody sees gives its own back.
export async function watch(onRequest, onState) {
  let last = 0;
  for (;;) {
    await visible();
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    document.addEventListener("visibilitychange", leave, { once: true });
    addEventListener("pagehide", leave, { once: true });
    try {
      const response = await fetch(`requests/events?after=${last}`, { headers: headers(), signal: leaving.signal });
      if (!response.ok) throw new ApiError(response.status, null);
      onState(true);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const parts = (rest + value).split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
          const data = part.split("\n").find((line) => line.startsWith("data: "));
          if (data) {
            const entry = JSON.parse(data.slice(6));
            last = entry.number;
            onRequest(entry);
          }
        }
      }
    } catch {
      // Told below; the next try may find the server again.
    }
    onState(false);
    if (!leaving.signal.aborted) await new Promise((resolve) => { setTimeout(resolve, 1500); });
  }
}

// The descriptions of the APIs of these names, as this page reaches them.
export async function descriptions(names) {
  const index = await (await fetch("../", { headers: { Accept: "application/json" } })).json();
  const root = index.dashboard.length - "/_mock/".length;
  const served = index.apis.filter((api) => names.includes(api.name));
  return Promise.all(served.map(async (api) => (await fetch(`..${api.url.slice(root)}/openapi.json`)).json()));
}
