"""The checks of the list of assets and of their metadata, against the mock and against wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.responses import Response

from dbcontract import openapi
from dbcontract.conformance.apis.pixiebrix.checks import asset_metadata, asset_states, asset_transfer, assets
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.handlers.assets import AssetHandlers
from dbcontract.mockserver.apis.pixiebrix.state import pixiebrix
from dbcontract.mockserver.apis.pixiebrix.state.assets import Asset
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.state.errors import NotFound
from dbcontract.mockserver.state.instants import HOUR, format_instant
from dbcontract.mockserver.web import responses

from .judging_pixiebrix import Judge, Wrong, descriptions, judging, rules_of, told, wrong, wrongs_in

HANDLERS = "dbcontract.mockserver.apis.pixiebrix.handlers.assets"
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
    more = rule in {"PB-ASSET-30", "PB-ASSET-37", "PB-ASSET-43"}  # another database, or a clock
    assert result.verdict is (Verdict.NOT_VERIFIED if more else Verdict.PASSED), told(result)


@pytest.mark.parametrize("rule", ["PB-ASSET-01", "PB-ASSET-29", "PB-ASSET-38"])
def test_reading_is_enough(judge: Judge, rule: str) -> None:
    result = judge.of_database("Product pictures")(rule)
    assert result.verdict is Verdict.PASSED, told(result)


def _metadata(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    original = AssetHandlers.describe_asset
    return lambda self, *args: change(original(self, *args))


def _answers(patch: pytest.MonkeyPatch, change: Callable[[Any, int], tuple[Any, int]]) -> None:
    """Answer with another body, or another status."""
    original = responses.json_response

    def json_response(body: Any, answer: Any, status: int = 200, **more: Any) -> Response:
        other, another = change(body, status)
        return original(other, answer, another, **more)

    patch.setattr(f"{HANDLERS}.json_response", json_response)


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


@wrong(*(f"PB-ASSET-{number:02}" for number in (8, 14, 15, 16, 38)))
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
    patch.setattr(f"{HANDLERS}.format_instant", lambda instant: format_instant(instant + HOUR))


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


@wrong("PB-ASSET-29", "PB-ASSET-30")
def unknown_assets_are_made_up(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.asset

    def asset(self: PixieBrixState, db_id: str, asset_id: str) -> Asset:
        try:
            return original(self, db_id, asset_id)
        except NotFound:
            return Asset(asset_id, db_id, "new", is_uploaded=False, created_at=0, updated_at=0)

    patch.setattr(PixieBrixState, "asset", asset)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_wrong_assets_violate_just_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(RULES, beside=one.red) == one.red


def _no_name_needed(schemas: dict[str, Any]) -> None:
    del schemas["AssetRequest"]["required"]
    schemas["AssetRequest"]["properties"]["filename"] = {"default": "new"}


def _any_name(schemas: dict[str, Any]) -> None:
    schemas["AssetRequest"]["properties"]["filename"] = {"type": "string"}


def _any_mark(schemas: dict[str, Any]) -> None:
    schemas["AssetUpdateRequest"]["properties"]["is_uploaded"] = {}


@pytest.mark.parametrize(
    ("loosen", "red"),
    [
        (_no_name_needed, {"PB-ASSET-31"}),
        (_any_name, {"PB-ASSET-33", "PB-ASSET-34"}),
        (_any_mark, {"PB-ASSET-28"}),
    ],
)
def test_input_that_is_not_checked_violates_just_these_rules(
    monkeypatch: pytest.MonkeyPatch, loosen: Callable[[dict[str, Any]], None], red: set[str]
) -> None:
    descriptions()  # the judge's own stays as it is
    load = openapi.load

    def loosened(name: str, **more: Any) -> Any:
        description = load(name, **more)
        if name == "pixiebrix":
            loosen(description["components"]["schemas"])
        return description

    monkeypatch.setattr(openapi, "load", loosened)
    monkeypatch.setattr(pixiebrix, "filename_errors", lambda _: {})
    monkeypatch.setattr(Asset, "patched", lambda self, **_: replace(self, is_uploaded=True))
    with judging(*MODULES) as judge:
        assert judge.red(rule for rule in RULES if rule in {*red, "PB-ASSET-04", "PB-ASSET-15"}) == red
