"""An asset before and after it is marked as uploaded."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from ....authoring.arrange import step
from ....authoring.check import CheckFailed, check
from ....authoring.formats import as_timestamp
from .. import asset_details
from ..arrange import Asset
from ..asset_details import SEVERAL
from ..context import PixieBrix

_INVENTED = "1999-12-31T23:59:59.000001Z"


@check("PB-ASSET-03", control="getAsset")
def download_before_the_mark(ctx: PixieBrix) -> None:
    """Creates an asset and asks for its download at once."""
    asset_details.download(ctx, ctx.given.asset(), follow=False).expect_status(404)


@check("PB-ASSET-15")
def the_mark_is_kept(ctx: PixieBrix) -> None:
    """Creates two assets of one name, marks one of them twice, and reads the metadata of both after each
    mark.
    """
    database = ctx.given.database(assets=True)
    asset, namesake = ctx.given.asset(database), ctx.given.asset(database)
    for what in ("the mark", "another mark"):
        asset_details.patch(ctx, asset, {"is_uploaded": True}).expect_status(*SEVERAL)
        item = asset_details.metadata(ctx, asset)
        ctx.expect(f"is_uploaded after {what}", expected=True, actual=item.get("is_uploaded"))
        other = asset_details.metadata(ctx, namesake)
        ctx.expect(f"is_uploaded of a namesake after {what}", expected=False, actual=other.get("is_uploaded"))


@check("PB-ASSET-16")
def a_change_is_answered_with_the_metadata(ctx: PixieBrix) -> None:
    """Marks an asset and compares id, name and mark in the answer."""
    asset = ctx.given.asset(filename=f"{ctx.name('asset')}.png")
    answer = asset_details.patch(ctx, asset, {"is_uploaded": True})
    item = answer.expect_status(200).expect_json(dict)
    shown = {name: item.get(name) for name in ("id", "filename", "is_uploaded")}
    ctx.expect("the answer", {"id": asset.id, "filename": asset.filename, "is_uploaded": True}, shown)


@check("PB-ASSET-23", control="getAsset")
def an_unmarked_asset_cannot_be_downloaded(ctx: PixieBrix) -> None:
    """Marks an asset, unmarks it, and asks for its download."""
    asset = _marked(ctx)
    asset_details.patch(ctx, asset, {"is_uploaded": False}).expect_status(*SEVERAL)
    asset_details.download(ctx, asset, follow=False).expect_status(404)


@check("PB-ASSET-25")
def a_change_moves_updated_at(ctx: PixieBrix) -> None:
    """Compares the metadata before and after marking, a moment later, with the clock moved where it stands
    still.
    """
    asset = ctx.given.asset()
    before = _time(ctx, asset, "updated_at")
    _let_time_pass(ctx)
    ctx.given.marked(asset)
    after = _time(ctx, asset, "updated_at")
    ctx.expect_true(
        "updated_at after the change", after > before, expected=f"later than {before}", actual=after
    )


@check("PB-ASSET-26")
def a_change_leaves_created_at(ctx: PixieBrix) -> None:
    """Compares the metadata before and after marking, a moment later."""
    asset = ctx.given.asset()
    before = _time(ctx, asset, "created_at")
    _let_time_pass(ctx)
    ctx.given.marked(asset)
    ctx.expect("created_at after the change", before, _time(ctx, asset, "created_at"))


@check("PB-ASSET-27")
def read_only_fields_are_ignored(ctx: PixieBrix) -> None:
    """Sends invented values of read-only fields with the mark, and reads the metadata under the old id."""
    asset, other = ctx.given.asset(), "00000000-0000-4000-8000-000000000000"
    before = asset_details.metadata(ctx, asset)
    invented = {"id": other, "download_url": f"https://example.com/{other}"}
    times = {"created_at": _INVENTED, "updated_at": _INVENTED}
    asset_details.patch(ctx, asset, {**invented, **times, "is_uploaded": True}).expect_status(200)
    after = asset_details.read(ctx, asset_details.path_of(asset)).expect_status(200).expect_json(dict)
    for name in ("id", "created_at"):
        ctx.expect(f"{name} after the change", before.get(name), after.get(name))
    # It may have a signature of its own each time.
    set_to = after.get("download_url")
    kept = set_to != invented["download_url"]
    ctx.expect_true("download_url after the change", kept, expected=before.get("download_url"), actual=set_to)
    set_to = as_timestamp(after.get("updated_at"))
    ignored = set_to != as_timestamp(_INVENTED)
    ctx.expect_true("updated_at after the change", ignored, expected="the time of the change", actual=set_to)


@check("PB-ASSET-27")
def a_change_of_something_else_leaves_the_mark(ctx: PixieBrix) -> None:
    """Marks an asset, sends changes without the mark, which may be refused, and reads the mark."""
    asset = ctx.given.asset()
    ctx.given.marked(asset)
    for body in ({}, {"filename": "other.png"}, {"created_at": _INVENTED}):
        asset_details.patch(ctx, asset, body)
        shown = asset_details.metadata(ctx, asset).get("is_uploaded")
        ctx.expect(f"is_uploaded after a change of {[*body]}", expected=True, actual=shown)


@check("PB-ASSET-28", control="updateAsset")
def a_mark_of_the_wrong_type_is_refused(ctx: PixieBrix) -> None:
    """Sends an object, an array and the word maybe."""
    asset = ctx.given.asset()
    values: tuple[object, ...] = ({}, [], "maybe")
    for value in values:
        asset_details.patch(ctx, asset, {"is_uploaded": value}).expect_status(400)


@check("PB-ASSET-30")
def an_asset_is_not_in_another_database(ctx: PixieBrix) -> None:
    """Marks an asset, asks for it below another database, and looks whether a change there reached it."""
    asset = _marked(ctx)
    with step("PB-ASSET-15", "mark an asset as uploaded"):
        before = asset_details.metadata(ctx, asset).get("is_uploaded")
        ctx.expect("is_uploaded after the mark", expected=True, actual=before)
    path = {**asset_details.path_of(asset), "databaseId": ctx.given.database(assets=True).id}
    ctx.call("getAsset", path=path, note="below another database").expect_status(404)
    asset_details.read(ctx, path).expect_status(404)
    ctx.call("updateAsset", path=path, json={"is_uploaded": False}).expect_status(404)
    item = asset_details.metadata(ctx, asset)
    ctx.expect("is_uploaded, which was to be changed there", expected=True, actual=item.get("is_uploaded"))


def _marked(ctx: PixieBrix) -> Asset:
    """An asset that is marked as uploaded, and is, if that can be done."""
    asset = ctx.given.asset()
    if ctx.can("storage"):
        with suppress(CheckFailed):
            ctx.given.upload(asset, b"probe")
    ctx.given.marked(asset)
    return asset


def _time(ctx: PixieBrix, asset: Asset, name: str) -> datetime:
    """A time in the metadata of an asset."""
    item = asset_details.metadata(ctx, asset)
    with step("PB-ASSET-11", f"read {name}"):
        instant = as_timestamp(item.get(name))
        if instant is None:
            raise CheckFailed(name, "a timestamp", item.get(name))
    return instant


def _let_time_pass(ctx: PixieBrix) -> None:
    """Let a second pass: the clock may stand still, and its times may be whole seconds."""
    if ctx.can("clock"):
        ctx.clock.advance(1)
    else:
        ctx.pause(1.1)
