"""Lists of assets that are there to be read: a database of the type Key-Value may refuse to hold any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...authoring.arrange import step
from ...authoring.check import NotVerified
from .context import PixieBrix

_ASSET: Final = "Asset"
_TRIED: Final = 3
"""How many of the databases that are there already are tried."""


def lists_assets(ctx: PixieBrix, database: str) -> bool:
    """Whether a database gives the list of its assets, or ought to: the type Asset may not refuse it."""
    seen, fact = ctx.run.seen, f"{database} lists its assets"
    if fact not in seen:
        path, query = {"databaseId": database}, {"page_size": 1}
        with step("PB-ASSET-01", "list the assets"):
            answer = ctx.call("listAssets", path=path, query=query, note="does it hold assets?")
        seen[fact] = not answer.refused or ctx.given.type_of(database) == _ASSET
    return seen[fact]


def database_of_assets(ctx: PixieBrix) -> str:
    """The id of a database whose assets can be listed, for checks that only read; a new one if there is none.

    Raises:
        NotVerified: there is none, and none can be made.
    """
    databases = _existing(ctx)
    for database in databases:
        if lists_assets(ctx, database):
            return database
    if ctx.can("write"):
        return ctx.given.database(assets=True).id
    reason = f"{' and '.join(databases)} may refuse assets, and so the list of them"
    raise NotVerified(f"{reason}; name a database of the type Asset (pixiebrix.databases)")


def _existing(ctx: PixieBrix) -> Sequence[str]:
    scratch = ctx.scratch.databases
    first = ctx.given.existing_database()
    if scratch or lists_assets(ctx, first):
        return scratch or (first,)
    with step("PB-DB-01", "list the databases"):
        path, query = {"organizationId": ctx.given.organization}, {"page_size": ctx.scratch.page_cap}
        listed = ctx.call("listDatabases", path=path, query=query).expect_status(200).expect_objects()
    others = sorted(listed, key=lambda one: one.get("type") != _ASSET)
    return (first, *[str(one.get("id")) for one in others[:_TRIED]])
