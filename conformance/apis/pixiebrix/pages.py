"""Lists that come in pages, as wholes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...authoring.answer import Answer
from .context import PixieBrix

LARGEST: Final = 1_000
"""The size of the pages that are asked for."""

MOST: Final = 100
"""How many pages are read at most."""


def every_page(
    ctx: PixieBrix,
    operation_id: str,
    path: Mapping[str, object],
    query: Mapping[str, object] | None = None,
) -> Iterator[Answer]:
    """The pages of a list, one after the other, each answered 200.

    Page numbers are counted up, and not links followed: a link may lead to another origin, where the token
    must not go.

    Raises:
        CheckFailed: a page is not answered 200 with an array of objects.
    """
    for number in range(1, MOST + 1):
        asked = {"page_size": LARGEST, **(query or {}), **({"page": number} if number > 1 else {})}
        answer = ctx.call(operation_id, path=path, query=asked)
        if number > 1 and answer.status == 404:
            return  # the page before was the last, and full
        items = answer.expect_status(200).expect_objects()
        yield answer
        if "next" not in answer.links and ("Link" in answer.headers or len(items) < LARGEST):
            return


def every_item(
    ctx: PixieBrix,
    operation_id: str,
    path: Mapping[str, object],
    query: Mapping[str, object] | None = None,
) -> list[dict[str, Any]]:
    """The items of all pages of a list; arguments and errors are those of `every_page`."""
    return [item for page in every_page(ctx, operation_id, path, query) for item in page.expect_objects()]
