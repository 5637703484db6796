"""The operations as the contract states them, written down independently of the descriptions."""

from __future__ import annotations

from typing import NamedTuple

JSON = "application/json"
TEXT = "text/plain"
CSV = "text/csv"
API = "application/vnd.pixiebrix.api+json"
FLAT = "application/vnd.pixiebrix.api.flat+json"
DATA = {JSON, API}
ROWS = {*DATA, CSV, FLAT}  # of records
ALL = ("1.0", "1.1", "2.0")
ANY = "*/*"
DETAIL = (401, 403, 404, 406, 429)  # the contract: Conventions


class Row(NamedTuple):
    """One operation: `success` maps each status to its media types, `errors` are the others."""

    method: str
    path: str
    success: dict[int, set[str]]
    errors: set[int]
    query: frozenset[str] = frozenset()
    body: str = ""  # "", "optional" or "required"
    versions: tuple[str, ...] = ()


PAGES = frozenset({"page", "page_size"})
DATABASE = "/databases/{databaseId}"
ORGANIZATION = "/organizations/{organizationId}/databases"

PIECES = {
    # The contract's heading GET /database/export
    "exportDatabase": Row("get", "/database/export", {200: {JSON}}, {500}),
    # The contract's heading POST /database/import
    "importDatabase": Row("post", "/database/import", {204: set()}, {500, 505}, body="optional"),
}

PIXIEBRIX = {
    # The contract's heading Export jobs. Unknown databases are 400, nothing here is 404.
    "createExportJob": Row(
        "post", "/databases/records/jobs/", {201: DATA}, {400, 415, *DETAIL} - {404}, body="required",
        versions=ALL,
    ),
    "getExportJob": Row(
        "get", "/databases/records/jobs/{jobId}/", {200: DATA}, {*DETAIL}, versions=ALL
    ),
    # The contract's heading Databases and records
    "listDatabases": Row("get", f"{ORGANIZATION}/", {200: DATA}, {400, *DETAIL}, PAGES, versions=ALL),
    "createDatabase": Row(
        "post", f"{ORGANIZATION}/", {201: DATA}, {400, 415, *DETAIL}, body="required", versions=ALL
    ),
    # The contract: around the databases, published only
    "getDatabase": Row("get", f"{ORGANIZATION}/{{databaseId}}/", {200: DATA}, {*DETAIL}, versions=ALL),
    "putDatabase": Row(
        "put", f"{ORGANIZATION}/{{databaseId}}/", {200: DATA}, {400, 415, *DETAIL}, body="required",
        versions=ALL,
    ),
    "updateDatabase": Row(
        "patch", f"{ORGANIZATION}/{{databaseId}}/", {200: DATA}, {400, 415, *DETAIL}, body="required",
        versions=ALL,
    ),
    "getDatabaseSchema": Row(
        "get", f"{ORGANIZATION}/{{databaseId}}/schema/", {200: DATA}, {*DETAIL}, versions=ALL
    ),
    "putDatabaseSchema": Row(
        "put", f"{ORGANIZATION}/{{databaseId}}/schema/", {200: DATA}, {400, 415, *DETAIL}, body="required",
        versions=ALL,
    ),
    "listUserDatabases": Row("get", "/databases/", {200: DATA}, {*DETAIL}, PAGES, versions=ALL),
    "createUserDatabase": Row(
        "post", "/databases/", {201: DATA}, {400, 415, *DETAIL} - {404}, body="required", versions=ALL
    ),
    "getUserDatabase": Row("get", f"{DATABASE}/", {200: DATA}, {*DETAIL}, versions=ALL),
    "updateUserDatabase": Row(
        "patch", f"{DATABASE}/", {200: DATA}, {400, 415, *DETAIL}, body="required", versions=ALL
    ),
    "getDatabasePermissions": Row(
        "get", f"{DATABASE}/permissions/", {200: DATA}, {*DETAIL}, versions=ALL
    ),
    "listOrganizations": Row("get", "/organizations/", {200: DATA}, {*DETAIL}, PAGES, versions=ALL),
    "getMe": Row("get", "/me/", {200: DATA}, {*DETAIL} - {404}, versions=ALL),
    "getHealth": Row("get", "/health/", {200: DATA}, {406}, versions=ALL),
    "deleteDatabase": Row(
        "delete", f"{ORGANIZATION}/{{databaseId}}/", {204: set()}, {*DETAIL}, versions=ALL
    ),
    "deleteUserDatabase": Row("delete", f"{DATABASE}/", {204: set()}, {*DETAIL}, versions=ALL),
    "listRecords": Row(
        "get", f"{DATABASE}/records/", {200: ROWS}, {400, *DETAIL},
        PAGES | {"start_date", "end_date", "data_filters"}, versions=ALL,
    ),
    "createRecords": Row(
        "post", f"{DATABASE}/records/", {201: ROWS}, {400, 415, *DETAIL}, body="required",
        versions=ALL,
    ),
    "putRecords": Row(
        "put", f"{DATABASE}/records/", {200: ROWS}, {400, 415, *DETAIL}, body="required",
        versions=ALL,
    ),
    "clearRecords": Row(
        "delete", f"{DATABASE}/records/", {204: set()}, {400, *DETAIL},
        frozenset({"start_date", "end_date", "data_filters"}), versions=ALL,
    ),
    "getRecord": Row(
        "get", f"{DATABASE}/records/{{recordKey}}/", {200: ROWS}, {*DETAIL}, versions=ALL
    ),
    "putRecord": Row(
        "put", f"{DATABASE}/records/{{recordKey}}/", {200: ROWS, 201: ROWS}, {400, 415, *DETAIL},
        body="required", versions=ALL,
    ),
    "deleteRecord": Row(
        "delete", f"{DATABASE}/records/{{recordKey}}/", {204: set()}, {*DETAIL}, versions=ALL
    ),
    # The contract's heading Archives and retention
    "listRecordArchives": Row(
        "get", f"{ORGANIZATION}/{{databaseId}}/record-archives/", {200: DATA}, {400, *DETAIL},
        PAGES | {"ordering"}, versions=("2.0",),
    ),
    # The contract's heading Assets
    "listAssets": Row("get", f"{DATABASE}/assets/", {200: DATA}, {400, *DETAIL}, PAGES, versions=ALL),
    "createAsset": Row(
        "post", f"{DATABASE}/assets/", {201: DATA}, {400, 415, *DETAIL}, body="required", versions=ALL
    ),
    "getAsset": Row(
        "get", f"{DATABASE}/assets/{{assetId}}", {200: {*DATA, ANY}, 302: set()}, {400, *DETAIL},
        frozenset({"meta"}), versions=ALL,
    ),
    "updateAsset": Row(
        "patch", f"{DATABASE}/assets/{{assetId}}", {200: DATA}, {400, 415, *DETAIL}, body="required",
        versions=ALL,
    ),
}  # fmt: skip

TABLES = {"pieces": PIECES, "pixiebrix": PIXIEBRIX}

# The headings of the two documents, and what is published besides.
SOURCES = {
    "pieces": {
        "Database API": {"database_export", "database_import"},
        "SDK models": set(),
    },
    "pixiebrix": {
        "Database APIs": {
            "Create a Database Export Job",
            "Retrieve Organization Database Records",
            "Filtering Records",
            "Retrieve Archived Organization Database Records",
            "Data Retention Policy",
            "Database Assets",
            "List Database Assets (Metadata)",
            "Download a Database Asset",
            "Retrieve a Database Asset Metadata",
            "Create a Database Asset",
            "Update a Database Asset",
        },
        "Making an API Request": set(),
        "published specification": set(),
    },
}
