"""The list of a database's records, and reading one of them."""

from __future__ import annotations

from typing import Any, Final

from ....authoring.answer import Answer
from ....authoring.arrange import step
from ....authoring.check import check
from ....authoring.formats import as_timestamp
from ..arrange import Database
from ..context import PixieBrix
from ..records import expect_data, fill, found, listed, path_of, read, written

MOST: Final = 10_000
LEAST: Final = 1_000
"""An older text of the vendor has this for the largest page; the document has 10,000."""
"""How many records one request may return (Database APIs: Retrieve Organization Database Records)."""

_HALF: Final = 5_001

WIDE: Final[dict[str, Any]] = {
    "nested": {"list": [1, [2, {"deep": [None]}], {}], "empty": {}, "none": []},
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "one": 1,
    "large": 9_007_199_254_740_991,
    "negative": -1.5e-7,
    "huge": 1e300,
    "digits": "007",
    "blank": "",
    "spaces": "  two  ",
    "text": 'tab\tline\nquote" back\\slash </script>',
    "größe 名 😀": "ü ключ 名 😀 e\u0301",
    "long": "x" * 3_000,
}
"""Data of every type that JSON has; no number is larger than every implementation can hold."""


@check("PB-REC-01")
def the_list_is_an_array(ctx: PixieBrix) -> None:
    """Lists the records of a database and expects an array."""
    path = {"databaseId": ctx.given.existing_database()}
    ctx.call("listRecords", path=path).expect_status(200).expect_objects()


@check("PB-REC-02")
def the_list_has_every_record(ctx: PixieBrix) -> None:
    """Writes a dozen records and counts each of their keys, on all pages."""
    database = ctx.given.database()
    keys = written(ctx, database, [{"number": number} for number in range(12)])
    ctx.expect("the keys in the list", sorted(keys), found(ctx, database, keys))


@check("PB-REC-03")
def the_list_has_no_other_databases_records(ctx: PixieBrix) -> None:
    """Writes to two databases, under different keys and under the same key, and lists both."""
    databases = [ctx.given.database(), ctx.given.database()]
    shared, marks = ctx.name("record"), [[ctx.name("mark"), ctx.name("mark")] for _ in databases]
    for database, both in zip(databases, marks, strict=True):
        ctx.given.records(database, [{"mark": mark} for mark in both], keys=[shared, ctx.name("record")])
    known = {mark for both in marks for mark in both}
    for database, both in zip(databases, marks, strict=True):
        records = listed(ctx, database)
        there = sorted(mark for record in records if (mark := _mark(record)) in known)
        ctx.expect("what the list of one database has of both", sorted(both), there)


@check("PB-REC-04")
def a_record_has_its_fields(ctx: PixieBrix) -> None:
    """Checks the fields of each record; writes one first where it may and there is none."""
    path = {"databaseId": ctx.given.existing_database()}
    with step("PB-REC-01", "list the records"):
        records = ctx.call("listRecords", path=path).expect_status(200).expect_objects()
        if not records:
            database = ctx.given.database()
            written(ctx, database, [{"probe": True}])
            records = listed(ctx, database)
    ctx.expect_true("the list", records, expected="at least one record", actual=records)
    for record in records:
        fields = {
            "id, a text": isinstance(record.get("id"), str),
            "data, an object": isinstance(record.get("data"), dict),
            "created_at, a timestamp": as_timestamp(record.get("created_at")) is not None,
        }
        for field, right in fields.items():
            ctx.expect_true("the fields of a record", right, expected=field, actual=record)


@check("PB-REC-05")
def one_request_may_return_thousands(ctx: PixieBrix) -> None:
    """Writes 10,001 records and asks for a page of 10,000, or at version 1.0, where that is served, if that
    page is smaller.
    """
    database = _crowded(ctx)
    counts = [_distinct(_many(ctx, database, query={"page_size": MOST}))]
    if counts[0] < LEAST:
        answer = _many(ctx, database, version="1.0")
        counts.append(_distinct(answer) if answer.status == 200 else 0)
    enough = max(counts) >= LEAST
    ctx.expect_true("the records of one answer", enough, expected=f"{LEAST} or more", actual=counts)


@check("PB-REC-06")
def one_request_returns_no_more_than_10000(ctx: PixieBrix) -> None:
    """Asks a database with 10,001 records for a page of 20,000, and at version 1.0 for all, as JSON and as
    CSV, and counts.
    """
    database = _crowded(ctx)
    page = {"page_size": 2 * MOST}
    answers = [_many(ctx, database, query=page), _many(ctx, database, version="1.0")]
    tables = [
        _many(ctx, database, query=page, version="2.0", accept="text/csv"),
        _many(ctx, database, version="1.0", accept="text/csv"),
    ]
    for answer in (*answers, *tables):
        if answer.refused:
            count = 0
        elif answer.media_type == "text/csv":
            count = sum(1 for _ in answer.expect_status(200).rows()) - 1
        else:
            count = len(answer.expect_status(200).expect_json(list))
        what = f"the records of one answer ({answer.url})"
        ctx.expect_true(what, count <= MOST, expected=f"{MOST} at most", actual=count)


