"""Creating assets, and the list of them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ....authoring.answer import Answer
from ....authoring.arrange import as_own, field_of, step
from ....authoring.check import CheckFailed, NotVerified, PrerequisiteFailed, check
from ....authoring.formats import is_uuid
from .. import asset_details
from ..arrange import Asset
from ..asset_details import is_url
from ..asset_lists import database_of_assets
from ..context import PixieBrix
from ..pages import every_item


@check("PB-ASSET-01")
def the_list_is_an_array(ctx: PixieBrix) -> None:
    """Lists the assets of the configured database, and of a new one, which has none, and expects arrays."""
    existing = ctx.given.existing_database()
    answer = ctx.call("listAssets", path={"databaseId": existing})
    if answer.status == 200 or ctx.given.type_of(existing) == "Asset":
        answer.expect_status(200).expect_json(list)
    elif not ctx.can("write"):
        ctx.skip(f"{existing} is of a type that may refuse assets; name an Asset one (pixiebrix.databases)")
    with suppress(NotVerified):  # where no database can be made, the first one has to do
        path = {"databaseId": ctx.given.database(assets=True).id}
        ctx.call("listAssets", path=path).expect_status(200).expect_json(list)


@check("PB-ASSET-02")
def created_assets_are_listed(ctx: PixieBrix) -> None:
    """Creates two assets, marks one of them, and looks for both on all pages of the list."""
    database = ctx.given.database(assets=True)
    assets = [ctx.given.asset(database, filename=f"{ctx.name('asset')}.png") for _ in range(2)]
    ctx.given.marked(assets[0])
    listed = asset_details.listed(ctx, database.id)
    for asset in assets:
        names = [item.get("filename") for item in listed if item.get("id") == asset.id]
        ctx.expect(f"the names of the asset {asset.id} in the list", [asset.filename], names)


@check("PB-ASSET-04")
def a_file_name_makes_an_asset(ctx: PixieBrix) -> None:
    """Creates an asset, expects a 2xx, and looks for its name in the answer, else in the list."""
    with as_own(ctx):
        database = ctx.given.database(assets=True)
    name = f"{ctx.name('asset')}.png"
    answer = asset_details.post(ctx, database, {"filename": name})
    ctx.expect_true("the status", answer.status // 100 == 2, expected="a 2xx", actual=answer.summary)
    if not _has(_json_or_none(answer), name):
        listed = every_item(ctx, "listAssets", {"databaseId": database.id})
        there = any(_has(item, name) for item in listed)
        ctx.expect_true(
            "the answer and the list", there, expected=name, actual=f"neither has it: {answer.summary}"
        )


@check("PB-ASSET-05")
def a_creation_is_answered_201(ctx: PixieBrix) -> None:
    """Creates an asset and looks at the status."""
    asset_details.post(ctx, ctx.given.database(assets=True), {"filename": "probe.png"}).expect_status(201)


@check("PB-ASSET-06")
def a_creation_gives_asset_and_form(ctx: PixieBrix) -> None:
    """Creates an asset and checks `asset`, `upload_url` and `fields` of the answer."""
    database, name = ctx.given.database(assets=True), f"{ctx.name('asset')}.png"
    with step("PB-ASSET-04", "create an asset"):
        answer = asset_details.created(ctx, database, name)
    body = answer.expect_json(dict)
    ctx.expect("asset.filename", name, field_of(body, "asset", "filename"))
    asset_id, url, fields = (
        field_of(body, "asset", "id"),
        field_of(body, "upload_url"),
        field_of(body, "fields"),
    )
    ctx.expect_true("asset.id", is_uuid(asset_id), expected="a UUID", actual=asset_id)
    ctx.expect_true("upload_url", is_url(url), expected="an absolute URL", actual=url)
    strings = isinstance(fields, dict) and all(isinstance(value, str) for value in fields.values())
    ctx.expect_true("fields", strings, expected="an object of strings", actual=fields)


@check("PB-ASSET-29", control=("getAsset", "updateAsset"))
def an_unknown_asset_is_not_found(ctx: PixieBrix) -> None:
    """Asks for download and metadata of an invented id, and for a change where writing is allowed."""
    database = database_of_assets(ctx)
    with step("PB-ASSET-01", "list the assets"):
        ctx.call("listAssets", path={"databaseId": database}).expect_status(200)
    path = {"databaseId": database, "assetId": ctx.invented_id()}
    ctx.call("getAsset", path=path).expect_status(404)
    asset_details.read(ctx, path).expect_status(404)
    if ctx.can("write"):
        ctx.call("updateAsset", path=path, json={"is_uploaded": True}).expect_status(404)


@check("PB-ASSET-31")
def a_file_name_is_required(ctx: PixieBrix) -> None:
    """Posts an empty object."""
    _expect_refused(ctx, {})


@check("PB-ASSET-32")
def a_file_name_of_255_characters_is_accepted(ctx: PixieBrix) -> None:
    """Creates assets with names of 255 characters, of one byte and of two bytes each."""
    database = ctx.given.database(assets=True)
    for letter in "nß":
        name = f"{letter * 251}.png"
        body = asset_details.created(ctx, database, name).expect_json(dict)
        with step("PB-ASSET-06", "read the name in the answer"):
            stored = field_of(body, "asset", "filename")
        ctx.expect("the file name", name, stored)


@check("PB-ASSET-33")
def a_file_name_of_256_characters_is_refused(ctx: PixieBrix) -> None:
    """Posts a name of 256 characters."""
    _expect_refused(ctx, {"filename": f"{'n' * 252}.png"})


@check("PB-ASSET-34")
def an_empty_file_name_is_refused(ctx: PixieBrix) -> None:
    """Posts an empty string."""
    _expect_refused(ctx, {"filename": ""})


@check("PB-ASSET-37")
def assets_of_another_database_are_not_listed(ctx: PixieBrix) -> None:
    """Creates an asset in each of two databases, and looks for both in the list of the second; not verified
    where the other one cannot hold assets.
    """
    asset = ctx.given.asset()
    try:
        other = ctx.given.asset()
    except PrerequisiteFailed as error:
        raise NotVerified(f"the second database takes no assets: {error}") from error
    ids = {item.get("id") for item in asset_details.listed(ctx, other.database)}
    with step("PB-ASSET-02", "list an asset"):
        ctx.expect_true("the list", other.id in ids, expected=f"its own asset {other.id}", actual=ids)
    ctx.expect_true("the list", asset.id not in ids, expected="no asset of another database", actual=asset.id)


@check("PB-ASSET-38")
def the_list_has_the_metadata(ctx: PixieBrix) -> None:
    """Checks the fields of each item of the list, and creates an asset first where it may and there is none.
    Marks an asset where it may, and compares its item with its metadata.
    """
    items = asset_details.listed(ctx, database_of_assets(ctx))
    made = None
    with suppress(NotVerified):  # what is there already is enough
        made = ctx.given.asset()
    if not items:
        items = asset_details.listed(ctx, (made or ctx.given.asset()).database)
    with step("PB-ASSET-02", "list an asset"):
        ctx.expect_true("the list", items, expected="an asset or more", actual="none")
    for item in items:
        wrong = list(asset_details.problems(item))
        ctx.expect_true(
            "the fields of an asset in the list", not wrong, expected="; ".join(wrong), actual=item
        )
    if made is not None:
        _expect_present(ctx, made)


def _expect_present(ctx: PixieBrix, asset: Asset) -> None:
    """Mark an asset, and expect in the list what its metadata say."""
    ctx.given.marked(asset)
    present = asset_details.metadata(ctx, asset)
    found = [item for item in asset_details.listed(ctx, asset.database) if item.get("id") == asset.id]
    with step("PB-ASSET-02", "list an asset"):
        ctx.expect_true("the list", found, expected=f"the asset {asset.id}", actual="a list without it")
    for name in ("filename", "is_uploaded", "created_at", "updated_at"):
        ctx.expect(f"{name} in the list", present.get(name), found[0].get(name))


def _expect_refused(ctx: PixieBrix, body: dict[str, Any]) -> None:
    """Expect that a creation is answered 400, where a good one is not."""
    database = ctx.given.database(assets=True)
    with step("PB-ASSET-04", "create an asset"):
        asset_details.created(ctx, database, "probe.png")
    asset_details.post(ctx, database, body).expect_status(400)


def _json_or_none(answer: Answer) -> Any:
    try:
        return answer.json()
    except CheckFailed:
        return None


def _has(value: object, text: str) -> bool:
    """Whether a text is one of the values in some JSON."""
    if isinstance(value, dict):
        return any(_has(one, text) for one in value.values())
    if isinstance(value, list):
        return any(_has(one, text) for one in value)
    return value == text
