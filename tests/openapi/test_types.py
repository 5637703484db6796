"""Every schema says what it is: a type, and the format that goes with the name of the field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dbcontract import openapi

from .documents import VENDORS, as_json_schema, operations, validator

FREE = {  # what may be anything: paths of schemas without a type
    "components/schemas/FlatRecord/additionalProperties",
    "components/schemas/Ignored",
    "components/schemas/RecordData/additionalProperties",
    "components/schemas/ValidationErrors/additionalProperties",
}
KEYWORDS_WITH_SCHEMAS = ("properties", "items", "additionalProperties", "oneOf", "anyOf", "allOf")
ID = "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60"


def schemas(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(path, schema) of every schema in a document."""
    if isinstance(node, list):
        for index, value in enumerate(node):
            yield from schemas(value, f"{place}/{index}")
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        here = f"{place}/{key}".lstrip("/")
        if key in {"example", "examples"}:
            continue
        if key == "schema" and place != "components/schemas" and not place.endswith("/properties"):
            yield from within(value, here)
        elif here == "components/schemas":
            for name, schema in value.items():
                yield from within(schema, f"{here}/{name}")
        else:
            yield from schemas(value, here)


def within(schema: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(schema, dict):
        return
    yield place, schema
    for keyword in KEYWORDS_WITH_SCHEMAS:
        inner = schema.get(keyword)
        if keyword == "properties" and inner:
            for name, one in inner.items():
                yield from within(one, f"{place}/properties/{name}")
        elif isinstance(inner, list):
            for index, one in enumerate(inner):
                yield from within(one, f"{place}/{keyword}/{index}")
        else:
            yield from within(inner, f"{place}/{keyword}")


@pytest.mark.parametrize("name", VENDORS)
def test_every_schema_has_a_type(name: str) -> None:
    untyped = {
        place
        for place, schema in schemas(openapi.load(name))
        if not schema.keys() & {"type", "$ref", "oneOf"}
    }
    assert untyped == (FREE if name == "pixiebrix" else set())


@pytest.mark.parametrize("name", VENDORS)
def test_every_array_has_items_and_every_object_properties(name: str) -> None:
    for place, schema in schemas(openapi.load(name)):
        if schema.get("type") == "array":
            assert schema["items"], place
        if schema.get("type") == "object":
            assert schema.keys() & {"properties", "additionalProperties"}, place


@pytest.mark.parametrize("name", VENDORS)
def test_every_component_schema_is_described(name: str) -> None:
    for component, schema in openapi.load(name)["components"]["schemas"].items():
        assert schema["description"].strip(), component


def test_the_formats_go_with_the_names() -> None:
    found: dict[str, set[str | None]] = {}
    document = openapi.load("pixiebrix")
    for place, schema in schemas(document):
        component, _, field = place.removeprefix("components/schemas/").partition("/properties/")
        if field and "/" not in field and "$ref" not in schema:
            found.setdefault(field if field != "id" else f"{component}.id", set()).add(schema.get("format"))
    formats = {field: values for field, values in found.items() if values != {None}}
    assert formats == {
        "ExportJobStarted.id": {"uuid"},
        "ExportJob.id": {"uuid"},
        "Database.id": {"uuid"},
        "DatabaseReference.id": {"uuid"},
        "Organization.id": {"uuid"},
        "Me.id": {"uuid"},
        "RecordArchive.id": {"uuid"},
        "Asset.id": {"uuid"},
        "organization_id": {"uuid"},
        "database_id": {"uuid"},
        "created_at": {"date-time"},
        "updated_at": {"date-time"},
        "last_write_at": {"date-time"},
        "start_date": {"date-time"},
        "end_date": {"date-time"},
        "date": {"date"},
        "data": {"uri"},
        "download_url": {"uri"},
        "upload_url": {"uri"},
    }


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("organizationId", [ID], ["leads", 1]),
        ("databaseId", [ID], ["leads", ""]),
        ("assetId", [ID], ["my-file.png"]),
        ("jobId", [ID], ["1"]),
        ("recordKey", ["lead-1", "any / ü"], ["", 1]),
        ("page", [1, 10_000], [0, -1, "one", 1.5]),
        ("page_size", [1, 1_000, 10_001], [0, "many"]),
        ("start_date", ["2022-05-19"], ["19.05.2022", "2022-05-19T00:00:00Z", "2022-02-30"]),
        ("end_date", ["2022-05-19"], ["today"]),
        ("data_filters", [{"data__a": "b"}], [{"data__a": 1}, "data__a=b"]),
        ("ordering", ["date", "-date"], ["name", ""]),
        ("meta", [True, False], ["yes", 1]),
    ],
)
def test_the_values_of_parameters(parameter: str, good: list[object], bad: list[object]) -> None:
    seen = 0
    for operation in operations("pixiebrix"):
        for one in operation.parameters:
            if one["name"] == parameter:
                seen += 1
                check = validator(operation.document, one["schema"])
                assert all(check.is_valid(value) for value in good), operation.id
                assert not any(check.is_valid(value) for value in bad), operation.id
    assert seen


