"""Export jobs with generated orders and data."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from ....authoring import strategies
from ....authoring.arrange import step
from ....authoring.check import check
from ....authoring.properties import for_all
from ..archives import Marks
from ..calls import expect_refused
from ..context import PixieBrix
from ..exports import (
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
from ..records import expect_data

_COUNT = 5


@check("PB-JOB-01")
def any_described_order_is_accepted(ctx: PixieBrix) -> None:
    """Sends generated orders, as the description allows them, for a database that exists."""
    database = ctx.given.database()

    def body(fields: dict[str, Any]) -> None:
        answer = send(ctx, {**fields, "name": ctx.name("export"), "databases": [database.id]})
        expect_accepted(ctx, answer, "an order that the description allows")

    # By the description alone, nearly all dates are of years that some calendars do not have.
    dates = {"start_date": _dates(2000, 2049), "end_date": _dates(2050, 2099)}
    filters = st.fixed_dictionaries({}, optional=dates)
    orders = st.builds(_filtered, strategies.bodies(ctx, "createExportJob"), filters)
    for_all(ctx, orders, body, examples=12)


def _filtered(fields: dict[str, Any], filters: dict[str, str]) -> dict[str, Any]:
    """An order with other filters, or without."""
    others = {name: value for name, value in fields.items() if name != "filters"}
    return {**others, "filters": filters} if filters else others


def _dates(first: int, last: int) -> st.SearchStrategy[str]:
    """Dates of some years as texts, at any offset."""
    instants = st.datetimes(datetime(first, 1, 2), datetime(last, 12, 30))  # noqa: DTZ001 (`as_text` adds it)
    offsets = _QUARTERS.map(lambda quarters: timedelta(minutes=15 * quarters))
    return st.builds(lambda instant, offset: as_text(instant, offset=offset), instants, offsets)


_QUARTERS = st.integers(-48, 56)
"""The offsets of the sandbox, in quarters of an hour."""


@check("PB-JOB-15", control="createExportJob")
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

    def body(chosen: list[tuple[int, int]]) -> None:
        (first, _), (last, _) = chosen = sorted(chosen)
        start, end = (as_text(bounds[index], offset=timedelta(minutes=n * 15)) for index, n in chosen)
        answer = exported(ctx, succeeded(ctx, database, filters={"start_date": start, "end_date": end}))
        present = [one.mark for one in records[first:last]]
        absent = [one.mark for one in records if one.mark not in present]
        expect_marks(ctx, answer, present=present, absent=absent)

    bound = st.tuples(st.integers(0, len(bounds) - 1), _QUARTERS)
    two = st.lists(bound, min_size=2, max_size=2, unique_by=lambda one: one[0])
    for_all(ctx, two, body, examples=5)


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

    lists = st.lists(strategies.texts() | strategies.quotable(), min_size=8, max_size=12)
    for_all(ctx, lists, body, examples=4)
