"""Pages of records: they are not counted, and are gone through by their links."""

from __future__ import annotations

from ....authoring.answer import Answer
from ....authoring.check import CheckFailed, check
from ..archives import Marks
from ..arrange import Database
from ..context import PixieBrix
from ..lists import fields_of, followed, ids_of, walked

FIELD = "user email"
MATCH = "R&D=a+b #1;50% \u00fc?/@example.com"
"""A field and a value that have to be encoded in a query."""


def _first(ctx: PixieBrix, database: Database, **query: object) -> Answer:
    """The first page of records at version 2.0."""
    path = {"databaseId": database.id}
    answer = ctx.call("listRecords", path=path, query=query, version="2.0").expect_status(200)
    answer.expect_objects()
    return answer


@check("PB-PAGE-04")
def a_page_has_100_records_by_default(ctx: PixieBrix) -> None:
    """Writes 101 records in one request and counts the items of the first page."""
    database = ctx.given.database()
    ctx.given.records(database, [{"n": number} for number in range(101)])
    ctx.expect("the records of a page without page_size", 100, len(ids_of(_first(ctx, database))))


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
    """Writes records that meet a filter among others, and follows next under that filter by pages of two."""
    database, marks = ctx.given.database(), Marks(ctx).new(5)
    others = [{FIELD: "other@example.com", "probe": mark} for mark in Marks(ctx).new(5)]
    ours = [{FIELD: f"{marks[0]}{MATCH}", "probe": mark} for mark in marks]
    ctx.given.records(database, [one for pair in zip(ours, others, strict=True) for one in pair])
    first = _first(ctx, database, page_size=2, **{f"data__{FIELD}": f"{marks[0]}{MATCH}"})
    second = followed(ctx, first, "next")
    pages = (first, second, followed(ctx, second, "next"))
    found = [fields_of(page.expect_objects(), "probe") for page in pages]
    ctx.expect("the sizes of the pages under a filter", [2, 2, 1], [len(page) for page in found])
    met = sorted(one for page in found for one in page)
    ctx.expect("the records of the pages under a filter", sorted(marks), met)


@check("PB-PAGE-20")
def records_are_gone_through_by_next(ctx: PixieBrix) -> None:
    """Writes five records and goes through their database by pages of two, from next to next."""
    database = ctx.given.database(empty=True)
    written = ctx.given.records(database, [{"n": number} for number in range(5)])
    pages = [ids_of(page) for page in walked(ctx, _first(ctx, database, page_size=2), 5)]
    ctx.expect("the sizes of the pages", [2, 2, 1], [len(page) for page in pages])
    met = sorted(one for page in pages for one in page)
    ctx.expect("the records on all pages", sorted(str(record["id"]) for record in written), met)
