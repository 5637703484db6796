"""Database assets (document: Database APIs, Database Assets)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ....state.errors import NotFound
from ....state.instants import HOUR, format_instant
from ....web.call import Call
from ....web.responses import json_response
from ..keys import asset_key
from ..pagination import listed
from ..state.assets import Asset
from ..state_of import state_of


class AssetHandlers:
    """`/databases/{databaseId}/assets/` and one asset below it."""

    async def listAssets(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """One page of the assets' metadata."""
        assets = state_of(call.sandbox).list_assets(call.path["databaseId"])
        page, headers = listed(call, assets)
        return json_response(
            [self.describe_asset(asset, call) for asset in page], call.answer, headers=headers
        )

    async def createAsset(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Make an asset that is not uploaded, and the form that uploads its file."""
        sandbox = call.sandbox
        now = sandbox.now()
        asset = state_of(sandbox).create_asset(
            call.path["databaseId"], call.body["filename"], now, sandbox.ids
        )
        url, fields = self.form(asset, call, now)
        body = {"asset": self.describe_asset(asset, call), "upload_url": url, "fields": fields}
        return json_response(body, call.answer, 201)

    def form(self, asset: Asset, call: Call, now: int) -> tuple[str, dict[str, str]]:
        """The URL and the fields of the form that uploads the asset's file."""
        return call.sandbox.signer.presigned_post(
            call.origin,
            self.key(asset),
            now,
            lifetime=HOUR,
            filename=asset.filename,
            max_bytes=call.sandbox.max_upload,
        )

    async def getAsset(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The metadata with `meta=true`, else the file; 404 unless the asset is marked uploaded."""
        asset = state_of(call.sandbox).asset(call.path["databaseId"], call.path["assetId"])
        if call.query.get("meta"):
            return json_response(self.describe_asset(asset, call), call.answer)
        if not self.downloadable(asset):
            raise NotFound("asset", asset.id)
        return self.download(asset, call)

    def key(self, asset: Asset) -> str:
        """Where the asset's file is stored."""
        return asset_key(asset.database_id, asset.id, asset.filename)

    def downloadable(self, asset: Asset) -> bool:
        """Whether the asset can be downloaded."""
        return asset.is_uploaded

    def download(self, asset: Asset, call: Call) -> Response:
        """A redirect to the file in storage, as the vendor answers."""
        location = call.sandbox.signer.presigned_get(
            call.origin,
            self.key(asset),
            call.sandbox.now(),
            lifetime=HOUR,
            filename=asset.filename,
            from_redirect=True,
        )
        return Response(None, 302, {"Location": location})

    async def updateAsset(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Mark the asset uploaded, or not; read-only fields are ignored."""
        sandbox = call.sandbox
        asset = state_of(sandbox).patch_asset(
            call.path["databaseId"],
            call.path["assetId"],
            is_uploaded=call.body.get("is_uploaded"),
            now=sandbox.now(),
        )
        return json_response(self.describe_asset(asset, call), call.answer)

    def describe_asset(self, asset: Asset, call: Call) -> dict[str, Any]:
        """An asset's metadata as the API shows it."""
        return {
            "id": asset.id,
            "download_url": f"{call.origin}/api/databases/{asset.database_id}/assets/{asset.id}/",
            "filename": asset.filename,
            "is_uploaded": asset.is_uploaded,
            "created_at": format_instant(asset.created_at),
            "updated_at": format_instant(asset.updated_at),
        }
