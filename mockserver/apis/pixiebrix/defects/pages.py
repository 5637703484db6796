"""Wrong pages and links of lists (document: Making an API Request, Pagination)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from starlette.responses import Response

from ....variants.defect import defect
from ....web.call import Call
from ....web.negotiated import Negotiated
from ....web.problems import BadRequest, UnknownPath
from ....web.responses import json_response
from ..errors import PixieBrixErrors
from ..handlers.records import RecordHandlers
from ..pagination import Page, Pagination
from ..settings import settings_of
from ..state.filters import Filter
from ..state.records import RecordTable, Row
from ..state_of import state_of

T = TypeVar("T")


def _counted(call: Call) -> bool:
    return call.operation_id != "listRecords"


@defect("PB-PAGE-01", "PB-PAGE-20", "PB-ARCH-03")
class PageSizeIgnored(Pagination):
    """Gives pages of the default size, whatever size is asked for."""

    def size(self, call: Call, maximum: int) -> int:
        return min(settings_of(call.sandbox).default_page_size, maximum)


@defect("PB-PAGE-01", "PB-ARCH-03")
class LastItemOfPageLost(Pagination):
    """Cuts every page one item short."""

    def cut(self, items: Sequence[T], page: Page) -> Sequence[T]:
        found = super().cut(items, page)
        return found[:-1] if len(found) == page.size else found


@defect("PB-PAGE-02", "PB-PAGE-03", "PB-PAGE-12", "PB-ARCH-03")
class PagesFromZero(Pagination):
    """Counts the pages of a list from 0."""

    def number(self, call: Call) -> int:
        return super().number(call) + ("page" in call.query) if _counted(call) else super().number(call)


@defect("PB-PAGE-03", "PB-PAGE-07", "PB-PAGE-08", "PB-ARCH-03")
class OrderChanges(Pagination):
    """Turns the order of a list around from page to page, as one without ORDER BY may."""

    def cut(self, items: Sequence[T], page: Page) -> Sequence[T]:
        return super().cut(items if page.number % 2 else items[::-1], page)


@defect("PB-PAGE-03", "PB-PAGE-07", "PB-PAGE-08", "PB-ARCH-03")
class PageNumberIgnored(Pagination):
    """Gives the first page of a list, whichever is asked for, with links to the others."""

    def cut(self, items: Sequence[T], page: Page) -> Sequence[T]:
        super().cut(items, page)
        return items[: page.size]


@defect("PB-PAGE-03", "PB-PAGE-07", "PB-PAGE-08", "PB-ARCH-03")
class ListPagesOverlap(Pagination):
    """Begins every page with the last item of the one before."""

    def cut(self, items: Sequence[T], page: Page) -> Sequence[T]:
        super().cut(items, page)
        return items[max(page.start - 1, 0) : page.end]


@defect("PB-PAGE-04")
class FiftyByDefault(Pagination):
    """Gives pages of 50 where no size is asked for."""

    def size(self, call: Call, maximum: int) -> int:
        return super().size(call, maximum) if "page_size" in call.query else 50


@defect("PB-PAGE-04")
class EverythingByDefault(Pagination):
    """Gives as many items as a page may have where no size is asked for."""

    def size(self, call: Call, maximum: int) -> int:
        return super().size(call, maximum) if "page_size" in call.query else maximum


@defect("PB-PAGE-05")
class LargePagesRefused(Pagination):
    """Answers 400 to a page size above the maximum."""

    def size(self, call: Call, maximum: int) -> int:
        asked = call.query.get("page_size", "")
        if asked.isdecimal() and int(asked) > maximum:
            raise BadRequest({"page_size": [f"Ensure this value is less than or equal to {maximum}."]})
        return super().size(call, maximum)


@defect("PB-PAGE-05")
class LargePagesAreSmall(Pagination):
    """Falls back to a single item where the page size is above the maximum."""

    def size(self, call: Call, maximum: int) -> int:
        asked = call.query.get("page_size", "")
        return 1 if asked.isdecimal() and int(asked) > maximum else super().size(call, maximum)


@defect("PB-PAGE-05", "PB-PAGE-06")
class PagesOfAnySize(Pagination):
    """Knows no maximum of the page size."""

    def size(self, call: Call, maximum: int) -> int:
        return super().size(call, max(maximum, 1_000_000) if _counted(call) else maximum)


@defect("PB-PAGE-05", "PB-PAGE-06")
class MaximumOneTooHigh(Pagination):
    """Allows one item more on a page than the maximum."""

    def size(self, call: Call, maximum: int) -> int:
        return super().size(call, maximum + 1 if _counted(call) else maximum)


@defect("PB-PAGE-16")
class PastTheEndIsEmpty(Pagination):
    """Answers an empty array for a page past the end of a list."""

    def cut(self, items: Sequence[T], page: Page) -> Sequence[T]:
        return items[page.start : page.end]


@defect("PB-PAGE-16")
class PastTheEndIsTheLast(Pagination):
    """Answers with the last page where a page past the end is asked for."""

    def cut(self, items: Sequence[T], page: Page) -> Sequence[T]:
        last = max(1, -(-len(items) // page.size))
        return super().cut(items, replace(page, number=min(page.number, last)))


@defect("PB-PAGE-16")
class RecordsPastTheEndAreEmpty(RecordHandlers):
    """Answers an empty array for a page past the end of the records."""

    async def listRecords(self, call: Call) -> Response:
        try:
            return await super().listRecords(call)
        except UnknownPath:
            return json_response([], call.answer)


@defect("PB-PAGE-16", "PB-PAGE-17", "PB-DESC-03")
class PastTheEndNoContent(PixieBrixErrors):
    """Answers 204 to a page past the end."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        found = super().response(error, answer)
        return Response(None, 204) if str(error) == "Invalid page." else found


