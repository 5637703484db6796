"""Wrong files of assets: mark, upload and download (document: Database Assets)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from ....state.errors import NotFound
from ....state.instants import parse_instant
from ....storage.app import Storage, StorageSandbox
from ....storage.downloads import Item
from ....storage.errors import AccessDenied
from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import BodyRule, Validation
from ....web.problems import BadRequest, PermissionDenied
from ....web.responses import json_response
from ..handlers.assets import AssetHandlers
from ..keys import asset_key
from ..state.assets import Asset
from ..state.pixiebrix import PixieBrixState
from ..state_of import state_of

_PNG = b"\x89PNG\r\n\x1a\n"

# The mark


class _Marking(PixieBrixState, ABC):
    """Changes an asset otherwise than it should be."""

    def patch_asset(self, db_id: str, id: str, *, is_uploaded: bool | None, now: int) -> Asset:  # noqa: A002
        before = self.asset(db_id, id)
        after = super().patch_asset(db_id, id, is_uploaded=is_uploaded, now=now)
        self.database(db_id).assets[id] = changed = self._changed(before, after)
        return changed

    @abstractmethod
    def _changed(self, before: Asset, after: Asset) -> Asset:
        """The asset that is kept, of what it was and of what it should become."""


@defect("PB-ASSET-15", "PB-ASSET-02", "PB-ASSET-38")
class MarkNotKept(PixieBrixState):
    """Answers a change of an asset as if it were made, and keeps the asset as it was."""

    def patch_asset(self, db_id: str, id: str, *, is_uploaded: bool | None, now: int) -> Asset:  # noqa: A002
        return self.asset(db_id, id).patched(is_uploaded=is_uploaded, now=now)


@defect("PB-ASSET-23", "PB-NEG-18")
class MarkNeverTakenBack(_Marking):
    """Keeps an asset marked as uploaded when the mark is to be taken back."""

    def _changed(self, before: Asset, after: Asset) -> Asset:
        return replace(after, is_uploaded=before.is_uploaded or after.is_uploaded)


@defect("PB-ASSET-15")
class MarkTurnsOver(_Marking):
    """Turns the mark of an asset over at every change, whatever it is to be."""

    def _changed(self, before: Asset, after: Asset) -> Asset:
        return replace(after, is_uploaded=not before.is_uploaded)


@defect("PB-ASSET-26")
class ChangeMovesCreation(_Marking):
    """Moves `created_at` of an asset, too, when it is changed."""

    def _changed(self, before: Asset, after: Asset) -> Asset:
        return replace(after, created_at=after.updated_at)


@defect("PB-ASSET-16", "PB-ASSET-38")
class ChangeAnsweredEmpty(AssetHandlers):
    """Answers the change of an asset 204, without its metadata."""

    async def updateAsset(self, call: Call) -> Response:
        await super().updateAsset(call)
        return Response(None, 204)


@defect("PB-ASSET-16", "PB-ASSET-38")
class ChangeAnsweredAsBefore(AssetHandlers):
    """Answers the change of an asset with the metadata of before."""

    async def updateAsset(self, call: Call) -> Response:
        before = state_of(call.sandbox).asset(call.path["databaseId"], call.path["assetId"])
        await super().updateAsset(call)
        return json_response(self.describe_asset(before, call), call.answer)


@defect("PB-ASSET-27")
class ChangeSetsTheTimes(AssetHandlers):
    """Lets a change set when an asset was created."""

    async def updateAsset(self, call: Call) -> Response:
        answer = await super().updateAsset(call)
        assets = state_of(call.sandbox).database(call.path["databaseId"]).assets
        with suppress(ValueError):
            created_at = parse_instant(str(call.body.get("created_at")))
            id_ = call.path["assetId"]
            assets[id_] = replace(assets[id_], created_at=created_at)
        return answer


@defect("PB-ASSET-27")
class ReadOnlyFieldsRefused(Validation):
    """Refuses a change of an asset that sends read-only fields along."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        super().values(rule, body, long=long)
        if rule.operation_id == "updateAsset":
            wrong = {name: ["This field is read-only."] for name in body if name != "is_uploaded"}
            if wrong:
                raise BadRequest(wrong)


@defect("PB-ASSET-28")
class AnyMarkTakenForABoolean(Validation):
    """Marks an asset as uploaded with whatever its language takes for true."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        if rule.operation_id == "updateAsset" and isinstance(body, dict) and "is_uploaded" in body:
            body["is_uploaded"] = bool(body["is_uploaded"])
        super().values(rule, body, long=long)


# Without the mark


@defect("PB-ASSET-03", "PB-ASSET-19", "PB-ASSET-23")
class UnmarkedForbidden(AssetHandlers):
    """Answers the download of an asset that is not marked 403 instead of 404."""

    def downloadable(self, asset: Asset) -> bool:
        if not super().downloadable(asset):
            msg = "The asset is not uploaded yet."
            raise PermissionDenied(msg)
        return True


@defect("PB-ASSET-03", "PB-ASSET-19", "PB-ASSET-23")
class UnmarkedAnsweredEmpty(AssetHandlers):
    """Answers the download of an asset that is not marked 200, with nothing in it."""

    async def getAsset(self, call: Call) -> Response:
        try:
            return await super().getAsset(call)
        except NotFound as error:
            if error.id not in state_of(call.sandbox).database(call.path["databaseId"]).assets:
                raise
            return Response(b"", 200, media_type="application/octet-stream")


@defect("PB-ASSET-19")
class UploadMarks(Storage):
    """Marks an asset as uploaded as soon as its file is there."""

    async def upload(self, sandbox: StorageSandbox, request: Request) -> Response:
        answer = await super().upload(sandbox, request)
        database, asset = answer.headers["Location"].split("/")[-3:-1]
        state_of(sandbox).patch_asset(database, asset, is_uploaded=True, now=sandbox.now())
        return answer


@defect("PB-ASSET-24")
class UnmarkingDeletesTheFile(AssetHandlers):
    """Deletes the file of an asset whose mark is taken back."""

    async def updateAsset(self, call: Call) -> Response:
        answer = await super().updateAsset(call)
        asset = state_of(call.sandbox).asset(call.path["databaseId"], call.path["assetId"])
        if not asset.is_uploaded:
            call.sandbox.objects.delete(self.key(asset))
        return answer


# Upload and download


@defect("PB-ASSET-17")
class UploadWantsAToken(Storage):
    """Wants the API's token with the upload of a file."""

    async def upload(self, sandbox: StorageSandbox, request: Request) -> Response:
        if "Authorization" not in request.headers:
            raise AccessDenied
        return await super().upload(sandbox, request)


