"""The checks of changes and files of assets, against the mock and against wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from starlette.responses import Response

from dbcontract.conformance.apis.pixiebrix.checks import asset_metadata, asset_states, asset_transfer, assets
from dbcontract.mockserver.apis.pixiebrix.handlers.assets import AssetHandlers
from dbcontract.mockserver.apis.pixiebrix.state.assets import Asset
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.state.instants import parse_instant
from dbcontract.mockserver.state.objects import ObjectStore, StoredObject
from dbcontract.mockserver.storage import app as storage
from dbcontract.mockserver.storage.keys import asset_key
from dbcontract.mockserver.storage.signing import Signer
from dbcontract.mockserver.web.responses import json_response

from .judging_pixiebrix import Judge, Wrong, judging, rules_of, wrong, wrongs_in

MODULES = (assets, asset_metadata, asset_states, asset_transfer)
RULES = rules_of(*MODULES)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(*MODULES) as one:
        yield one


def test_bytes_instead_of_a_redirect_pass(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(_: AssetHandlers, asset: Asset, call: Any) -> Response:
        stored = _stored(asset, call)
        disposition = f"attachment; filename*=UTF-8''{quote(asset.filename)}"
        headers = {"content-disposition": disposition}
        return Response(stored.content, 200, headers, "application/octet-stream")

    monkeypatch.setattr(AssetHandlers, "download", download)
    red = judge.red(rules_of(asset_transfer))
    assert red == set()


def test_a_relative_redirect_passes(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    original = AssetHandlers.download

    def download(self: AssetHandlers, asset: Asset, call: Any) -> Response:
        location = original(self, asset, call).headers["location"]
        return Response(None, 302, {"Location": location[location.index("/~") :]})

    monkeypatch.setattr(AssetHandlers, "download", download)
    assert judge.red(rules_of(asset_transfer)) == set()


def _stored(asset: Asset, call: Any) -> StoredObject:
    key = asset_key(asset.database_id, asset.id, asset.filename)
    return call.sandbox.objects.get(key) or StoredObject.of(b"nothing", "text/plain", "", 0)


# Changes


def _patched(change: Callable[[Asset, Asset, int], Asset]) -> Callable[..., Asset]:
    """The asset after a change, changed: from the one before, the one after, and the time."""
    original = Asset.patched

    def patched(self: Asset, *, is_uploaded: bool | None, now: int) -> Asset:
        return change(self, original(self, is_uploaded=is_uploaded, now=now), now)

    return patched


@wrong("PB-ASSET-15", "PB-ASSET-16", "PB-ASSET-18", "PB-ASSET-22", "PB-ASSET-24", "PB-ASSET-10")
def the_mark_is_not_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Asset, "patched", _patched(lambda old, new, _: replace(new, is_uploaded=old.is_uploaded)))


@wrong("PB-ASSET-23")
def unmarking_does_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        Asset,
        "patched",
        _patched(lambda old, new, _: replace(new, is_uploaded=old.is_uploaded or new.is_uploaded)),
    )


@wrong("PB-ASSET-25")
def updated_at_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Asset, "patched", _patched(lambda old, new, _: replace(new, updated_at=old.updated_at)))


@wrong("PB-ASSET-26", "PB-ASSET-27")
def created_at_moves(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Asset, "patched", _patched(lambda _, new, now: replace(new, created_at=now)))


@wrong("PB-ASSET-16")
def a_change_answers_the_metadata_of_before(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.patch_asset

    def patch_asset(self: PixieBrixState, db_id: str, asset_id: str, **more: Any) -> Asset:
        before = self.asset(db_id, asset_id)
        original(self, db_id, asset_id, **more)
        return before

    patch.setattr(PixieBrixState, "patch_asset", patch_asset)


@wrong("PB-ASSET-30")
def whatever_database(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.asset

    def asset(self: PixieBrixState, db_id: str, asset_id: str) -> Asset:
        found = next((db.id for db in self.databases.values() if asset_id in db.assets), db_id)
        return original(self, found, asset_id)

    patch.setattr(PixieBrixState, "asset", asset)


# Files


def _stores(patch: pytest.MonkeyPatch, change: Callable[[bytes], bytes]) -> None:
    original = ObjectStore.put
    patch.setattr(
        ObjectStore,
        "put",
        lambda self, key, one: original(self, key, replace(one, content=change(one.content))),
    )


@wrong("PB-ASSET-20", "PB-ASSET-36")
def text_is_what_is_kept(patch: pytest.MonkeyPatch) -> None:
    _stores(patch, lambda content: content.decode("utf-8", "replace").encode())


@wrong("PB-ASSET-20", "PB-ASSET-36")
def line_breaks_are_unified(patch: pytest.MonkeyPatch) -> None:
    _stores(patch, lambda content: content.replace(b"\r\n", b"\n"))


@wrong("PB-ASSET-20")
def the_last_byte_is_lost_of_more_than_200(patch: pytest.MonkeyPatch) -> None:
    _stores(patch, lambda content: content[:200])


@wrong("PB-ASSET-20", "PB-ASSET-24", "PB-ASSET-35", "PB-ASSET-36", "PB-ASSET-10", "PB-ASSET-18")
def nothing_is_kept(patch: pytest.MonkeyPatch) -> None:
    _stores(patch, lambda _: b"")


@wrong("PB-ASSET-35")
def one_file_a_name(patch: pytest.MonkeyPatch) -> None:
    handlers = "dbcontract.mockserver.apis.pixiebrix.handlers.assets"
    patch.setattr(f"{handlers}.asset_key", lambda db, _, name: f"assets/{db}/{quote(name, safe='')}")


@wrong("PB-ASSET-21")
def downloads_have_the_id_for_a_name(patch: pytest.MonkeyPatch) -> None:
    original = Signer.presigned_get

    def presigned_get(self: Signer, base: str, key: str, now: int, **more: Any) -> str:
        return original(self, base, key, now, **{**more, "filename": key.split("/")[2]})

    patch.setattr(Signer, "presigned_get", presigned_get)


@wrong("PB-ASSET-21")
def downloads_have_another_name(patch: pytest.MonkeyPatch) -> None:
    original = Signer.presigned_get
    patch.setattr(
        Signer,
        "presigned_get",
        lambda *args, **more: original(*args, **{**more, "filename": f"a{more['filename']}"}),
    )


@wrong(*(f"PB-ASSET-{number:02}" for number in (10, 18, 20, 21, 22, 24, 35, 36)))
def a_download_is_the_metadata(patch: pytest.MonkeyPatch) -> None:
    def download(self: AssetHandlers, asset: Asset, call: Any) -> Response:
        return json_response(self.describe_asset(asset, call), call.answer)

    patch.setattr(AssetHandlers, "download", download)


@wrong("PB-ASSET-17")
def uploads_want_a_token(patch: pytest.MonkeyPatch) -> None:
    original = storage._upload  # noqa: SLF001 - the request is needed

    async def upload(sandbox: Any, request: Any) -> Any:
        if "authorization" not in request.headers:
            return Response(status_code=401)
        return await original(sandbox, request)

    patch.setattr(storage, "_upload", upload)


@wrong("PB-ASSET-19")
def an_upload_marks_the_asset(patch: pytest.MonkeyPatch) -> None:
    original = storage._upload  # noqa: SLF001 - the sandbox is needed

    async def upload(sandbox: Any, request: Any) -> Any:
        answer = await original(sandbox, request)
        *_, key = dict(sandbox.objects.items())
        _, db_id, asset_id, _ = key.split("/")
        state_of(sandbox).patch_asset(db_id, asset_id, is_uploaded=True, now=sandbox.now())
        return answer

    patch.setattr(storage, "_upload", upload)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_wrong_assets_violate_just_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(RULES, beside=one.red) == one.red


def test_setting_read_only_fields_violates_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    original = AssetHandlers.updateAsset

    async def update(self: AssetHandlers, call: Any) -> Response:
        answer = await original(self, call)
        if "created_at" in call.body:
            state = state_of(call.sandbox)
            asset = state.asset(call.path["databaseId"], call.path["assetId"])
            created = replace(asset, created_at=parse_instant(call.body["created_at"]))
            state.database(asset.database_id).assets[asset.id] = created
        return answer

    monkeypatch.setattr(AssetHandlers, "updateAsset", update)
    with judging(*MODULES) as judge:
        assert judge.red(RULES, beside={"PB-ASSET-27"}) == {"PB-ASSET-27"}
