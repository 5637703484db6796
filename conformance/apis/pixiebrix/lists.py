"""The lists that are counted (databases, archives, assets), as the checks of their pages need them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ...authoring.answer import Answer
from ...authoring.arrange import field_of, step
from ...authoring.check import CheckFailed, NotVerified
from ...environment.session import ascii_url, target_headers
from ...http.wire import Request
from .asset_lists import database_of_assets
from .context import PixieBrix
from .pages import every_item

ENOUGH: Final = 3
"""How many items make a first, a middle and a last page."""

TRIED: Final = 3
"""In this many databases archives are looked for."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list with three items or more.

    Attributes:
        ids: of all its items, in order, before the check.
        size: of the pages that make two or three of it.
    """

    ctx: PixieBrix
    operation: str
    path: Mapping[str, str]
    ids: list[str]

    @property
    def size(self) -> int:
        """The size of pages that make three of it; four if it has four items, and more if it is very long."""
        return min((len(self.ids) - 1) // 2, self.ctx.scratch.page_cap)

    @property
    def fits_a_page(self) -> bool:
        """Whether one page holds all of it."""
        return len(self.ids) <= self.ctx.scratch.page_cap

    @property
    def pages(self) -> int:
        """How many pages of `size` there are."""
        return math.ceil(len(self.ids) / self.size)

    def page(self, number: int | str | None = None, size: int | str | None = None) -> Answer:
        """One page, whatever the answer is."""
        query = {"page": number, "page_size": size}
        return self.ctx.call(self.operation, path=self.path, query=query)

    def good(self, number: int | None = None, size: int | None = None) -> Answer:
        """One page that is there.

        Raises:
            CheckFailed: it is not answered 200 with an array of objects.
        """
        answer = self.page(number, size).expect_status(200)
        answer.expect_objects()
        return answer

    def __str__(self) -> str:
        """What is listed: `databases`."""
        names = {"listDatabases": "databases", "listAssets": "assets", "listRecordArchives": "archives"}
        return names[self.operation]


def ids_of(answer: Answer) -> list[str]:
    """The ids of the items of a page.

    Raises:
        CheckFailed: an item has none.
    """
    return [str(field_of(item, "id")) for item in answer.expect_objects()]


def listings(ctx: PixieBrix) -> list[Listing]:
    """The counted lists that have three items or more. Adds databases and assets where that is allowed.

    Raises:
        NotVerified: there is none.
    """
    assets = _assets(ctx)  # may add a database, so it comes first
    databases = _databases(ctx)
    found = [one for one in (databases, _archives(ctx, databases), assets) if len(one.ids) >= ENOUGH]
    if not found:
        reason = f"no list of databases, archives or assets has {ENOUGH} items, and none can be added"
        raise NotVerified(reason, missing=() if ctx.can("write") else ("write",))
    return found


def _whole(ctx: PixieBrix, operation: str, path: Mapping[str, str], rule: str) -> Listing:
    with step(rule, "read a list"):
        items = every_item(ctx, operation, path)
        return Listing(ctx, operation, path, [str(field_of(item, "id")) for item in items])


def _databases(ctx: PixieBrix) -> Listing:
    path = {"organizationId": ctx.given.organization}
    found = _whole(ctx, "listDatabases", path, "PB-DB-01")
    missing = ENOUGH - len(found.ids)
    if missing <= 0 or not (ctx.can("write") and ctx.scratch.create_databases):
        return found
    for _ in range(missing):
        ctx.given.database()
    return _whole(ctx, "listDatabases", path, "PB-DB-01")


def _archives(ctx: PixieBrix, databases: Listing) -> Listing:
    path = {"organizationId": ctx.given.organization}
    found = Listing(ctx, "listRecordArchives", path, [])
    for database in (*ctx.scratch.databases, *databases.ids)[:TRIED]:
        found = _whole(ctx, "listRecordArchives", {**path, "databaseId": database}, "PB-ARCH-01")
        if len(found.ids) >= ENOUGH:
            break
    return found


def _assets(ctx: PixieBrix) -> Listing:
    if not ctx.can("write"):
        try:
            path = {"databaseId": database_of_assets(ctx)}
        except NotVerified:
            return Listing(ctx, "listAssets", {}, [])
        return _whole(ctx, "listAssets", path, "PB-ASSET-01")
    try:
        database = ctx.given.database(assets=True)
    except NotVerified:
        return Listing(ctx, "listAssets", {}, [])
    for _ in range(ENOUGH):
        ctx.given.asset(database)
    return _whole(ctx, "listAssets", {"databaseId": database.id}, "PB-ASSET-01")


# Links


def linked(answer: Answer, relation: str) -> str:
    """The address that the Link header has for a relation.

    Raises:
        CheckFailed: it has none.
    """
    if relation not in answer.links:
        raise CheckFailed(
            f"the Link header of {answer.url}",
            f"a link with rel={relation}",
            answer.headers.get("Link") or "no such header",
        )
    return answer.links[relation]


def followed(ctx: PixieBrix, answer: Answer, relation: str) -> Answer:
    """The page that a link leads to, asked for as the first one was.

    Raises:
        CheckFailed: there is no such link, or the page is not answered 200 with an array of objects, or CSV.
    """
    url = ascii_url(linked(answer, relation))
    private = {name.lower() for name, _ in target_headers(ctx.endpoint, answer.url, auth=True)}
    kept = [(name, value) for name, value in answer.request.headers if name.lower() not in private]
    request = Request("GET", url, (*kept, *target_headers(ctx.endpoint, url, auth=True)))
    page = ctx.send(request, note=f"follows the link to the {relation} page").expect_status(200)
    if page.media_type != "text/csv":
        page.expect_objects()
    return page


def walked(ctx: PixieBrix, first: Answer, most: int) -> Iterator[Answer]:
    """A page and those that follow it by its links, at most this many in all."""
    answer = first
    yield answer
    for _ in range(most - 1):
        if "next" not in answer.links:
            return
        answer = followed(ctx, answer, "next")
        yield answer
