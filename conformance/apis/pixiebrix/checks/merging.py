"""How data merge into a record that exists: `merge_strategy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....authoring.answer import Answer
from ....authoring.arrange import field_of, step
from ....authoring.check import CheckFailed, check
from ..arrange import Database
from ..context import PixieBrix
from ..records import expect_data, listed, path_of, read, written

Data = Mapping[str, Any]

FIELD = "merge_strategy"
STRATEGIES = ("replace", "shallow", "deep", "deep_append")


@check("PB-REC-18")
def without_a_strategy_data_are_replaced(ctx: PixieBrix) -> None:
    """Writes records twice with different fields, by POST and by PUT, and expects the second data only."""
    new = {"nest": {"y": 2}, "added": True}
    _expect_merged(ctx, None, {"kept": 1, "nest": {"x": 1}}, new, new)


@check("PB-REC-19")
def replace_replaces(ctx: PixieBrix) -> None:
    """Writes records again with that strategy, by POST and by PUT, and expects the second data only."""
    new = {"nest": {"y": 2}, "list": [3], "added": True}
    _expect_merged(ctx, "replace", {"kept": 1, "nest": {"x": 1}, "list": [1, 2]}, new, new)


@check("PB-REC-32")
def an_empty_strategy_replaces(ctx: PixieBrix) -> None:
    """Writes records again with an empty strategy, by POST and by PUT, and expects the second data only."""
    new = {"nest": {"y": 2}, "added": True}
    _expect_merged(ctx, "", {"kept": 1, "nest": {"x": 1}}, new, new)


@check("PB-REC-20")
def shallow_updates_the_top_level(ctx: PixieBrix) -> None:
    """Merges data with a nested object and an array, by POST and by PUT, and compares."""
    old = {"kept": 1, "nest": {"x": 1}, "list": [1, 2], "changed": "old"}
    new = {"nest": {"y": 2}, "list": [3], "changed": "new", "added": {"z": 1}}
    _expect_merged(ctx, "shallow", old, new, {"kept": 1, **new})


@check("PB-REC-21")
def deep_merges_objects(ctx: PixieBrix) -> None:
    """Merges data nested three deep, with arrays, by POST and by PUT, and compares."""
    old = {"kept": 1, "a": {"kept": 2, "b": {"kept": 3, "c": {"kept": 4, "d": "old"}}}, "list": [1, 2]}
    new = {"a": {"b": {"c": {"d": "new", "e": [5]}, "list": [6]}}, "list": [3], "added": {"z": 1}}
    inner = {"kept": 3, "c": {"kept": 4, "d": "new", "e": [5]}, "list": [6]}
    merged = {"kept": 1, "a": {"kept": 2, "b": inner}, "list": [3], "added": {"z": 1}}
    _expect_merged(ctx, "deep", old, new, merged)


@check("PB-REC-22")
def deep_append_appends_arrays(ctx: PixieBrix) -> None:
    """Merges data with an array at the top and a nested one, by POST and by PUT, and compares."""
    old = {"kept": 1, "list": ["b", "a"], "a": {"kept": 2, "b": {"kept": 3, "list": [3, {"x": 1}]}}}
    new = {"list": ["a", "0"], "a": {"b": {"list": [1, {"y": 2}], "text": "new"}}}
    inner = {"kept": 3, "list": [3, {"x": 1}, 1, {"y": 2}], "text": "new"}
    merged = {"kept": 1, "list": ["b", "a", "a", "0"], "a": {"kept": 2, "b": inner}}
    _expect_merged(ctx, "deep_append", old, new, merged)


@check("PB-REC-23")
def the_strategy_is_not_kept(ctx: PixieBrix) -> None:
    """Writes with each strategy, to records that exist and by POST and PUT, and looks for the field."""
    database = ctx.given.database()
    keys = written(ctx, database, [{"old": 1}] * len(STRATEGIES))
    body = [{"id": key, "data": {"new": 1}, FIELD: name} for key, name in zip(keys, STRATEGIES, strict=True)]
    with step("PB-REC-09", "write records with a strategy"):
        posted = ctx.call("createRecords", path=path_of(database), json=body).expect_status(200, 201)
    _expect_absent("the answer to a POST", _parsed(posted))
    with step("PB-REC-14", "put a record with a strategy"):
        put = _put(ctx, database, keys[0], {"new": 2}, "deep").expect_status(200, 201)
    _expect_absent("the answer to a PUT", _parsed(put))
    with step("PB-REC-02", "list the records"):
        records = [record for record in listed(ctx, database) if record.get("id") in keys]
        ctx.expect("the number of records", len(keys), len(records))
    _expect_absent("the list of records", records)
    _expect_absent("a record that is read", read(ctx, database, keys[0]))


@check("PB-REC-24", control="putRecord")
def an_unknown_strategy_is_refused(ctx: PixieBrix) -> None:
    """Posts and puts a record with an invented strategy, to a key that exists."""
    database = ctx.given.database()
    key = str(ctx.given.record(database)["id"])
    _post(ctx, database, key, {"probe": 2}, "sideways").expect_status(400)
    _put(ctx, database, key, {"probe": 3}, "sideways").expect_status(400)


def _expect_merged(ctx: PixieBrix, strategy: str | None, old: Data, new: Data, merged: Data) -> None:
    """Merge the same data into two records, by POST and by PUT, and read both."""
    database = ctx.given.database()
    posted, put = written(ctx, database, [old, old])
    _post(ctx, database, posted, new, strategy).expect_status(200, 201)
    _put(ctx, database, put, new, strategy).expect_status(200, 201)
    for how, key in (("a POST", posted), ("a PUT", put)):
        expect_data(f"the data after {how} of {dict(new)} to {dict(old)}", merged, read(ctx, database, key))


def _post(ctx: PixieBrix, database: Database, key: str, data: Data, strategy: str | None) -> Answer:
    return ctx.call("createRecords", path=path_of(database), json={"id": key, **_body(data, strategy)})


def _put(ctx: PixieBrix, database: Database, key: str, data: Data, strategy: str | None) -> Answer:
    return ctx.call("putRecord", path=path_of(database, key), json=_body(data, strategy))


def _body(data: Data, strategy: str | None) -> dict[str, Any]:
    return {"data": dict(data), **({} if strategy is None else {FIELD: strategy})}


def _parsed(answer: Answer) -> Any:
    """The records of an answer; none where it is empty, or no JSON, which other rules look at."""
    try:
        return answer.json()
    except CheckFailed:
        return []


def _expect_absent(what: str, value: Any) -> None:
    """Go on if no record, nor its data, has the field."""
    for record in value if isinstance(value, list) else [value]:
        places = [record]
        if isinstance(record, Mapping) and "data" in record:
            places.append(field_of(record, "data"))
        if any(isinstance(place, Mapping) and FIELD in place for place in places):
            raise CheckFailed(what, f"no field {FIELD}", record)
