"""Things that are right alone, together: in one batch, in one query, in one order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from ....authoring.answer import Answer
from ....authoring.arrange import field_of, step
from ....authoring.check import check
from ....authoring.workbook import rows_of
from ..archives import DAY, Marks
from ..arrange import Database
from ..context import PixieBrix
from ..exports import (
    MEDIA_TYPES,
    elements,
    expect_accepted,
    exported,
    order,
    send,
    succeeded,
    write,
)
from ..merge_model import STRATEGIES, merged
from ..records import day_of, expect_data, field_name, found, path_of, read, written

KINDS: Final[Mapping[str, Any]] = {
    "null": None,
    "text": "t",
    "number": 0,
    "boolean": False,
    "list": [1],
    "object": {"x": 1},
    "no text": "",
    "no list": [],
    "no object": {},
}
"""One value of each kind that JSON has, and those of each that hold nothing."""


def _put_all(ctx: PixieBrix, database: Database, items: list[dict[str, Any]], operation: str) -> Answer:
    return ctx.call(operation, path=path_of(database), json=items)


@check("PB-REC-40")
def one_key_may_be_twice_in_a_batch(ctx: PixieBrix) -> None:
    """Posts and puts a key twice in one array, to be merged; it may be refused, and then changes nothing."""
    database = ctx.given.database()
    for operation in ("createRecords", "putRecords"):
        (key,) = written(ctx, database, [{"old": 1}])
        items = [
            {"id": key, "data": {name: number}, "merge_strategy": "shallow"}
            for number, name in enumerate(("a", "b", "a"))
        ]
        answer = _put_all(ctx, database, items, operation)
        if not answer.refused:
            answer.expect_status(200, 201)
        expected = {"old": 1} if answer.refused else {"old": 1, "a": 2, "b": 1}
        expect_data(f"the data after {operation}", expected, read(ctx, database, key))
        ctx.expect("how often the key is in the list", [key], found(ctx, database, [key]))


@check("PB-REC-41")
def each_item_has_its_own_strategy(ctx: PixieBrix) -> None:
    """Posts and puts arrays whose items merge each by another strategy, some to new keys, and reads all."""
    database = ctx.given.database()
    old, new = {"kept": 1, "nest": {"x": 1}, "list": [1]}, {"nest": {"y": 2}, "list": [2]}
    results = {
        None: new,
        "shallow": {"kept": 1, **new},
        "deep": {"kept": 1, "nest": {"x": 1, "y": 2}, "list": [2]},
        "replace": new,
        "deep_append": {"kept": 1, "nest": {"x": 1, "y": 2}, "list": [1, 2]},
        "": new,
    }
    for operation in ("createRecords", "putRecords"):
        keys = written(ctx, database, [old] * len(results))
        fresh = [ctx.name("record") for _ in results]
        items = [
            {"id": key, "data": new, **({} if strategy is None else {"merge_strategy": strategy})}
            for pair in zip(keys, fresh, results, strict=True)
            for *several, strategy in [pair]
            for key in several
        ]
        with step("PB-REC-09" if operation == "createRecords" else "PB-REC-30", "write records"):
            _put_all(ctx, database, items, operation).expect_status(200, 201)
        for key, one, strategy in zip(keys, fresh, results, strict=True):
            what = f"the data after {operation} by {strategy or 'no strategy'}"
            expect_data(what, results[strategy], read(ctx, database, key))
            expect_data(f"{what}, of a new record", new, read(ctx, database, one))


@check("PB-REC-42")
def a_value_of_another_kind_takes_the_place(ctx: PixieBrix) -> None:
    """Merges each kind of value over each other kind, by each strategy, at the top and inside, and then no
    data, and reads the record.
    """
    database = ctx.given.database()
    pairs = [(old, new) for old in KINDS for new in KINDS if old != new]
    old = {f"{one} {other}": KINDS[one] for one, other in pairs}
    new = {f"{one} {other}": KINDS[other] for one, other in pairs}
    before, after = {**old, "in": old, "kept": 1}, {**new, "in": new}
    keys = written(ctx, database, [before] * len(STRATEGIES))
    for key, strategy in zip(keys, STRATEGIES, strict=True):
        expected = merged(strategy, before, after)
        for data, what in ((after, strategy), ({}, f"{strategy} with no data")):
            body = {"data": data, "merge_strategy": strategy}
            with step("PB-REC-14", "merge data"):
                ctx.call("putRecord", path=path_of(database, key), json=body).expect_status(200, 201)
            if not data and strategy == "replace":
                expected = {}
            expect_data(f"the data after {what}", expected, read(ctx, database, key))


@check("PB-REC-43")
def all_filters_limit_the_deletion(ctx: PixieBrix) -> None:
    """Deletes by two fields, one of whose name and value have to be encoded, by a field and a null, and by a
    field and dates, and lists what is left.
    """
    database, field, x = ctx.given.database(empty=True), f"{field_name(ctx)} \u00fc&+", "x &+=%41\u00e9"
    contents = [{field: x, "b": "1"}, {field: x, "b": "2"}, {field: x}, {field: "y", "b": "1"}]
    keys = written(ctx, database, contents)
    day = day_of(ctx, database, keys[0])
    both, no_b, dated = {f"data__{field}": x, "data__b": "1"}, "data__b__isnull", {"start_date": day}
    orders: list[tuple[dict[str, object], list[int]]] = [
        ({f"data__{field}": x, "data__b": "3"}, [0, 1, 2, 3]),
        ({"data__b__isnull": False, "start_date": day + DAY}, [0, 1, 2, 3]),
        ({"start_date": day + DAY}, [0, 1, 2, 3]),
        ({f"data__{field}": "y", "end_date": day - 2 * DAY}, [0, 1, 2, 3]),
        (dict(reversed(both.items())), [1, 2, 3]),
        ({f"data__{field}": x, no_b: True}, [1, 3]),
        ({"data__b": "2", **dated, "end_date": day}, [3]),
    ]
    for query, left in orders:
        ctx.call("clearRecords", path=path_of(database), query=query).expect_status(204)
        there = found(ctx, database, keys)
        ctx.expect(f"what a deletion by {query} leaves", sorted(keys[number] for number in left), there)


@check("PB-FILT-30")
def filters_of_all_kinds_hold_together(ctx: PixieBrix) -> None:
    """Filters by fields, nulls and dates at once, in one list, in pages of one, as CSV and at version 1.0,
    and compares.
    """
    database, field, value = ctx.given.database(), field_name(ctx), ctx.name("value")
    contents = [{field: value, "b": "1"}, {field: value}, {field: value, "b": "1"}, {field: value, "b": "2"}]
    keys = written(ctx, database, [*contents, {"b": "1"}, {field: f"{value} no", "b": "1"}])
    day = day_of(ctx, database, keys[0])
    asked = {f"data__{field}": value}
    queries: list[tuple[dict[str, object], list[int]]] = [
        ({**asked, "data__b": "1", "start_date": day}, [0, 2]),
        ({"end_date": day + DAY, "data__b__isnull": False, **asked}, [0, 2, 3]),
        ({**asked, "data__b__isnull": True, "start_date": day, "end_date": day + DAY}, [1]),
        ({**asked, "data__b": "1", "data__b__isnull": False}, [0, 2]),
        ({**asked, "data__b": "1", "end_date": day - DAY}, []),
        ({**asked, "data__b": "2", f"data__{field}__isnull": True}, []),
    ]
    for query, expected in queries:
        wanted = sorted(keys[number] for number in expected)
        ctx.expect(f"the records by {query}", wanted, found(ctx, database, keys, query))
        ctx.expect(f"the pages of one by {query}", wanted, _by_pages(ctx, database, query))
        for accept, version in (("text/csv", None), ("application/json", "1.0")):
            how: dict[str, Any] = {"query": query, "accept": accept, "version": version}
            answer = ctx.call("listRecords", path=path_of(database), described=False, **how)
            if answer.status == 200:
                what = f"the {accept} at {version or 'its'} version by {query}"
                ctx.expect(what, wanted, sorted(answer.containing({*keys})))


def _by_pages(ctx: PixieBrix, database: Database, query: Mapping[str, object]) -> list[str]:
    """The keys on pages of one record, until one is empty or not there."""
    there: list[str] = []
    for number in range(1, 6):
        asked = {**query, "page": number, "page_size": 1}
        answer = ctx.call("listRecords", path=path_of(database), query=asked, described=False)
        if answer.status != 200 and number > 1:
            break
        there += [str(one.get("id")) for one in answer.expect_status(200).expect_objects()]
    return sorted(there)


@check("PB-JOB-52")
def filters_hold_for_every_database(ctx: PixieBrix) -> None:
    """Exports two databases in both orders under dates that let all or none of their records through, in each
    format.
    """
    databases, marks = [ctx.given.database(), ctx.given.database()], Marks(ctx).new(2)
    for database, mark in zip(databases, marks, strict=True):
        write(ctx, database, [mark])
    early, late = "2001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    filters: list[tuple[dict[str, str], list[str]]] = [
        ({"end_date": early}, []),
        ({"end_date": late}, marks),
        ({"start_date": early}, marks),
        ({"start_date": late}, []),
    ]
    for media_type in MEDIA_TYPES:
        for chosen, expected in filters:
            # In the other order the last one is the first.
            several = databases if media_type == MEDIA_TYPES[1] else databases[::-1]
            details = succeeded(ctx, *several, filters=chosen, media_type=media_type)
            answer = exported(ctx, details)
            if media_type == MEDIA_TYPES[0]:
                answer.expect_objects()
            shown = _marks_in(answer, media_type, marks)
            ctx.expect(f"the records in {media_type} with {chosen}", expected, shown)


@check("PB-JOB-55")
def a_database_that_is_named_twice_is_exported_once(ctx: PixieBrix) -> None:
    """Orders an export of one database twice, beside another one and alone; either may be refused."""
    databases, marks = [ctx.given.database(), ctx.given.database()], Marks(ctx).new(2)
    for database, mark in zip(databases, marks, strict=True):
        write(ctx, database, [mark])
    first, second = databases
    for several in ([first, second, first], [first, first]):
        body = order(ctx, *(one.id for one in several))
        answer = send(ctx, body)
        if answer.refused:
            continue
        job = expect_accepted(ctx, answer, "an order that names a database twice")
        details = ctx.given.finished_job(str(field_of(job, "id")))
        found_there = elements(ctx, exported(ctx, details), marks[: len({one.id for one in several})])
        ctx.expect("the records of the export", len({one.id for one in several}), len(found_there))


def _marks_in(answer: Answer, media_type: str, marks: list[str]) -> list[str]:
    if media_type != "application/xlsx":
        return sorted(answer.containing({*marks}))
    text = repr(rows_of(answer.content))
    return [mark for mark in marks if mark in text]


@check("PB-FILT-31")
def dates_reach_to_the_ends_of_the_calendar(ctx: PixieBrix) -> None:
    """Filters from the first and to the last day that a date can name, and around a record of today."""
    database = ctx.given.database()
    (key,) = written(ctx, database, [{"probe": True}])
    day = day_of(ctx, database, key)
    first, last = "0001-01-01", "9999-12-31"
    queries: list[tuple[dict[str, object], bool]] = [
        ({"start_date": first}, True),
        ({"end_date": last}, True),
        ({"start_date": first, "end_date": last}, True),
        ({"start_date": last}, False),
        ({"end_date": first}, False),
        ({"start_date": day, "end_date": day}, True),
        ({"start_date": day + DAY, "end_date": day - timedelta(days=1)}, False),
        ({"start_date": last, "end_date": last}, False),
    ]
    for query, comes in queries:
        there = found(ctx, database, [key], query)
        ctx.expect(f"the records by {query}", [key] if comes else [], there)
