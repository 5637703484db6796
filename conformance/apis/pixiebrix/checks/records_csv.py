"""The list of records as CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ....authoring.answer import Answer
from ....authoring.arrange import step
from ....authoring.check import CheckFailed, check
from ..arrange import Database
from ..context import PixieBrix
from ..pages import LARGEST
from ..records import expect_numbers, field_name, path_of, read, written
from ..texts import CELLS, NUMBERS, RETURNS

CSV = "text/csv"
ODD_VALUES = (*CELLS, *RETURNS, "z" * 65_537)


@check("PB-CSV-01")
def records_come_as_csv(ctx: PixieBrix) -> None:
    """Asks for CSV and looks at status and media type, and that it is not JSON in disguise."""
    path = {"databaseId": ctx.given.existing_database()}
    answer = ctx.call("listRecords", path=path, accept=CSV).expect_status(200).expect_media_type(CSV)
    disguised = answer.text.lstrip().startswith(("[", "{"))
    ctx.expect_true("the body", not disguised, expected="CSV", actual=answer.summary)


@check("PB-CSV-02")
def the_first_row_names_the_fields(ctx: PixieBrix) -> None:
    """Writes a field in the first record only and one in the second only, and looks for both names."""
    database = ctx.given.database(empty=True)
    names = [field_name(ctx, "first"), field_name(ctx, "second")]
    written(ctx, database, [{name: "value"} for name in names])
    header = _rows(ctx, database, {})[0]
    for name in names:
        columns = [column for column in header if column.endswith(name)]
        ctx.expect_true("the first row", len(columns) == 1, expected=f"one column {name}", actual=header)


@check("PB-CSV-03")
def the_csv_has_the_records_of_the_json(ctx: PixieBrix) -> None:
    """Compares the marks of all records in both forms, and those of a page of two, row by row."""
    database = ctx.given.database(empty=True)
    marks = [ctx.name("mark") for _ in range(3)]
    written(ctx, database, [{"mark": mark} for mark in marks])
    for size in (LARGEST, 2):
        _expect_same(ctx, database, marks, {"page_size": size})


@check("PB-CSV-04")
def values_come_through(ctx: PixieBrix) -> None:
    """Writes values that have to be quoted or encoded and reads them back, as UTF-8."""
    database, field = ctx.given.database(empty=True), field_name(ctx)
    written(ctx, database, [{field: value} for value in ODD_VALUES])
    header, *rows = _rows(ctx, database, {})
    with step("PB-CSV-02", "find the column of a field"):
        columns = [index for index, column in enumerate(header) if column.endswith(field)]
        ctx.expect_true("the first row", columns, expected=f"a column {field}", actual=header)
    # Only the own rows count: no other record has the field.
    found = sorted(row[columns[0]] for row in rows if row[columns[0]])
    ctx.expect("the values", sorted(ODD_VALUES), found)


@check("PB-CSV-04")
def numbers_come_through(ctx: PixieBrix) -> None:
    """Writes large and small numbers, and compares those that the record shows with the cells."""
    database = ctx.given.database(empty=True)
    (key,) = written(ctx, database, [NUMBERS])
    expect_numbers(ctx, _rows(ctx, database, {}), read(ctx, database, key), NUMBERS)


@check("PB-CSV-05")
def filters_apply_to_csv(ctx: PixieBrix) -> None:
    """Filters by a value in both forms and compares the marks of the records."""
    database, value = ctx.given.database(empty=True), ctx.name("value")
    marks = [ctx.name("mark") for _ in range(4)]
    colors = (value, "other", value, "other")
    pairs = zip(marks, colors, strict=True)
    written(ctx, database, [{"mark": mark, "color": color} for mark, color in pairs])
    _expect_same(ctx, database, marks, {"data__color": value})


@check("PB-CSV-06")
def csv_is_served_at_2_0(ctx: PixieBrix) -> None:
    """Asks for CSV at version 2.0 and looks at the Content-Type."""
    path = {"databaseId": ctx.given.existing_database()}
    with step("PB-CSV-01", "list the records as CSV"):
        ctx.call("listRecords", path=path, accept=CSV, version="").expect_status(200).expect_media_type(CSV)
    answer = ctx.call("listRecords", path=path, accept=CSV, version="2.0")
    answer.expect_status(200).expect_media_type(CSV)
    ctx.expect("the version in the Content-Type", "2.0", answer.media_parameters.get("version"))


def _list(
    ctx: PixieBrix, database: Database, query: Mapping[str, object], accept: str | None = None
) -> Answer:
    asked = {"page_size": LARGEST, **query}
    return ctx.call("listRecords", path=path_of(database), query=asked, accept=accept).expect_status(200)


def _rows(ctx: PixieBrix, database: Database, query: Mapping[str, object]) -> list[list[str]]:
    """The rows of the CSV, the header among them."""
    answer = _list(ctx, database, query, CSV)
    rows = answer.csv_rows()
    if not rows:
        raise CheckFailed("the CSV", "a header row", answer.summary)
    return rows


def _expect_same(ctx: PixieBrix, database: Database, marks: list[str], query: Mapping[str, object]) -> None:
    """Go on if every record of the JSON has its one row behind the header, and no row is without a record."""
    with step("PB-REC-02", "list the records as JSON"):
        records = _list(ctx, database, query).expect_objects()
        expected = _marks([_cells(record) for record in records], marks)
    _, *rows = _rows(ctx, database, query)
    ctx.expect(f"the marks in the rows ({dict(query)})", expected, _marks(rows, marks))


def _cells(record: Mapping[str, Any]) -> list[object]:
    data = record.get("data")
    return list(data.values()) if isinstance(data, Mapping) else []


def _marks(rows: Iterable[Iterable[object]], marks: list[str]) -> dict[str, int]:
    """How often each mark is in a row; a row without one counts as such."""
    found: Counter[str] = Counter()
    for row in rows:
        found.update([str(cell) for cell in row if cell in marks] or ["a row without a mark"])
    return dict(sorted(found.items()))
