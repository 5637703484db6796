"""A model-based walk over assets: created, uploaded, marked, unmarked and looked at in any order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ....authoring.arrange import as_own, step
from ....authoring.check import check
from ....authoring.properties import StatefulTest, explore
from .. import asset_details
from ..arrange import Asset, Database
from ..context import PixieBrix


@check("PB-ASSET-23", "PB-ASSET-24")
def assets_in_any_order(ctx: PixieBrix) -> None:
    """Creates, uploads, marks and unmarks assets in generated orders, and compares with a model."""
    database = ctx.given.database(assets=True)
    with as_own(ctx):
        explore(ctx, lambda: _Assets(ctx, database), examples=2, steps=10)


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


class _Assets(StatefulTest):
    """Every rule changes one asset, or looks at one; the others must not change with it."""

    def __init__(self, ctx: PixieBrix, database: Database) -> None:
        super().__init__()
        self._ctx = ctx
        self._database = database
        self._assets: list[_Model] = []

    @precondition(lambda self: len(self._assets) < 2)
    @rule(content=st.binary(min_size=1, max_size=40), uploaded=st.sampled_from((True, True, False)))
    def create(self, content: bytes, uploaded: bool) -> None:  # noqa: FBT001 (drawn by its name)
        """One more asset, mostly with its file."""
        asset = self._ctx.given.asset(self._database)
        item = asset_details.metadata(self._ctx, asset)
        self._assets.append(_Model(asset, item.get("created_at")))
        if uploaded and self._ctx.can("storage"):
            self._upload(self._assets[-1], content)

    @precondition(lambda self: self._ctx.can("storage") and any(one.content is None for one in self._assets))
    @rule(index=st.integers(0, 1), content=st.binary(min_size=1, max_size=40))
    def upload(self, index: int, content: bytes) -> None:
        """The file of an asset that has none; the mark stays as it is."""
        without = [one for one in self._assets if one.content is None]
        self._upload(without[index % len(without)], content)

    def _upload(self, one: _Model, content: bytes) -> None:
        with step("PB-ASSET-17", "upload the file of an asset"):
            self._ctx.given.upload(one.asset, content).expect_status(200, 201, 204)
        one.content = content

    @precondition(lambda self: self._assets)
    @rule(index=st.integers(0, 1), times=st.integers(1, 5))
    def turn(self, index: int, times: int) -> None:
        """Set the mark, or take it away if it is there, and so on."""
        one = self._assets[index % len(self._assets)]
        for _ in range(times):
            self._mark(one, to=not one.marked)

    @precondition(lambda self: self._assets)
    @rule(index=st.integers(0, 1), to=st.booleans())
    def mark(self, index: int, to: bool) -> None:  # noqa: FBT001 (drawn by its name)
        """Set the mark, or take it away, whatever it is."""
        self._mark(self._assets[index % len(self._assets)], to=to)

    def _mark(self, one: _Model, *, to: bool) -> None:
        self._ctx.given.marked(one.asset, uploaded=to)
        one.marked, one.was_marked = to, one.was_marked or to
        self._download(one)

    def _download(self, one: _Model) -> None:
        """The file comes if the asset is marked, and there is one; without the mark it is not found."""
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
    @rule(index=st.integers(0, 1))
    def look(self, index: int) -> None:
        """Whatever became of the others, the file is as before, and the metadata tell mark and creation."""
        one = self._assets[index % len(self._assets)]
        self._download(one)
        item = asset_details.metadata(self._ctx, one.asset)
        with step("PB-ASSET-15" if one.marked else "PB-ASSET-23", "read the mark of an asset"):
            self._ctx.expect("is_uploaded", one.marked, item.get("is_uploaded"))
        with step("PB-ASSET-26", "read the time of creation of an asset"):
            self._ctx.expect("created_at", one.created_at, item.get("created_at"))
