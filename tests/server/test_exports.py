"""What export jobs export, and in which formats (contract: PixieBrix, Export jobs)."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from .artifacts import TYPES, XLSX, download, finished, table, workbook
from .client import PixieBrix, media_type
from .mock import HOUR, SECOND


def exported(pb: PixieBrix, *databases: str, **fields: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = download(finished(pb, *databases, **fields)).json()
    return items


def test_all_records_of_exactly_the_chosen_databases(pb: PixieBrix) -> None:
    first, second, third = (pb.new_database(name) for name in ("One", "Two", "Three"))
    for database in (first, second, third):
        pb.write(database, *({"id": f"key {n}", "data": {"in": database}} for n in range(3)))
    items = exported(pb, first, third)
    assert [(item["database"], item["id"], item["data"]) for item in items] == [
        (database, f"key {n}", {"in": database}) for database in (first, third) for n in range(3)
    ]
    assert len(exported(pb, first)) == 3
    assert len(exported(pb, first, first)) == 3
    assert len(exported(pb, first.upper())) == 3


def test_more_records_than_the_endpoint_gives(pb: PixieBrix) -> None:
    database = pb.new_database()
    pb.write(database, *({"id": str(n), "data": {"n": n}} for n in range(10_050)))
    assert [item["data"]["n"] for item in exported(pb, database)] == list(range(10_050))


def test_a_field_that_only_the_last_of_many_records_has_is_a_column(pb: PixieBrix) -> None:
    database = pb.new_database()
    pb.write(database, *({"id": str(n), "data": {"n": n}} for n in range(700)))
    pb.put(database, "last", late="x")
    rows = table(download(finished(pb, database, media_type="text/csv")))
    assert [row["data.n"] for row in rows] == [*map(str, range(700)), ""]
    assert [row["data.late"] for row in rows] == [""] * 700 + ["x"]


def test_databases_of_another_organization_may_be_exported_with_the_own(pb: PixieBrix) -> None:
    mine, theirs = pb.databases()[0], pb.databases(pb.organizations[1])[0]
    assert len(exported(pb, mine["id"], theirs["id"])) == mine["num_records"] + theirs["num_records"]


@pytest.mark.parametrize("kind", TYPES)
def test_records_as_they_were_when_the_job_was_created(pb: PixieBrix, kind: str) -> None:
    database = pb.new_database()
    pb.write(
        database, *({"id": key, "data": {"text": f"old {key}"}} for key in ("kept", "changed", "deleted"))
    )
    job_id = pb.new_job(database, media_type=kind)
    pb.put(database, "new", text="new new")
    pb.put(database, "changed", text="new changed")
    pb.request("DELETE", f"/databases/{database}/records/deleted/")
    pb.wait(2 * SECOND)
    first = table(download(pb.job(job_id)))
    assert [(row["id"], row["data.text"]) for row in first] == [
        ("kept", "old kept"),
        ("changed", "old changed"),
        ("deleted", "old deleted"),
    ]
    pb.request("DELETE", f"/databases/{database}/records/")
    pb.wait(2 * HOUR)
    assert table(download(pb.job(job_id))) == first


@pytest.fixture
def dated(pb: PixieBrix) -> str:
    """Records created a microsecond apart around noon, the first of them updated much later."""
    database = pb.new_database()
    for key in "abcde":
        pb.put(database, key)
        pb.wait(1)
    pb.wait(24 * HOUR)
    pb.put(database, "a", updated=True)
    return database


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "abcde"),
        ({"start_date": "2024-05-10T12:00:00Z"}, "abcde"),
        ({"start_date": "2024-05-10T12:00:00.000001Z"}, "bcde"),
        ({"start_date": "2024-05-10T12:00:00.000004Z"}, "e"),
        ({"start_date": "2024-05-10T12:00:00.000005Z"}, ""),
        ({"end_date": "2024-05-10T12:00:00Z"}, "a"),
        ({"end_date": "2024-05-10T12:00:00.000002Z"}, "abc"),
        ({"end_date": "2024-05-10T11:59:59.999999Z"}, ""),
        ({"end_date": "2024-05-10T12:00:00.000004Z"}, "abcde"),
        ({"start_date": "2024-05-10T12:00:00.000001Z", "end_date": "2024-05-10T12:00:00.000003Z"}, "bcd"),
        ({"start_date": "2024-05-10T12:00:00.000002Z", "end_date": "2024-05-10T12:00:00.000002Z"}, "c"),
        ({"start_date": "2024-05-10T14:00:00.000003+02:00"}, "de"),
        ({"start_date": "2024-05-10T06:30:00.000003-05:30"}, "de"),
        ({"start_date": "2024-05-10T12:00:00.000003"}, "de"),
        ({"start_date": "2024-05-10t12:00:00.000003z"}, "de"),
        ({"start_date": "2024-05-10 12:00:00.000003"}, "de"),
        ({"start_date": "0001-01-01T00:00:00Z", "end_date": "9999-12-31T23:59:59.999999Z"}, "abcde"),
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/csv"])
def test_both_bounds_are_inclusive_instants_of_creation(
    pb: PixieBrix, dated: str, filters: dict[str, str], expected: str, kind: str
) -> None:
    rows = table(download(finished(pb, dated, filters=filters, media_type=kind)))
    assert [row["id"] for row in rows] == list(expected)


def test_an_empty_export_is_not_a_failure(pb: PixieBrix) -> None:
    database = pb.new_database()
    assert download(finished(pb, database)).json() == []
    header = "id,database,created_at,updated_at\r\n"
    assert download(finished(pb, database, media_type="text/csv")).text == header
    sheet = workbook(download(finished(pb, database, media_type="application/xlsx")))
    assert sheet == [["id", "database", "created_at", "updated_at"]]


# Formats

RECORDS: dict[str, dict[str, Any]] = {
    "plain": {"text": "plain", "n": 1, "f": 1.5, "yes": True, "no": False, "none": None},
    "awkward": {
        "text": 'a,"b"\r\nc\nd',
        "n": -5,
        "f": 1e300,
        "list": [1, "x", None],
        "obj": {"a": {"b": [1]}},
    },
    "formula": {"text": "=1+1", "n": 2**53, "f": 0.1, "link": "https://example.com/?a=b"},
    "spaces": {"text": "  padded  ", "empty": "", "ünï": "ß 🦊", "a b": "c"},
    'key,with "quotes"\nand lines': {"text": "'", "id": "own id", "database": "own database"},
    "escapes": {"text": "_x000D_ \x00 \x1f"},
    "nothing": {},
    "big": {"n": 10**30, "f": 5e-324},
}


@pytest.fixture
def written(pb: PixieBrix) -> str:
    database = pb.new_database()
    for key, data in RECORDS.items():
        pb.put(database, key, **data)
    pb.wait(SECOND + 7)
    pb.put(database, "plain", **RECORDS["plain"])
    return database


def leading(database: str, key: str) -> dict[str, str]:
    updated = "2024-05-10T12:00:01.000007Z" if key == "plain" else "2024-05-10T12:00:00.000000Z"
    created = "2024-05-10T12:00:00.000000Z"
    return {"id": key, "database": database, "created_at": created, "updated_at": updated}


def test_json_equals_what_was_written(pb: PixieBrix, written: str) -> None:
    response = download(finished(pb, written))
    assert media_type(response) == "application/json"
    assert response.json() == [{**leading(written, key), "data": data} for key, data in RECORDS.items()]
    assert list(response.json()[0]) == ["id", "database", "data", "created_at", "updated_at"]


FIELDS = list(dict.fromkeys(field for data in RECORDS.values() for field in data))


def test_csv_equals_what_was_written(pb: PixieBrix, written: str) -> None:
    response = download(finished(pb, written, media_type="text/csv"))
    assert media_type(response) == "text/csv"
    text = response.content.decode("utf-8")
    assert text.endswith("\r\n")
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert header == ["id", "database", "created_at", "updated_at", *(f"data.{field}" for field in FIELDS)]
    for row, (key, data) in zip(rows, RECORDS.items(), strict=True):
        cells = dict(zip(header, row, strict=True))
        assert {name: cells[name] for name in header[:4]} == leading(written, key)
        for field in FIELDS:
            value, cell = data.get(field), cells[f"data.{field}"]
            if isinstance(value, str) or value is None:
                assert cell == (value or "")
            else:
                assert json.loads(cell) == value
                assert type(json.loads(cell)) is type(value)


def test_xlsx_equals_what_was_written(pb: PixieBrix, written: str) -> None:
    response = download(finished(pb, written, media_type="application/xlsx"))
    assert media_type(response) == XLSX
    header, *rows = workbook(response)
    assert header == ["id", "database", "created_at", "updated_at", *(f"data.{field}" for field in FIELDS)]
    for row, (key, data) in zip(rows, RECORDS.items(), strict=True):
        cells = dict(zip(header, row, strict=True))
        assert {name: cells[name] for name in header[:4]} == leading(written, key)
        for field in FIELDS:
            value, cell = data.get(field), cells[f"data.{field}"]
            if isinstance(value, str):
                assert (cell or "") == value
            elif value is None:
                assert cell is None
            elif isinstance(cell, str):
                assert json.loads(cell) == value
            else:
                assert cell == value
                assert type(cell) is type(value) or isinstance(value, float)


@pytest.mark.parametrize("kind", TYPES)
def test_all_formats_hold_the_same_records(pb: PixieBrix, kind: str) -> None:
    first, second = (item["id"] for item in pb.databases()[:2])
    rows = table(download(finished(pb, first, second, media_type=kind)))
    assert [(row["database"], row["id"]) for row in rows] == [
        (database, key) for database in (first, second) for key in pb.keys(database)
    ]
