"""The metadata of assets as checks look at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from ...authoring.answer import Answer
from ...authoring.arrange import step
from ...authoring.formats import as_timestamp, is_uuid
from ...http.wire import REDIRECTS
from .arrange import CREATED, Asset, Database
from .context import PixieBrix
from .pages import every_item

SEVERAL: Final = (200, 202, 204)
"""What a change may be answered where its status is not the question."""


def path_of(asset: Asset) -> dict[str, str]:
    """The path parameters of an asset."""
    return {"databaseId": asset.database, "assetId": asset.id}


def post(ctx: PixieBrix, database: Database, body: Mapping[str, Any]) -> Answer:
    """Ask for an asset."""
    return ctx.call("createAsset", path={"databaseId": database.id}, json=dict(body))


def created(ctx: PixieBrix, database: Database, filename: str) -> Answer:
    """Ask for an asset, and expect to get it, whatever the answer says of it."""
    return post(ctx, database, {"filename": filename}).expect_status(*CREATED)


def read(ctx: PixieBrix, path: Mapping[str, str]) -> Answer:
    """Ask for the metadata below a path."""
    return ctx.call("getAsset", path=path, query={"meta": True})


def metadata(ctx: PixieBrix, asset: Asset) -> dict[str, Any]:
    """The metadata of an asset, as a step of a check."""
    with step("PB-ASSET-07", "read the metadata of an asset"):
        return read(ctx, path_of(asset)).expect_status(200).expect_json(dict)


def patch(ctx: PixieBrix, asset: Asset, body: Mapping[str, Any]) -> Answer:
    """Ask for a change of an asset."""
    return ctx.call("updateAsset", path=path_of(asset), json=dict(body))


def download(ctx: PixieBrix, asset: Asset, *, follow: bool = True) -> Answer:
    """Ask for the file of an asset."""
    return ctx.call("getAsset", path=path_of(asset), follow=follow)


def listed(ctx: PixieBrix, database: str) -> list[dict[str, Any]]:
    """The assets of a database, of all pages, as a step of a check."""
    with step("PB-ASSET-01", "list the assets"):
        return every_item(ctx, "listAssets", {"databaseId": database})


def problems(item: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the fields of some metadata, one phrase each (Database APIs: Database Assets)."""
    fields = {
        "id, a UUID": is_uuid(item.get("id")),
        "download_url, a URL": is_url(item.get("download_url")),
        "filename, a text": isinstance(item.get("filename"), str) and item["filename"] != "",
        "is_uploaded, a boolean": isinstance(item.get("is_uploaded"), bool),
        "created_at, a timestamp": as_timestamp(item.get("created_at")) is not None,
        "updated_at, a timestamp": as_timestamp(item.get("updated_at")) is not None,
    }
    return (field for field, good in fields.items() if not good)


def is_url(value: object) -> bool:
    """Whether a value is an absolute URL of the web."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)


def opens(answer: Answer) -> bool:
    """Whether an answer to a download is the file or leads to it."""
    return answer.status == 200 or (answer.status in REDIRECTS and "Location" in answer.headers)
