"""Wrong assets: their creation, list and metadata (document: Database Assets)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from ....state import jsonio
from ....state.errors import InvalidInput, NotFound
from ....state.instants import HOUR, format_instant, parse_instant
from ....storage.app import Storage, StorageSandbox
from ....storage.downloads import Item
from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import BodyRule, Validation
from ....web.problems import PermissionDenied
from ....web.responses import json_response
from ..handlers.assets import AssetHandlers
from ..state.assets import Asset
from ..state.pixiebrix import PixieBrixState
from ..state_of import state_of

_TIMES = ("created_at", "updated_at")


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

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> Item:
        item = await super().find(sandbox, key, now)
        return item.rewritten(lambda content: content[:-1]) if key.startswith("assets/") else item


# The list


@defect("PB-ASSET-01")
class AssetsInAnEnvelope(AssetHandlers):
    """Wraps the list of assets in an object with `results`."""

    async def listAssets(self, call: Call) -> Response:
        answer = await super().listAssets(call)
        answer.body = b'{"results":%b}' % bytes(answer.body)
        answer.headers["Content-Length"] = str(len(answer.body))
        return answer


@defect("PB-ASSET-02")
class OnlyUploadedAssetsListed(PixieBrixState):
    """Leaves the assets that are not marked as uploaded out of the list."""

    def list_assets(self, db_id: str) -> list[Asset]:
        return [asset for asset in super().list_assets(db_id) if asset.is_uploaded]


@defect("PB-ASSET-37", "PB-PAGE-04")
class AssetsOfAllDatabasesListed(PixieBrixState):
    """Lists the assets of all databases below each of them."""

    def list_assets(self, db_id: str) -> list[Asset]:
        self.database(db_id)
        return [asset for database in self.databases.values() for asset in database.assets.values()]


@defect("PB-ASSET-02", "PB-ASSET-38")
class AssetsListedByIdOnly(AssetHandlers):
    """Lists the ids of the assets, and withholds the rest of their metadata."""

    async def listAssets(self, call: Call) -> Response:
        answer = await super().listAssets(call)
        answer.body = jsonio.dumps([{"id": item["id"]} for item in jsonio.loads(bytes(answer.body))])
        answer.headers["Content-Length"] = str(len(answer.body))
        return answer


@defect("PB-ASSET-01")
class NoAssetsIsNotFound(PixieBrixState):
    """Answers the list of assets 404 where a database has none."""

    def list_assets(self, db_id: str) -> list[Asset]:
        found = super().list_assets(db_id)
        if not found:
            raise NotFound("assets", db_id)
        return found


@defect("PB-ASSET-38", "PB-ASSET-02")
class ListShowsOldMarks(PixieBrixState):
    """Lists assets as they were when they were created, from a copy that is never renewed."""

    def list_assets(self, db_id: str) -> list[Asset]:
        return [
            replace(asset, is_uploaded=False, updated_at=asset.created_at)
            for asset in super().list_assets(db_id)
        ]


@defect("PB-ASSET-38")
class ListLacksDownloadUrls(AssetHandlers):
    """Lists assets without their `download_url`, which only the metadata of one asset have."""

    async def listAssets(self, call: Call) -> Response:
        answer = await super().listAssets(call)
        items = jsonio.loads(bytes(answer.body))
        answer.body = jsonio.dumps([{**item, "download_url": None} for item in items])
        answer.headers["Content-Length"] = str(len(answer.body))
        return answer


# Creation


@defect("PB-ASSET-04")
class AssetNameWantedAsName(AssetHandlers):
    """Wants the file name of a new asset in a field called `name`."""

    async def createAsset(self, call: Call) -> Response:
        state_of(call.sandbox).database(call.path["databaseId"])
        if "name" not in call.body:
            raise InvalidInput({"name": ["This field is required."]})
        return await super().createAsset(call)


@defect("PB-ASSET-05")
class AssetCreationIsOk(AssetHandlers):
    """Answers the creation of an asset 200."""

    async def createAsset(self, call: Call) -> Response:
        answer = await super().createAsset(call)
        answer.status_code = 200
        return answer


@defect("PB-ASSET-06")
class NewAssetFlattened(AssetHandlers):
    """Answers a creation with the fields of the asset beside those of the upload."""

    async def createAsset(self, call: Call) -> Response:
        body = jsonio.loads(bytes((await super().createAsset(call)).body))
        return json_response({**body.pop("asset"), **body}, call.answer, 201)


@defect("PB-ASSET-06")
class UploadFieldsInPairs(AssetHandlers):
    """Gives the fields of the upload form as a list of pairs."""

    async def createAsset(self, call: Call) -> Response:
        body = jsonio.loads(bytes((await super().createAsset(call)).body))
        body["fields"] = list(body["fields"].items())
        return json_response(body, call.answer, 201)


@defect("PB-ASSET-03", "PB-ASSET-14", "PB-ASSET-19", "PB-ASSET-15")
class MarkedFromTheStart(PixieBrixState):
    """Makes assets that are marked as uploaded before they are."""

    def create_asset(self, db_id: str, filename: str, now: int, new_id: Callable[[], str]) -> Asset:
        asset = super().create_asset(db_id, filename, now, new_id)
        self.database(db_id).assets[asset.id] = asset = replace(asset, is_uploaded=True)
        return asset


@defect("PB-ASSET-13", "PB-ASSET-32")
class FileNameMadeSafe(PixieBrixState):
    """Keeps letters, digits, dots and dashes of a file name, and an underscore for everything else."""

    def create_asset(self, db_id: str, filename: str, now: int, new_id: Callable[[], str]) -> Asset:
        return super().create_asset(db_id, re.sub(r"[^A-Za-z0-9.-]", "_", filename), now, new_id)


@defect("PB-ASSET-02", "PB-ASSET-04", "PB-ASSET-06", "PB-ASSET-13", "PB-ASSET-16", "PB-ASSET-32")
class FileNameReplaced(PixieBrixState):
    """Gives every asset a new name for its file, with the extension of the old one."""

    def create_asset(self, db_id: str, filename: str, now: int, new_id: Callable[[], str]) -> Asset:
        _, dot, extension = filename.rpartition(".")
        return super().create_asset(db_id, f"{new_id()}{dot}{extension if dot else ''}", now, new_id)


@defect("PB-ASSET-31")
class FileNameMadeUp(Validation):
    """Calls an asset that was created without a name `untitled`."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        if rule.operation_id == "createAsset":
            body.setdefault("filename", "untitled")
        super().values(rule, body, long=long)


