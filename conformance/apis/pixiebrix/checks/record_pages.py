"""Pages of records: they are not counted, and are gone through by their links."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from ....authoring.answer import Answer
from ....authoring.arrange import step
from ....authoring.check import CheckFailed, NotVerified, check
from ..archives import DAY, Days, Marks
from ..arrange import Database
from ..asset_lists import database_of_assets
from ..context import PixieBrix
from ..lists import followed, ids_of, walked
from ..records import fill

FIELD = "user email"
MATCH = "R&D=a+b #1;50% \u00fc?/@example.com"
"""A field and a value that have to be encoded in a query."""
_SOME: Final = 51
"""How many assets are made: more than a page has by default in many frameworks."""
_FEW: Final = 2
"""How many records a page may have, where that can be set."""
_FORMS: Final = (
    "application/json",
    "application/vnd.pixiebrix.api+json",
    "application/vnd.pixiebrix.api.flat+json",
    "text/csv",
)


def _first(ctx: PixieBrix, database: Database, **query: object) -> Answer:
    """The first page of records at version 2.0."""
    path = {"databaseId": database.id}
    answer = ctx.call("listRecords", path=path, query=query, version="2.0").expect_status(200)
    answer.expect_objects()
    return answer


@check("PB-PAGE-04")
def a_page_has_100_records_by_default(ctx: PixieBrix) -> None:
    """Writes 101 records in one request, counts the items of the first page, and follows next to others."""
    database = ctx.given.database()
    fill(ctx, database, 101)
    first = _first(ctx, database)
    ctx.expect("the records of a page without page_size", 100, len(ids_of(first)))
    behind = ids_of(followed(ctx, first, "next"))
    others = set(behind) - set(ids_of(first))
    good = behind and len(others) == len(behind)
    ctx.expect_true("the page behind it", good, expected="records that are not on the first", actual=behind)


@check("PB-PAGE-04")
def a_page_of_assets_has_100_by_default(ctx: PixieBrix) -> None:
    """Counts the assets of a page without page_size; where it may create databases, of one with 51."""
    with suppress(NotVerified), step("PB-ASSET-01", "list the assets"):  # there may be no database of assets
        path = {"databaseId": database_of_assets(ctx)}
        shown = ctx.call("listAssets", path=path, version="2.0").expect_status(200)
        most, count = 100, len(ids_of(shown))
        ctx.expect_true("how many assets a page has", count <= most, expected=f"{most} at most", actual=count)
    if not ctx.scratch.create_databases:
        return  # they could not be taken away again
    database = ctx.given.database(assets=True)
    if not database.name:
        return  # it is not a new one
    ctx.until += _SOME * ctx.run.target.pace.seconds_apart
    ids = [ctx.given.asset(database, described=False).id for _ in range(_SOME)]
    answer = ctx.call("listAssets", path={"databaseId": database.id}, version="2.0").expect_status(200)
    ctx.expect("how many assets a page has without page_size", len(ids), len(ids_of(answer)))


@check("PB-PAGE-14")
def records_have_no_last_page(ctx: PixieBrix) -> None:
    """Asks for the first and the second of three pages of records."""
    database = ctx.given.database()
    ctx.given.records(database, [{"n": number} for number in range(3)])
    for number in (1, 2):
        _expect_no_last(_first(ctx, database, page_size=1, page=number))


def _expect_no_last(page: Answer) -> None:
    if "last" in page.links:
        what = f"the Link header of {page.url}"
        raise CheckFailed(what, "no link with rel=last", page.headers.get("Link"))


@check("PB-PAGE-15")
def records_have_no_total(ctx: PixieBrix) -> None:
    """Looks at the headers of a list of records."""
    path = {"databaseId": ctx.given.existing_database()}
    for query in ({}, {"page": 1, "page_size": 1}):
        answer = ctx.call("listRecords", path=path, query=query, version="2.0").expect_status(200)
        ctx.expect("X-Total-Count of records", None, answer.headers.get("X-Total-Count"))


@check("PB-PAGE-19")
def links_keep_filter_and_size(ctx: PixieBrix) -> None:
    """Writes records that meet filters on fields, and dates where the clock can be moved, and others, and
    follows next under these filters by pages of two, as JSON and as CSV.
    """
    database, known = ctx.given.database(), Marks(ctx)
    marks = known.new(5)
    match = ctx.name("match") + MATCH
    query: dict[str, object] = {f"data__{FIELD}": match, "data__kept__isnull": "false", "page_size": 2}
    if ctx.can("clock"):
        with suppress(NotVerified):  # without another date the other filters have to do
            days = Days(ctx, nights=False)
            ctx.given.records(database, [{FIELD: match, "kept": "", "probe": mark} for mark in known.new(3)])
            query |= {"start_date": days.next(), "end_date": days.today + DAY}
    others = [{FIELD: "other@example.com", "kept": "", "probe": mark} for mark in known.new(5)]
    ours = [{FIELD: match, "kept": "", "probe": mark} for mark in marks]
    bare = [{FIELD: match, "probe": mark} for mark in known.new(5)]
    ctx.given.records(database, [one for three in zip(bare, ours, others, strict=True) for one in three])
    for form in ("application/json", "text/csv"):
        _expect_walk(ctx, _page(ctx, database, form, **query), known, marks, f"as {form} under filters")


@check("PB-PAGE-20")
def records_are_gone_through_by_next(ctx: PixieBrix) -> None:
    """Writes five records and goes through them by pages of two, from next to next, in each media type."""
    database, known = ctx.given.database(empty=True), Marks(ctx)
    marks = known.new(5)
    ctx.given.records(database, [{"probe": mark} for mark in marks])
    for form in _FORMS:
        first = _page(ctx, database, form, page_size=2)
        if first.status == 406 and form != _FORMS[0]:
            continue  # whether it is served is a rule of its own
        _expect_walk(ctx, first, known, marks, f"as {form}")


def _page(ctx: PixieBrix, database: Database, form: str, **query: object) -> Answer:
    path = {"databaseId": database.id}
    return ctx.call("listRecords", path=path, query=query, accept=form, version="2.0")


def _expect_walk(ctx: PixieBrix, first: Answer, known: Marks, marks: Sequence[str], what: str) -> None:
    """Go on if the five records are on pages of two, two and one, from next to next, and no others."""
    first.expect_status(200)
    pages = [sorted(known.within(page.text)) for page in walked(ctx, first, len(marks))]
    ctx.expect(f"the sizes of the pages {what}", [2, 2, 1], [len(page) for page in pages])
    met = sorted(mark for page in pages for mark in page)
    ctx.expect(f"the records of the pages {what}", sorted(marks), met)


@check("PB-PAGE-23")
def a_page_cut_at_the_maximum_is_not_the_last(ctx: PixieBrix) -> None:
    """Writes one record more than a page may have, asks for more than that, as JSON and as CSV, and follows
    next.
    """
    cap = ctx.given.records_cap(_FEW)
    database = ctx.given.database(empty=True)
    keys = fill(ctx, database, cap + 1)
    for form, size in (("application/json", cap + 1), ("text/csv", 10 * cap)):
        first = _page(ctx, database, form, page_size=size).expect_status(200)
        pages = walked(ctx, first, len(keys))
        if form == "text/csv":
            found = sum(sum(1 for _ in page.rows()) - 1 for page in pages)
            ctx.expect(f"how many records all pages have ({form}, page_size={size})", len(keys), found)
        else:
            met = sorted(key for page in pages for key in ids_of(page))
            missing, more = sorted(set(keys) - set(met))[:5], len(met) - len(set(met))
            what = f"the records on no page, and how many are on two ({form}, page_size={size})"
            ctx.expect(what, ([], 0), (missing, more))
