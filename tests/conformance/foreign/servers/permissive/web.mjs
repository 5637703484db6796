// HTTP as Node has it: chunked, kept alive, compressed where that is welcome.
import http from "node:http";
import { gzipSync } from "node:zlib";

export class Refused extends Error {
  constructor(status, body, headers = {}, kind = "application/json") {
    super(`refused with ${status}`);
    this.answer = {
      status,
      headers,
      kind,
      body: Buffer.from(kind === "application/json" ? JSON.stringify(body) : body),
    };
  }
}

export const decoded = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray percent sign stands for itself
  }
};

export const pairsOf = (text) =>
  text
    .split("&")
    .filter(Boolean)
    .map((part) => {
      const [name, ...rest] = part.replaceAll("+", " ").split("=");
      return [decoded(name), decoded(rest.join("="))];
    });

/** `text/csv; version="2.0"`: the type in lower case, and its parameters. */
export function parameters(value = "") {
  const [kind, ...rest] = value.match(/(?:"(?:\\.|[^"\\])*"|[^;])+/g) ?? [""];
  const options = {};
  for (const each of rest) {
    const [, name, text] = each.match(/^\s*([^=\s]+)\s*=\s*(.*?)\s*$/s) ?? [];
    if (name)
      options[name.toLowerCase()] = text.replace(/^"(.*)"$/s, (_, inner) => inner.replace(/\\(.)/g, "$1"));
  }
  return [kind.trim().toLowerCase(), options];
}

/** The parts of a form: name, content as bytes, and the type of the content. */
export function multipart(body, boundary) {
  const mark = Buffer.from(`\r\n--${boundary}`, "latin1");
  const whole = Buffer.concat([Buffer.from("\r\n"), body]);
  const found = [];
  let at = whole.indexOf(mark);
  while (at >= 0) {
    const start = at + mark.length;
    if (whole.subarray(start, start + 2).toString() === "--") break;
    const next = whole.indexOf(mark, start);
    if (next < 0) break;
    const part = whole.subarray(start, next);
    const gap = part.indexOf("\r\n\r\n");
    const head = part.subarray(0, gap).toString();
    const [, disposition = ""] = head.match(/content-disposition:([^\r\n]*)/i) ?? [];
    const [, kind] = head.match(/content-type:\s*([^\r\n]*)/i) ?? [];
    found.push({ name: parameters(disposition)[1].name ?? "", content: part.subarray(gap + 4), kind });
    at = next;
  }
  return found;
}

function send(request, response, answer, now) {
  const { status, headers = {}, kind } = answer;
  const plain = /^Python-urllib/.test(request.headers["user-agent"] ?? ""); // takes a 102 for the answer
  if (status === 200 && request.httpVersion === "1.1" && !plain) response.writeProcessing();
  let body = answer.body ?? Buffer.alloc(0);
  response.statusCode = status;
  response.statusMessage = status < 400 ? "Fine" : "Not so fine"; // nobody reads the phrase
  response.setHeader("date", new Date(now()).toUTCString());
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (kind) response.setHeader("content-type", kind);
  response.setHeader("vary", ["Accept", "Accept-Encoding, Authorization"]);
  if (
    status === 200 &&
    body.length > 512 &&
    /\bgzip\b(?!;\s*q=0(?:\.0*)?\b)/.test(request.headers["accept-encoding"] ?? "")
  ) {
    body = gzipSync(body);
    response.setHeader("content-encoding", "gzip");
  }
  if (request.method === "HEAD" || status === 204 || status === 304) response.end();
  else {
    response.write(body.subarray(0, 10)); // two chunks, whatever the size
    response.end(body.subarray(10));
  }
}

/** Serve `handle(request) -> answer` on a free port; resolves with the origin. */
export function serve(handle, now, journal = []) {
  const server = http.createServer(async (incoming, response) => {
    const parts = [];
    try {
      for await (const part of incoming) parts.push(part);
    } catch {
      return; // whoever sent it went away
    }
    const [path, ...query] = incoming.url.split("?");
    const method = incoming.method;
    const request = {
      method,
      verb: method === "HEAD" ? "GET" : method,
      path,
      query: query.join("?"),
      headers: incoming.headers,
      body: Buffer.concat(parts),
    };
    let answer;
    try {
      answer = handle(request);
    } catch (error) {
      if (!(error instanceof Refused)) {
        console.error(error);
        answer = { status: 500, kind: "text/plain", body: Buffer.from("something broke") };
      } else answer = error.answer;
    }
    journal.push(`${method} ${incoming.url} ${answer.status}`);
    send(incoming, response, answer, now);
  });
  server.keepAliveTimeout = 30_000;
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}