@defect("PB-ASSET-06", "PB-ASSET-17")
class UploadUrlIsAPath(AssetHandlers):
    """Gives the path alone of the URL that a file is uploaded to."""

    def form(self, asset: Asset, call: Call, now: int) -> tuple[str, dict[str, str]]:
        url, fields = super().form(asset, call, now)
        return urlsplit(url).path, fields


@defect("PB-ASSET-17")
class UploadFormWithoutKey(AssetHandlers):
    """Leaves the key of the file out of the fields of the upload form."""

    def form(self, asset: Asset, call: Call, now: int) -> tuple[str, dict[str, str]]:
        url, fields = super().form(asset, call, now)
        return url, {name: value for name, value in fields.items() if name != "key"}


@defect("PB-ASSET-10", "PB-ASSET-18", "PB-ASSET-22", "PB-DESC-05")
class DownloadIsALinkInJson(AssetHandlers):
    """Answers a download with the link to the file in a JSON object, which is not a redirect."""

    def download(self, asset: Asset, call: Call) -> Response:
        return json_response({"url": super().download(asset, call).headers["Location"]}, call.answer)


@defect("PB-ASSET-10", "PB-ASSET-18", "PB-ASSET-22")
class DownloadIsTheMetadata(AssetHandlers):
    """Answers a download with the metadata of the asset."""

    def download(self, asset: Asset, call: Call) -> Response:
        return json_response(self.describe_asset(asset, call), call.answer)


@defect("PB-ASSET-21")
class DownloadNamedAfterTheId(AssetHandlers):
    """Gives a download the id of its asset for a name."""

    def download(self, asset: Asset, call: Call) -> Response:
        named = replace(asset, filename=asset.id)
        signer, now = call.sandbox.signer, call.sandbox.now()
        link = signer.presigned_get(
            call.origin, self.key(asset), now, filename=named.filename, from_redirect=True
        )
        return Response(None, 302, {"Location": link})


@defect("PB-ASSET-21")
class DownloadWithoutName(Storage):
    """Answers a download without the header that has the file's name."""

    async def download(self, sandbox: StorageSandbox, key: str, request: Request) -> Response:
        answer = await super().download(sandbox, key, request)
        del answer.headers["Content-Disposition"]
        return answer


@defect("PB-ASSET-02", "PB-ASSET-07", "PB-ASSET-13", "PB-ASSET-35")
class FirstAssetForAny(PixieBrixState):
    """Takes the first asset of the database for whichever is asked for."""

    def asset(self, db_id: str, id: str) -> Asset:  # noqa: A002
        super().asset(db_id, id)
        return next(iter(self.database(db_id).assets.values()))


@defect("PB-ASSET-35")
class OneFileAName(AssetHandlers):
    """Stores the files of a database under their names, so that the second of a name replaces the first."""

    def key(self, asset: Asset) -> str:
        return asset_key(asset.database_id, "files", asset.filename)


# Bytes


class _Rewriting(Storage, ABC):
    """Gives what was uploaded otherwise than it came."""

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> Item:
        item = await super().find(sandbox, key, now)
        return item.rewritten(self._rewritten) if key.startswith("assets/") else item

    @abstractmethod
    def _rewritten(self, content: bytes) -> bytes:
        """What is given of a content."""


@defect("PB-ASSET-20")
class FileKeptAsText(_Rewriting):
    """Keeps an uploaded file as text, in which bytes that are not UTF-8 are lost."""

    def _rewritten(self, content: bytes) -> bytes:
        return content.decode("utf-8", "replace").encode()


@defect("PB-ASSET-20")
class LineBreaksUnified(_Rewriting):
    """Makes the line breaks of an uploaded file those of its own system."""

    def _rewritten(self, content: bytes) -> bytes:
        return content.replace(b"\r\n", b"\n")


@defect("PB-ASSET-20")
class FileEndsAtZero(_Rewriting):
    """Takes a zero byte for the end of an uploaded file."""

    def _rewritten(self, content: bytes) -> bytes:
        return content.partition(b"\0")[0]


@defect("PB-ASSET-20")
class FirstPieceStored(_Rewriting):
    """Stores the first 64 KiB of an uploaded file, which is as much as it reads at once."""

    def _rewritten(self, content: bytes) -> bytes:
        return content[: 64 * 1024]


@defect("PB-ASSET-36")
class PicturesStoredAnew(_Rewriting):
    """Stores pictures anew, without the chunk that ends them."""

    def _rewritten(self, content: bytes) -> bytes:
        return content[:-12] if content.startswith(_PNG) else content
