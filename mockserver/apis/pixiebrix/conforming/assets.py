"""Unusual assets."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from ....storage.app import Storage, StorageSandbox
from ....storage.disposition import content_disposition
from ....variants.conforming_variant import conforming
from ....web.call import Call
from ....web.problems import BadRequest
from ..handlers.assets import AssetHandlers
from ..state.assets import Asset
from ..state_of import state_of


@conforming()
class RelativeRedirect(AssetHandlers):
    """Redirects to the path of the file, without scheme and host."""

    def download(self, asset: Asset, call: Call) -> Response:
        answer = super().download(asset, call)
        parts = urlsplit(answer.headers["location"])
        answer.headers["location"] = f"{parts.path}?{parts.query}"
        return answer


@conforming()
class SeeOther(AssetHandlers):
    """Redirects a download with 303, and says in the body where it goes."""

    def download(self, asset: Asset, call: Call) -> Response:
        location = super().download(asset, call).headers["location"]
        return Response("See the other place.\n", 303, {"Location": location}, "text/plain")


@conforming()
class TwoRedirects(AssetHandlers):
    """Redirects a download twice, first to its own address with a parameter."""

    def download(self, asset: Asset, call: Call) -> Response:
        answer = super().download(asset, call)
        if ("again", "1") not in call.pairs:
            query = "&".join(f"{name}={value}" for name, value in [*call.pairs, ("again", "1")])
            answer.headers["location"] = f"{call.origin}{call.exchange.path}?{query}"
            answer.status_code = 307
        return answer


@conforming()
class DownloadAnsweredDirectly(AssetHandlers):
    """Answers a download with the file itself."""

    def download(self, asset: Asset, call: Call) -> Response:
        stored = call.sandbox.objects.get(self.key(asset))
        if stored is None:
            return super().download(asset, call)
        headers = {"Content-Disposition": content_disposition(asset.filename)}
        return Response(stored.content, 200, headers, stored.content_type)


@conforming()
class UploadAnsweredWith201(Storage):
    """Answers an upload with 201 and a document, as storage does when it is asked to."""

    async def upload(self, sandbox: StorageSandbox, request: Request) -> Response:
        answer = await super().upload(sandbox, request)
        body = f"<PostResponse><ETag>{answer.headers['etag']}</ETag></PostResponse>"
        return Response(body, 201, {"ETag": answer.headers["etag"]}, "application/xml")


@conforming()
class AssetsInAssetDatabasesOnly(AssetHandlers):
    """Refuses assets, and the list of them, in a database of any other type than Asset."""

    async def createAsset(self, call: Call) -> Response:
        self._require_type(call)
        return await super().createAsset(call)

    async def listAssets(self, call: Call) -> Response:
        self._require_type(call)
        return await super().listAssets(call)

    @staticmethod
    def _require_type(call: Call) -> None:
        if state_of(call.sandbox).database(call.path["databaseId"]).type != "Asset":
            raise BadRequest({"non_field_errors": ["This database holds no assets."]})