@defect("PB-ASSET-34")
class EmptyFileNameAccepted(Validation):
    """Takes an empty file name for none, and calls the asset `untitled`."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        if rule.operation_id == "createAsset" and body.get("filename") == "":
            body["filename"] = "untitled"
        super().values(rule, body, long=long)


@defect("PB-ASSET-33")
class LongFileNameCut(Validation):
    """Cuts a file name of more than 255 characters instead of refusing it."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        if rule.operation_id == "createAsset" and isinstance(body.get("filename"), str):
            body["filename"] = body["filename"][:255]
        super().values(rule, body, long=long)


@defect("PB-ASSET-32")
class FileNamesAtMost100(PixieBrixState):
    """Refuses file names of more than 100 characters, the default of its framework."""

    def _filename_errors(self, filename: str) -> dict[str, Any]:
        if len(filename) > 100:
            return {"filename": ["Ensure this field has no more than 100 characters."]}
        return super()._filename_errors(filename)


@defect("PB-ASSET-32")
class FileNameCountedInBytes(PixieBrixState):
    """Counts the bytes of a file name in UTF-8 where its characters are limited."""

    def _filename_errors(self, filename: str) -> dict[str, Any]:
        if len(filename.encode()) > 255:
            return {"filename": ["Ensure this field has no more than 255 characters."]}
        return super()._filename_errors(filename)


# The metadata


@defect("PB-ASSET-07")
class MetadataOfUploadedOnly(AssetHandlers):
    """Answers the metadata of an asset 404 as long as it is not marked as uploaded."""

    async def getAsset(self, call: Call) -> Response:
        asset = state_of(call.sandbox).asset(call.path["databaseId"], call.path["assetId"])
        if not self.downloadable(asset):
            raise NotFound("asset", asset.id)
        return await super().getAsset(call)


@defect("PB-ASSET-07")
class MetaOverlooked(AssetHandlers):
    """Downloads the file of an asset whether its metadata are asked for or not."""

    async def getAsset(self, call: Call) -> Response:
        call.query.pop("meta", None)
        return await super().getAsset(call)


@defect("PB-ASSET-08", "PB-ASSET-38")
class AssetTimesWithheld(AssetHandlers):
    """Withholds when an asset was created and changed."""

    def describe_asset(self, asset: Asset, call: Call) -> dict[str, Any]:
        item = super().describe_asset(asset, call)
        return {name: value for name, value in item.items() if name not in _TIMES}