@defect("PB-PAGE-16")
class OneEmptyPageAtTheEnd(Pagination):
    """Has one more page, an empty one, after a last page that is full."""

    def cut(self, items: Sequence[T], page: Page) -> Sequence[T]:
        return [] if page.start == len(items) else super().cut(items, page)


@defect("PB-PAGE-17")
class PagesBelowOne(Pagination):
    """Calculates with the numbers 0 and -1 of pages as with any other, and finds nothing there."""

    def number(self, call: Call) -> int:
        asked = call.query.get("page", "1")
        return int(asked) if asked in {"0", "-1"} else super().number(call)


@defect("PB-PAGE-17")
class PagesFromTheEnd(Pagination):
    """Takes page -1 for the last one."""

    def cut(self, items: Sequence[T], page: Page) -> Sequence[T]:
        last = -(-len(items) // page.size)
        return super().cut(items, page if page.number > 0 else replace(page, number=last))

    def number(self, call: Call) -> int:
        return -1 if call.query.get("page") == "-1" else super().number(call)


@defect("PB-PAGE-17", "PB-DESC-03", "PB-DESC-07")
class WordForAPageBreaks(Pagination):
    """Fails with a 500 where the number of a page is a word."""

    def number(self, call: Call) -> int:
        return super().number(call) if int(call.query.get("page", "1")) > 0 else 1


@defect("PB-PAGE-18", "PB-DESC-03", "PB-DESC-07")
class WordForASizeBreaks(Pagination):
    """Fails with a 500 where the size of a page is a word."""

    def size(self, call: Call, maximum: int) -> int:
        return super().size(call, maximum) if int(call.query.get("page_size", "1")) > 0 else maximum


@defect("PB-PAGE-18")
class SizeOfOneAtLeast(Pagination):
    """Raises a page size below 1 to 1, and does not take the default."""

    def size(self, call: Call, maximum: int) -> int:
        return 1 if call.query.get("page_size") in {"0", "-1"} else super().size(call, maximum)


@defect("PB-PAGE-13")
class TotalLeftOut(Pagination):
    """Never sends X-Total-Count."""

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        found = super().headers(call, page, more=more, total=total)
        return {name: value for name, value in found.items() if name == "Link"}


@defect("PB-PAGE-13")
class TotalOnTheFirstOnly(Pagination):
    """Sends X-Total-Count with the first page alone."""

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        found = super().headers(call, page, more=more, total=total)
        if page.number > 1:
            found.pop("X-Total-Count", None)
        return found


@defect("PB-PAGE-13")
class TotalOfThePage(Pagination):
    """Counts in X-Total-Count the items of the page alone."""

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        found = super().headers(call, page, more=more, total=total)
        if total is not None:
            found["X-Total-Count"] = str(max(min(page.size, total - page.start), 0))
        return found


@defect("PB-PAGE-13")
class TotalOfPages(Pagination):
    """Counts in X-Total-Count the pages, not the items."""

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        found = super().headers(call, page, more=more, total=total)
        if total is not None:
            found["X-Total-Count"] = str(-(-total // page.size))
        return found


# Records


def _count(call: Call) -> int:
    return len(state_of(call.sandbox).database(call.path["databaseId"]).records)


@defect("PB-PAGE-14")
class RecordsLinkToTheLast(Pagination):
    """Links from a page of records to the last one."""

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        found = super().headers(call, page, more=more, total=_count(call) if total is None else total)
        if total is None:
            del found["X-Total-Count"]
        return found


@defect("PB-PAGE-15")
class RecordsCounted(Pagination):
    """Sends X-Total-Count with records, which takes a count of all of them."""

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        found = super().headers(call, page, more=more, total=total)
        return found if total is not None else found | {"X-Total-Count": str(_count(call))}


@defect("PB-PAGE-14", "PB-PAGE-15")
class RecordsPagedAsAllElse(Pagination):
    """Pages records with the last page and the total, as all other lists."""

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        return super().headers(call, page, more=more, total=_count(call) if total is None else total)


@defect("PB-PAGE-20")
class RecordsWithoutNext(Pagination):
    """Gives records by pages, without a link to the next."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        return {} if total is None else super().links(page, more=more, total=total)


@defect("PB-PAGE-20")
class RecordsOfTheLastPageLost(RecordHandlers):
    """Links to a next page of records only where that one is full, too."""

    async def _select(
        self, table: RecordTable, bounds: tuple[int, int], filters: list[Filter], page: Page
    ) -> tuple[list[Row], bool]:
        rows, _ = await super()._select(table, bounds, filters, page)
        after, _ = await super()._select(table, bounds, filters, Page(page.number + 1, page.size))
        return rows, len(after) == page.size


@defect("PB-PAGE-20")
class PagesOfRecordsOverlap(RecordHandlers):
    """Begins every page of records with the last one of the page before."""

    async def _select(
        self, table: RecordTable, bounds: tuple[int, int], filters: list[Filter], page: Page
    ) -> tuple[list[Row], bool]:
        rows, more = await super()._select(table, bounds, filters, page)
        if page.number > 1 and rows:
            before, _ = await super()._select(table, bounds, filters, Page(page.number - 1, page.size))
            rows = [before[-1], *rows]
        return rows, more