@check("PB-REC-07")
def version_1_has_no_pages(ctx: PixieBrix) -> None:
    """Writes 101 records and asks for page 2 of the size 1 at versions 1.0 and 1.1; all of them have to come.
    Not verified where 1.0 is refused.
    """
    database = ctx.given.database(empty=True)
    keys = written(ctx, database, [{"number": number} for number in range(101)])
    query = {"page": 2, "page_size": 1}
    for version in ("1.0", "1.1"):
        answer = ctx.call("listRecords", path=path_of(database), query=query, version=version)
        if answer.status == 406 and version == "1.0":
            ctx.skip("the list of records is not served at version 1.0")
        if answer.status == 406:
            continue
        records = answer.expect_status(200).expect_objects()
        there = sorted(str(record.get("id")) for record in records)
        ctx.expect(f"the keys in the one answer at {version}", sorted(keys), there)


@check("PB-REC-10")
def data_come_back_as_written(ctx: PixieBrix) -> None:
    """Writes a value of every type, nested, long and beyond ASCII, and compares them in the list."""
    database = ctx.given.database()
    (key,) = written(ctx, database, [WIDE])
    with step("PB-REC-02", "find the record in the list"):
        records = [record for record in listed(ctx, database) if record.get("id") == key]
        ctx.expect("the number of records of that key", 1, len(records))
    data = records[0].get("data")
    if not isinstance(data, dict):
        ctx.fail("the data", expected="an object", actual=data)
    for name, value in WIDE.items():
        expect_data(f"the field {name}", value, {"data": data[name]} if name in data else {})
    ctx.expect("the names of the fields", sorted(WIDE), sorted(data))


@check("PB-REC-11")
def a_record_can_be_read(ctx: PixieBrix) -> None:
    """Writes three records, reads the second by its key and compares key and data."""
    database = ctx.given.database()
    keys = written(ctx, database, [{"number": number} for number in range(3)])
    answer = ctx.call("getRecord", path=path_of(database, keys[1]))
    record = answer.expect_status(200).expect_json(dict)
    ctx.expect("the key", keys[1], record.get("id"))
    expect_data("the data", {"number": 1}, record)


@check("PB-REC-12")
def an_unknown_key_is_not_found(ctx: PixieBrix) -> None:
    """Reads a key that was never written; where it may write, beside one that is the beginning of it."""
    path, key = {"databaseId": ctx.given.existing_database()}, ctx.name("record")
    if ctx.can("write"):
        database = ctx.given.database()
        ctx.given.record(database, key=key)
        read(ctx, database, key)
        path = path_of(database)
    ctx.call("getRecord", path={**path, "recordKey": f"{key}-unwritten"}).expect_status(404)


@check("PB-REC-17")
def a_page_may_have_1000(ctx: PixieBrix) -> None:
    """Writes 1,001 records in one request and asks for a page of 10,000; expects 1,000 of them, or all."""
    database = ctx.given.database(empty=True)
    fill(ctx, database, 1_001)
    answer = _many(ctx, database, query={"page_size": MOST}).expect_status(200)
    count = _distinct(answer)
    enough = f"{LEAST} or more"
    ctx.expect_true("the records of one page of 10,000", count >= LEAST, expected=enough, actual=count)


@check(
    "PB-REC-29",
    control=(
        "clearRecords",
        "createAsset",
        "createRecords",
        "deleteRecord",
        "getRecord",
        "listAssets",
        "listRecords",
        "putRecord",
    ),
)
def an_unknown_database_is_not_found(ctx: PixieBrix) -> None:
    """Sends each operation with an invented UUID, those that write only where writing is allowed."""
    path = {"databaseId": ctx.invented_id()}
    one, body = {**path, "recordKey": ctx.name("record")}, {"data": {"probe": True}}
    for operation, where in (("listRecords", path), ("getRecord", one), ("listAssets", path)):
        ctx.call(operation, path=where).expect_status(404)
    if not ctx.can("write"):
        return
    ctx.call("createRecords", path=path, json={"id": one["recordKey"], **body}).expect_status(404)
    ctx.call("putRecord", path=one, json=body).expect_status(404)
    ctx.call("deleteRecord", path=one).expect_status(404)
    ctx.call("clearRecords", path=path).expect_status(404)
    ctx.call("createAsset", path=path, json={"filename": "probe.png"}).expect_status(404)


def _mark(record: dict[str, Any]) -> object:
    data = record.get("data")
    mark = data.get("mark") if isinstance(data, dict) else None
    return mark if isinstance(mark, str) else None


def _crowded(ctx: PixieBrix) -> Database:
    """A database of one record more than a request may return."""
    database = ctx.given.database(empty=True)
    fill(ctx, database, _HALF)
    fill(ctx, database, MOST + 1 - _HALF)
    return database


def _many(ctx: PixieBrix, database: Database, **asked: Any) -> Answer:
    """One answer of the list, which may be long."""
    return ctx.call("listRecords", path=path_of(database), described=False, **asked)


def _distinct(answer: Answer) -> int:
    """How many different keys an answer has; none if it is not a list."""
    return len({str(record.get("id")) for record in answer.expect_objects()}) if answer.status == 200 else 0
