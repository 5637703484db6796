// How a frontend uses the generated types. The tests compile this file and never run it. A wrong use stands under
// a directive that expects the error, so that it may not compile one day.
import type { components as pieces, operations as piecesOperations } from "./pieces";
import type { components, operations, paths } from "./pixiebrix";

type Ok<Operation extends { responses: object }, Status extends keyof Operation["responses"]> =
  Operation["responses"][Status] extends { content: { "application/json": infer Body } } ? Body : never;
type Sent<Operation extends { requestBody?: { content: object } }> =
  NonNullable<Operation["requestBody"]>["content"] extends { "application/json": infer Body } ? Body : never;

// An export is an import.
export const reimport = (
  exported: Ok<piecesOperations["exportDatabase"], 200>,
): Sent<piecesOperations["importDatabase"]> => exported;
export const bytes: pieces["schemas"]["ByteCollection"] = [91, 93];
// @ts-expect-error bytes are numbers
export const noBytes: pieces["schemas"]["ByteCollection"] = ["91"];
// @ts-expect-error most of the collections are required
export const noDatabase: pieces["schemas"]["ExportedDatabase"] = { version: "11.0.0" };

export const job: Sent<operations["createExportJob"]> = { name: "Leads", databases: ["…"] };
// @ts-expect-error the databases are required
export const noJob: Sent<operations["createExportJob"]> = { name: "Leads" };
// @ts-expect-error no such format
export const noFormat: components["schemas"]["ExportMediaType"] = "application/pdf";
export const link = (detail: Ok<operations["getExportJob"], 200>): string | null | undefined => detail.data;

export const oneRecord: components["schemas"]["RecordRequest"] = { id: "lead-1", data: { email: null } };
export const severalRecords: Sent<operations["createRecords"]> = [oneRecord, oneRecord];
// @ts-expect-error the data are required
export const noRecord: Sent<operations["createRecords"]> = [{ id: "lead-1" }];

export const database: Sent<operations["createDatabase"]> = { name: "Leads" };
export const query: operations["listRecords"]["parameters"]["query"] = {
  start_date: "2022-05-19",
  page_size: 10000,
  data_filters: { data__first_name: "david" },
};
export const csv = (body: operations["listRecords"]["responses"][200]["content"]["text/csv"]): string => body;
export const total = (page: operations["listAssets"]["responses"][200]["headers"]): number | undefined =>
  page["X-Total-Count"];
export const newestFirst: operations["listRecordArchives"]["parameters"]["query"] = { ordering: "-date" };

export const uploaded: Sent<operations["updateAsset"]> = { is_uploaded: true };
export const place = (created: Ok<operations["createAsset"], 201>): [string, string] => [
  created.asset.id,
  created.upload_url,
];
export const redirect = (found: operations["getAsset"]["responses"][302]["headers"]): string => found.Location;
export const reason = (refused: Ok<operations["getRecord"], 404>): string => refused.detail;
export type Slashes = paths["/databases/{databaseId}/assets/"] | paths["/databases/{databaseId}/assets/{assetId}"];
