"""A model-based walk over assets: created, uploaded, marked, unmarked and looked at in any order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from .. import asset_details
from ..check import check
from ..context import PixieBrix
from ..generated import explore
from ..given import as_own, step
from ..given_pixiebrix import Asset, Database


@check("PB-ASSET-23", "PB-ASSET-24")
def assets_in_any_order(ctx: PixieBrix) -> None:
    """Creates, uploads, marks and unmarks assets in generated orders, and compares with a model."""
    database = ctx.given.database()
    with as_own(ctx):
        explore(ctx, lambda: _Assets(ctx, database), examples=3, steps=10)


@dataclass
class _Model:
    """What an asset should be.

    Attributes:
        content: what was uploaded; None before that.
        was_marked: it is, or was once.
    """

    asset: Asset
    created_at: Any
    content: bytes | None = None
    marked: bool = False
    was_marked: bool = False


class _Assets(RuleBasedStateMachine):
    """Every rule changes one asset, or looks at one; the others must not change with it."""

    def __init__(self, ctx: PixieBrix, database: Database) -> None:
        super().__init__()
        self._ctx = ctx
        self._database = database
        self._assets: list[_Model] = []

    @precondition(lambda self: len(self._assets) < 3)
    @rule()
    def create(self) -> None:
        """One more asset, which is not uploaded."""
        asset = self._ctx.given.asset(self._database)
        item = asset_details.metadata(self._ctx, asset)
        self._assets.append(_Model(asset, item.get("created_at")))

    @precondition(lambda self: self._ctx.can("storage") and any(one.content is None for one in self._assets))
    @rule(index=st.integers(0, 2), content=st.binary(min_size=1, max_size=40))
    def upload(self, index: int, content: bytes) -> None:
        """The file of an asset that has none; the mark stays as it is."""
        without = [one for one in self._assets if one.content is None]
        one = without[index % len(without)]
        with step("PB-ASSET-17", "upload the file of an asset"):
            self._ctx.given.upload(one.asset, content).expect_status(200, 201, 204)
        one.content = content

    @precondition(lambda self: self._assets)
    @rule(index=st.integers(0, 2), to=st.booleans())
    def mark(self, index: int, to: bool) -> None:  # noqa: FBT001 (drawn by its name)
        """Set the mark, or take it away, whatever it is."""
        one = self._assets[index % len(self._assets)]
        self._ctx.given.marked(one.asset, uploaded=to)
        one.marked, one.was_marked = to, one.was_marked or to

    @precondition(lambda self: self._assets)
    @rule(index=st.integers(0, 2))
    def download(self, index: int) -> None:
        """The file comes if the asset is marked, and there is one; without the mark it is not found."""
        one = self._assets[index % len(self._assets)]
        if not one.marked:
            closed_by = "PB-ASSET-23" if one.was_marked else "PB-ASSET-03"
            with step(closed_by, "download an asset without a mark"):
                asset_details.download(self._ctx, one.asset, follow=False).expect_status(404)
        elif one.content is not None:
            with step("PB-ASSET-24", "download a marked asset"):
                answer = asset_details.download(self._ctx, one.asset).expect_status(200)
            with step("PB-ASSET-20", "compare the bytes of a download"):
                self._ctx.expect("the bytes of the download", one.content, answer.content)

    @precondition(lambda self: self._assets)
    @rule(index=st.integers(0, 2))
    def look(self, index: int) -> None:
        """The metadata tell the mark, and the time of creation."""
        one = self._assets[index % len(self._assets)]
        item = asset_details.metadata(self._ctx, one.asset)
        with step("PB-ASSET-15" if one.marked else "PB-ASSET-23", "read the mark of an asset"):
            self._ctx.expect("is_uploaded", one.marked, item.get("is_uploaded"))
        with step("PB-ASSET-26", "read the time of creation of an asset"):
            self._ctx.expect("created_at", one.created_at, item.get("created_at"))
