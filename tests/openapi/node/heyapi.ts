import { client } from "./heyapi/client.gen";
import { createRecords, listRecords } from "./heyapi/sdk.gen";

const [base, databaseId] = process.argv.slice(2) as [string, string];
const headers = { Accept: "application/json; version=2.0" };
client.setConfig({ baseUrl: base, auth: () => "Token any", headers });

async function run(): Promise<void> {
  const made = await createRecords({ path: { databaseId }, body: [{ id: "typed", data: { "user email": "a&b@x" } }] });
  const query = { page_size: 2, data_filters: { "data__user email": "a&b@x" } };
  const found = await listRecords({ path: { databaseId }, query });
  console.log(JSON.stringify({ made: made.data?.length, found: found.data?.map((one) => one.id) }));
}

void run();
