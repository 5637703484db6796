"""A document that is damaged, of another version or contradicts itself is refused whole."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from .mock import Mock

Damage = Callable[[dict[str, Any]], object]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def full(mock: Mock) -> Mock:
    """A sandbox with one small thing of every kind."""
    mock.control("POST", "/reset", {"data": "empty"})
    database = mock.new_database("Mine")
    mock.put(database, "one", a=1)
    mock.put(database, "two", a=2)
    mock.new_job(database)
    mock.control("POST", "/clock/advance", {"to": "next-midnight"})
    mock.put(database, "one", a=3)
    mock.upload(mock.new_asset(database), b"content")
    mock.fault("listRecords", status=503, times=2)
    mock.state()
    return mock


def refused(mock: Mock, damage: Damage) -> dict[str, list[str]]:
    """The errors for a document after some damage; fails unless nothing has changed."""
    mock.control("POST", "/clock/advance", {"seconds": 5})
    before = mock.state()
    document = json.loads(before)
    document["data"] = "must not get in"
    damage(document)
    errors: dict[str, list[str]] = mock.restore(json.dumps(document).encode(), 400)
    assert mock.state() == before
    assert all(message for messages in errors.values() for message in messages)
    return errors


def setting(*path: str | int, to: Any) -> Damage:
    """Damage that puts a value in the place of another."""

    def damage(document: Any) -> None:
        *parents, last = path
        for part in parents:
            document = document[part]
        document[last] = to

    return damage


def lacking(*path: str | int) -> Damage:
    """Damage that leaves something out."""

    def damage(document: Any) -> None:
        *parents, last = path
        for part in parents:
            document = document[part]
        del document[last]

    return damage


FIELDS = [
    "format",
    "data",
    "seed",
    "clock",
    "settings",
    "faults",
    "ids",
    "signing_key",
    "organizations",
    "databases",
    "jobs",
    "pieces",
    "objects",
]


def test_the_fields_of_a_document(full: Mock) -> None:
    assert list(json.loads(full.state())) == FIELDS


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_is_missing(full: Mock, field: str) -> None:
    assert list(refused(full, lacking(field))) == [field]


KINDS: list[Any] = [None, True, 1.5, "x", [], {}, [1], [{}], [None], {"x": 1}, -1, "\ud800"]
FINE = [("data", "x"), ("jobs", []), ("objects", [])]


@pytest.mark.parametrize(
    ("field", "value"), [(field, kind) for field in FIELDS for kind in KINDS if (field, kind) not in FINE]
)
def test_a_field_of_another_kind(full: Mock, field: str, value: Any) -> None:
    # without organizations or databases, what refers to them is wrong
    assert set(refused(full, setting(field, to=value))) <= {field, "databases"}


@pytest.mark.parametrize("value", ["dbcontract-sandbox/2", "dbcontract-dataset/1", "", None, 1])
def test_another_format(full: Mock, value: Any) -> None:
    errors = refused(full, setting("format", to=value))
    assert list(errors) == ["format"]


def test_another_format_is_told_before_anything_else(full: Mock) -> None:
    def other(document: dict[str, Any]) -> None:
        document["format"] = "dbcontract-sandbox/2"
        document["databases"] = {"by": "another structure"}
        document["future"] = 1
        document["format"] = document.pop("format")  # the last field now

    (message,) = refused(full, other)["format"]
    assert "dbcontract-sandbox/1" in message


def test_all_that_is_wrong_is_told_at_once(full: Mock) -> None:
    def damage(document: dict[str, Any]) -> None:
        document["seed"] = "x"
        document["databases"][0]["records"][0]["data"] = 1
        del document["jobs"]
        document["more"] = 1

    assert set(refused(full, damage)) == {"seed", "databases", "jobs", "more"}


DATABASE = ("databases", 0)
RECORD = (*DATABASE, "records", 0)
ARCHIVE = (*DATABASE, "archives", 0)
ASSET = (*DATABASE, "assets", 0)
JOB = ("jobs", 0)
OBJECT = ("objects", 0)
FAULT = ("faults", "ordered", 0)

WRONG = [
    (("seed",), -1),
    (("clock", "now"), "yesterday"),
    (("clock", "now"), "9999-12-31T23:59:59Z"),
    (("clock", "frozen"), 1),
    (("settings", "job_us"), -1),
    (("settings", "job_us"), True),
    (("settings", "job_polls"), "3"),
    (("settings", "default_page_size"), 0),
    (("settings", "default_page_size"), None),
    (("settings", "max_page_size"), 0),
    (("settings", "max_records"), 0.5),
    (("settings", "requests_per_minute"), 0),
    (("settings", "record_limit"), None),
    (("settings", "auth"), False),
    (("faults", "count"), 0),
    (("faults", "chance"), "3:1,2"),
    (("faults", "chance"), ""),
    ((*FAULT, "operation"), "noSuchOperation"),
    ((*FAULT, "status"), 99),
    ((*FAULT, "status"), "503"),
    ((*FAULT, "probability"), 2),
    ((*FAULT, "left"), 0),
    ((*FAULT, "left"), 3),
    ((*FAULT, "left"), None),
    ((*FAULT, "times"), None),
    ((*FAULT, "id"), "fault-2"),
    ((*FAULT, "id"), "x"),
    ((*FAULT, "inside"), {"after": 1}),
    ((*FAULT, "unknown"), 1),
    (("ids",), "3:zz"),
    (("ids",), "9:1"),
    (("signing_key",), "c2hvcnQ="),
    (("signing_key",), "not base64!"),
    (("organizations", 0, "id"), UNKNOWN),
    (("organizations", 0, "id"), "x"),
    (("organizations", 0, "name"), 1),
    (("organizations", 0, "more"), 1),
    ((*DATABASE, "id"), "x"),
    ((*DATABASE, "id"), UNKNOWN),
    ((*DATABASE, "name"), None),
    ((*DATABASE, "organization_id"), UNKNOWN),
    ((*DATABASE, "created_at"), 5),
    ((*DATABASE, "enforce_schema"), "yes"),
    ((*DATABASE, "owner_field"), 5),
    ((*DATABASE, "type"), "Other"),
    ((*DATABASE, "type"), ["Asset"]),
    ((*DATABASE, "last_write_at"), "x"),
    ((*DATABASE, "sequence"), 1),
    ((*DATABASE, "sequence"), None),
    ((*DATABASE, "more"), 1),
    ((*RECORD, "id"), 1),
    ((*RECORD, "id"), "two"),
    ((*RECORD, "id"), "\ud800"),
    ((*RECORD, "data"), []),
    ((*RECORD, "data"), {"a": "\ud800"}),
    ((*RECORD, "sequence"), 0),
    ((*RECORD, "sequence"), 2),
    ((*RECORD, "sequence"), 99),
    ((*RECORD, "created_at"), "2050-01-01T00:00:00Z"),
    ((*RECORD, "updated_at"), "x"),
    ((*RECORD, "more"), 1),
    (RECORD, "one"),
    ((*ARCHIVE, "id"), "x"),
    ((*ARCHIVE, "date"), "2024-02-30"),
    ((*ARCHIVE, "date"), 5),
    ((*ARCHIVE, "created_at"), None),
    ((*ARCHIVE, "records", 0), "no such record"),
    ((*ARCHIVE, "records", 0), 5),
    ((*ASSET, "id"), "x"),
    ((*ASSET, "filename"), ""),
    ((*ASSET, "filename"), "x" * 256),
    ((*ASSET, "is_uploaded"), None),
    ((*ASSET, "updated_at"), "x"),
    ((*JOB, "id"), 1),
    ((*JOB, "databases"), [UNKNOWN, "x"]),
    ((*JOB, "databases"), "x"),
    ((*JOB, "media_type"), "text/html"),
    ((*JOB, "media_type"), {}),
    ((*JOB, "start"), "x"),
    ((*JOB, "finishes_at"), 5),
    ((*JOB, "error_message"), False),
    ((*JOB, "polls_left"), -1),
    ((*JOB, "organizations"), ["x"]),
    (("databases", 0, "schema_text"), "{"),
    (("databases", 0, "schema_text"), {}),
    (("databases", 0, "organization_id"), "x"),
    ((*JOB, "organizations"), None),
    ((*JOB, "parts", 0, "database"), UNKNOWN),
    ((*JOB, "parts", 0, "records", 0), "no such record"),
    ((*OBJECT, "content"), "not base64!"),
    ((*OBJECT, "key"), 5),
    ((*OBJECT, "stored_at"), "x"),
    ((*OBJECT, "content_type"), None),
    (("pieces", "version"), "not semantic"),
    (("pieces", "version"), None),
    (("pieces", "schema"), None),
    (("pieces", "schema", "migration"), "1"),
    (("pieces", "schema", "semantic"), "OTHER"),
    (("pieces", "tags"), [256]),
    (("pieces", "values", "iterable"), [{"id": "x"}]),
    (("pieces", "more"), 1),
]


@pytest.mark.parametrize(("path", "value"), WRONG, ids=lambda part: json.dumps(part)[:60])
def test_a_damaged_inner_part(full: Mock, path: tuple[str | int, ...], value: Any) -> None:
    (field,) = refused(full, setting(*path, to=value))
    assert field in {path[0], "databases"}


TWICE: list[tuple[str | int, ...]] = [
    ("organizations",),
    ("databases",),
    ("jobs",),
    ("objects",),
    ("faults", "ordered"),
    (*DATABASE, "records"),
    (*DATABASE, "archives"),
    (*DATABASE, "assets"),
]


@pytest.mark.parametrize("path", TWICE, ids=str)
def test_a_thing_that_is_there_twice(full: Mock, path: tuple[str | int, ...]) -> None:
    def damage(document: Any) -> None:
        for part in path:
            document = document[part]
        document.append(document[0])

    assert list(refused(full, damage)) == [path[0]]


INNER = [DATABASE, RECORD, ARCHIVE, ASSET, JOB, (*JOB, "parts", 0), OBJECT, FAULT, ("clock",), ("settings",)]


@pytest.mark.parametrize("path", INNER, ids=str)
def test_a_member_that_is_missing(full: Mock, path: tuple[str | int, ...]) -> None:
    thing = json.loads(full.state())
    for part in path:
        thing = thing[part]
    optional = {"body", "headers", "times", "probability", "status"} if path == FAULT else set()
    for name in set(thing) - optional:
        assert set(refused(full, lacking(*path, name))) <= {path[0], "databases"}


def test_every_byte_counts(full: Mock) -> None:
    document = full.state()
    for cut in range(0, len(document), 97):
        errors = full.restore(document[:cut], 400)
        assert errors
    assert full.state() == document


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"dbcontract-sandbox/1"',
        b"\xff\xfe",
        b"{" * 10_000,
        b'{"format":' + b"[" * 100_000,
        b'{"format":NaN}',
        b'{"seed":1e999}',
        b'{"seed":' + b"9" * 10_000 + b"}",
        b'{"format":"dbcontract-sandbox/1",}',
        b'{"format" "dbcontract-sandbox/1"}',
        b"{format:1}",
        b'{"a\n":1}',
        b'{"format":"dbcontract-sandbox/1"} {}',
    ],
)
def test_what_is_not_a_document(full: Mock, document: bytes) -> None:
    before = full.state()
    assert full.restore(document, 400)
    assert full.state() == before


def test_a_document_with_something_behind_it(full: Mock) -> None:
    before = full.state()
    assert list(full.restore(before + b"x", 400)) == ["non_field_errors"]
    assert list(full.restore(before[:-1] + b',"seed":1}', 400)) == ["seed"]
    assert full.state() == before


def test_a_key_that_another_server_made_is_taken(full: Mock) -> None:
    document = json.loads(full.state())
    document["signing_key"] = base64.b64encode(bytes(32)).decode()
    full.restore(json.dumps(document).encode())
    assert json.loads(full.state()) == document
