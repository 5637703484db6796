"""Changes that are under way beside other changes, and beside readings of the same thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Event
from typing import Any, Final

from ....authoring.answer import Answer
from ....authoring.check import check
from ....authoring.together import AT_ONCE, ROUNDS, ending, together
from .. import asset_details
from ..arrange import CREATED, Database
from ..context import PixieBrix
from ..records import counted, field_name, found, path_of, seen, written

_BESIDE: Final = 4
"""How many changes come one after the other beside another one."""
_READINGS: Final = 20
"""How often something is read at most while a change is under way."""

Change = Callable[[str], Answer]


@check("PB-REC-33")
def what_is_written_beside_any_change_stays(ctx: PixieBrix) -> None:
    """Writes new records one by one, in each way, while others are deleted by a filter, put and posted as
    arrays and merged into, and looks for all of them.
    """
    database, field = ctx.given.database(), field_name(ctx)
    for way, change in _changes(ctx, database, field):
        (key,) = written(ctx, database, [{field: "old"}])
        new = [[ctx.name("record") for _ in range(_BESIDE)] for _ in range(AT_ONCE - 2)]
        (answer,), *beside = together(
            lambda change=change, key=key: [change(key)],  # type: ignore[misc]
            *(partial(_write_each, ctx, database, field, keys) for keys in new),
        )
        answer.expect_status(*CREATED, 204)
        kept = _taken(new, beside)
        left = [] if answer.request.method == "DELETE" else [key]
        there = found(ctx, database, [*kept, key])
        ctx.expect(f"the records that are there after {way} beside new ones", sorted([*kept, *left]), there)


@check("PB-REC-33")
def what_is_changed_beside_a_deletion_stays(ctx: PixieBrix) -> None:
    """Changes records, in each way, so that a filter does not find them any more, while what it finds is
    deleted, or another record where that may not be, and looks for all of them: whichever comes first, the
    changed ones are there.
    """
    database, field = ctx.given.database(), field_name(ctx)
    query = {f"data__{field}": "old"}
    for _ in range(ROUNDS):
        keys = written(ctx, database, [{field: "old"}] * (_BESIDE * (AT_ONCE - 1)))
        several = [keys[number :: AT_ONCE - 1] for number in range(AT_ONCE - 1)]
        clear = partial(ctx.call, "clearRecords", path=path_of(database), query=query, described=False)
        if not ctx.can("destroy"):
            (gone,) = written(ctx, database, [{field: "old"}])
            clear = partial(ctx.call, "deleteRecord", path=path_of(database, gone), described=False)
        (answer,), *beside = together(
            lambda clear=clear: [clear()],  # type: ignore[misc]
            *(partial(_write_each, ctx, database, field, some) for some in several),
        )
        answer.expect_status(*CREATED, 202, 204)
        kept = _taken(several, beside)
        there = found(ctx, database, kept)
        ctx.expect("the changed records that are there after a deletion", sorted(kept), there)


def _changes(ctx: PixieBrix, database: Database, field: str) -> Iterator[tuple[str, Change]]:
    """Ways to change a record that has `old` in the field."""
    path, data = path_of(database), {field: "changed"}
    query = {f"data__{field}": "old"}

    def send(operation: str, key: str, body: Any) -> Answer:
        where = path_of(database, key) if operation == "putRecord" else path
        return ctx.call(operation, path=where, json=body, described=False)

    if ctx.can("destroy"):
        for _ in range(2):
            yield (
                "a deletion by a filter",
                lambda _: ctx.call("clearRecords", path=path, query=query, described=False),
            )
        # An array that is put might replace what is there, at a target that nobody knows.
        yield "a PUT of an array", lambda key: send("putRecords", key, [{"id": key, "data": data}])
    yield "a POST of an array", lambda key: send("createRecords", key, [{"id": key, "data": data}])
    yield "a merge", lambda key: send("putRecord", key, {"data": data, "merge_strategy": "deep"})


def _taken(several: Sequence[Sequence[str]], beside: Sequence[Sequence[Answer]]) -> list[str]:
    """The keys whose writes were answered with success."""
    return [
        key
        for keys, answers in zip(several, beside, strict=True)
        for key, answer in zip(keys, answers, strict=True)
        if answer.status in CREATED
    ]


def _write_each(ctx: PixieBrix, database: Database, field: str, keys: Sequence[str]) -> list[Answer]:
    """Write records one after the other, alone and in arrays."""
    answers = []
    for number, key in enumerate(keys):
        item = {"id": key, "data": {field: "new"}}
        operation = ("putRecord", "createRecords", "putRecords")[number % (3 if ctx.can("destroy") else 2)]
        path = path_of(database, key) if operation == "putRecord" else path_of(database)
        body: Any = [item] if operation == "putRecords" else item
        answers.append(ctx.call(operation, path=path, json=body, described=False))
    return answers


@check("PB-DB-17")
def what_is_written_at_the_same_time_is_counted(ctx: PixieBrix) -> None:
    """Writes and deletes records at the same moment, and compares the count in the list of databases."""
    database, field = ctx.given.database(empty=True), field_name(ctx)
    keys = written(ctx, database, [{field: "old"}] * 2)
    for key in keys:
        new = [[ctx.name("record") for _ in range(2)] for _ in range(AT_ONCE - 1)]
        delete = partial(ctx.call, "deleteRecord", path=path_of(database, key), described=False)
        together(
            lambda delete=delete: [delete()],  # type: ignore[misc]
            *(partial(_write_each, ctx, database, field, several) for several in new),
        )
        keys = [*keys, *(one for several in new for one in several)]
        there = found(ctx, database, keys)
        ctx.expect("num_records after writes at the same time", len(there), counted(ctx, database))


@check("PB-REC-35")
def what_is_read_beside_a_change_is_not_kept(ctx: PixieBrix) -> None:
    """Reads a record in every way while it is put, posted, merged into and deleted, and once more after each,
    when each way has to show the change.
    """
    database, key, field = ctx.given.database(empty=True), ctx.name("record"), field_name(ctx)
    before = ctx.name("value")
    ctx.given.record(database, {field: before}, key=key)
    ways = dict(_changes_of(ctx, database, key, field))
    for way, (change, value) in ways.items():
        over = Event()
        (answer,), *_ = together(
            partial(ending, over, change),
            partial(_read, ctx, database, key, field, over),
            partial(_list, ctx, database, over),
        )
        answer.expect_status(*CREATED, 204)
        shown = seen(ctx, database, key, field, value or before)
        ctx.expect(f"what is read after {way} beside readings", dict.fromkeys(shown, value), shown)
        before = value or before


def _changes_of(
    ctx: PixieBrix, database: Database, key: str, field: str
) -> Iterator[tuple[str, tuple[Callable[[], Answer], str | None]]]:
    """Ways to change a record, with the value that it has afterwards; none once it is deleted."""
    one, values = path_of(database, key), [ctx.name("value") for _ in range(3)]

    def send(operation: str, path: dict[str, str], body: Any) -> Callable[[], Answer]:
        return partial(ctx.call, operation, path=path, json=body, described=False)

    yield "a PUT", (send("putRecord", one, {"data": {field: values[0]}}), values[0])
    item = {"id": key, "data": {field: values[1]}}
    yield "a POST of an array", (send("createRecords", path_of(database), [item]), values[1])
    merge = {"data": {field: values[2]}, "merge_strategy": "shallow"}
    yield "a merge", (send("putRecord", one, merge), values[2])
    yield "a deletion", (partial(ctx.call, "deleteRecord", path=one, described=False), None)


def _read(ctx: PixieBrix, database: Database, key: str, field: str, over: Event) -> list[Answer]:
    """Read a record, and filter by its field, until a change of it is over, and once at least."""
    for _ in range(_READINGS):
        ctx.call("getRecord", path=path_of(database, key), described=False)
        query = {f"data__{field}__isnull": False}
        ctx.call("listRecords", path=path_of(database), query=query, described=False)
        if over.is_set():
            break
    return []


def _list(ctx: PixieBrix, database: Database, over: Event) -> list[Answer]:
    """List records in each form, and databases, until a change is over, and once at least."""
    for _ in range(_READINGS):
        for accept, version in (("application/json", "1.0"), ("application/json", "2.0"), ("text/csv", None)):
            ctx.call("listRecords", path=path_of(database), accept=accept, version=version, described=False)
        path, query = {"organizationId": database.organization}, {"page_size": 1_000}
        ctx.call("listDatabases", path=path, query=query, described=False)
        if over.is_set():
            break
    return []


@check("PB-ASSET-02")
def assets_at_the_same_time_are_all_listed(ctx: PixieBrix) -> None:
    """Lists the assets, creates three and marks one at the same moment, twice, and lists them again."""
    database = ctx.given.database(assets=True)
    path = {"databaseId": database.id}
    made = [ctx.given.asset(database)]
    ids = [made[0].id]
    for _ in range(ROUNDS - 1):
        asset_details.listed(ctx, database.id)  # a server that keeps its answers has one now
        create = partial(ctx.call, "createAsset", path=path, json={"filename": "new.png"}, described=False)
        mark = partial(ctx.call, "updateAsset", path={**path, "assetId": ids[-1]}, json={"is_uploaded": True})
        *answers, marked = together(*[create] * (AT_ONCE - 1), partial(mark, described=False))
        created = [ctx.given.as_asset(database, "new.png", answer).id for answer in answers]
        shown = {str(one.get("id")): one.get("is_uploaded") for one in asset_details.listed(ctx, database.id)}
        missing = [one for one in (*ids, *created) if one not in shown]
        ctx.expect("the assets that the list lacks", [], missing)
        if marked.status in asset_details.SEVERAL:
            ctx.expect("is_uploaded of the one that was marked", expected=True, actual=shown[ids[-1]])
        ids += created
