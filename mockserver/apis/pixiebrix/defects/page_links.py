"""Wrong links between the pages of lists (document: Making an API Request, Pagination)."""

from __future__ import annotations

import re
from urllib.parse import quote

from ....variants.defect import defect
from ....web.call import Call
from ..negotiation import CSV
from ..pagination import Page, Pagination


@defect("PB-PAGE-07")
class NoNextLink(Pagination):
    """Leaves the next page out of the links of databases, assets and archives."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        found = super().links(page, more=more, total=total)
        return {name: to for name, to in found.items() if name != "next" or total is None}


@defect("PB-PAGE-07")
class NextLinkSkipsAPage(Pagination):
    """Leads from the first page to the third."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        found = super().links(page, more=more, total=total)
        if page.number == 1 and found.get("last", 0) > 2:
            found["next"] = 3
        return found


@defect("PB-PAGE-08")
class NoPreviousLink(Pagination):
    """Leaves the previous page out of the links."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        return {
            name: to for name, to in super().links(page, more=more, total=total).items() if name != "prev"
        }


@defect("PB-PAGE-08")
class PreviousLinkNamedPrevious(Pagination):
    """Calls the relation `previous` that is `prev` in the documents."""

    def link(self, call: Call, number: int, relation: str) -> str:
        return super().link(call, number, "previous" if relation == "prev" else relation)


@defect("PB-PAGE-08")
class PreviousIsTheFirst(Pagination):
    """Leads from every page back to the first, where it should be the one before."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        found = super().links(page, more=more, total=total)
        return found | {"prev": 1} if "prev" in found else found


