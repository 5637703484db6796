"""The checks of assets, against the mock and against assets that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from starlette.responses import Response

from dbcontract.conformance.checks import asset_metadata, asset_states, asset_transfer, assets
from dbcontract.conformance.result import Verdict
from dbcontract.mockserver.handlers import assets as handler
from dbcontract.mockserver.handlers.assets import AssetHandlers
from dbcontract.mockserver.state import pixiebrix
from dbcontract.mockserver.state.assets import Asset
from dbcontract.mockserver.state.instants import HOUR
from dbcontract.mockserver.state.objects import ObjectStore, StoredObject
from dbcontract.mockserver.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.storage import app as storage
from dbcontract.mockserver.storage.signing import Signer

from .judging_pixiebrix import Judge, Wrong, judging, rules_of, told, wrong, wrongs_in

MODULES = (assets, asset_metadata, asset_states, asset_transfer)
RULES = rules_of(*MODULES)
SLOW = {"PB-ASSET-25", "PB-ASSET-26"}
"""Without a clock that can be moved, these let a second pass."""


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(*MODULES) as one:
        yield one


@pytest.mark.parametrize("rule", RULES)
def test_the_mock_passes(judge: Judge, rule: str) -> None:
    result = judge(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", sorted(set(RULES) - SLOW))
def test_an_ordinary_target_with_one_database_fails_nowhere(judge: Judge, rule: str) -> None:
    result = judge.of_database("Product pictures", "write", "storage")(rule)
    two = rule in {"PB-ASSET-30", "PB-ASSET-37"}
    assert result.verdict is (Verdict.NOT_VERIFIED if two else Verdict.PASSED), told(result)


@pytest.mark.parametrize("rule", ["PB-ASSET-01", "PB-ASSET-29", "PB-ASSET-38"])
def test_reading_is_enough(judge: Judge, rule: str) -> None:
    result = judge.of_database("Product pictures")(rule)
    assert result.verdict is Verdict.PASSED, told(result)


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
    key = handler.asset_key(asset.database_id, asset.id, asset.filename)
    return call.world.objects.get(key) or StoredObject.of(b"nothing", "text/plain", "", 0)


def _metadata(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    original = AssetHandlers.describe_asset
    return lambda self, *args: change(original(self, *args))


def _answers(patch: pytest.MonkeyPatch, change: Callable[[Any, int], tuple[Any, int]]) -> None:
    """Answer with another body, or another status."""
    original = handler.json_response

    def json_response(body: Any, answer: Any, status: int = 200, **more: Any) -> Response:
        other, another = change(body, status)
        return original(other, answer, another, **more)

    patch.setattr(handler, "json_response", json_response)


# The list, and creation


@wrong("PB-ASSET-02", "PB-ASSET-38")
def a_list_of_ids(patch: pytest.MonkeyPatch) -> None:
    def ids(body: Any, status: int) -> tuple[Any, int]:
        return ([{"id": one["id"]} for one in body] if isinstance(body, list) else body), status

    _answers(patch, ids)


@wrong("PB-ASSET-01")
def a_list_inside_an_object(patch: pytest.MonkeyPatch) -> None:
    _answers(patch, lambda body, status: ({"results": body} if isinstance(body, list) else body, status))


def _lists(patch: pytest.MonkeyPatch, change: Callable[[PixieBrixState, list[Asset]], list[Asset]]) -> None:
    original = PixieBrixState.list_assets
    patch.setattr(PixieBrixState, "list_assets", lambda self, db_id: change(self, original(self, db_id)))


@wrong("PB-ASSET-02")
def only_uploaded_ones_are_listed(patch: pytest.MonkeyPatch) -> None:
    _lists(patch, lambda _, found: [one for one in found if one.is_uploaded])


@wrong("PB-ASSET-02")
def only_the_last_one_is_listed(patch: pytest.MonkeyPatch) -> None:
    _lists(patch, lambda _, found: found[-1:])


@wrong("PB-ASSET-37")
def those_of_all_databases_are_listed(patch: pytest.MonkeyPatch) -> None:
    _lists(patch, lambda self, _: [one for db in self.databases.values() for one in db.assets.values()])


@wrong("PB-ASSET-05")
def a_creation_is_200(patch: pytest.MonkeyPatch) -> None:
    _answers(patch, lambda body, status: (body, 200 if status == 201 else status))


@wrong("PB-ASSET-06", "PB-ASSET-13", "PB-ASSET-16", "PB-ASSET-02", "PB-ASSET-32", "PB-ASSET-04")
def names_are_put_in_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        AssetHandlers,
        "describe_asset",
        _metadata(lambda item: {**item, "filename": item["filename"].upper()}),
    )


@wrong("PB-ASSET-13", "PB-ASSET-32")
def names_lose_their_letters(patch: pytest.MonkeyPatch) -> None:
    def plain(item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "filename": item["filename"].encode("ascii", "ignore").decode()}

    patch.setattr(AssetHandlers, "describe_asset", _metadata(plain))


@wrong("PB-ASSET-06")
def the_fields_are_a_list(patch: pytest.MonkeyPatch) -> None:
    def change(body: Any, status: int) -> tuple[Any, int]:
        if status == 201:
            body = {**body, "fields": [list(pair) for pair in body["fields"].items()]}
        return body, status

    _answers(patch, change)


@wrong("PB-ASSET-06", "PB-ASSET-17")
def the_upload_url_is_a_path(patch: pytest.MonkeyPatch) -> None:
    _answers(
        patch,
        lambda body, status: ({**body, "upload_url": "/_storage/"} if status == 201 else body, status),
    )


def _longest(patch: pytest.MonkeyPatch, errors: Callable[[str], dict[str, Any]]) -> None:
    patch.setattr(pixiebrix, "filename_errors", errors)


@wrong("PB-ASSET-32")
def a_name_has_254_characters(patch: pytest.MonkeyPatch) -> None:
    _longest(patch, lambda name: {"filename": ["too long"]} if len(name) > 254 else {})


@wrong("PB-ASSET-32")
def a_name_has_255_bytes(patch: pytest.MonkeyPatch) -> None:
    _longest(patch, lambda name: {"filename": ["too long"]} if len(name.encode()) > 255 else {})


@wrong("PB-ASSET-32")
def long_names_are_cut(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.create_asset
    patch.setattr(
        PixieBrixState, "create_asset", lambda self, db, name, *more: original(self, db, name[:250], *more)
    )


# The metadata


@wrong("PB-ASSET-07", "PB-ASSET-13", "PB-ASSET-30", "PB-ASSET-35")
def always_the_first_asset(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.asset

    def asset(self: PixieBrixState, db_id: str, asset_id: str) -> Asset:
        mine = next((db for db in self.databases.values() if asset_id in db.assets), None)
        return next(iter(mine.assets.values())) if mine else original(self, db_id, asset_id)

    patch.setattr(PixieBrixState, "asset", asset)


@wrong(*(f"PB-ASSET-{number:02}" for number in (8, 14, 15, 16, 30, 38)))
def the_mark_is_a_word(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        AssetHandlers,
        "describe_asset",
        _metadata(lambda item: {**item, "is_uploaded": str(item["is_uploaded"])}),
    )


@wrong("PB-ASSET-08", "PB-ASSET-38", "PB-ASSET-09")
def the_download_url_is_a_path(patch: pytest.MonkeyPatch) -> None:
    path = _metadata(lambda item: {**item, "download_url": item["download_url"].partition("/~")[2]})
    patch.setattr(AssetHandlers, "describe_asset", path)


@wrong("PB-ASSET-09", "PB-ASSET-10")
def the_download_url_is_that_of_the_list(patch: pytest.MonkeyPatch) -> None:
    listed = _metadata(
        lambda item: {**item, "download_url": item["download_url"].removesuffix(item["id"] + "/")}
    )
    patch.setattr(AssetHandlers, "describe_asset", listed)


@wrong("PB-ASSET-10")
def the_download_url_lacks_the_prefix(patch: pytest.MonkeyPatch) -> None:
    bare = _metadata(lambda item: {**item, "download_url": item["download_url"].replace("/api/", "/")})
    patch.setattr(AssetHandlers, "describe_asset", bare)


def _times(change: Callable[[str], str]) -> Callable[..., dict[str, Any]]:
    return _metadata(
        lambda item: {**item, **{name: change(item[name]) for name in ("created_at", "updated_at")}}
    )


@wrong("PB-ASSET-11")
def an_offset_for_the_z(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AssetHandlers, "describe_asset", _times(lambda text: text.replace("Z", "+00:00")))


@wrong("PB-ASSET-11")
def local_times_with_a_z(patch: pytest.MonkeyPatch) -> None:
    original = handler.format_instant
    patch.setattr(handler, "format_instant", lambda instant: original(instant + HOUR))


@wrong("PB-ASSET-12")
def milliseconds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AssetHandlers, "describe_asset", _times(lambda text: text[:-4] + "Z"))


@wrong("PB-ASSET-12")
def whole_seconds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AssetHandlers, "describe_asset", _times(lambda text: text[:-8] + "Z"))


@wrong("PB-ASSET-03", "PB-ASSET-14", "PB-ASSET-19")
def marked_from_the_start(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.create_asset

    def create_asset(self: PixieBrixState, db_id: str, *more: Any) -> Asset:
        asset = replace(original(self, db_id, *more), is_uploaded=True)
        self.database(db_id).assets[asset.id] = asset
        return asset

    patch.setattr(PixieBrixState, "create_asset", create_asset)


# Changes


def _patched(change: Callable[[Asset, Asset, int], Asset]) -> Callable[..., Asset]:
    """The asset after a change, changed: from the one before, the one after, and the time."""
    original = Asset.patched

    def patched(self: Asset, *, is_uploaded: bool | None, now: int) -> Asset:
        return change(self, original(self, is_uploaded=is_uploaded, now=now), now)

    return patched


@wrong(
    "PB-ASSET-15", "PB-ASSET-16", "PB-ASSET-18", "PB-ASSET-22", "PB-ASSET-24", "PB-ASSET-30", "PB-ASSET-10"
)
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
    patch.setattr(handler, "asset_key", lambda db, _, name: f"assets/{db}/{quote(name, safe='')}")


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
        return handler.json_response(self.describe_asset(asset, call), call.answer)

    patch.setattr(AssetHandlers, "download", download)


@wrong("PB-ASSET-17")
def uploads_want_a_token(patch: pytest.MonkeyPatch) -> None:
    original = storage._upload  # noqa: SLF001 - the request is needed

    async def upload(world: Any, request: Any) -> Any:
        if "authorization" not in request.headers:
            return Response(status_code=401)
        return await original(world, request)

    patch.setattr(storage, "_upload", upload)


@wrong("PB-ASSET-19")
def an_upload_marks_the_asset(patch: pytest.MonkeyPatch) -> None:
    original = storage._upload  # noqa: SLF001 - the world is needed

    async def upload(world: Any, request: Any) -> Any:
        answer = await original(world, request)
        *_, key = dict(world.objects.items())
        _, db_id, asset_id, _ = key.split("/")
        world.pixiebrix.patch_asset(db_id, asset_id, is_uploaded=True, now=world.now())
        return answer

    patch.setattr(storage, "_upload", upload)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_wrong_assets_violate_just_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(RULES) == one.red
