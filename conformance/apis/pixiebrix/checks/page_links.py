"""The Link header of the counted lists: where its links lead, and which are not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ....authoring.answer import Answer
from ....authoring.check import CheckFailed, check
from ..context import PixieBrix
from ..lists import Listing, followed, ids_of, listings

MOST = 5
"""How many pages are gone through at most."""


def _expect_same(ctx: PixieBrix, what: str, expected: Sequence[str], page: Answer) -> None:
    ctx.expect(f"the ids behind {what}", list(expected), ids_of(page))


@check("PB-PAGE-07")
def next_leads_to_the_next(ctx: PixieBrix) -> None:
    """Follows next from the first page to the last, and compares with the pages by their numbers."""
    for listing in listings(ctx):
        page = listing.good(size=listing.size)
        for number in range(2, min(listing.pages, MOST) + 1):
            before, page = ids_of(page), followed(ctx, page, "next")
            _expect_same(ctx, f"next of page {number - 1}", ids_of(listing.good(number, listing.size)), page)
            ctx.expect(f"the {listing} on page {number - 1} and after it", [], _shared(before, page))


@check("PB-PAGE-08")
def prev_leads_to_the_previous(ctx: PixieBrix) -> None:
    """Follows prev from the last page and from the second, and compares with the pages by their numbers."""
    for listing in listings(ctx):
        for number in sorted({2, listing.pages}):
            page = listing.good(number, listing.size)
            expected = ids_of(listing.good(number - 1, listing.size))
            before = followed(ctx, page, "prev")
            _expect_same(ctx, f"prev of page {number}", expected, before)
            ctx.expect(f"the {listing} on page {number} and before it", [], _shared(ids_of(page), before))


def _shared(ids: Sequence[str], page: Answer) -> list[str]:
    return sorted(set(ids) & set(ids_of(page)))


@check("PB-PAGE-09")
def first_leads_to_the_first(ctx: PixieBrix) -> None:
    """Follows first from the second of three pages or more, where it is there."""
    _follow_to_the_end(ctx, "first", lambda _: 1)


@check("PB-PAGE-10")
def last_leads_to_the_last(ctx: PixieBrix) -> None:
    """Follows last from the second of three pages or more, where it is there."""
    _follow_to_the_end(ctx, "last", lambda listing: listing.pages)


def _follow_to_the_end(ctx: PixieBrix, relation: str, number: Callable[[Listing], int]) -> None:
    """Follow a link of page 2 that a list may have or not, and compare with the page of that number."""
    met = False
    for listing in listings(ctx):
        middle = listing.good(2, listing.size)
        if relation in middle.links:
            met = True
            expected = ids_of(listing.good(number(listing), listing.size))
            _expect_same(ctx, f"{relation} of page 2", expected, followed(ctx, middle, relation))
    if not met:
        ctx.skip(f"no list has a link with rel={relation}, which is left open")


@check("PB-PAGE-11")
def the_last_page_has_no_next(ctx: PixieBrix) -> None:
    """Looks at the last of several pages, and at the only page of a list."""
    for listing in listings(ctx):
        _expect_none(listing.good(listing.pages, listing.size), "next")
        if listing.fits_a_page:
            _expect_none(listing.good(size=ctx.scratch.page_cap), "next")
            # A last page that is full looks as if there was one more.
            _expect_none(listing.good(size=len(listing.ids)), "next")


@check("PB-PAGE-12")
def the_first_page_has_no_prev(ctx: PixieBrix) -> None:
    """Looks at the first of several pages, with its number and without."""
    for listing in listings(ctx):
        for number in (None, 1):
            _expect_none(listing.good(number, listing.size), "prev")


def _expect_none(page: Answer, relation: str) -> None:
    if relation in page.links:
        what = f"the Link header of {page.url}"
        raise CheckFailed(what, f"no link with rel={relation}", page.headers.get("Link"))