@defect("PB-ASSET-08", "PB-ASSET-16", "PB-ASSET-38", "PB-ASSET-02")
class AssetInCamelCase(AssetHandlers):
    """Writes the fields of an asset's metadata in camel case."""

    def describe_asset(self, asset: Asset, call: Call) -> dict[str, Any]:
        item = super().describe_asset(asset, call)
        return {re.sub("_([a-z])", lambda found: found[1].upper(), name): item[name] for name in item}


@defect("PB-ASSET-08", "PB-ASSET-09", "PB-ASSET-38")
class DownloadUrlIsAPath(AssetHandlers):
    """Gives the path of an asset for its `download_url`, without scheme and host."""

    def describe_asset(self, asset: Asset, call: Call) -> dict[str, Any]:
        item = super().describe_asset(asset, call)
        return {**item, "download_url": item["download_url"].removeprefix(call.origin)}


@defect("PB-ASSET-09")
class DownloadUrlIsTheStorages(AssetHandlers):
    """Gives the address of the file in the storage for the `download_url` of an asset."""

    def describe_asset(self, asset: Asset, call: Call) -> dict[str, Any]:
        location = self.download(asset, call).headers["Location"]
        return {**super().describe_asset(asset, call), "download_url": location.partition("?")[0]}


@defect("PB-ASSET-10")
class DownloadUrlWithoutApi(AssetHandlers):
    """Forgets the `/api` in the `download_url` of an asset, which therefore leads nowhere."""

    def describe_asset(self, asset: Asset, call: Call) -> dict[str, Any]:
        item = super().describe_asset(asset, call)
        return {**item, "download_url": item["download_url"].replace("/api/", "/", 1)}


def _retimed(item: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    return {**item, **{name: change(item[name]) for name in _TIMES}}


@defect("PB-ASSET-11")
class AssetTimesWithAnOffset(AssetHandlers):
    """Ends the times of an asset with +00:00 instead of a Z."""

    def describe_asset(self, asset: Asset, call: Call) -> dict[str, Any]:
        return _retimed(super().describe_asset(asset, call), lambda text: text.replace("Z", "+00:00"))


@defect("PB-ASSET-11")
class AssetTimesOfBerlin(AssetHandlers):
    """Writes the times of an asset as the clocks in Berlin show them, and a Z behind."""

    def describe_asset(self, asset: Asset, call: Call) -> dict[str, Any]:
        item = super().describe_asset(asset, call)
        return _retimed(item, lambda text: format_instant(parse_instant(text) + HOUR))


@defect("PB-ASSET-12")
class AssetTimesInMilliseconds(AssetHandlers):
    """Writes the times of an asset with milliseconds."""

    def describe_asset(self, asset: Asset, call: Call) -> dict[str, Any]:
        return _retimed(super().describe_asset(asset, call), lambda text: f"{text[:-4]}Z")


@defect("PB-ASSET-12")
class AssetTimesInSeconds(AssetHandlers):
    """Cuts the times of an asset to whole seconds."""

    def describe_asset(self, asset: Asset, call: Call) -> dict[str, Any]:
        return _retimed(super().describe_asset(asset, call), lambda text: f"{text[:-8]}Z")


# What is not there


@defect("PB-ASSET-29", "PB-ASSET-30")
class UnknownAssetForbidden(PixieBrixState):
    """Answers 403 where there is no such asset."""

    def asset(self, db_id: str, id: str) -> Asset:  # noqa: A002
        try:
            return super().asset(db_id, id)
        except NotFound:
            msg = "You do not have permission to perform this action."
            raise PermissionDenied(msg) from None


@defect("PB-ASSET-29", "PB-ASSET-30")
class UnknownAssetMadeUp(PixieBrixState):
    """Makes an asset of every id that is asked for."""

    def asset(self, db_id: str, id: str) -> Asset:  # noqa: A002
        now = self.next_midnight
        asset = Asset(id, db_id, "untitled", is_uploaded=False, created_at=now, updated_at=now)
        return self.database(db_id).assets.setdefault(id, asset)


@defect("PB-ASSET-30")
class AssetFoundInAnyDatabase(PixieBrixState):
    """Finds an asset by its id alone, whichever database is in the path."""

    def asset(self, db_id: str, id: str) -> Asset:  # noqa: A002
        found = [database.id for database in self.databases.values() if id in database.assets]
        return super().asset(found[0] if found else db_id, id)