@defect("PB-PAGE-09")
class FirstLinkIsPageZero(Pagination):
    """Links to page 0 as the first page."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        found = super().links(page, more=more, total=total)
        return found | {"first": 0} if "first" in found else found


@defect("PB-PAGE-10")
class LastPageRoundedDown(Pagination):
    """Takes the last page that is full for the last page."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        found = super().links(page, more=more, total=total)
        return found | {"last": (total or 0) // page.size} if "last" in found else found


@defect("PB-PAGE-10")
class LastPageOneTooFar(Pagination):
    """Counts one page too many where the last one is full, and links to it."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        found = super().links(page, more=more, total=total)
        return found | {"last": (total or 0) // page.size + 1} if "last" in found else found


@defect("PB-PAGE-07", "PB-PAGE-08", "PB-PAGE-09", "PB-PAGE-10", "PB-ARCH-08")
class LinksForgetTheSize(Pagination):
    """Leaves the page size out of the links of databases, assets and archives."""

    def link(self, call: Call, number: int, relation: str) -> str:
        if call.operation_id == "listRecords":
            return super().link(call, number, relation)
        return f'<{call.origin}{call.exchange.path}?page={number}>; rel="{relation}"'


@defect("PB-PAGE-11", "PB-PAGE-05", "PB-PAGE-06")
class NextAfterAFullPage(Pagination):
    """Links to a next page from every page that is full, even from the last."""

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        full = total is not None and page.end == total
        return super().headers(call, page, more=more or full, total=total)


@defect("PB-PAGE-11", "PB-PAGE-05", "PB-PAGE-06")
class NextOnEveryPage(Pagination):
    """Links to a next page from the last one, too."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        found = super().links(page, more=more, total=total)
        return found if total is None else found | {"next": page.number + 1}


@defect("PB-PAGE-12")
class PreviousOnTheFirst(Pagination):
    """Links from the first page to itself as the previous one."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        return super().links(page, more=more, total=total) | {"prev": max(page.number - 1, 1)}


@defect("PB-PAGE-19", "PB-ARCH-08")
class LinksForgetTheFilter(Pagination):
    """Leaves the filters out of the links of a list of records."""

    def link(self, call: Call, number: int, relation: str) -> str:
        kept = [f"{name}={value}" for name, value in call.pairs if name == "page_size"]
        query = "&".join([*kept, f"page={number}"])
        return f'<{call.origin}{call.exchange.path}?{query}>; rel="{relation}"'


@defect("PB-PAGE-19")
class LinksForgetTheDates(Pagination):
    """Leaves the dates out of its links, and keeps the filters on fields."""

    def link(self, call: Call, number: int, relation: str) -> str:
        return re.sub(r"(start|end)_date=[^&>]*&", "", super().link(call, number, relation))


@defect("PB-ARCH-08")
class LinksForgetTheOrder(Pagination):
    """Leaves the order out of its links."""

    def link(self, call: Call, number: int, relation: str) -> str:
        return re.sub(r"ordering=[^&>]*&", "", super().link(call, number, relation))


@defect("PB-PAGE-19")
class LinksOfCSVForgetTheFilter(Pagination):
    """Leaves the filters out of the links of a list of records as CSV."""

    def link(self, call: Call, number: int, relation: str) -> str:
        found = super().link(call, number, relation)
        return re.sub(r"data__[^&>]*&", "", found) if call.answer.media_type == CSV else found


@defect("PB-PAGE-20", "PB-PAGE-23")
class NoLinksWithCSV(Pagination):
    """Gives pages of CSV without links, as there is no room for them in it."""

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        return {} if call.answer.media_type == CSV else super().headers(call, page, more=more, total=total)


@defect("PB-PAGE-04")
class NoLinksWithoutASize(Pagination):
    """Links to other pages only where a size of pages was asked for."""

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        found = super().headers(call, page, more=more, total=total)
        return {name: one for name, one in found.items() if name != "Link" or "page_size" in call.query}


@defect("PB-PAGE-05", "PB-PAGE-06", "PB-PAGE-23")
class CutPagesAreTheLast(Pagination):
    """Tells whether there is a next page by the size that was asked for, though a page is shorter."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        found = super().links(page, more=more, total=total)
        return {name: to for name, to in found.items() if name != "next"}

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        asked = call.query.get("page_size", "")
        if asked.isdecimal() and int(asked) > page.size:
            return super().headers(call, page, more=more, total=total)
        return Pagination().headers(call, page, more=more, total=total)


@defect("PB-PAGE-19")
class LinksEncodeTwice(Pagination):
    """Encodes in its links what is encoded already."""

    def link(self, call: Call, number: int, relation: str) -> str:
        return super().link(call, number, relation).replace("%", quote("%"))


@defect("PB-PAGE-19")
class LinksDoNotEncode(Pagination):
    """Writes the filters into its links as they read, without percent-encoding."""

    def link(self, call: Call, number: int, relation: str) -> str:
        kept = [f"{name}={value}" for name, value in call.pairs if name != "page"]
        query = "&".join([*kept, f"page={number}"])
        return f'<{call.origin}{call.exchange.path}?{query}>; rel="{relation}"'


@defect("PB-PAGE-07", "PB-PAGE-08", "PB-PAGE-20")
class LinksWithoutBrackets(Pagination):
    """Leaves the angle brackets out of the Link header."""

    def link(self, call: Call, number: int, relation: str) -> str:
        return super().link(call, number, relation).replace("<", "").replace(">", "")


@defect("PB-PAGE-07", "PB-PAGE-08", "PB-PAGE-09", "PB-PAGE-10", "PB-PAGE-20")
class LinksInsideTheProxy(Pagination):
    """Leaves /api out of its links, as the server behind the proxy knows nothing of it."""

    def link(self, call: Call, number: int, relation: str) -> str:
        return super().link(call, number, relation).replace("/api/", "/", 1)


@defect("PB-PAGE-07", "PB-PAGE-08", "PB-PAGE-11", "PB-PAGE-12", "PB-PAGE-20")
class NextAndPreviousSwapped(Pagination):
    """Calls next what comes before, and prev what comes after."""

    def link(self, call: Call, number: int, relation: str) -> str:
        swapped = {"next": "prev", "prev": "next"}
        return super().link(call, number, swapped.get(relation, relation))
