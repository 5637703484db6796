"""Pages of the counted lists: how many items they have, which, and what their headers count."""

from __future__ import annotations

from contextlib import suppress

from ....authoring.answer import Answer
from ....authoring.arrange import step
from ....authoring.check import NotVerified, check
from ..calls import lists
from ..context import PixieBrix
from ..lists import Listing, ids_of, listings, walked

HUGE = 100_000
FEW = 2
"""How many items a page may have, where that can be set."""
DOCUMENTED = 1_000
"""The maximum of items, as the vendor publishes it."""
_FOLLOWED = 3
"""How many pages are gone through from next to next."""
REACHABLE = 50
"""The highest maximum of items that is reached by adding assets that may stay."""
PATIENCE = 120.0
"""How many seconds may pass, beside those of the pace, while assets are added."""
NO_NUMBERS = ("0", "-1", "words")


@check("PB-PAGE-01")
def a_page_has_the_size(ctx: PixieBrix) -> None:
    """Asks for pages of two of a list of three or more, and counts the items of the first; makes assets first
    where it may.
    """
    for listing in listings(ctx):
        ctx.expect(f"the items of a page of two {listing}", 2, len(ids_of(listing.good(size=2))))


@check("PB-PAGE-02")
def the_first_page_is_1(ctx: PixieBrix) -> None:
    """Compares page 1 with what comes without a number, page by page of a list of three or more."""
    for listing in listings(ctx):
        size = listing.size
        first = ids_of(listing.good(size=size))
        ctx.expect(f"page 1 of the {listing}", first, ids_of(listing.good(1, size)))
        # How many there are on a page is another rule's affair.
        ctx.expect(f"the first ids of the {listing}", listing.ids[: len(first)], first)


@check("PB-PAGE-03")
def the_pages_are_the_list(ctx: PixieBrix) -> None:
    """Goes through a list in three pages or more, and compares with the whole list."""
    for listing in listings(ctx):
        pages = [ids_of(listing.good(number, listing.size)) for number in range(1, listing.pages + 1)]
        met = [one for page in pages for one in page]
        ctx.expect(f"the {listing} that are on two pages", len(met), len(set(met)))
        ctx.expect(f"the {listing} on all pages", sorted(listing.ids), sorted(met))


@check("PB-PAGE-05")
def too_large_a_size_gets_the_maximum(ctx: PixieBrix) -> None:
    """Asks each list for a page of 100,000, compares it with a page of the maximum, and follows next."""
    found = listings(ctx)
    cap = ctx.given.page_cap(FEW)
    for listing in found:
        with step("PB-PAGE-01", "ask for a page of the maximum"):
            expected = ids_of(listing.good(size=cap))
        page = listing.good(size=HUGE)
        ctx.expect(f"a page of {HUGE} {listing}", expected, ids_of(page))
        _expect_the_rest_behind(ctx, listing, page)


def _expect_the_rest_behind(ctx: PixieBrix, listing: Listing, first: Answer) -> None:
    """Go on if next leads from a page that was cut to the items that follow, page by page."""
    met = [one for page in walked(ctx, first, _FOLLOWED) for one in ids_of(page)]
    expected = listing.ids[: _FOLLOWED * len(ids_of(first))]
    ctx.expect(f"the {listing} of a page that was cut, and of those that follow", expected, met)


@check("PB-PAGE-06")
def no_page_is_larger_than_the_maximum(ctx: PixieBrix) -> None:
    """Asks a list with more items than the target's maximum, 1,000 unless its settings allow less, for all of
    them, and for one more than the maximum.
    """
    found = listings(ctx)
    cap = ctx.given.page_cap(FEW)
    if cap > DOCUMENTED:
        ctx.skip(f"the target's pages have up to {cap} items by its own account (limits.page_cap)")
    longer = [listing for listing in found if len(listing.ids) > cap] or [_lengthened(ctx, cap)]
    for listing in longer:
        for size in (HUGE, cap + 1):
            page = listing.good(size=size)
            count, at_most = len(ids_of(page)), f"at most {cap}"
            ctx.expect_true(f"a page of {size} {listing}", count <= cap, expected=at_most, actual=count)
            _expect_the_rest_behind(ctx, listing, page)


def _lengthened(ctx: PixieBrix, cap: int) -> Listing:
    """A database with more assets than fit on a page; many only in one that goes again with all of them.

    Raises:
        NotVerified: no list is long enough, and none can be made so.
    """
    if cap <= REACHABLE:
        database = ctx.given.database(assets=True)
    elif ctx.scratch.create_databases:
        database = ctx.given.new_database("Asset")
        ctx.until += (cap + 1) * ctx.run.target.pace.seconds_apart + PATIENCE
    else:
        ctx.skip(
            f"no list has more than {cap} items, the maximum of a page (limits.page_cap), and {cap + 1} "
            "assets are added only in a database that can be deleted again (pixiebrix.create_databases)"
        )
    ids = [ctx.given.asset(database, described=number < FEW).id for number in range(cap + 1)]
    return Listing(ctx, "listAssets", {"databaseId": database.id}, ids)


@check("PB-PAGE-13")
def every_page_has_the_total(ctx: PixieBrix) -> None:
    """Compares X-Total-Count on the first, the second and the only page with the items of all pages."""
    for listing in listings(ctx):
        pages = [listing.good(size=listing.size), listing.good(2, listing.size)]
        if listing.fits_a_page:
            pages.append(listing.good(size=ctx.scratch.page_cap))
        for page in pages:
            total = page.expect_header("X-Total-Count")
            ctx.expect(f"X-Total-Count of the {listing}", str(len(listing.ids)), total.strip())


@check("PB-PAGE-16", control="listRecords")
def a_page_past_the_end_is_404(ctx: PixieBrix) -> None:
    """Asks each list for page 100,000, and for the page after a last one that is full."""
    for aim in lists(ctx):
        aim.call(ctx, query={"page": HUGE}).expect_status(404)
    with suppress(NotVerified):
        for listing in listings(ctx):
            if listing.fits_a_page:
                listing.page(2, len(listing.ids)).expect_status(404)
    with suppress(NotVerified):
        database = ctx.given.database(empty=True)
        ctx.given.records(database, [{"n": 1}, {"n": 2}])
        path, third = {"databaseId": database.id}, {"page": 3, "page_size": 1}
        ctx.call("listRecords", path=path, query=third).expect_status(404)


@check("PB-PAGE-17")
def a_page_that_is_not_a_number(ctx: PixieBrix) -> None:
    """Asks for page 0, page -1 and a word, and expects a 4xx or the first page."""
    for listing in listings(ctx):
        first = ids_of(listing.good(size=listing.size))
        for number in NO_NUMBERS:
            answer = listing.page(number, listing.size)
            _expect_refused_or(ctx, answer, first, f"page {number} of the {listing}")


@check("PB-PAGE-18")
def a_size_that_is_not_a_number(ctx: PixieBrix) -> None:
    """Asks for a page size of 0, of -1 and of a word, and expects a 4xx or a page of the default size."""
    for listing in listings(ctx):
        usual = ids_of(listing.good())
        for size in NO_NUMBERS:
            _expect_refused_or(ctx, listing.page(size=size), usual, f"a page size of {size} of the {listing}")


def _expect_refused_or(ctx: PixieBrix, answer: Answer, expected: list[str], what: str) -> None:
    if answer.refused:
        return
    answer.expect_status(200, 400, 404)
    ctx.expect(f"the ids of {what}", expected, ids_of(answer))
