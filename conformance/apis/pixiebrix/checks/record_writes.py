"""Writing, changing and deleting records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ....authoring.arrange import field_of, step
from ....authoring.check import check
from ....authoring.formats import as_timestamp
from ..arrange import CREATED, Database
from ..calls import expect_refused
from ..context import PixieBrix
from ..records import Query, day_of, expect_data, field_name, found, later, listed, path_of, read, written

ODD_KEYS = ("a b+c%20d?e#f&g=h;i@j,k:l'm", "ключ é 名 😀")
"""Ends of keys that have to be percent-encoded in a path; one that looks encoded already is among them."""


@check("PB-REC-08")
def one_record_is_created(ctx: PixieBrix) -> None:
    """Posts an object with a key and data, and compares both with the answer."""
    database, key, data = ctx.given.database(), ctx.name("record"), {"probe": {"a": [1, "ü"]}}
    answer = ctx.call("createRecords", path=path_of(database), json={"id": key, "data": data})
    record = answer.expect_status(201).expect_json(dict)
    ctx.expect("the key in the answer", key, record.get("id"))
    expect_data("the data in the answer", data, record)


@check("PB-REC-09")
def several_records_are_created(ctx: PixieBrix) -> None:
    """Posts three records and reads each."""
    database = ctx.given.database()
    contents = {ctx.name("record"): {"number": number} for number in range(3)}
    body = [{"id": key, "data": data} for key, data in contents.items()]
    ctx.call("createRecords", path=path_of(database), json=body).expect_status(201)
    for key, data in contents.items():
        record = ctx.call("getRecord", path=path_of(database, key)).expect_status(200).expect_json(dict)
        expect_data(f"the data of {key}", data, record)


@check("PB-REC-13")
def a_record_is_written_under_its_key(ctx: PixieBrix) -> None:
    """Puts a new record and reads it."""
    database, key, data = ctx.given.database(), ctx.name("record"), {"probe": "new"}
    _put(ctx, database, key, data)
    record = ctx.call("getRecord", path=path_of(database, key)).expect_status(200).expect_json(dict)
    expect_data("the data of the record", data, record)


@check("PB-REC-14")
def a_record_can_be_changed(ctx: PixieBrix) -> None:
    """Writes two records, puts other data under one key and compares both."""
    database = ctx.given.database()
    changed, other = written(ctx, database, [{"probe": "old"}, {"probe": "old"}])
    _put(ctx, database, changed, {"probe": "new"})
    expect_data("the data of the record that was put", {"probe": "new"}, read(ctx, database, changed))
    expect_data("the data of its neighbour", {"probe": "old"}, read(ctx, database, other))


@check("PB-REC-15")
def a_record_can_be_deleted(ctx: PixieBrix) -> None:
    """Writes three records, deletes one, looks for it both ways and reads the others."""
    database = ctx.given.database()
    keys = written(ctx, database, [{"number": number} for number in range(3)])
    ctx.call("deleteRecord", path=path_of(database, keys[1])).expect_status(204)
    answer = ctx.call("getRecord", path=path_of(database, keys[1]))
    expect_refused(ctx, answer, "the key of a deleted record")
    with step("PB-REC-02", "list the records"):
        there = found(ctx, database, [keys[1]])
    ctx.expect("what the list has of the deleted record", [], there)
    for key in (keys[0], keys[2]):
        note = "a neighbour of the deleted record"
        ctx.call("getRecord", path=path_of(database, key), note=note).expect_status(200)


@check("PB-REC-03")
def a_key_is_deleted_in_its_database_alone(ctx: PixieBrix) -> None:
    """Writes one key to two databases, changes it in one and deletes it there, and reads the other."""
    mine, other = ctx.given.database(), ctx.given.database()
    key = ctx.name("record")
    for database in (mine, other):
        ctx.given.record(database, {"probe": database.id}, key=key)
    merge = {"data": {"more": 1}, "merge_strategy": "shallow"}
    changes = (("putRecord", merge), ("putRecord", {"data": {"probe": "changed"}}), ("deleteRecord", None))
    for operation, body in changes:
        with step("PB-REC-14", "change a record"):
            ctx.call(operation, path=path_of(mine, key), json=body).expect_status(*CREATED, 204)
        record = ctx.call("getRecord", path=path_of(other, key)).expect_status(200).expect_json(dict)
        expect_data("the data of the same key in another database", {"probe": other.id}, record)


@check("PB-REC-16")
def all_records_can_be_deleted(ctx: PixieBrix) -> None:
    """Writes records to a database of ours, clears it and lists it."""
    database = ctx.given.database(empty=True)
    keys = written(ctx, database, [{"number": number} for number in range(3)])
    with step("PB-REC-02", "list the records"):
        ctx.expect("the keys in the list", sorted(keys), found(ctx, database, keys))
    ctx.call("clearRecords", path=path_of(database)).expect_status(204)
    ctx.expect("the records after all were deleted", [], listed(ctx, database))


@check("PB-REC-30")
def records_are_put_under_their_keys(ctx: PixieBrix) -> None:
    """Puts an array with a record that exists and a new one, then one alone, and reads both each time."""
    database = ctx.given.database()
    (known,) = written(ctx, database, [{"probe": "old"}])
    new = ctx.name("record")
    changed, first, again = {"probe": "changed"}, {"probe": "new"}, {"probe": "again"}
    several = [{"id": known, "data": changed}, {"id": new, "data": first}]
    for sent, expected in ((several, first), ({"id": new, "data": again}, again)):
        ctx.call("putRecords", path=path_of(database), json=sent).expect_status(200)
        for key, data in ((known, changed), (new, expected)):
            record = ctx.call("getRecord", path=path_of(database, key)).expect_status(200)
            expect_data(f"the data of {key}", data, record.expect_json(dict))


@check("PB-REC-31")
def filters_limit_the_deletion(ctx: PixieBrix) -> None:
    """Deletes with a last date before all records, then with a value that one of them has in a field, and
    lists what is left each time.
    """
    database = ctx.given.database(empty=True)
    field = field_name(ctx)
    contents = [{field: "going"}, {field: "staying"}, {"other": "going"}]
    going, *staying = written(ctx, database, contents)
    before = (day_of(ctx, database, going) - timedelta(days=2)).isoformat()
    for query, left in (({"end_date": before}, [going, *staying]), ({f"data__{field}": "going"}, staying)):
        ctx.call("clearRecords", path=path_of(database), query=query).expect_status(204)
        there = found(ctx, database, [going, *staying])
        ctx.expect(f"the records after a deletion limited by {query}", sorted(left), there)


@check("PB-REC-31")
def all_that_a_filter_chooses_is_deleted(ctx: PixieBrix) -> None:
    """Writes 1,025 records and one with another value, and deletes by the first value."""
    database, field = ctx.given.database(empty=True), field_name(ctx)
    start, staying = ctx.name("record"), ctx.name("record")
    keys = [f"{start}-{number}" for number in range(_MANY)]
    body = [{"id": key, "data": {field: "going"}} for key in keys]
    body.append({"id": staying, "data": {field: "staying"}})
    with step("PB-REC-39", "create many records"):
        ctx.call("createRecords", path=path_of(database), json=body, described=False).expect_status(*CREATED)
    query = {f"data__{field}": "going"}
    ctx.call("clearRecords", path=path_of(database), query=query).expect_status(204)
    left = [str(one["id"]) for one in listed(ctx, database)]
    ctx.expect(
        "how many records are left of those that were to go", 0, len([one for one in left if one in keys])
    )
    ctx.expect("the record of another value", [staying], [one for one in left if one == staying])


_MANY = 1_025
"""One more than a page or a batch of a round number holds."""


@check("PB-REC-25")
def a_change_leaves_the_creation_alone(ctx: PixieBrix) -> None:
    """Writes records, changes each in another way some time later, alone, in an array and by merging, and
    compares their times of creation.
    """
    database = ctx.given.database()
    ways: tuple[tuple[str, bool, str], ...] = (
        ("putRecord", False, ""),
        ("putRecord", False, "shallow"),
        ("putRecord", False, "deep_append"),
        ("createRecords", False, ""),
        ("createRecords", True, "deep"),
        ("putRecords", True, ""),
    )
    keys = written(ctx, database, [{"probe": 1}] * len(ways))
    before = [_created(read(ctx, database, key)) for key in keys]
    later(ctx)
    for key, created, (operation, array, strategy) in zip(keys, before, ways, strict=True):
        item = {"id": key, "data": {"probe": 2}, **({"merge_strategy": strategy} if strategy else {})}
        path = path_of(database, key) if operation == "putRecord" else path_of(database)
        with step("PB-REC-14", "change a record"):
            body = [item] if array else item
            ctx.call(operation, path=path, json=body, described=False).expect_status(200, 201)
        changed = read(ctx, database, key)
        with step("PB-REC-14", "see the change"):
            expect_data("the data", {"probe": 2}, changed)
        ctx.expect(f"created_at after {operation} ({strategy or 'replace'})", created, _created(changed))


@check("PB-REC-26")
def a_key_may_be_any_string(ctx: PixieBrix) -> None:
    """Puts, reads and deletes keys with spaces, punctuation and letters outside of ASCII; a slash is left
    out, as proxies decode it.
    """
    database = ctx.given.database()
    for odd in ODD_KEYS:
        key = f"{ctx.name('record')} {odd}"
        path = path_of(database, key)
        _put(ctx, database, key, {"probe": odd})
        record = ctx.call("getRecord", path=path).expect_status(200).expect_json(dict)
        ctx.expect("the key of the record", key, record.get("id"))
        expect_data("the data of the record", {"probe": odd}, record)
        ctx.call("deleteRecord", path=path).expect_status(204)


@check("PB-REC-27", control="putRecord")
def a_record_must_have_an_object_for_data(ctx: PixieBrix) -> None:
    """Posts and puts a record without data, and with a text for data, after a good one."""
    database = ctx.given.database()
    key = str(ctx.given.record(database)["id"])
    for number, bad in enumerate(({}, {"data": "text"})):
        posted = f"{key}-{number}"
        answer = ctx.call("createRecords", path=path_of(database), json={"id": posted, **bad})
        answer.expect_status(400)
        ctx.call("putRecord", path=path_of(database, key), json=bad).expect_status(400)


@check("PB-REC-28")
def one_bad_record_spoils_the_array(ctx: PixieBrix) -> None:
    """Posts a good record, one without data and another good one, and looks for the good ones."""
    database = ctx.given.database()
    control, *good = ctx.name("record"), ctx.name("record"), ctx.name("record")
    ctx.given.record(database, key=control)
    body: list[dict[str, Any]] = [{"id": key, "data": {"probe": True}} for key in good]
    body.insert(1, {"id": ctx.name("record")})
    ctx.call("createRecords", path=path_of(database), json=body).expect_status(400)
    with step("PB-REC-02", "list the records"):
        there = found(ctx, database, [control, *good])
        ctx.expect_true("the list", control in there, expected=f"{control}, written before", actual=there)
    ctx.expect("what the list has of the array", [], [key for key in there if key in good])


def _put(ctx: PixieBrix, database: Database, key: str, data: Mapping[str, Any]) -> None:
    answer = ctx.call("putRecord", path=path_of(database, key), json={"data": dict(data)})
    answer.expect_status(200, 201)


def _created(record: Query) -> object:
    with step("PB-REC-04", "read the time of creation"):
        created = as_timestamp(field_of(record, "created_at"))
        return created if created is not None else field_of(record, "created_at")
