"""The same thing through every way out: whatever a list, an answer or a file tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from ....authoring.arrange import field_of, step
from ....authoring.check import CheckFailed, check
from ....authoring.formats import as_timestamp
from .. import asset_details
from ..archives import Marks
from ..arrange import CREATED, Asset
from ..asset_lists import database_of_assets
from ..context import PixieBrix
from ..exports import elements, exported, succeeded
from ..pages import every_item
from ..records import later, path_of, read, same_json
from .media_types import API_JSON, CSV, FLAT_JSON

_ABOUT: Final = timedelta(seconds=1)
"""Times that are nearer to each other are the same: one may be shown without the fraction of a second."""


@check("PB-REC-45")
def a_record_is_the_same_wherever_it_is_shown(ctx: PixieBrix) -> None:
    """Writes three records some time after each other, one of them twice, and compares key, data and creation
    in the answers to the writes, in the record itself, and in the lists of every form.
    """
    database, keys = ctx.given.database(), [ctx.name("record") for _ in range(3)]
    answers: dict[str, Mapping[str, Any]] = {}
    for number, key in enumerate((*keys, keys[0])):
        if number:
            later(ctx)
        body: dict[str, Any] = {"data": {"n": number, key: f"value {number}"}}
        if number == len(keys):
            body["merge_strategy"] = "deep"
        with step("PB-REC-13", "put a record"):
            answer = ctx.call("putRecord", path=path_of(database, key), json=body).expect_status(*CREATED)
        answers[key] = answer.json() if answer.is_json(dict) else {}
    records = {key: read(ctx, database, key) for key in keys}
    ways: list[tuple[str, Mapping[str, Mapping[str, Any]]]] = [("the answer to its PUT", answers)]
    for where, shown in [*ways, *_lists(ctx, path_of(database))]:
        for key, record in records.items():
            one = shown.get(key)
            if one is None:
                raise CheckFailed(f"the records in {where}", f"one with the id {key}", sorted(shown))
            _expect_same(f"{key} in {where}", record, one)


def _lists(ctx: PixieBrix, path: Mapping[str, str]) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """The records of a list by key, in each form that is served."""
    forms = [("application/json", version) for version in ("1.0", "1.1", "2.0")]
    for accept, version in (*forms, (API_JSON, "2.0"), (FLAT_JSON, "2.0"), (CSV, "2.0")):
        answer = ctx.call("listRecords", path=path, accept=accept, version=version, described=False)
        if answer.status != 200:
            continue  # whether it is served is a rule of its own
        where = f"the list as {accept} at {version}"
        if accept == CSV:
            header, *rows = answer.csv_rows() or [[]]
            if "id" not in header:
                continue  # how the column of the keys is called, no document says
            items = [dict(zip(header, row, strict=False)) for row in rows]
        else:
            items = answer.expect_objects()
        yield where, {str(one.get("id")): one for one in items}


def _expect_same(what: str, record: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
    """Go on if what is told of a record is so; what is not told, other rules ask for."""
    if "data" in shown and not same_json(record.get("data"), shown["data"]):
        raise CheckFailed(f"the data of {what}", record.get("data"), shown["data"])
    _expect_time(f"created_at of {what}", record.get("created_at"), shown.get("created_at"))


def _expect_time(what: str, expected: object, shown: object) -> None:
    times = as_timestamp(expected), as_timestamp(shown)
    if times[0] is not None and times[1] is not None and abs(times[0] - times[1]) > _ABOUT:
        raise CheckFailed(what, expected, shown)


@check("PB-JOB-40")
def the_times_of_an_export_are_those_of_the_records(ctx: PixieBrix) -> None:
    """Writes two records, changes one some time later, exports them later still, and compares their times."""
    database, marks = ctx.given.database(), Marks(ctx).new(2)
    keys = [str(ctx.given.record(database, {"probe": mark})["id"]) for mark in marks]
    later(ctx)
    with step("PB-REC-14", "change a record"):
        body = {"data": {"probe": marks[0], "changed": True}}
        ctx.call("putRecord", path=path_of(database, keys[0]), json=body).expect_status(*CREATED)
    later(ctx)
    changed, other = elements(ctx, exported(ctx, succeeded(ctx, database)), marks)
    for key, element in zip(keys, (changed, other), strict=True):
        created = read(ctx, database, key).get("created_at")
        _expect_time(f"created_at of {key} in the export", created, element.get("created_at"))
    _expect_time("updated_at of what was not changed", other.get("created_at"), other.get("updated_at"))
    times = as_timestamp(changed.get("created_at")), as_timestamp(changed.get("updated_at"))
    if times[0] is not None and times[1] is not None:
        ctx.expect_true("updated_at of what was changed", times[1] > times[0], expected=">", actual=times)


@check("PB-ASSET-38")
def each_asset_of_the_list_is_as_by_itself(ctx: PixieBrix) -> None:
    """Where it may write, creates three assets some time after each other, marks one, and compares each field
    in the list, and in the answers to creation and mark, with the metadata of the asset.
    """
    asset_details.listed(ctx, database_of_assets(ctx))
    if not ctx.can("write"):
        return
    database = ctx.given.database(assets=True)
    assets: list[Asset] = []
    for _ in range(3):
        if assets:
            later(ctx)
        assets.append(ctx.given.asset(database, filename=f"{ctx.name('asset')}.png"))
    marked = ctx.given.marked(assets[1])
    listed = {str(one.get("id")): one for one in asset_details.listed(ctx, database.id)}
    for asset in assets:
        own = asset_details.metadata(ctx, asset)
        shown = {"the list": listed.get(asset.id), "the answer to its creation": asset.metadata}
        if asset is assets[1] and marked.is_json(dict):
            shown["the answer to its mark"] = marked.json()
        for where, item in shown.items():
            with step("PB-ASSET-02", "list an asset"):
                ctx.expect_true(where, isinstance(item, dict), expected=f"the asset {asset.id}", actual=item)
            older = asset is assets[1] and where == "the answer to its creation"
            _expect_asset(ctx, f"{asset.filename} in {where}", own, item or {}, older=older)


def _expect_asset(
    ctx: PixieBrix, what: str, own: Mapping[str, Any], item: Mapping[str, Any], *, older: bool
) -> None:
    """Compare an item with the metadata of an asset; where it is older, the mark and its times may differ."""
    moving = () if older else ("created_at", "is_uploaded", "updated_at")
    for name in ("id", "filename", *moving):
        if name in item:
            ctx.expect(f"{name} of {what}", own.get(name), item[name])
    # A server may sign each anew.
    urls = [_path(one.get("download_url")) for one in (own, item)]
    if None not in urls:
        ctx.expect(f"the path of download_url of {what}", *urls)


def _path(url: object) -> str | None:
    try:
        return unquote(urlsplit(url).path).rstrip("/").lower() if isinstance(url, str) else None
    except ValueError:
        return None


@check("PB-DB-07")
def each_database_of_the_list_is_as_it_was_created(ctx: PixieBrix) -> None:
    """Creates databases of odd names, other types and owner fields, and a plain one, and compares each with
    its item in the list.
    """
    if not ctx.scratch.create_databases:
        ctx.skip("databases may not be created (pixiebrix.create_databases)")
    path = {"organizationId": ctx.given.organization}
    made: dict[str, Mapping[str, Any]] = {}
    for more in ({"owner_field": "user email"}, {"type": "Asset"}, {}):
        body = {"name": f"{ctx.name('database')} \u00e9 e\u0301 \U0001f600 \"<b>&%20'", **more}
        with step("PB-DB-06", "create a database"):
            answer = ctx.call("createDatabase", path=path, json=body, described=False)
            created = answer.expect_status(*CREATED).expect_json(dict)
        ctx.expect("the name in the answer", body["name"], created.get("name"))
        made[str(field_of(created, "id")).lower()] = created
        later(ctx)
    with step("PB-DB-01", "list the databases"):
        listed = {str(one.get("id")).lower(): one for one in every_item(ctx, "listDatabases", path)}
    for one, answered in made.items():
        item = listed.get(one, {})
        for name in ("id", "name", "organization_id", "type", "enforce_schema"):
            if name in answered:
                ctx.expect(f"{name} of a database in the list", answered[name], item.get(name))
        _expect_time("created_at of a database", answered.get("created_at"), item.get("created_at"))
