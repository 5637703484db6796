"""Records just after a change, read in every way, and again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ....authoring.answer import Answer
from ....authoring.arrange import field_of, step
from ....authoring.check import check
from ..arrange import CREATED, Database
from ..calls import expect_refused
from ..context import PixieBrix
from ..pages import every_item
from ..records import counted, expect_data, field_name, found, listed, path_of, read, seen, written

_AGAIN = 20


def _put(ctx: PixieBrix, database: Database, key: str, data: Mapping[str, Any], **more: Any) -> None:
    answer = ctx.call("putRecord", path=path_of(database, key), json={"data": dict(data), **more})
    with step("PB-REC-14", "put a record"):
        answer.expect_status(200, 201)


@check("PB-REC-35")
def a_change_is_seen_at_once_in_every_way(ctx: PixieBrix) -> None:
    """Writes, changes, deletes and writes a record, and after each reads it in every way, twice."""
    database, key, field = ctx.given.database(empty=True), ctx.name("record"), field_name(ctx)
    old, new, last = ctx.name("old"), ctx.name("new"), ctx.name("last")
    steps: list[tuple[str, Callable[[], object], str, str | None]] = [
        ("before it is written", lambda: None, old, None),
        ("after a PUT", lambda: _put(ctx, database, key, {field: old}), old, old),
        ("after another PUT", lambda: _put(ctx, database, key, {field: new}), new, new),
        ("after a POST", lambda: ctx.given.record(database, {field: last}, key=key), last, last),
        ("after a deletion", lambda: _delete(ctx, database, key), last, None),
        ("after it was written again", lambda: _put(ctx, database, key, {field: old}), old, old),
    ]
    before = old
    for when, do, value, expected in steps:
        do()
        if value != before:
            there = found(ctx, database, [key], {f"data__{field}": before})
            ctx.expect(f"the records of the earlier value {when}", [], there)
            before = value
        for _ in range(2):
            shown = seen(ctx, database, key, field, value)
            ctx.expect(f"what is read {when}", dict.fromkeys(shown, expected), shown)


def _delete(ctx: PixieBrix, database: Database, key: str) -> None:
    with step("PB-REC-15", "delete a record"):
        ctx.call("deleteRecord", path=path_of(database, key)).expect_status(204)


@check("PB-REC-35")
def the_same_question_has_the_same_answer(ctx: PixieBrix) -> None:
    """Reads a record and lists a database twenty times, with a change before the last time."""
    database = ctx.given.database()
    key, other = written(ctx, database, [{"probe": 1}, {"probe": 2}])
    for number in range(_AGAIN):
        if number == _AGAIN - 1:
            _put(ctx, database, key, {"probe": 3})
        expected = {"probe": 3 if number == _AGAIN - 1 else 1}
        answer = ctx.call("getRecord", path=path_of(database, key), described=False).expect_status(200)
        expect_data(
            f"the data when it is read for the {number + 1}th time", expected, answer.expect_json(dict)
        )
        there = found(ctx, database, [key, other])
        ctx.expect(f"the list when it is read for the {number + 1}th time", sorted([key, other]), there)


@check("PB-REC-35")
def the_twentieth_write_is_as_good_as_the_first(ctx: PixieBrix) -> None:
    """Writes twenty records one by one and each of them twice, and compares all in the list and an export."""
    database = ctx.given.database(empty=True)
    keys = [ctx.name("record") for _ in range(_AGAIN)]
    for value in ("first", "second"):
        for key in keys:
            _put(ctx, database, key, {"probe": f"{value} {key}"})
    shown = {str(one["id"]): field_of(one, "data", "probe") for one in listed(ctx, database)}
    ctx.expect("the records in the list", {key: f"second {key}" for key in keys}, shown)
    _delete(ctx, database, keys[0])
    if ctx.can("storage"):
        data = ctx.given.export(database)
        there = data.containing({*(f"second {key}" for key in keys), *(f"first {key}" for key in keys)})
        ctx.expect("the records in an export", sorted(f"second {key}" for key in keys[1:]), sorted(there))


@check("PB-REC-35")
def what_was_missing_is_there_once_it_is_written(ctx: PixieBrix) -> None:
    """Reads a key that is missing, writes it in each way, reads it, deletes it and writes it once more."""
    database, data = ctx.given.database(), {"probe": True}
    ways: dict[str, Callable[[str], Answer]] = {
        "a POST": lambda key: _send(ctx, database, "createRecords", {"id": key, "data": data}),
        "a POST of an array": lambda key: _send(ctx, database, "createRecords", [{"id": key, "data": data}]),
        "a PUT of an array": lambda key: _send(ctx, database, "putRecords", [{"id": key, "data": data}]),
        "a PUT": lambda key: ctx.call("putRecord", path=path_of(database, key), json={"data": data}),
    }
    for way, write in ways.items():
        key = ctx.name("record")
        for _ in range(2):
            unknown = ctx.call("getRecord", path=path_of(database, key))
            expect_refused(ctx, unknown, "a key that is not there")
            with step("PB-REC-09", "write a record"):
                write(key).expect_status(*CREATED)
            answer = ctx.call("getRecord", path=path_of(database, key), note=f"after {way}")
            expect_data(f"the data after {way}", data, answer.expect_status(200).expect_json(dict))
            _delete(ctx, database, key)


def _send(ctx: PixieBrix, database: Database, operation: str, body: Any) -> Answer:
    return ctx.call(operation, path=path_of(database), json=body)


@check("PB-REC-35")
def a_refused_write_leaves_nothing_behind(ctx: PixieBrix) -> None:
    """Is refused at several writes, and after each merges into the record, and reads it in every way."""
    database, field = ctx.given.database(), field_name(ctx)
    (key,) = written(ctx, database, [{"kept": True}])
    fresh, other = ctx.name("record"), ctx.name("record")
    bad: list[tuple[str, dict[str, str], Any]] = [
        ("putRecord", path_of(database, key), {"data": "no object"}),
        ("putRecord", path_of(database, key), {"data": {"stray": 1}, "merge_strategy": "sideways"}),
        ("createRecords", path_of(database), [{"id": fresh, "data": {"stray": 1}}, {"id": other, "data": 5}]),
        ("putRecords", path_of(database), [{"id": key, "data": {"stray": 1}}, {"id": other, "data": 5}]),
    ]
    for number, (operation, path, body) in enumerate(bad):
        if not ctx.call(operation, path=path, json=body).refused:
            continue  # what has to be refused, other rules say
        value = ctx.name("value")
        _put(ctx, database, key, {field: value}, merge_strategy="shallow")
        what = f"after a refused {operation}"
        expect_data(f"the data {what}", {"kept": True, field: value}, read(ctx, database, key))
        shown = seen(ctx, database, key, field, value)
        ctx.expect(f"what is read {what}, number {number}", dict.fromkeys(shown, value), shown)
        ctx.expect(f"the records {what}", [key], found(ctx, database, [key, fresh, other]))


@check("PB-REC-36")
def nothing_is_left_of_a_deleted_record(ctx: PixieBrix) -> None:
    """Deletes records alone, by a filter and with all others, reads them, merges new data under their keys by
    each strategy, and expects these alone.
    """
    database, field = ctx.given.database(empty=True), field_name(ctx)
    ways: dict[str, Callable[[str], None]] = {
        "DELETE of the record": lambda key: _delete(ctx, database, key),
        "DELETE of all that a filter chooses": lambda _: _clear(ctx, database, {f"data__{field}": "old"}),
    }
    if database.ours and not database.name:
        ways["DELETE of all records"] = lambda _: _clear(ctx, database, {})
    if database.name:
        ways["DELETE of all records"] = lambda _: _clear(ctx, database, {})
    for way, delete in ways.items():
        for strategy in ("shallow", "deep", "deep_append"):
            old = {field: "old", "nest": {"x": 1}, "list": [1]}
            (key,) = written(ctx, database, [old])
            before = field_of(read(ctx, database, key), "created_at") if ctx.can("clock") else None
            delete(key)
            gone = ctx.call("getRecord", path=path_of(database, key))
            expect_refused(ctx, gone, "the key of a deleted record")
            new = {"nest": {"y": 2}, "list": [2]}
            if ctx.can("clock"):
                ctx.clock.advance(90)
            _put(ctx, database, key, new, merge_strategy=strategy)
            record = read(ctx, database, key)
            expect_data(f"the data of a record that is new after {way}", new, record)
            if ctx.can("clock"):
                shown = record.get("created_at")
                what = f"created_at of a record that is new after {way}"
                ctx.expect_true(what, shown != before, expected=f"later than {before}", actual=shown)
            _delete(ctx, database, key)


def _clear(ctx: PixieBrix, database: Database, query: Mapping[str, object]) -> None:
    with step("PB-REC-31" if query else "PB-REC-16", "delete records"):
        ctx.call("clearRecords", path=path_of(database), query=query).expect_status(204)


@check("PB-DB-17")
def the_list_of_databases_is_of_this_moment(ctx: PixieBrix) -> None:
    """Writes and deletes records, one by one, by a filter and all, and after each compares the count in the
    list of databases, twice.
    """
    database = ctx.given.database(empty=True)
    keys: list[str] = []
    for change in (3, 1, -2, 5):
        if change > 0:
            keys += written(ctx, database, [{"probe": True}] * change)
        for _ in range(-change):
            _delete(ctx, database, keys.pop())
        for _ in range(2):
            ctx.expect("num_records in the list", len(keys), counted(ctx, database))
    ctx.expect("how many records there are", len(keys), len(listed(ctx, database)))
    _put(ctx, database, keys[0], {"probe": "again"})
    ctx.expect("num_records after one was written again", len(keys), counted(ctx, database))
    if ctx.can("destroy"):
        field = field_name(ctx)
        written(ctx, database, [{field: "x"}, {field: "x"}])
        _clear(ctx, database, {f"data__{field}": "x"})
        ctx.expect("num_records after a deletion by a filter", len(keys), counted(ctx, database))
        _clear(ctx, database, {})
        ctx.expect("num_records after all were deleted", 0, counted(ctx, database))


@check("PB-ASSET-40")
def a_marked_asset_is_seen_at_once_in_every_way(ctx: PixieBrix) -> None:
    """Marks and unmarks an asset, and after each reads its metadata, its list and its download, twice."""
    database = ctx.given.database(assets=True)
    asset = ctx.given.asset(database)
    with step("PB-ASSET-17", "upload the file of an asset"):
        ctx.given.upload(asset, b"probe").expect_status(200, 201, 204)
    path = {"databaseId": database.id, "assetId": asset.id}
    for uploaded in (False, True, False, True):
        ctx.given.marked(asset, uploaded=uploaded)
        for _ in range(2):
            details = ctx.call("getAsset", path=path, query={"meta": True}, follow=True).expect_status(200)
            shown = [details.expect_json(dict).get("is_uploaded")]
            assets = every_item(ctx, "listAssets", {"databaseId": database.id})
            shown += [one.get("is_uploaded") for one in assets if one.get("id") == asset.id]
            shown.append(ctx.call("getAsset", path=path, follow=True).status == 200)
            ctx.expect("is_uploaded, in the list, and the download", [uploaded] * 3, shown)