def test_the_values_of_headers() -> None:
    document = openapi.load("pixiebrix")
    headers = {name: one["schema"] for name, one in document["components"]["headers"].items()}
    assert {name: schema["type"] for name, schema in headers.items()} == {
        "Link": "string",
        "RecordsLink": "string",
        "TotalCount": "integer",
        "Authenticate": "string",
    }
    assert not validator(document, headers["TotalCount"]).is_valid(-1)
    required = {name for name, one in document["components"]["headers"].items() if one.get("required")}
    assert required == {"Authenticate"}
    redirect = document["paths"]["/databases/{databaseId}/assets/{assetId}"]["get"]["responses"]["302"]
    assert redirect["headers"]["Location"]["required"]


@pytest.mark.parametrize(
    ("name", "component", "bad"),
    [
        ("pieces", "ErrorText", ["", None, {}]),
        ("pixiebrix", "ErrorDetail", [{"detail": 1}, {"detail": None}, []]),
        ("pixiebrix", "Database", [{"id": ID, "name": "n", "organization_id": ID, "created_at": 1}]),
        ("pixiebrix", "AssetUpload", [{"asset": {}, "upload_url": "https://x.example/", "fields": {}}]),
    ],
)
def test_what_no_response_may_be(name: str, component: str, bad: list[object]) -> None:
    document = openapi.load(name)
    check = validator(document, document["components"]["schemas"][component])
    assert not any(check.is_valid(value) for value in bad)


def test_what_an_export_gives_and_an_import_takes_is_one_type() -> None:
    document = openapi.load("pieces")
    given = document["paths"]["/database/export"]["get"]["responses"]["200"]["content"]["application/json"]
    taken = document["paths"]["/database/import"]["post"]["requestBody"]["content"]["application/json"]
    assert given["schema"] == taken["schema"] == {"$ref": "#/components/schemas/ExportedDatabase"}
    assert not [one for one in document["components"]["schemas"] if one.endswith("Input")]


def test_an_import_written_out_is_an_export_but_for_unknown_fields_and_null() -> None:
    document = openapi.load("pieces", written_out=True)
    body = document["paths"]["/database/import"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/ExportedDatabaseInput"}
    assert not [one for one in body if one.startswith("x-")]
    components = document["components"]["schemas"]
    for given, sent in [
        ("ExportedDatabase", "ExportedDatabaseInput"),
        ("ExportedDatabaseFormats", "ExportedDatabaseFormatsInput"),
        ("ExportedDatabaseFormats", "OptionalExportedDatabaseFormatsInput"),
        ("ExportedDatabaseFormat", "ExportedDatabaseFormatInput"),
        ("EmbeddedModelSchema", "OptionalEmbeddedModelSchemaInput"),
        ("ByteCollection", "OptionalByteCollection"),
    ]:
        opened = [as_json_schema(document, components[one]) for one in (given, sent)]
        assert _bare(opened[0]) == _bare(opened[1])


def test_read_only_fields_may_be_sent_and_are_marked_as_ignored() -> None:
    components = openapi.load("pixiebrix")["components"]["schemas"]
    ignored = {
        component: {
            field
            for field, one in schema.get("properties", {}).items()
            if one == {"$ref": "#/components/schemas/Ignored"}
        }
        for component, schema in components.items()
    }
    assert {component: fields for component, fields in ignored.items() if fields} == {
        "DatabaseRequest": {
            "id", "organization_id", "created_at", "last_write_at", "num_records",
        },
        "DatabaseUpdateRequest": {
            "id", "organization_id", "created_at", "last_write_at", "num_records",
        },
        "DatabaseSchemaRequest": {"database_id"},
        "RecordRequest": {"created_at"},
        "RecordUpdateRequest": {"created_at"},
        "AssetRequest": {"id", "download_url", "is_uploaded", "created_at", "updated_at"},
        "AssetUpdateRequest": {"id", "download_url", "filename", "created_at", "updated_at"},
    }  # fmt: skip
    # readOnly would say the opposite: that a request must not hold them.
    assert not any(schema.get("readOnly") for _, schema in schemas(openapi.load("pixiebrix")))


def _bare(schema: Any) -> Any:
    """The schema without its texts, without null, and without what it says of unknown fields."""
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema:
        return _bare(schema["anyOf"][1])
    left = {key: value for key, value in schema.items() if key not in {"description", "additionalProperties"}}
    if "properties" in left:  # a field may be named like a keyword
        left["properties"] = {field: _bare(one) for field, one in left["properties"].items()}
    return {key: value if key == "properties" else _bare(value) for key, value in left.items()}
