/**
 * A sandbox of its own for every test, on the mock that `dbcontract exec` started: the path `/~NAME` is one, made when it
 * is first used. Its control API is at `/~NAME/_mock/` (described by the mock itself, at `/_mock/ui/`).
 */
import { randomUUID } from "node:crypto";

export interface Exchange {
  operation: string | null;
  status: number;
  request: { body: string };
}

export class Sandbox {
  readonly name = `vitest-${randomUUID()}`;
  readonly token = process.env["PIXIEBRIX_TOKEN"] ?? "any";
  readonly #server: string;

  constructor() {
    const server = process.env["DBCONTRACT_URL"];
    if (server === undefined) {
      throw new Error("there is no mock: run `dbcontract exec -- npm test`");
    }
    this.#server = server;
  }

  /** The base URL of PixieBrix. */
  get url(): string {
    return `${this.#server}/~${this.name}/api`;
  }

  /** Call the control API of this sandbox. */
  async control<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const request: RequestInit = { method };
    if (body !== undefined) {
      request.body = JSON.stringify(body);
    }
    const answer = await fetch(`${this.#server}/~${this.name}/_mock/${path}`, request);
    const text = await answer.text();
    if (!answer.ok) {
      throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    }
    return (text === "" ? undefined : JSON.parse(text)) as Answer;
  }

  /** Begin with an empty data set and a clock that stands still; gives the id of the organization. */
  async begin(now: string): Promise<string> {
    const health = await this.control<{ organizations: [string] }>("POST", "reset", { data: "empty" });
    await this.control("PATCH", "clock", { now, frozen: true });
    await this.control("PATCH", "settings", { job_pace: "immediate" });
    return health.organizations[0];
  }

  /** Make a database; gives its id. */
  async database(organization: string, name: string): Promise<string> {
    const answer = await fetch(`${this.url}/organizations/${organization}/databases/`, {
      method: "POST",
      headers: { Authorization: `Token ${this.token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ name }),
    });
    return ((await answer.json()) as { id: string }).id;
  }

  /** Move the clock by seconds, or to the next midnight. */
  async advance(span: number | "next-midnight"): Promise<void> {
    await this.control("POST", "clock/advance", typeof span === "number" ? { seconds: span } : { to: span });
  }

  /** Where the clock stands, in milliseconds. */
  async now(): Promise<number> {
    return Date.parse((await this.control<{ now: string }>("GET", "clock")).now);
  }

  /** What was asked of this sandbox. */
  async requests(operation?: string): Promise<Exchange[]> {
    return await this.control("GET", operation === undefined ? "requests" : `requests?operation=${operation}`);
  }

  /** Forget this sandbox. */
  async end(): Promise<void> {
    await fetch(`${this.#server}/_mock/sandboxes/${this.name}`, { method: "DELETE" });
  }
}
