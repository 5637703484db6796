"""The right call of each operation of PixieBrix, made before a wrong one is judged: `authoring.controls`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ...authoring.arrange import step
from ...authoring.check import NotVerified
from .asset_lists import database_of_assets
from .context import PixieBrix


def _list_databases(ctx: PixieBrix) -> None:
    path = {"organizationId": ctx.given.organization}
    with step("PB-DB-01", "list the databases"):
        ctx.call("listDatabases", path=path).expect_status(200)


def _lister(operation_id: str, rule_id: str) -> Callable[[PixieBrix], None]:
    def call(ctx: PixieBrix) -> None:
        assets = operation_id == "listAssets"
        path = {"databaseId": database_of_assets(ctx) if assets else ctx.given.existing_database()}
        if operation_id == "listRecordArchives":
            path["organizationId"] = ctx.given.organization
        with step(rule_id, "read a list"):
            ctx.call(operation_id, path=path, query={"page_size": 1}).expect_status(200)

    return call


def _record(ctx: PixieBrix) -> dict[str, str]:
    """The path to a record that is there."""
    if ctx.can("write"):
        database = ctx.given.database()
        return {"databaseId": database.id, "recordKey": str(ctx.given.record(database)["id"])}
    database_id = ctx.given.existing_database()
    with step("PB-REC-01", "list the records"):
        answer = ctx.call("listRecords", path={"databaseId": database_id}, query={"page_size": 1})
        records = answer.expect_status(200).expect_objects()
    if not records:
        raise NotVerified("the database has no record")
    return {"databaseId": database_id, "recordKey": str(records[0].get("id"))}


def _get_record(ctx: PixieBrix) -> None:
    path = _record(ctx)
    with step("PB-REC-11", "read a record"):
        ctx.call("getRecord", path=path).expect_status(200)


def _create_records(ctx: PixieBrix) -> None:
    ctx.given.record(ctx.given.database())


def _put_record(ctx: PixieBrix) -> None:
    database = ctx.given.database()
    key = str(ctx.given.record(database)["id"])
    with step("PB-REC-14", "put a record"):
        path = {"databaseId": database.id, "recordKey": key}
        ctx.call("putRecord", path=path, json={"data": {"probe": True}}).expect_status(200, 201)


def _put_records(ctx: PixieBrix) -> None:
    database = ctx.given.database()
    key = str(ctx.given.record(database)["id"])
    with step("PB-REC-30", "put records"):
        body = [{"id": key, "data": {"probe": True}}]
        ctx.call("putRecords", path={"databaseId": database.id}, json=body).expect_status(200)


def _delete_record(ctx: PixieBrix) -> None:
    database = ctx.given.database()
    key = str(ctx.given.record(database)["id"])
    with step("PB-REC-15", "delete a record"):
        ctx.call("deleteRecord", path={"databaseId": database.id, "recordKey": key}).expect_status(200, 204)


def _clear_records(ctx: PixieBrix) -> None:
    if ctx.scratch.databases:
        raise NotVerified("a database that is configured is not emptied for a control")
    database = ctx.given.database(empty=True)
    with step("PB-REC-16", "empty a database"):
        ctx.call("clearRecords", path={"databaseId": database.id}).expect_status(200, 204)


def _create_database(ctx: PixieBrix) -> None:
    if not ctx.scratch.create_databases:
        raise NotVerified("creating databases is not allowed (pixiebrix.create_databases)")
    while not ctx.given.database().name:
        continue


def _delete_database(ctx: PixieBrix) -> None:
    if not ctx.scratch.create_databases:
        raise NotVerified("only a database that the run has created is deleted (pixiebrix.create_databases)")
    database = ctx.given.new_database()
    path = {"organizationId": database.organization, "databaseId": database.id}
    with step("PB-DB-13", "delete a database"):
        ctx.call("deleteDatabase", path=path).expect_status(204)


def _create_asset(ctx: PixieBrix) -> None:
    ctx.given.asset()


def _update_asset(ctx: PixieBrix) -> None:
    ctx.given.marked(ctx.given.asset())


def _get_asset(ctx: PixieBrix) -> None:
    if ctx.can("write"):
        asset = ctx.given.asset()
        path = {"databaseId": asset.database, "assetId": asset.id}
    else:
        database_id = database_of_assets(ctx)
        with step("PB-ASSET-01", "list the assets"):
            answer = ctx.call("listAssets", path={"databaseId": database_id}, query={"page_size": 1})
            assets = answer.expect_status(200).expect_objects()
        if not assets:
            raise NotVerified("the database has no asset")
        path = {"databaseId": database_id, "assetId": str(assets[0].get("id"))}
    with step("PB-ASSET-07", "read the metadata of an asset"):
        ctx.call("getAsset", path=path, query={"meta": True}, follow=True).expect_status(200)


def _create_job(ctx: PixieBrix) -> None:
    ctx.given.job(ctx.given.database())


def _get_job(ctx: PixieBrix) -> None:
    ctx.given.job_details(ctx.given.job(ctx.given.database()))


RIGHT_CALLS: Final[Mapping[str, Callable[[PixieBrix], None]]] = MappingProxyType(
    {
        "listDatabases": _list_databases,
        "listRecords": _lister("listRecords", "PB-REC-01"),
        "listAssets": _lister("listAssets", "PB-ASSET-01"),
        "listRecordArchives": _lister("listRecordArchives", "PB-ARCH-01"),
        "getRecord": _get_record,
        "createRecords": _create_records,
        "putRecord": _put_record,
        "putRecords": _put_records,
        "deleteRecord": _delete_record,
        "clearRecords": _clear_records,
        "createDatabase": _create_database,
        "deleteDatabase": _delete_database,
        "createAsset": _create_asset,
        "updateAsset": _update_asset,
        "getAsset": _get_asset,
        "createExportJob": _create_job,
        "getExportJob": _get_job,
    }
)
