"""An asset before and after its file is there."""

from __future__ import annotations

from ..check import check
from ..context import PixieBrix


@check("PB-ASSET-03")
def download_before_upload(ctx: PixieBrix) -> None:
    """Creates an asset and downloads it before it is marked as uploaded."""
    asset = ctx.given.asset(filename="probe.png")
    path = {"databaseId": asset.database, "assetId": asset.id}
    ctx.call("getAsset", path=path).expect_status(404)


@check("PB-ASSET-04")
def download_gives_the_bytes(ctx: PixieBrix) -> None:
    """Uploads bytes of all values, marks the asset as uploaded and compares what the download gives."""
    content = bytes(range(256))
    asset = ctx.given.uploaded_asset(content, filename="probe.bin", content_type="application/octet-stream")
    path = {"databaseId": asset.database, "assetId": asset.id}
    answer = ctx.call("getAsset", path=path, follow=True).expect_status(200)
    ctx.expect("the bytes of the download", content, answer.content)
