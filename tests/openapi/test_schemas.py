"""What the schemas accept and refuse, value by value: the limits of the contract, on both sides."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from dbcontract import openapi

from .documents import validator

ID = "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60"
NOW = "2024-11-15T20:42:47.670046Z"
JOB = {"name": "Leads", "databases": [ID]}
ASSET = {
    "id": ID,
    "download_url": f"https://app.pixiebrix.com/api/databases/{ID}/assets/{ID}/",
    "filename": "my-file.png",
    "is_uploaded": True,
    "created_at": NOW,
    "updated_at": NOW,
}
RECORD = {"id": "lead-1", "data": {}, "created_at": NOW}
ARCHIVE = {
    "id": ID,
    "database": {"id": ID, "name": "Leads"},
    "date": "2023-01-04",
    "file": "2023-01-04.jsonl",
    "created_at": NOW,
    "updated_at": NOW,
}


def accepts(name: str, component: str, value: object) -> bool:
    document = openapi.load(name, written_out=True)
    return bool(validator(document, document["components"]["schemas"][component]).is_valid(value))


@pytest.mark.parametrize(
    ("component", "value"),
    [
        ("ExportJobRequest", JOB),
        ("ExportJobRequest", {**JOB, "name": "n" * 1024}),
        ("ExportJobRequest", {**JOB, "media_type": "text/csv", "filters": {"start_date": NOW}}),
        ("ExportJobRequest", {**JOB, "filters": {}}),
        ("ExportJob", {"id": ID, "status": "SUCCESS", "data": "https://x.example/f", "error_message": None}),
        ("ExportJob", {"id": ID, "status": "STARTED"}),
        ("ExportJobStarted", {"id": ID, "status": "PENDING", "more": 1}),
        ("DatabaseRequest", {"name": "n", "id": 5, "owner_field": "f", "num_records": None}),
        ("RecordRequest", {"id": "any string / at all", "data": {"a": [{"b": None}]}, "created_at": "soon"}),
        ("RecordUpdateRequest", {"data": {}, "merge_strategy": "deep_append"}),
        ("Record", {**RECORD, "more": True}),
        ("RecordArchive", ARCHIVE),
        ("RecordArchive", {**ARCHIVE, "file": "https://x.example/2023-01-04.jsonl?signature=abc"}),
        ("AssetRequest", {"filename": "f" * 255, "id": None, "is_uploaded": "ignored"}),
        ("AssetUpdateRequest", {}),
        ("AssetUpdateRequest", {**ASSET, "id": 1, "filename": ["ignored"], "created_at": None}),
        ("Asset", {**ASSET, "more": "fields"}),
        ("ExportJobRequest", {**JOB, "filters": {"since": NOW}, "unknown": 1}),
        ("RecordUpdateRequest", {"data": {}, "merge_strategy": "", "unknown": 1}),
        ("ValidationErrors", {"filters": {"start_date": ["wrong"]}, "databases": {"0": ["wrong"]}}),
        ("ErrorDetail", {"detail": "Not found.", "code": "not_found"}),
    ],
)
def test_what_the_contract_allows_is_valid(component: str, value: object) -> None:
    assert accepts("pixiebrix", component, value)


@pytest.mark.parametrize(
    ("component", "value"),
    [
        ("ExportJobRequest", {**JOB, "name": "n" * 1025}),
        ("ExportJobRequest", {**JOB, "name": ""}),
        ("ExportJobRequest", {"name": "Leads"}),
        ("ExportJobRequest", {**JOB, "databases": []}),
        ("ExportJobRequest", {**JOB, "databases": ["no uuid"]}),
        ("ExportJobRequest", {**JOB, "media_type": "application/pdf"}),
        ("ExportJobRequest", {**JOB, "filters": {"start_date": "yesterday"}}),
        ("ExportJobRequest", {**JOB, "media_type": None}),
        ("ExportJob", {"id": ID, "status": "DONE"}),
        ("ExportJob", {"id": ID, "status": "SUCCESS", "data": "no link"}),
        ("DatabaseRequest", {}),
        ("DatabaseRequest", {"name": "n", "type": "Relational"}),
        ("RecordRequest", {"id": "lead-1"}),
        ("RecordRequest", {"data": {}}),
        ("RecordRequest", {"id": 1, "data": {}}),
        ("RecordRequest", {"id": "lead-1", "data": []}),
        ("RecordRequest", {"id": "lead-1", "data": {}, "merge_strategy": "append"}),
        ("RecordUpdateRequest", {"id": "lead-1"}),
        ("Record", {**RECORD, "created_at": "2024-11-15"}),
        ("RecordArchive", {**ARCHIVE, "date": "04.01.2023"}),
        ("RecordArchive", {**ARCHIVE, "file": ""}),
        ("AssetRequest", {"filename": ""}),
        ("AssetRequest", {"filename": "f" * 256}),
        ("AssetUpdateRequest", {"is_uploaded": "true"}),
        ("AssetUpdateRequest", {"is_uploaded": None}),
        ("Asset", {**ASSET, "download_url": "/api/databases"}),
        ("Asset", {**ASSET, "is_uploaded": 1}),
        ("ErrorDetail", {}),
        ("ValidationErrors", ["wrong"]),
    ],
)
def test_what_the_contract_refuses_is_invalid(component: str, value: object) -> None:
    assert not accepts("pixiebrix", component, value)


def test_records_are_created_one_or_several_at_a_time() -> None:
    document = openapi.load("pixiebrix", written_out=True)
    post = document["paths"]["/databases/{databaseId}/records/"]["post"]
    check = validator(document, post["requestBody"]["content"]["application/json"]["schema"])
    one = {"id": "lead-1", "data": {}}
    assert check.is_valid(one)
    assert check.is_valid([one, one])
    assert not check.is_valid([one, {"id": "lead-2"}])
    assert not check.is_valid([[one]])


def small() -> dict[str, Any]:
    value: dict[str, Any] = openapi.load("pieces")["components"]["examples"]["SmallDatabase"]["value"]
    return value


@pytest.mark.parametrize("component", ["ExportedDatabase", "ExportedDatabaseInput"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("assets", [256]),
        ("assets", [-1]),
        ("assets", [1.5]),
        ("assets", ["91"]),
        ("assets", [True]),
        ("assets", None),
        ("values", []),
        ("values", {"iterable": [{"id": "f1"}]}),
        ("values", {"iterable": [{"id": "f1", "raw": [300]}]}),
        ("version", 11),
        ("schema", {"migration": 1, "semantic": "MAJOR_9"}),
        ("schema", {"migration": "1", "semantic": "UNKNOWN"}),
    ],
)
def test_no_broken_database_is_valid(component: str, field: str, value: object) -> None:
    assert accepts("pieces", component, small())
    assert not accepts("pieces", component, {**small(), field: value})


@pytest.mark.parametrize("component", ["ExportedDatabase", "ExportedDatabaseInput"])
def test_no_required_field_of_a_database_may_be_absent(component: str) -> None:
    for field in openapi.load("pieces")["components"]["schemas"]["ExportedDatabase"]["required"]:
        value = small()
        del value[field]
        assert not accepts("pieces", component, value), field


def test_unknown_fields_are_valid_in_an_export_and_refused_in_an_import() -> None:
    for place in ([], ["schema"], ["values"], ["values", "iterable", 0]):
        value: dict[str, Any] = copy.deepcopy(small())
        node: Any = value
        for step in place:
            node = node[step]
        node["unknown"] = 1
        assert accepts("pieces", "ExportedDatabase", value), place
        assert not accepts("pieces", "ExportedDatabaseInput", value), place


def test_no_body_is_closed_but_an_import_written_out() -> None:
    for name in ("pieces", "pixiebrix"):
        document = openapi.load(name, written_out=True)
        for component, schema in document["components"]["schemas"].items():
            if schema.get("type") == "object" and "properties" in schema:
                assert (schema.get("additionalProperties") is False) == component.endswith("Input"), component


def test_no_alternative_of_one_and_several_is_in_a_description() -> None:
    for name in openapi.names():
        text = json.dumps(openapi.load(name))
        written_out = json.dumps(openapi.load(name, written_out=True))
        assert ('"x-also": ' in text) == (name == "pixiebrix")
        assert '"x-also": ' not in written_out
        assert name == "control" or '"oneOf": ' not in text
