"""Who may do what: requests with a token, without one, and with one that does not suffice."""

from __future__ import annotations

from ....authoring.answer import Answer
from ....authoring.arrange import field_of, step
from ....authoring.check import check
from ....authoring.controls import EVERY
from ..arrange import Database
from ..calls import Aim, expect_detail, lists, metadata, nowhere, writes
from ..context import PixieBrix


def _list(ctx: PixieBrix, *, auth: bool | str = True) -> Answer:
    return ctx.call("listDatabases", path={"organizationId": ctx.given.organization}, auth=auth)


@check("PB-AUTH-01")
def a_valid_token_is_accepted(ctx: PixieBrix) -> None:
    """Lists the databases with the token."""
    if ctx.endpoint.token is None:
        ctx.skip("no token is given")
    answer = _list(ctx)
    accepted = answer.status not in {401, 403}
    ctx.expect_true("the answer to a valid token", accepted, expected="no 401 or 403", actual=answer.summary)


@check("PB-AUTH-02", control="listDatabases")
def no_token_is_answered_401(ctx: PixieBrix) -> None:
    """Lists the databases without Authorization."""
    _list(ctx, auth=False).expect_status(401)


@check("PB-AUTH-03", control="listDatabases")
def a_wrong_token_is_answered_401(ctx: PixieBrix) -> None:
    """Lists the databases with invented tokens and with Token alone; on a mock also with near misses of one.

    What is near to a real token would tell it to whoever reads the report: near misses are only sent of a
    token that is issued for this check and good for nothing else.
    """
    for invented in (ctx.given.unknown_token(), f"{ctx.random.getrandbits(160):040x}"):
        _list(ctx, auth=invented).expect_status(401)
    issued = ctx.given.throwaway_token()
    if issued is not None:
        with step("PB-AUTH-01", "list the databases with a token that was issued for it"):
            _list(ctx, auth=issued).expect_status(200)
        for wrong in (f"{issued}x", issued[:-1], issued.swapcase()):
            _list(ctx, auth=wrong).expect_status(401)
    _token_alone(ctx).expect_status(401)


def _token_alone(ctx: PixieBrix) -> Answer:
    headers = {"Accept": "application/json", "Authorization": "Token"}
    path = f"/organizations/{ctx.given.organization}/databases/"
    return ctx.raw("GET", path, headers=headers, auth=False, operation_id="listDatabases")


def _refusals(ctx: PixieBrix) -> list[Answer]:
    """The answers 401 to no token and to a wrong one."""
    with step("PB-AUTH-02", "ask without a token"):
        without = _list(ctx, auth=False).expect_status(401)
    with step("PB-AUTH-03", "ask with a wrong token"):
        return [without, _list(ctx, auth=ctx.given.unknown_token()).expect_status(401)]


@check("PB-AUTH-04", control="listDatabases")
def a_401_names_its_scheme(ctx: PixieBrix) -> None:
    """Looks for WWW-Authenticate in the answers to no token and to a wrong one."""
    for answer in _refusals(ctx):
        scheme = answer.expect_header("WWW-Authenticate")
        ctx.expect_true("WWW-Authenticate", scheme.strip(), expected="a scheme", actual="nothing")


@check("PB-AUTH-05", control="listDatabases")
def a_401_has_a_detail(ctx: PixieBrix) -> None:
    """Looks at the bodies of the answers to no token and to a wrong one."""
    for answer in _refusals(ctx):
        expect_detail(answer)


@check("PB-AUTH-06", control=EVERY)
def every_operation_demands_a_token(ctx: PixieBrix) -> None:
    """Sends every operation without a token: the lists for what exists, the others for ids that do not."""
    for aim in (*lists(ctx), *nowhere(ctx)):
        aim.call(ctx, auth=False).expect_status(401)


@check("PB-AUTH-07", control=("clearRecords", "deleteRecord", "putRecord"))
def without_a_token_no_record_changes(ctx: PixieBrix) -> None:
    """Adds, changes and deletes records without a token, and reads with one what is there."""
    database, data = ctx.given.database(), {"probe": "as it was"}
    key, other = ctx.given.record(database, data)["id"], ctx.name("record")
    path = {"databaseId": database.id}
    added = Aim("createRecords", path, {"id": other, "data": data})
    added.call(ctx, auth=False)
    Aim("putRecord", {**path, "recordKey": key}, {"data": {"probe": "changed"}}).call(ctx, auth=False)
    ctx.expect("the data after a change without a token", data, _data(ctx, database, key))
    Aim("deleteRecord", {**path, "recordKey": key}).call(ctx, auth=False)
    if database.ours:
        Aim("clearRecords", path).call(ctx, auth=False)
    ctx.expect("the data after a deletion without a token", data, _data(ctx, database, key))
    ctx.expect("the data of a record that was added without a token", None, _data(ctx, database, other))


def _data(ctx: PixieBrix, database: Database, key: str) -> object:
    """The data of a record; None if there is none."""
    answer = ctx.call("getRecord", path={"databaseId": database.id, "recordKey": key})
    if answer.status == 404:
        return None
    with step("PB-REC-11", "read a record"):
        return field_of(answer.expect_status(200).expect_json(dict), "data")


@check("PB-AUTH-07", control="updateAsset")
def without_a_token_no_asset_changes(ctx: PixieBrix) -> None:
    """Marks an asset as uploaded and creates one without a token, and reads with one what is there."""
    asset = ctx.given.asset()
    before = metadata(ctx, asset)
    path = {"databaseId": asset.database}
    Aim("updateAsset", {**path, "assetId": asset.id}, {"is_uploaded": True}).call(ctx, auth=False)
    name = f"{ctx.name('asset')}.png"
    added = Aim("createAsset", path, {"filename": name})
    added.call(ctx, auth=False)
    ctx.expect("the metadata after a change without a token", before, metadata(ctx, asset))
    with step("PB-ASSET-01", "list the assets"):
        listed = ctx.call("listAssets", path=path, query={"page_size": 1_000}).expect_status(200)
        names = [item.get("filename") for item in listed.expect_objects()]
    ctx.expect("the assets that were added without a token", [], [one for one in names if one == name])


@check("PB-AUTH-08", control=("deleteRecord", "putRecord", "updateAsset"))
def a_token_that_may_only_read_cannot_write(ctx: PixieBrix) -> None:
    """Sends good writes of records, assets and a database with the read-only token of the target; not
    verified where it has none.
    """
    database = ctx.given.database(assets=True)
    key = ctx.given.record(database)["id"]
    aims = writes(ctx, database, ctx.given.asset(database))
    token = ctx.given.read_only_token
    with step("PB-AUTH-01", "read with the read-only token"):
        _list(ctx, auth=token).expect_status(200)
    for aim in aims:
        # A job changes no data: whether it is a write is left open.
        if aim.operation != "createExportJob":
            aim.call(ctx, auth=token).expect_status(403)
    path = {"databaseId": database.id, "recordKey": key}
    ctx.call("deleteRecord", path=path, auth=token).expect_status(403)
