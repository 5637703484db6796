"""Records as checks look at them: which of those that were written are in a list, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from ...authoring.arrange import field_of, step
from ...authoring.check import CheckFailed
from ...authoring.formats import as_timestamp
from .archives import Days
from .arrange import CREATED, Database
from .context import PixieBrix
from .pages import every_item

Query = Mapping[str, object]


def path_of(database: Database, key: str | None = None) -> dict[str, str]:
    """The path parameters of a database's records, or of one of them."""
    path = {"databaseId": database.id}
    return path if key is None else {**path, "recordKey": key}


def field_name(ctx: PixieBrix, name: str = "field") -> str:
    """The name of a field that no other record has."""
    return f"{name}_{ctx.run.id}"


def listed(ctx: PixieBrix, database: Database, query: Query | None = None) -> list[dict[str, Any]]:
    """All records that a list has, whoever wrote them, on whichever page.

    Raises:
        CheckFailed: it is not answered 200 with an array of objects.
    """
    return every_item(ctx, "listRecords", path_of(database), query)


def found(ctx: PixieBrix, database: Database, keys: Iterable[str], query: Query | None = None) -> list[str]:
    """Which of these keys a list has, each as often as it is there, sorted.

    Raises:
        CheckFailed: as for `listed`.
    """
    wanted = set(keys)
    # A key that is not text is the subject of a rule of its own, and must not break the comparison.
    there = [str(record.get("id")) for record in listed(ctx, database, query)]
    return sorted(key for key in there if key in wanted)


def written(ctx: PixieBrix, database: Database, data: Sequence[Mapping[str, Any]]) -> list[str]:
    """Add records and give their keys, in the same order."""
    keys = [ctx.name("record") for _ in data]
    ctx.given.records(database, data, keys=keys)
    return keys


def fill(
    ctx: PixieBrix, database: Database, count: int, data: Mapping[str, Any] = MappingProxyType({})
) -> list[str]:
    """Add many small records and give their keys; the long answer is not held against the description."""
    start = ctx.name("record")
    keys = [f"{start}-{number}" for number in range(count)]
    with step("PB-REC-09", f"create {count} records"):
        held = dict(data)
        body = [{"id": key, "data": held} for key in keys]
        answer = ctx.call("createRecords", path=path_of(database), json=body, described=False)
        answer.expect_status(*CREATED)
    return keys


def read(ctx: PixieBrix, database: Database, key: str) -> dict[str, Any]:
    """One record, as a step of a check."""
    with step("PB-REC-11", "read a record"):
        answer = ctx.call("getRecord", path=path_of(database, key))
        return answer.expect_status(200).expect_json(dict)


def seen(ctx: PixieBrix, database: Database, key: str, field: str, value: str) -> dict[str, object]:
    """What each way of reading shows of a record: whether it has it, and with which value."""
    single = ctx.call("getRecord", path=path_of(database, key), described=False)
    shown: dict[str, object] = {"the record": None}
    if single.status == 200:
        shown["the record"] = field_of(single.expect_json(dict), "data").get(field)
    for version in ("1.0", "2.0"):
        answer = ctx.call("listRecords", path=path_of(database), version=version, described=False)
        if answer.status != 406:
            items = [one for one in answer.expect_status(200).expect_objects() if one.get("id") == key]
            shown[f"the list at {version}"] = items[0]["data"].get(field) if items else None
    shown["the filter"] = value if found(ctx, database, [key], {f"data__{field}": value}) else None
    csv = ctx.call("listRecords", path=path_of(database), accept="text/csv", described=False)
    if csv.status == 200:
        shown["the CSV"] = value if value in csv.containing({value}) else None
    return shown


def counted(ctx: PixieBrix, database: Database) -> object:
    """How many records a database has by the list of databases.

    Raises:
        NotVerified: the list does not tell.
    """
    with step("PB-DB-01", "list the databases"):
        databases = every_item(ctx, "listDatabases", {"organizationId": database.organization})
    counts = [one.get("num_records") for one in databases if one.get("id") == database.id]
    if not counts or counts[0] is None:
        ctx.skip("the list does not tell how many records a database has")
    return counts[0]


def day_of(ctx: PixieBrix, database: Database, key: str) -> date:
    """The date (UTC) that a record shows as its creation, as a step of a check."""
    record = read(ctx, database, key)
    with step("PB-REC-04", "read the time of creation"):
        created = as_timestamp(field_of(record, "created_at"))
        if created is None:
            raise CheckFailed("created_at", "a timestamp", record["created_at"])
    return created.date()


def later(ctx: PixieBrix) -> None:
    """Let a little time pass, so that what happens now shows another instant than what happened before."""
    if ctx.can("clock"):
        ctx.clock.advance(90)
    else:
        ctx.pause(1.1)


def noon(ctx: PixieBrix) -> None:
    """Go to the middle of a day where the clock can be moved; it does not matter elsewhere."""
    if ctx.can("clock"):
        days = Days(ctx, nights=False)
        days.next()
        days.until(timedelta(hours=12))


def same_json(one: object, other: object) -> bool:
    """Whether two values are equal as JSON: 1 is 1.0, and neither is true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def expect_numbers(
    ctx: PixieBrix,
    rows: Sequence[Sequence[str]],
    record: Mapping[str, Any],
    numbers: Mapping[str, float],
) -> None:
    """Go on if a table has the numbers of its one record, where the record itself shows them as written.

    Raises:
        CheckFailed: a cell is another number, or none.
    """
    data, row = field_of(record, "data"), rows[-1]
    for name, number in numbers.items():
        if not same_json(number, data.get(name)):
            continue  # the target cannot hold it
        cells = [row[place] for place, column in enumerate(rows[0]) if column in {name, f"data.{name}"}]
        try:
            same = len(cells) == 1 and Decimal(cells[0]) == Decimal(str(number))
        except InvalidOperation:
            same = False
        ctx.expect_true(f"the number under {name}", same, expected=str(number), actual=cells)


def expect_data(what: str, expected: object, record: Mapping[str, Any]) -> None:
    """Go on if a record has these data.

    Raises:
        CheckFailed: it has others, or none.
    """
    actual = record.get("data")
    if not same_json(expected, actual):
        raise CheckFailed(what, expected, actual if "data" in record else dict(record))
