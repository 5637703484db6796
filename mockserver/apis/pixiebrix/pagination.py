"""Page numbers, page sizes and `Link` headers (contract: PixieBrix, Conventions)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import quote, unquote_plus

from ...extension_point import ExtensionPoint
from ...web.call import Call
from ...web.problems import UnknownPath
from .settings import settings_of
from .versions import PAGED

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """One requested page: its number from 1, and its size."""

    number: int
    size: int

    @property
    def start(self) -> int:
        """How many items lie before this page."""
        return (self.number - 1) * self.size

    @property
    def end(self) -> int:
        """One past the last item of this page."""
        return self.number * self.size


def _natural(text: str | None) -> int | None:
    """A positive number in plain digits, else None."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 12 or int(text) == 0:
        return None
    return int(text)


class Pagination:
    """How lists are cut into pages; the functions of this module ask the one of the call's sandbox."""

    def paged(self, call: Call) -> bool:
        """Whether the list comes in pages, at the version that answers."""
        return call.answer.version in PAGED

    def requested(self, call: Call, maximum: int) -> Page:
        """The page that a call asks for.

        Raises:
            UnknownPath: the page number is not a number from 1.
        """
        return Page(self.number(call), self.size(call, maximum))

    def number(self, call: Call) -> int:
        """The page number that is asked for. Raises `UnknownPath` for what is none."""
        number = _natural(call.query.get("page", "1"))
        if number is None:
            raise no_such_page()
        return number

    def size(self, call: Call, maximum: int) -> int:
        """The page size that is asked for: a bad one gets the default, too large a one the maximum."""
        size = _natural(call.query.get("page_size")) or settings_of(call.sandbox).default_page_size
        return min(size, maximum)

    def headers(self, call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
        """The headers of one page, see `paginate`."""
        links = self.links(page, more=more, total=total)
        text = ", ".join(self.link(call, number, relation) for relation, number in links.items())
        headers = {"Link": text} if text else {}
        if total is not None:
            headers["X-Total-Count"] = str(total)
        return headers

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        """The page numbers that a page links to, by relation."""
        links: dict[str, int] = {}
        if page.number > 1:
            links |= {"first": 1, "prev": page.number - 1}
        if more:
            links["next"] = page.number + 1
            if total is not None:
                links["last"] = -(-total // page.size)
        return links

    def link(self, call: Call, number: int, relation: str) -> str:
        """One link: the URL of the call with another page number."""
        return _link(call, number, relation)

    def cut(self, items: Sequence[T], page: Page) -> Sequence[T]:
        """The items of one page.

        Raises:
            UnknownPath: there is no such page.
        """
        if page.start >= len(items) and page.number > 1:
            raise no_such_page()
        return items[page.start : page.end]


PAGES: Final = ExtensionPoint(
    "pixiebrix.pages", Pagination, decides=frozenset({"number", "size", "headers", "links", "link"})
)


def requested_page(call: Call, maximum: int | None = None) -> Page:
    """The page that a call asks for: a bad size gets the default, too large a one the maximum.

    Raises:
        UnknownPath: the page number is not a number from 1.
    """
    sandbox = call.sandbox
    return sandbox.implementation[PAGES].requested(call, maximum or settings_of(sandbox).max_page_size)


def no_such_page() -> UnknownPath:
    """The answer to a page past the end or a number that is not one."""
    return UnknownPath("Invalid page.")


def paginate(call: Call, page: Page, *, more: bool, total: int | None) -> dict[str, str]:
    """The headers of one page.

    Args:
        call: the call, whose URL the links repeat.
        page: the page that is answered.
        more: whether items follow it.
        total: how many items there are in all; None where the vendor does not count (records).
    """
    return call.sandbox.implementation[PAGES].headers(call, page, more=more, total=total)


def listed(call: Call, items: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """The requested page of a counted list, and its headers; all of it at a version without pages.

    Raises:
        UnknownPath: there is no such page.
    """
    if not call.sandbox.implementation[PAGES].paged(call):
        return items, {}
    page = requested_page(call)
    found = call.sandbox.implementation[PAGES].cut(items, page)
    return found, paginate(call, page, more=page.end < len(items), total=len(items))


_IN_A_URL = "%/?#[]@!$&'()*+,;=:"
"""What may stand in a URL beside letters, digits and `-._~` (RFC 3986, 2), `%` included."""


def _link(call: Call, number: int, relation: str) -> str:
    # The other parameters are repeated to the letter: the filters have a form that re-encoding would change.
    parts = [
        part
        for part in call.scope["query_string"].decode("ascii").split("&")
        if part and unquote_plus(part.partition("=")[0]) != "page"
    ]
    target = _plain(f"{call.exchange.path}?{'&'.join([*parts, f'page={number}'])}")
    return f'<{call.origin}{target}>; rel="{relation}"'


def _plain(target: str) -> str:
    """A path and query as sent, with what may not stand in a URL percent-encoded: `>` would end the link."""
    return quote(target, safe=_IN_A_URL)
