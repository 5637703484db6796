// Real calls, typed by what is generated from the description. The tests compile this file and run it with Node against a
// server: `node calls.mjs BASE_URL DATABASE_ID`. It prints what came back.
import type { operations } from "./pixiebrix";

type Ok<Name extends keyof operations, Status extends keyof operations[Name]["responses"]> =
  operations[Name]["responses"][Status] extends { content: { "application/json": infer Body } } ? Body : never;
type Sent<Name extends keyof operations> =
  operations[Name] extends { requestBody: { content: { "application/json": infer Body } } } ? Body : never;
declare const process: { argv: string[] };

const [, , base, database] = process.argv as [string, string, string, string];
const headers = {
  Accept: "application/json; version=2.0",
  Authorization: "Token any",
  "Content-Type": "application/json",
};

async function call<Body>(method: string, path: string, status: number, sent?: unknown): Promise<Body> {
  const body = sent === undefined ? null : JSON.stringify(sent);
  const answer = await fetch(base + path, { method, headers, body });
  if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status}`);
  return (await answer.json()) as Body;
}

const records = `/databases/${database}/records/`;
const page = await call<Ok<"listRecords", 200>>("GET", `${records}?page_size=2`, 200);
const order: Sent<"createRecords"> = [{ id: "typed", data: { from: page.map((one) => one.id) } }];
const [made] = await call<Ok<"createRecords", 201>>("POST", records, 201, order);
if (made === undefined) throw new Error("nothing was made");
const asset: Sent<"createAsset"> = { filename: "note.txt" };
const upload = await call<Ok<"createAsset", 201>>("POST", `/databases/${database}/assets/`, 201, asset);
console.log(JSON.stringify({ from: made.data["from"], at: made.created_at, uploaded: upload.asset.is_uploaded }));
