"""The descriptions against the contract, from a table that was written independently of them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dbcontract import openapi

from .contract_table import JSON, SOURCES, TABLES, TEXT, Row
from .documents import VENDORS, Operation, as_json_schema, follow, of_every_operation, operations


def row(operation: Operation) -> Row:
    return TABLES[operation.api][operation.id]


@pytest.mark.parametrize("name", VENDORS)
def test_the_operations_are_those_of_the_contract(name: str) -> None:
    described = {one.id: (one.method, one.path) for one in operations(name)}
    assert described == {key: (row.method, row.path) for key, row in TABLES[name].items()}


@of_every_operation(*VENDORS)
def test_the_statuses_are_those_of_the_contract(operation: Operation) -> None:
    expected = row(operation)
    assert {int(code) for code in operation.responses} == {*expected.success, *expected.errors}


@of_every_operation(*VENDORS)
def test_the_media_types_are_those_of_the_contract(operation: Operation) -> None:
    expected = row(operation)
    error = TEXT if operation.api == "pieces" else JSON
    described = {int(code): set(one.get("content", {})) for code, one in operation.responses.items()}
    assert described == {**expected.success, **{code: {error} for code in expected.errors}}


@of_every_operation(*VENDORS)
def test_the_parameters_are_those_of_the_contract(operation: Operation) -> None:
    expected = row(operation)
    in_path = {one["name"] for one in operation.parameters if one["in"] == "path"}
    in_query = {one["name"] for one in operation.parameters if one["in"] == "query"}
    assert in_path == set(re.findall(r"{(\w+)}", expected.path))
    assert in_query == expected.query
    assert len(operation.parameters) == len(in_path) + len(in_query)
    assert not any(one.get("required") for one in operation.parameters if one["in"] == "query")


@of_every_operation(*VENDORS)
def test_the_body_is_there_when_the_contract_has_one(operation: Operation) -> None:
    body = operation.spec.get("requestBody")
    if not row(operation).body:
        assert body is None
    else:
        assert body is not None
        assert body["required"] == (row(operation).body == "required")
        assert set(body["content"]) == {JSON}


@of_every_operation("pixiebrix")
def test_the_versions_are_those_of_the_contract(operation: Operation) -> None:
    versions = row(operation).versions
    assert tuple(operation.spec["x-versions"]) == versions
    assert operation.spec["x-default-version"] == "1.0"
    assert operation.spec["x-published-version"] == ("1.0" if "ExportJob" in operation.id else "2.0")


@of_every_operation(*VENDORS)
def test_every_operation_names_a_source_that_exists(operation: Operation) -> None:
    text = " ".join(operation.spec["description"].split())
    cited = text.partition("Source: ")[2]
    sources = SOURCES[operation.api]
    assert any(cited.startswith(source) for source in sources), text
    known = set().union(*sources.values())
    for heading in re.findall(r'"([^"]+)"', cited):
        assert heading in known
    if operation.spec["x-level"] == "documented":
        assert re.search(r'headings? "', cited)


@pytest.mark.parametrize("name", VENDORS)
def test_every_heading_that_a_description_cites_exists(name: str) -> None:
    known = set().union(*SOURCES[name].values())
    for text in _texts(openapi.load(name)):
        for cited in re.findall(r'headings? "([^"]+)"', " ".join(text.split())):
            assert cited in known


def test_pieces_needs_no_authorization_and_pixiebrix_a_token() -> None:
    assert openapi.load("pieces")["security"] == []
    pixiebrix = openapi.load("pixiebrix")
    assert pixiebrix["security"] == [{"token": []}]
    scheme = pixiebrix["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    for name in VENDORS:
        open_ones = [one.id for one in operations(name) if "security" in one.spec]
        assert open_ones == (["getHealth"] if name == "pixiebrix" else [])


def test_the_documented_servers_come_first() -> None:
    assert [one["url"] for one in openapi.load("pieces")["servers"]] == [
        "http://localhost:1000",
        "http://localhost:5323",
    ]
    assert openapi.load("pixiebrix")["servers"][0]["url"] == "https://app.pixiebrix.com/api"


@of_every_operation("pixiebrix")
def test_the_headers_are_those_of_the_contract(operation: Operation) -> None:
    headers = {code: set(one.get("headers", {})) for code, one in operation.responses.items()}
    if operation.id != "getHealth":  # the contract: no token
        assert headers["401"] == {"WWW-Authenticate"}
    if operation.id == "listRecords":  # the contract: no total for records
        assert headers["200"] == {"Link"}
    elif "page" in {one["name"] for one in operation.parameters}:
        assert headers["200"] == {"Link", "X-Total-Count"}
    if operation.id == "getAsset":
        assert headers["302"] == {"Location"}


@pytest.mark.parametrize(
    ("operation_id", "default", "maximum"),
    [
        ("listDatabases", 100, 1_000),
        ("listRecords", 100, 10_000),
        ("listRecordArchives", 100, 1_000),
        ("listAssets", 100, 1_000),
    ],
)
def test_the_page_sizes_are_those_of_the_contract(operation_id: str, default: int, maximum: int) -> None:
    operation = next(one for one in operations("pixiebrix") if one.id == operation_id)
    size = next(one for one in operation.parameters if one["name"] == "page_size")
    assert size["schema"]["default"] == default
    # A larger value is not invalid, it gets the maximum: no keyword of the schema may say otherwise.
    assert size["x-maximum"] == maximum
    assert "maximum" not in size["schema"]
    # Where a version without pages is served, there may be more, but for records.
    most = None if operation_id in {"listDatabases", "listAssets"} else maximum
    assert operation.responses["200"]["content"][JSON]["schema"].get("maxItems") == most


def schema(name: str, component: str) -> dict[str, Any]:
    document = openapi.load(name)
    return as_json_schema(document, document["components"]["schemas"][component])


REQUIRED_COLLECTIONS = {
    "analyses", "applications", "assets", "codeAnalyses", "files", "formatMetrics", "formats", "fragments",
    "imageAnalyses", "models", "ocrAnalyses", "persons", "sensitives", "tags", "websites",
}  # fmt: skip
OPTIONAL_COLLECTIONS = {
    "activities", "annotations", "anchors", "anchorPoints", "conversations", "conversationMessages", "hints",
    "ranges", "relationships", "workstreamEvents", "workstreamSummaries", "workstreamPatternEngineSources",
}  # fmt: skip
VALUES = {"values", "messageValues", "workstreamEventValues"}


@pytest.mark.parametrize("component", ["ExportedDatabase", "ExportedDatabaseInput"])
def test_an_exported_database_has_the_fields_of_the_contract(component: str) -> None:
    document = openapi.load("pieces", written_out=True)
    found = document["components"]["schemas"][component]
    fields = REQUIRED_COLLECTIONS | OPTIONAL_COLLECTIONS | VALUES | {"version", "schema"}
    assert set(found["properties"]) == fields
    assert set(found["required"]) == REQUIRED_COLLECTIONS | {"values", "version"}
    for field in REQUIRED_COLLECTIONS | OPTIONAL_COLLECTIONS:
        items = follow(document, found["properties"][field])["items"]
        assert (items["type"], items["minimum"], items["maximum"]) == ("integer", 0, 255)


def test_null_is_allowed_for_the_optional_fields_of_an_import_only() -> None:
    document = openapi.load("pieces", written_out=True)
    sent = document["components"]["schemas"]["ExportedDatabaseInput"]
    given = document["components"]["schemas"]["ExportedDatabase"]
    nullable = {field for field, one in sent["properties"].items() if follow(document, one).get("nullable")}
    assert nullable == set(sent["properties"]) - set(sent["required"])
    assert not any(follow(document, one).get("nullable") for one in given["properties"].values())


@pytest.mark.parametrize(
    ("name", "component", "fields", "required"),
    [
        ("pieces", "ExportedDatabaseFormats", {"iterable", "schema"}, {"iterable"}),
        ("pieces", "ExportedDatabaseFormat", {"id", "raw", "schema"}, {"id", "raw"}),
        ("pieces", "EmbeddedModelSchema", {"migration", "semantic"}, {"migration", "semantic"}),
        (
            "pixiebrix",
            "ExportJobRequest",
            {"name", "databases", "media_type", "filters"},
            {"name", "databases"},
        ),
        ("pixiebrix", "ExportJobStarted", {"id", "status"}, {"id", "status"}),
        ("pixiebrix", "ExportJob", {"id", "status", "created_at", "data", "error_message"}, {"id", "status"}),
        (
            "pixiebrix",
            "Database",
            {
                "id", "name", "organization_id", "created_at", "enforce_schema", "owner_field", "type",
                "last_write_at", "num_records",
            },
            {"id", "name", "organization_id", "created_at"},
        ),
        ("pixiebrix", "Record", {"id", "data", "created_at"}, {"id", "data", "created_at"}),
        ("pixiebrix", "RecordRequest", {"id", "data", "merge_strategy", "created_at"}, {"id", "data"}),
        ("pixiebrix", "RecordUpdateRequest", {"id", "data", "merge_strategy", "created_at"}, {"data"}),
        (
            "pixiebrix",
            "RecordArchive",
            {"id", "database", "date", "file", "created_at", "updated_at"},
            {"id", "database", "date", "file", "created_at", "updated_at"},
        ),
        (
            "pixiebrix",
            "Asset",
            {"id", "download_url", "filename", "is_uploaded", "created_at", "updated_at"},
            {"id", "download_url", "filename", "is_uploaded", "created_at", "updated_at"},
        ),
        ("pixiebrix", "AssetUpload", {"asset", "upload_url", "fields"}, {"asset", "upload_url", "fields"}),
    ],
)  # fmt: skip
def test_the_fields_are_those_of_the_contract(
    name: str, component: str, fields: set[str], required: set[str]
) -> None:
    found = schema(name, component)
    assert set(found["properties"]) == fields
    assert set(found["required"]) == required


@pytest.mark.parametrize(
    ("name", "component", "values"),
    [
        ("pieces", "SemanticVersion", {"UNKNOWN", "MAJOR_0_MINOR_0_PATCH_1"}),
        ("pixiebrix", "ExportMediaType", {"application/json", "application/xlsx", "text/csv"}),
        ("pixiebrix", "JobStatus", {"UNKNOWN", "PENDING", "STARTED", "SUCCESS", "FAILURE"}),
        ("pixiebrix", "DatabaseType", {"Key-Value", "Asset"}),
        ("pixiebrix", "MergeStrategy", {"replace", "shallow", "deep", "deep_append", ""}),
    ],
)
def test_the_choices_are_those_of_the_contract(name: str, component: str, values: set[str]) -> None:
    assert set(schema(name, component)["enum"]) == values


def test_the_defaults_are_those_of_the_contract() -> None:
    assert schema("pixiebrix", "ExportMediaType")["default"] == "application/json"
    assert schema("pixiebrix", "MergeStrategy")["default"] == "replace"
    parameters = openapi.load("pixiebrix")["components"]["parameters"]
    assert parameters["Ordering"]["schema"]["default"] == "-date"
    assert parameters["Meta"]["schema"]["default"] is False


def _texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [value for key, value in node.items() if key == "description" and isinstance(value, str)]
        return own + [text for value in node.values() for text in _texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in _texts(value)]
    return []
