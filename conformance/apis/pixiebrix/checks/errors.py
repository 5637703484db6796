"""Errors: their statuses, their bodies, and that what is refused has no effect."""

from __future__ import annotations

from ....authoring.answer import Answer
from ....authoring.arrange import field_of, step
from ....authoring.check import CheckFailed, check
from ..arrange import Database
from ..calls import (
    Aim,
    expect_detail,
    expect_refused,
    lists_of,
    metadata,
    unknown_id,
    writes,
)
from ..context import PixieBrix
from ..exports import order, send

JSON = "application/json"
NO_JSON = (b"these are words", b'{"name": "cut off", "data": {"is_uploaded": tr')
NO_UUID = "no-uuid"


@check("PB-ERR-01", control=("getAsset", "getRecord", "listRecords"))
def a_404_has_a_detail(ctx: PixieBrix) -> None:
    """Asks for the records, a record and an asset of a database that does not exist."""
    path = {"databaseId": unknown_id(ctx)}
    aims = [
        Aim("listRecords", path),
        Aim("getRecord", {**path, "recordKey": ctx.name("nothing")}),
        Aim("getAsset", {**path, "assetId": unknown_id(ctx)}),
    ]
    for aim in aims:
        with step("PB-REC-29", "ask for what does not exist"):
            answer = aim.call(ctx).expect_status(404)
        expect_detail(answer)


@check("PB-ERR-02", control="createExportJob")
def a_missing_field_is_named(ctx: PixieBrix) -> None:
    """Leaves out a required field of each body, and looks for messages under its name; nested fields and
    elements of arrays may be told in any JSON.
    """
    database = ctx.given.database(assets=True)
    for field in ("name", "databases"):
        body = order(ctx, database.id)
        del body[field]
        with step("PB-JOB-16", f"be refused a job without {field}"):
            answer = send(ctx, body).expect_status(400)
        _expect_messages(answer, field)
    for aim in writes(ctx, database, ctx.given.asset(database)):
        field = {"createDatabase": "name", "createAsset": "filename"}.get(aim.operation, "")
        if field:
            with step({"name": "PB-DB-09", "filename": "PB-ASSET-31"}[field], f"be refused without {field}"):
                answer = Aim(aim.operation, aim.path, {}).call(ctx).expect_status(400)
            _expect_messages(answer, field)


def _expect_messages(answer: Answer, field: str) -> None:
    messages = answer.expect_json(dict).get(field)
    if not isinstance(messages, list) or not messages or not all(isinstance(one, str) for one in messages):
        raise CheckFailed(f"what the body says of {field}", "a list of messages", answer.summary)


@check("PB-ERR-03", control=("createExportJob", "createRecords", "putRecord", "updateAsset"))
def a_body_that_is_not_json_is_answered_400(ctx: PixieBrix) -> None:
    """Sends words and an object that is cut off to each writing operation."""
    database = ctx.given.database(assets=True)
    for aim in writes(ctx, database, ctx.given.asset(database)):
        for body in NO_JSON:
            aim.call(ctx, body=body).expect_status(400)


@check("PB-ERR-04", control="createRecords")
def a_403_has_a_detail(ctx: PixieBrix) -> None:
    """Writes a record with the read-only token of the target and looks at the body."""
    database = ctx.given.database()
    aim = Aim("createRecords", {"databaseId": database.id}, {"id": ctx.name("record"), "data": {}})
    with step("PB-AUTH-08", "be refused a write with the read-only token"):
        answer = aim.call(ctx, auth=ctx.given.read_only_token).expect_status(403)
    expect_detail(answer)


@check("PB-ERR-05", control=("createExportJob", "listDatabases", "listRecords"))
def errors_are_json(ctx: PixieBrix) -> None:
    """Looks at the Content-Type of answers 401 and 404, and 400 where writing is allowed."""
    with step("PB-AUTH-02", "ask without a token"):
        path = {"organizationId": ctx.given.organization}
        answers = [ctx.call("listDatabases", path=path, auth=False).expect_status(401)]
    with step("PB-REC-29", "ask for records of no database"):
        answers.append(ctx.call("listRecords", path={"databaseId": unknown_id(ctx)}).expect_status(404))
    if ctx.can("write"):
        with step("PB-JOB-16", "be refused an empty order of a job"):
            answers.append(send(ctx, {}).expect_status(400))
    for answer in answers:
        answer.expect_media_type(JSON).json()


