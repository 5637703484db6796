"""The filters `start_date` and `end_date` of a list of records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from ....authoring.arrange import step
from ....authoring.check import check
from ..archives import DAY, Days, change
from ..arrange import Database
from ..context import PixieBrix
from ..records import day_of, found, noon, path_of, written

START = "start_date"
END = "end_date"
PARAMETERS = (START, END)
LONG = 40 * DAY


@check("PB-FILT-01")
def a_start_date_alone(ctx: PixieBrix) -> None:
    """Filters from the day before the creation that a record shows, from the day itself and the day after."""
    database, key, day = _dated(ctx)
    _expect(ctx, database, [key], {START: day - DAY}, came=[key])
    _expect(ctx, database, [key], {START: day}, came=[key])
    _expect(ctx, database, [key], {START: day + DAY}, came=[])


@check("PB-FILT-02")
def an_end_date_alone(ctx: PixieBrix) -> None:
    """Filters up to the day after the creation that a record shows, to the day itself and the day before."""
    database, key, day = _dated(ctx)
    _expect(ctx, database, [key], {END: day + DAY}, came=[key])
    _expect(ctx, database, [key], {END: day}, came=[key])
    _expect(ctx, database, [key], {END: day - DAY}, came=[])


@check("PB-FILT-03")
def both_dates_together(ctx: PixieBrix) -> None:
    """Filters by a span around the date of a record, by one that ends before it and one that begins after."""
    database, key, day = _dated(ctx)
    _expect(ctx, database, [key], {START: day - DAY, END: day + DAY}, came=[key])
    _expect(ctx, database, [key], {START: day - LONG, END: day - DAY}, came=[])
    _expect(ctx, database, [key], {START: day + DAY, END: day + LONG}, came=[])


@check("PB-FILT-04")
def without_dates_nothing_is_filtered(ctx: PixieBrix) -> None:
    """Writes records, 400 days apart where the clock can be moved, and lists without parameters."""
    database = ctx.given.database()
    keys = written(ctx, database, [{"probe": 1}, {"probe": 2}])
    if ctx.can("clock"):
        ctx.clock.advance(10 * LONG.total_seconds())
        keys += written(ctx, database, [{"probe": 3}])
    _expect(ctx, database, keys, {}, came=keys)


@check("PB-FILT-05")
def the_start_date_is_inclusive(ctx: PixieBrix) -> None:
    """Filters from the very date that a new record shows as its creation."""
    database, key, day = _dated(ctx)
    _expect(ctx, database, [key], {START: day}, came=[key])


@check("PB-FILT-06")
def the_end_date_is_inclusive(ctx: PixieBrix) -> None:
    """Filters up to the very date that a new record shows, which is written at noon where that can be."""
    noon(ctx)
    database, key, day = _dated(ctx)
    _expect(ctx, database, [key], {END: day}, came=[key])


@check("PB-FILT-07")
def the_start_date_begins_at_midnight(ctx: PixieBrix) -> None:
    """Writes a record just before midnight UTC and one just after it, and filters from the second day."""
    database, before, after = _around_midnight(ctx)
    day = day_of(ctx, database, after)
    _expect(ctx, database, [before, after], {START: day}, came=[after])


@check("PB-FILT-08")
def the_end_date_ends_at_midnight(ctx: PixieBrix) -> None:
    """Writes a record just before midnight UTC and one just after it, and filters up to the first day."""
    database, before, after = _around_midnight(ctx)
    day = day_of(ctx, database, before)
    _expect(ctx, database, [before, after], {END: day}, came=[before])


@check("PB-FILT-09")
def the_dates_look_at_the_creation(ctx: PixieBrix) -> None:
    """Writes a record, changes it two days later, and filters by each of the two dates."""
    database, key, day = _dated(ctx)
    ctx.clock.advance((2 * DAY).total_seconds())
    change(ctx, database, key, {"probe": "changed"})
    _expect(ctx, database, [key], {START: day, END: day}, came=[key])
    _expect(ctx, database, [key], {START: day + 2 * DAY, END: day + 2 * DAY}, came=[])


@check("PB-FILT-10")
def dates_are_year_month_day(ctx: PixieBrix) -> None:
    """Lists with each parameter and with both, a leap day among the values, and expects 200."""
    path = {"databaseId": ctx.given.existing_database()}
    for query in (
        {START: "2022-05-19"},
        {END: "2024-02-29"},
        {START: "2024-02-29", END: "2024-12-31"},
    ):
        answer = ctx.call("listRecords", path=path, query={**query, "page_size": 1})
        answer.expect_status(200).expect_objects()


@check("PB-FILT-11")
def no_date_is_refused(ctx: PixieBrix) -> None:
    """Lists with a word, and with a day that no calendar has, in each parameter."""
    path = {"databaseId": ctx.given.existing_database()}
    for name in PARAMETERS:
        with step("PB-FILT-10", "filter by a date"):
            ctx.call("listRecords", path=path, query={name: "2022-05-19"}).expect_status(200)
        for value in ("yesterday", "2023-02-29"):
            ctx.call("listRecords", path=path, query={name: value}).expect_status(400)


def _dated(ctx: PixieBrix) -> tuple[Database, str, date]:
    """A new record and the date that it shows as its creation."""
    database = ctx.given.database()
    (key,) = written(ctx, database, [{"probe": True}])
    return database, key, day_of(ctx, database, key)


def _around_midnight(ctx: PixieBrix) -> tuple[Database, str, str]:
    """Two records from the last second of one day and the first of the next one (UTC)."""
    database, days = ctx.given.database(), Days(ctx, nights=False)
    days.until(timedelta(seconds=1))
    (before,) = written(ctx, database, [{"probe": "before"}])
    days.next()
    (after,) = written(ctx, database, [{"probe": "after"}])
    return database, before, after


def _expect(
    ctx: PixieBrix, database: Database, keys: list[str], query: Mapping[str, object], *, came: list[str]
) -> None:
    """Go on if of these keys exactly those come that should."""
    asked = " and ".join(f"{name}={value}" for name, value in query.items()) or "no date"
    what = f"the records of {path_of(database)['databaseId']} with {asked}"
    ctx.expect(what, sorted(came), found(ctx, database, keys, query))
