"""The exported data as files: their formats, and what the records look like in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from ....authoring.answer import Answer
from ....authoring.check import CheckFailed, check
from ....authoring.formats import as_timestamp
from ....authoring.workbook import rows_of
from ..archives import Marks
from ..arrange import Database
from ..context import PixieBrix
from ..exports import COLUMNS, elements, expect_a_row_each, expect_columns, exported, succeeded, write
from ..records import expect_numbers, read
from ..texts import CELLS, NUMBERS, RETURNS

JSON, CSV, XLSX = "application/json", "text/csv", "application/xlsx"
SERVED_AS: Final[Mapping[str, tuple[str, ...]]] = {
    JSON: (JSON,),
    CSV: (CSV,),
    XLSX: ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", XLSX),
}
EVERY_TYPE: Final[Mapping[str, Any]] = {
    "text": 'Žluťoučký kůň, 漢字, 😀, "quoted" \\ and\nbroken',
    "empty": "",
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "large": 9_007_199_254_740_991,
    "huge": 1.5e300,
    "negative": -0.125,
    "nested": {"a": {"b": [1, [2, {"c": None}]]}, "": {}},
    "array": [],
}
ABOUT = timedelta(seconds=60)
AWKWARD: Final[Mapping[str, str]] = {
    "commas": "one, two,,three",
    "quotes": 'say "yes", or ""',
    "broken": "first\nsecond\r\nthird",
    "letters": "Žluťoučký kůň, 漢字, 😀",
    "spaces": "  in front and behind  ",
    **{f"cell {number}": text for number, text in enumerate((*CELLS, *RETURNS, "z" * 65_537))},
}


def _export(ctx: PixieBrix, database: Database, media_type: str) -> Answer:
    return exported(ctx, succeeded(ctx, database, media_type=media_type))


def _expect_json(ctx: PixieBrix, answer: Answer) -> None:
    good = answer.is_json(list, dict)
    ctx.expect_true("the exported data", good, expected="an array or object", actual=answer.summary)


@check("PB-JOB-25")
def the_default_is_json(ctx: PixieBrix) -> None:
    """Exports two records without a media type, and parses the data as JSON."""
    database = ctx.given.database()
    write(ctx, database, Marks(ctx).new(2))
    _expect_json(ctx, exported(ctx, succeeded(ctx, database)))


@check("PB-JOB-26")
def json_gives_json(ctx: PixieBrix) -> None:
    """Exports two records as application/json, and parses the data."""
    database = ctx.given.database()
    write(ctx, database, Marks(ctx).new(2))
    _expect_json(ctx, _export(ctx, database, JSON))


@check("PB-JOB-27")
def csv_gives_csv(ctx: PixieBrix) -> None:
    """Exports records as text/csv, and looks for a value of each in a row of its own."""
    database, marks = ctx.given.database(), Marks(ctx).new(3)
    write(ctx, database, marks)
    rows = _export(ctx, database, CSV).rows()
    for row in expect_a_row_each(ctx, rows, marks):
        ctx.expect_true("the values of a row", len(row) > 1, expected="several, between commas", actual=row)


@check("PB-JOB-28")
def xlsx_gives_a_workbook(ctx: PixieBrix) -> None:
    """Exports records as application/xlsx, and looks for a value of each in a row of the first worksheet."""
    database, marks = ctx.given.database(), Marks(ctx).new(3)
    write(ctx, database, marks)
    expect_a_row_each(ctx, rows_of(_export(ctx, database, XLSX).content), marks)


@check("PB-JOB-39")
def json_data_are_what_was_written(ctx: PixieBrix) -> None:
    """Exports a record with values of every type, and compares its data."""
    database, marks = ctx.given.database(), Marks(ctx).new(1)
    write(ctx, database, marks, EVERY_TYPE)
    found = elements(ctx, exported(ctx, succeeded(ctx, database)), marks)[0].get("data")
    wanted = {"probe": marks[0], **EVERY_TYPE}
    if _typed(found) != _typed(wanted):
        raise CheckFailed("the exported data of a record", wanted, found)


def _typed(value: Any) -> Any:
    """A value in which true is not 1; 1.0 is, for JSON knows one kind of numbers."""
    if isinstance(value, dict):
        return {name: _typed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_typed(one) for one in value]
    return (type(value), value) if isinstance(value, bool) else value


@check("PB-JOB-40")
def json_is_an_array_of_records(ctx: PixieBrix) -> None:
    """Exports two records, and compares each element with the record."""
    database, marks = ctx.given.database(), Marks(ctx).new(2)
    records = write(ctx, database, marks)
    answer = exported(ctx, succeeded(ctx, database))
    for element in answer.objects():
        ctx.expect("the fields that an element lacks", [], sorted({*COLUMNS, "data"} - set(element)))
    for record, element in zip(records, elements(ctx, answer, marks), strict=True):
        for name, expected in (("id", record["id"]), ("database", database.id), ("data", record["data"])):
            ctx.expect(f"the {name} of an element", expected, element[name])
        _expect_times(ctx, record, element)


def _expect_times(ctx: PixieBrix, record: Mapping[str, Any], element: Mapping[str, Any]) -> None:
    """A new record was created and updated at about the same time."""
    created = as_timestamp(record.get("created_at"))
    for name in ("created_at", "updated_at"):
        instant = as_timestamp(element[name])
        good = instant is not None and (created is None or abs(instant - created) < ABOUT)
        expected = f"about {record.get('created_at')}" if created else "a timestamp"
        ctx.expect_true(f"the {name} of an element", good, expected=expected, actual=element[name])


@check("PB-JOB-41")
def csv_has_a_header(ctx: PixieBrix) -> None:
    """Exports records with different fields as CSV, and compares the header with the union of the fields."""
    database, fields = _with_different_fields(ctx)
    header = _first_row(ctx, _export(ctx, database, CSV).csv_rows())
    expect_columns(ctx, header, fields, alone=database.ours)


def _with_different_fields(ctx: PixieBrix) -> tuple[Database, list[str]]:
    database = ctx.given.database(empty=True)
    odd = {"First": 1, "a, b": 2, 'say "x"': 3, "\u00e9": 4, "e\u0301": 5, "data.x": 6, "n" * 300: 7}
    last = {"first": 2, "third": "y", **odd}
    write(ctx, database, Marks(ctx).new(3), {"first": 1}, {"Second field": "x"}, last)
    return database, ["probe", "first", "Second field", "third", *odd]


def _first_row(ctx: PixieBrix, rows: list[list[str]]) -> list[str]:
    ctx.expect_true("the rows of the export", rows, expected="a header and records", actual="none")
    return rows[0]


@check("PB-JOB-42")
def csv_quotes(ctx: PixieBrix) -> None:
    """Exports commas, quotes, line breaks and letters of many scripts as CSV, and reads them back."""
    database, marks = ctx.given.database(), Marks(ctx).new(1)
    write(ctx, database, marks, AWKWARD)
    rows = _export(ctx, database, CSV).csv_rows()
    row = expect_a_row_each(ctx, rows, marks)[0]
    for name, text in AWKWARD.items():
        column = f"data.{name}"
        ctx.expect_true("the header", column in rows[0], expected=f"a column {column}", actual=rows[0])
        _expect_text(column, text, row[rows[0].index(column)])


@check("PB-JOB-42")
def csv_has_the_numbers(ctx: PixieBrix) -> None:
    """Exports large and small numbers as CSV, and compares those that the record shows, digit by digit."""
    database, marks = ctx.given.database(), Marks(ctx).new(1)
    (record,) = write(ctx, database, marks, NUMBERS)
    shown = read(ctx, database, str(record["id"]))
    rows = _export(ctx, database, CSV).csv_rows()
    expect_numbers(ctx, [rows[0], *expect_a_row_each(ctx, rows, marks)], shown, NUMBERS)


def _expect_text(column: str, wanted: str, shown: str) -> None:
    if shown != wanted:
        raise CheckFailed(f"the value under {column}", _shortened(wanted), _shortened(shown))


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:20]}… of {len(text)} characters"


@check("PB-JOB-54")
def xlsx_has_the_texts(ctx: PixieBrix) -> None:
    """Exports texts that are alike, long, or look like numbers and markup as XLSX, and reads them back."""
    database, marks = ctx.given.database(), Marks(ctx).new(1)
    texts = {f"cell {number}": text for number, text in enumerate(CELLS)}
    write(ctx, database, marks, texts)
    rows = rows_of(_export(ctx, database, XLSX).content)
    row = expect_a_row_each(ctx, rows, marks)[0]
    for name, text in texts.items():
        column = f"data.{name}"
        ctx.expect_true("the header", column in rows[0], expected=f"a column {column}", actual=rows[0])
        place = rows[0].index(column)
        _expect_text(column, text, row[place] if place < len(row) else "")


@check("PB-JOB-43")
def xlsx_has_the_columns_of_csv(ctx: PixieBrix) -> None:
    """Exports records with different fields as XLSX, and compares the first row of the first worksheet and
    the number of its rows.
    """
    database, fields = _with_different_fields(ctx)
    rows = [row for row in rows_of(_export(ctx, database, XLSX).content) if any(row)]
    expect_columns(ctx, _first_row(ctx, rows), fields, alone=database.ours)
    ctx.expect("the rows below the header", 3, len(rows) - 1)


@check("PB-JOB-44")
def the_file_has_its_media_type(ctx: PixieBrix) -> None:
    """Exports in each format and looks at the Content-Type."""
    database = ctx.given.database()
    ctx.given.record(database)
    for media_type, served_as in SERVED_AS.items():
        _export(ctx, database, media_type).expect_media_type(*served_as)
