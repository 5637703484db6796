"""Wrong assets (document: Database Assets)."""

from __future__ import annotations

from dataclasses import replace

from ..handlers.assets import AssetHandlers
from ..state.assets import Asset
from ..state.pixiebrix import PixieBrixState
from ..storage.app import Storage, StorageWorld
from ..storage.downloads import Item
from .base import defect


@defect("PB-ASSET-03", "PB-ASSET-19", "PB-ASSET-23")
class DownloadWithoutMark(AssetHandlers):
    """Lets an asset be downloaded that is not marked as uploaded."""

    def downloadable(self, asset: Asset) -> bool:
        return True


@defect("PB-ASSET-25")
class UpdateLeavesTimes(PixieBrixState):
    """Leaves `updated_at` where it was when an asset is changed."""

    def patch_asset(self, db_id: str, id: str, *, is_uploaded: bool | None, now: int) -> Asset:  # noqa: A002
        before = self.asset(db_id, id)
        after = super().patch_asset(db_id, id, is_uploaded=is_uploaded, now=now)
        self.database(db_id).assets[id] = after = replace(after, updated_at=before.updated_at)
        return after


@defect("PB-ASSET-10", "PB-ASSET-20", "PB-ASSET-24")
class LastByteLost(Storage):
    """Loses the last byte of every uploaded file."""

    async def find(self, world: StorageWorld, key: str, now: int) -> Item:
        item = await super().find(world, key, now)
        return item.rewritten(lambda content: content[:-1]) if key.startswith("assets/") else item
