"""The metadata of one asset."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from ....authoring.arrange import field_of, step
from ....authoring.check import check
from ....authoring.formats import as_timestamp
from ....environment.session import same_origin
from .. import asset_details
from ..asset_details import is_url
from ..context import PixieBrix

_TIMES = ("created_at", "updated_at")
_SLACK = timedelta(minutes=1)
_ODD_NAMES = (
    *("name.png", "Name.png", "name.PNG", "n\u00e9.png", "ne\u0301.png", "a b.png", "a%20b.png", "a+b.png"),
    *(
        "\u6771\u4eac.png",
        "\U0001f600.png",
        "no suffix",
        ".hidden",
        "two.dots.tar.gz",
        'q"uote.png',
        "semi;colon.png",
    ),
)


@check("PB-ASSET-07")
def meta_gives_the_metadata(ctx: PixieBrix) -> None:
    """Creates two assets, marks the second, and reads the metadata of both."""
    database = ctx.given.database(assets=True)
    assets = [ctx.given.asset(database, filename=f"probe-{number}.png") for number in range(2)]
    ctx.given.marked(assets[1])
    for asset in assets:
        item = asset_details.read(ctx, asset_details.path_of(asset)).expect_status(200).expect_json(dict)
        ctx.expect("the id in the metadata", asset.id, item.get("id"))


@check("PB-ASSET-08")
def the_metadata_have_six_fields(ctx: PixieBrix) -> None:
    """Reads the metadata of a new asset and checks each field."""
    item = asset_details.metadata(ctx, ctx.given.asset())
    wrong = list(asset_details.problems(item))
    ctx.expect_true("the fields of the metadata", not wrong, expected="; ".join(wrong), actual=item)


@check("PB-ASSET-09")
def the_download_url_is_its_own_address(ctx: PixieBrix) -> None:
    """Compares the path of `download_url` with that of the asset, up to a trailing slash."""
    asset = ctx.given.asset()
    url = _field(ctx, asset_details.metadata(ctx, asset), "download_url")
    ctx.expect_true("download_url", is_url(url), expected="an absolute URL", actual=url)
    path = unquote(urlsplit(url).path).rstrip("/").lower()
    own = f"/databases/{asset.database}/assets/{asset.id}".lower()
    ctx.expect_true("the path of download_url", path.endswith(own), expected=f"…{own}", actual=url)


@check("PB-ASSET-42")
def the_download_url_is_where_it_was_asked_for(ctx: PixieBrix) -> None:
    """Compares scheme, host and port of `download_url` in the answers to the creation, the metadata and the
    list with those that were asked.
    """
    database = ctx.given.database(assets=True)
    asset = ctx.given.asset(database)
    items = [asset.metadata, asset_details.metadata(ctx, asset)]
    items += [one for one in asset_details.listed(ctx, database.id) if one.get("id") == asset.id]
    for item in items:
        url = _field(ctx, item, "download_url")
        near = same_origin(str(url), ctx.base_url)
        ctx.expect_true("where download_url leads", near, expected=ctx.base_url, actual=url)


@check("PB-ASSET-13")
def an_odd_file_name_is_the_name(ctx: PixieBrix) -> None:
    """Creates assets whose names are alike or odd, and compares the names in metadata and list."""
    database = ctx.given.database(assets=True)
    assets = {ctx.given.asset(database, filename=name).id: name for name in _ODD_NAMES}
    # Whether all are listed, with all their fields, is the subject of rules of their own.
    items = [one for one in asset_details.listed(ctx, database.id) if "filename" in one]
    shown = {str(one.get("id")): one["filename"] for one in items}
    ctx.expect("the names in the list", assets, {one: shown.get(one, assets[one]) for one in assets})
    for asset_id, name in assets.items():
        item = asset_details.read(ctx, {"databaseId": database.id, "assetId": asset_id})
        ctx.expect(
            "the name in the metadata", name, item.expect_status(200).expect_json(dict).get("filename")
        )


@check("PB-ASSET-11")
def the_times_are_utc(ctx: PixieBrix) -> None:
    """Parses both times of a new asset, and compares them with the target's clock, where that can be told."""
    asset = ctx.given.asset()
    item = asset_details.metadata(ctx, asset)
    for name in _TIMES:
        text = _field(ctx, item, name)
        instant = as_timestamp(text)
        good = instant is not None and text.endswith("Z")
        ctx.expect_true(name, good, expected="an ISO 8601 timestamp that ends in Z", actual=text)
        if instant is not None and (ctx.environment.controls.now() is not None or not ctx.can("clock")):
            # Where a hook moves the clock, nothing says that it moves the Date header, too.
            now = ctx.clock.now()
            near = abs(now - instant) <= _SLACK
            ctx.expect_true(
                name, near, expected=f"about {now.isoformat()}, the time at the target", actual=text
            )


@check("PB-ASSET-12")
def the_times_have_microseconds(ctx: PixieBrix) -> None:
    """Counts the decimals of both times; of a time without any, again with another asset."""
    for _ in range(3):
        item = asset_details.metadata(ctx, ctx.given.asset())
        texts = [_field(ctx, item, name) for name in _TIMES]
        decimals = [len(found[1]) if (found := re.search(r"\.(\d+)", text)) else 0 for text in texts]
        if any(decimals):
            break
    ctx.expect_true("the decimals of the times", decimals == [6, 6], expected="six each", actual=texts)


@check("PB-ASSET-13")
def the_file_name_is_kept(ctx: PixieBrix) -> None:
    """Creates assets with names of several scripts and compares them with their metadata."""
    database = ctx.given.database(assets=True)
    for name in ("plain name.png", "Größe ЯблОко.png", "東京 مثال 🦊.png"):
        item = asset_details.metadata(ctx, ctx.given.asset(database, filename=name))
        ctx.expect("filename", name, item.get("filename"))


@check("PB-ASSET-14")
def a_new_asset_is_not_uploaded(ctx: PixieBrix) -> None:
    """Creates an asset and reads its metadata."""
    item = asset_details.metadata(ctx, ctx.given.asset())
    ctx.expect("is_uploaded", expected=False, actual=item.get("is_uploaded"))


def _field(ctx: PixieBrix, item: dict[str, object], name: str) -> str:
    """A field of some metadata that is a text."""
    with step("PB-ASSET-08", f"find {name} in the metadata"):
        value = field_of(item, name)
        ctx.expect_true(name, isinstance(value, str), expected="a text", actual=value)
    return str(value)
