/** Pieces in stock by article number. */
export type Stock = Record<string, number>;

/** What a sync changed, by article number. */
export interface Changes {
  written: string[];
  removed: string[];
}

export interface Options {
  /** Of the API, such as https://app.pixiebrix.com/api. */
  url: string;
  token: string;
  /** The id of the organization that owns the database. */
  organization: string;
  /** The id of the database. */
  database: string;
  /** Waits for so many seconds, where the service asks for patience. */
  wait?: (seconds: number) => Promise<unknown>;
}

/** PixieBrix answered with an error. */
export class CallFailed extends Error {
  constructor(
    readonly status: number,
    body: string,
  ) {
    super(`${status}: ${body}`);
  }
}

/** PixieBrix could not make an export; the message says why. */
export class ExportFailed extends Error {}

interface StockRecord {
  id: string;
  data: { pieces: number };
}

interface Job {
  id: string;
  status: string;
  data: string | null;
  error_message: string | null;
}

interface Archive {
  date: string;
  file: string;
}

const TRIES = 3;
const sleep = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));

/** The stock list in a PixieBrix database: one record an article, its key the article number. */
export class Inventory {
  readonly #options: Options;
  readonly #records: string;
  readonly #wait: (seconds: number) => Promise<unknown>;

  constructor(options: Options) {
    this.#options = options;
    this.#records = `${options.url}/databases/${options.database}/records/`;
    this.#wait = options.wait ?? sleep;
  }

  /** The whole list, page by page. */
  async read(): Promise<Stock> {
    const stock: Stock = {};
    let url: string | undefined = `${this.#records}?page_size=100`;
    while (url !== undefined) {
      const answer = await this.#call("GET", url);
      for (const record of JSON.parse(answer.body) as StockRecord[]) {
        stock[record.id] = record.data.pieces;
      }
      url = /<([^>]*)>; rel="?next"?/.exec(answer.headers.get("Link") ?? "")?.[1];
    }
    return stock;
  }

  /** Add or replace articles. */
  async write(stock: Stock): Promise<void> {
    const records = Object.entries(stock).map(([id, pieces]) => ({ id, data: { pieces } }));
    await this.#call("POST", this.#records, records);
  }

  /** Take an article off the list. */
  async remove(article: string): Promise<void> {
    await this.#call("DELETE", `${this.#records}${encodeURIComponent(article)}/`);
  }

  /** Make the list equal to a local one, and touch nothing that is equal already. */
  async sync(local: Stock): Promise<Changes> {
    const remote = await this.read();
    const written = Object.keys(local).filter((article) => remote[article] !== local[article]);
    const removed = Object.keys(remote).filter((article) => !(article in local));
    if (written.length > 0) {
      await this.write(Object.fromEntries(written.map((article) => [article, local[article] ?? 0])));
    }
    for (const article of removed) {
      await this.remove(article);
    }
    return { written: written.sort(), removed: removed.sort() };
  }

  /** The list as a CSV file that PixieBrix makes; throws ExportFailed where it cannot. */
  async export(): Promise<string> {
    const jobs = `${this.#options.url}/databases/records/jobs/`;
    const order = { name: "Stock", databases: [this.#options.database], media_type: "text/csv" };
    const { id } = JSON.parse((await this.#call("POST", jobs, order)).body) as Job;
    for (;;) {
      const job = JSON.parse((await this.#call("GET", `${jobs}${id}/`)).body) as Job;
      if (job.status === "FAILURE") {
        throw new ExportFailed(job.error_message ?? "no reason given");
      }
      if (job.status === "SUCCESS" && job.data !== null) {
        return await download(job.data);
      }
      await this.#wait(1);
    }
  }

  /** The archived dates, the latest first, each with the articles that changed on it. */
  async *archived(): AsyncGenerator<[string, Stock]> {
    const { url, organization, database } = this.#options;
    const list = `${url}/organizations/${organization}/databases/${database}/record-archives/`;
    const archives = async (): Promise<Archive[]> => JSON.parse((await this.#call("GET", list)).body);
    for (const { date, file } of await archives()) {
      const text = await download(file).catch(async (error: unknown) => {
        if (!(error instanceof CallFailed) || error.status !== 403) {
          throw error;
        }
        // A link works for an hour; the caller may have taken longer over the dates before.
        const fresh = (await archives()).find((archive) => archive.date === date);
        return await download(fresh?.file ?? file);
      });
      const lines = text.split("\n").filter((line) => line !== "");
      const records = lines.map((line) => JSON.parse(line) as StockRecord);
      yield [date, Object.fromEntries(records.map((record) => [record.id, record.data.pieces]))];
    }
  }

  /** Call the API; wait where it asks to, and try again where the connection breaks while reading. */
  async #call(method: string, url: string, body?: unknown): Promise<{ headers: Headers; body: string }> {
    const headers: Record<string, string> = {
      Authorization: `Token ${this.#options.token}`,
      Accept: "application/json; version=2.0", // pages, and archives at all
    };
    const request: RequestInit = { method, headers };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    for (let left = TRIES - 1; ; left -= 1) {
      let answer: Response;
      let text: string;
      try {
        answer = await fetch(url, request);
        text = await answer.text();
      } catch (error) {
        if (method !== "GET" || left === 0) {
          throw error;
        }
        continue;
      }
      if (answer.status === 429 && left > 0) {
        await this.#wait(Number(answer.headers.get("Retry-After") ?? "1"));
        continue;
      }
      if (!answer.ok) {
        throw new CallFailed(answer.status, text);
      }
      return { headers: answer.headers, body: text };
    }
  }
}

/** Read a storage link. It carries its own permission; the token is not for it. */
async function download(link: string): Promise<string> {
  const answer = await fetch(link);
  const text = await answer.text();
  if (!answer.ok) {
    throw new CallFailed(answer.status, text);
  }
  return text;
}