@check("PB-ERR-06", control=("listAssets", "listDatabases", "listRecordArchives", "listRecords"))
def what_is_not_visible_does_not_exist(ctx: PixieBrix) -> None:
    """Asks for each list of the foreign organization and database that the target names; not verified where
    it names none.
    """
    organization, database = ctx.given.foreign()
    databases, records, assets, archives = lists_of(organization or ctx.given.organization, database or "")
    for aim in ([databases] if organization else []) + ([records, assets, archives] if database else []):
        aim.call(ctx).expect_status(404)


@check("PB-ERR-07", control=("getAsset", "getExportJob", "listAssets", "listRecordArchives", "listRecords"))
def an_id_that_is_not_a_uuid_is_refused(ctx: PixieBrix) -> None:
    """Puts a word in the place of each id; 400 and 404 are the usual ones."""
    database = ctx.given.existing_database()
    aims = [
        *lists_of(NO_UUID, NO_UUID),
        Aim("listRecordArchives", {"organizationId": ctx.given.organization, "databaseId": NO_UUID}),
        Aim("getAsset", {"databaseId": database, "assetId": NO_UUID}),
        Aim("getExportJob", {"jobId": NO_UUID}),
    ]
    for aim in aims:
        expect_refused(ctx, aim.call(ctx), f"{aim.operation} with an id that is a word")


@check("PB-ERR-09", control=("createExportJob", "createRecords", "putRecord", "updateAsset"))
def a_body_of_another_type_is_refused(ctx: PixieBrix) -> None:
    """Sends a good body as text/plain to each writing operation; 415 and 400 are the usual ones."""
    database = ctx.given.database(assets=True)
    for aim in writes(ctx, database, ctx.given.asset(database)):
        answer = aim.call(ctx, content_type="text/plain")
        expect_refused(ctx, answer, f"a body of {aim.operation} that is sent as text/plain")


@check("PB-ERR-10", control="putRecord")
def a_refused_record_changes_nothing(ctx: PixieBrix) -> None:
    """Writes a record with invalid data over one that exists, and a new one, and reads both."""
    database, data = ctx.given.database(), {"probe": "as it was"}
    key, other = ctx.given.record(database, data)["id"], ctx.name("record")
    path = {"databaseId": database.id}
    bad = {"data": "no object"}
    _refused(ctx, Aim("putRecord", {**path, "recordKey": key}, bad), "PB-REC-27")
    _refused(ctx, Aim("createRecords", path, {"id": key, **bad}), "PB-REC-27")
    _refused(ctx, Aim("createRecords", path, {"id": other, **bad}), "PB-REC-27")
    with step("PB-REC-11", "read a record"):
        answer = ctx.call("getRecord", path={**path, "recordKey": key}).expect_status(200)
        found = answer.expect_json(dict).get("data")
    ctx.expect("the data after refused writes", data, found)
    ctx.call("getRecord", path={**path, "recordKey": other}).expect_status(404)


@check("PB-ERR-10", control="updateAsset")
def a_refused_asset_changes_nothing(ctx: PixieBrix) -> None:
    """Marks an asset with a wrong type, creates one without a name, and compares what is there."""
    database = ctx.given.database(assets=True)
    asset = ctx.given.asset(database)
    path = {"databaseId": database.id}
    before, count = metadata(ctx, asset), _assets(ctx, database)
    wrong = {"is_uploaded": ["no boolean"], "filename": "changed.png"}
    _refused(ctx, Aim("updateAsset", {**path, "assetId": asset.id}, wrong), "PB-ASSET-28")
    _refused(ctx, Aim("createAsset", path, {"is_uploaded": True}), "PB-ASSET-31")
    ctx.expect("the metadata after a refused change", before, metadata(ctx, asset))
    ctx.expect("the assets after a refused creation", count, _assets(ctx, database))


def _refused(ctx: PixieBrix, aim: Aim, rule: str) -> None:
    with step(rule, f"be refused by {aim.operation}"):
        aim.call(ctx).expect_status(400)


def _assets(ctx: PixieBrix, database: Database) -> list[str]:
    with step("PB-ASSET-01", "list the assets"):
        answer = ctx.call("listAssets", path={"databaseId": database.id}, query={"page_size": 1_000})
        return sorted(str(field_of(item, "id")) for item in answer.expect_status(200).expect_objects())
