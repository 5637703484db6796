"""Export jobs with generated orders and data."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from .. import strategies
from ..archived import Marks
from ..calls import expect_refused
from ..check import check
from ..context import PixieBrix
from ..exporting import (
    as_text,
    between,
    elements,
    expect_accepted,
    expect_marks,
    exported,
    order,
    send,
    succeeded,
    write,
    written_apart,
)
from ..generated import for_all
from ..given import step
from ..recorded import expect_data

_COUNT = 5


@check("PB-JOB-01")
def any_described_order_is_accepted(ctx: PixieBrix) -> None:
    """Sends generated orders, as the description allows them, for a database that exists."""
    database = ctx.given.database()

    def body(fields: dict[str, Any]) -> None:
        answer = send(ctx, {**fields, "name": ctx.name("export"), "databases": [database.id]})
        expect_accepted(ctx, answer, "an order that the description allows")

    for_all(ctx, strategies.bodies(ctx, "createExportJob").map(_dated), body, examples=4)


def _dated(fields: dict[str, Any]) -> dict[str, Any]:
    """An order without its filters if a year of them is one that some calendars do not have."""
    filters = fields.get("filters") or {}
    usual = all("1970" <= str(value) < "2100" for value in filters.values())
    return fields if usual else {name: value for name, value in fields.items() if name != "filters"}


@check("PB-JOB-15")
def any_other_text_is_refused(ctx: PixieBrix) -> None:
    """Sends orders with generated texts for a start date or an end date."""
    database = ctx.given.database()

    def body(pair: tuple[str, str]) -> None:
        name, text = pair
        answer = send(ctx, order(ctx, database.id, filters={name: text}))
        expect_refused(ctx, answer, f"an order with the {name} {text!r}")

    # A date, or a year alone, may be read as the instant of its beginning.
    texts = strategies.texts().filter(lambda text: not any(letter.isdigit() for letter in text))
    for_all(ctx, st.tuples(st.sampled_from(("start_date", "end_date")), texts), body, examples=5)


@check("PB-JOB-35")
def any_dates_hold_together(ctx: PixieBrix) -> None:
    """Writes records one after the other, and exports between generated instants, with generated offsets."""
    database = ctx.given.database()
    records = written_apart(ctx, database, _COUNT)
    gaps = [between(*pair) for pair in pairwise(records)]
    bounds = [records[0].created - timedelta(hours=1), *gaps, records[-1].created + timedelta(hours=1)]

    def body(chosen: tuple[int, int, int]) -> None:
        first, last, minutes = min(chosen[:2]), max(chosen[:2]), chosen[2]
        start, end = (_at(bounds[index], minutes) for index in (first, last))
        answer = exported(ctx, succeeded(ctx, database, filters={"start_date": start, "end_date": end}))
        present = [one.mark for one in records[first:last]]
        absent = [one.mark for one in records if one.mark not in present]
        expect_marks(ctx, answer, present=present, absent=absent)

    index = st.integers(0, len(bounds) - 1)
    for_all(ctx, st.tuples(index, index, st.integers(-48, 56).map(lambda n: n * 15)), body, examples=4)


def _at(instant: datetime, minutes: int) -> str:
    return as_text(instant, offset=timedelta(minutes=minutes))


@check("PB-JOB-39")
def any_data_are_exported(ctx: PixieBrix) -> None:
    """Exports records with generated data, as the description allows them, and compares."""
    database, known = ctx.given.database(), Marks(ctx)

    def body(several: list[dict[str, Any]]) -> None:
        marks = known.new(len(several))
        write(ctx, database, marks, *several)
        found = elements(ctx, exported(ctx, succeeded(ctx, database)), marks)
        for mark, data, element in zip(marks, several, found, strict=True):
            expect_data("the exported data of a record", {**data, "probe": mark}, element)

    lists = st.lists(strategies.data(ctx).map(_unmarked), min_size=1, max_size=5)
    for_all(ctx, lists, body, examples=3)


def _unmarked(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "probe"}


@check("PB-JOB-42")
def any_text_is_quoted(ctx: PixieBrix) -> None:
    """Exports generated texts as CSV and compares them as they are read."""
    database, known = ctx.given.database(), Marks(ctx)

    def body(values: list[str]) -> None:
        marks = known.new(len(values))
        # A letter in front: spreadsheets take some texts for formulas, and servers may mark those.
        texts = [f"v{value}" for value in values]
        write(ctx, database, marks, *({"text": text} for text in texts))
        rows = exported(ctx, succeeded(ctx, database, media_type="text/csv")).csv_rows()
        with step("PB-JOB-41", "find the columns of the export"):
            header = rows[0] if rows else []
            wanted = {"data.text", "data.probe"}
            ctx.expect_true("the header", wanted <= set(header), expected=sorted(wanted), actual=header)
        text, probe = header.index("data.text"), header.index("data.probe")
        there = {row[probe]: row[text] for row in rows[1:] if len(row) == len(header)}
        for mark, expected in zip(marks, texts, strict=True):
            ctx.expect("a text in the export", expected, there.get(mark, "no row of the header's length"))

    punctuation = st.text(st.sampled_from(",\";\n\t '|é"), max_size=8)
    for_all(ctx, st.lists(strategies.texts() | punctuation, min_size=2, max_size=6), body, examples=3)
