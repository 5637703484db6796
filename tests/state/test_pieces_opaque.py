"""Collections whose bytes are not an array of entries: kept as they are, and never mixed with others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dbcontract.mockserver.apis.pieces.state.errors import ImportRejected
from dbcontract.mockserver.apis.pieces.state.pieces import PiecesDatabase
from dbcontract.mockserver.state.errors import Wrong

from .test_pieces import document, empty, merge, packed, schema

OPAQUE = {
    "no text": [255],
    "no JSON": [0],
    "an object": list(b"{}"),
    "a number inside": list(b"[1]"),
    "an entry without an id": list(b'[{"id":"x"},{}]'),
    "an id that is a number": list(b'[{"id":5}]'),
    "very deep": list(b"[" * 9_000),
    "cut off": list(b'[{"id":"x"}'),
}


@pytest.fixture
def database() -> PiecesDatabase:
    database = empty()
    database.load(document(assets=[1, 2, 255], tags=packed([{"id": "t1"}]), hints=list(b" []")))
    return database


@pytest.mark.parametrize("raw", OPAQUE.values(), ids=OPAQUE)
def test_other_bytes_are_kept_as_they_are(raw: list[int]) -> None:
    loaded, imported = empty(), empty()
    loaded.load(document(assets=raw))
    merge(imported, document(assets=raw, hints=raw))
    assert loaded.export()["assets"] == raw
    assert imported.export()["assets"] == imported.export()["hints"] == raw


def test_the_same_bytes_and_none_change_nothing(database: PiecesDatabase) -> None:
    before = database.export()
    merge(database, before)
    merge(database, document())
    merge(database, document(assets=list(b"[]")))
    assert database.export() == before


def test_an_empty_collection_is_taken_over(database: PiecesDatabase) -> None:
    merge(database, document(persons=[9, 8], hints=[7]))
    export = database.export()
    assert (export["persons"], export["hints"], export["assets"]) == ([9, 8], [7], [1, 2, 255])


@pytest.mark.parametrize(
    ("name", "raw"),
    [("assets", [1, 2, 254]), ("assets", packed([{"id": "a1"}])), ("tags", [1])],
    ids=["other bytes", "entries into bytes", "bytes into entries"],
)
def test_what_differs_cannot_be_merged_and_changes_nothing(
    database: PiecesDatabase, name: str, raw: list[int]
) -> None:
    before = database.export_json()
    imported = document(**{name: raw}, persons=packed([{"id": "p1"}]))
    with pytest.raises(ImportRejected) as caught:
        merge(database, imported)
    assert (caught.value.wrong, caught.value.place) == (Wrong("not-mergeable"), name)
    assert database.export_json() == before


def test_a_copy_has_them_too(database: PiecesDatabase) -> None:
    copy = database.fork()
    merge(copy, document(persons=[9]))
    assert copy.export()["assets"] == [1, 2, 255]
    assert database.export()["persons"] == []
    again = empty()
    again.load(json.loads(copy.export_json()))
    assert again.export() == copy.export()


def test_the_schema_of_a_list_is_kept_and_taken_over() -> None:
    def with_schema(own: Any, **entry: Any) -> dict[str, Any]:
        return document(values={"iterable": [{"id": "v", "raw": [], **entry}], "schema": own})

    database = empty()
    database.load(with_schema(schema(3)))
    assert database.export()["values"]["schema"] == schema(3)
    merge(database, document())
    merge(database, with_schema(None))
    assert database.export()["values"]["schema"] == schema(3)
    merge(database, with_schema(schema(5), schema=schema(2)))
    assert database.export()["values"] == {
        "iterable": [{"id": "v", "raw": [], "schema": schema(2)}],
        "schema": schema(5),
    }
    with pytest.raises(ImportRejected, match=r"^values\.schema\.migration: missing"):
        database.plan(with_schema({"semantic": "UNKNOWN"}))
