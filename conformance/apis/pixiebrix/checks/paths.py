"""Where the operations are, in which spellings of their paths, and what else a request may hold."""

from __future__ import annotations

from ....authoring.arrange import step
from ....authoring.check import check
from ..arrange import Asset, Database
from ..calls import Aim, lists, lists_of, nowhere, spare, writes
from ..context import PixieBrix
from ..lists import ids_of

FORMS = (True, False)
"""With the slash at the end of the path, and without."""


@check("PB-DESC-01")
def the_api_is_at_its_base_url(ctx: PixieBrix) -> None:
    """Lists the databases at the base URL; whatever the answer is, be it 401, it is JSON, and the path is
    there.
    """
    answer = ctx.call("listDatabases", path={"organizationId": ctx.given.organization})
    there = answer.status not in {404, 405}
    ctx.expect_true("the path of the databases", there, expected="an answer of it", actual=answer.summary)
    answer.expect_media_type("application/json").json()


@check("PB-DESC-02")
def with_and_without_slash(ctx: PixieBrix) -> None:
    """Sends each reading operation in both forms, GETs with redirects followed, each writing one too where
    writing is allowed, and compares the statuses.
    """
    for aim in lists(ctx):
        statuses = [aim.call(ctx, slash=slash, follow=True).status for slash in FORMS]
        _compare(ctx, aim.operation, *statuses)
    database = spare(ctx, assets=True)
    if database is not None:
        asset = ctx.given.asset(database)
        expected, found = (_statuses(ctx, database, asset, slash=slash) for slash in FORMS)
        for operation, status in expected.items():
            _compare(ctx, operation, status, found[operation])


def _statuses(ctx: PixieBrix, database: Database, asset: Asset, *, slash: bool) -> dict[str, int]:
    """The statuses by operation, all in one form."""
    path, asset_path = {"databaseId": database.id}, {"databaseId": database.id, "assetId": asset.id}
    found = {}
    for aim in writes(ctx, database, asset):
        found[aim.operation] = aim.call(ctx, slash=slash).status
    record = {**path, "recordKey": str(ctx.given.record(database)["id"])}
    job = {"jobId": ctx.given.job(database)}
    found["getExportJob"] = ctx.call("getExportJob", path=job, slash=slash, follow=True).status
    found["getRecord"] = ctx.call("getRecord", path=record, slash=slash, follow=True).status
    meta = {"meta": True}
    found["getAsset"] = ctx.call("getAsset", path=asset_path, query=meta, slash=slash, follow=True).status
    found["deleteRecord"] = ctx.call("deleteRecord", path=record, slash=slash).status
    if database.ours:
        found["clearRecords"] = ctx.call("clearRecords", path=path, slash=slash).status
    return found


def _compare(ctx: PixieBrix, operation: str, with_slash: int, without: int) -> None:
    ctx.expect(f"the status of {operation} without the slash, compared to that with it", with_slash, without)


@check("PB-DESC-10", control="listDatabases")
def other_methods_are_refused(ctx: PixieBrix) -> None:
    """Sends PUT and PATCH to each path that has neither, with ids that do not exist, and expects 405 and the
    path's methods in Allow; a DELETE, which might be obeyed, is not sent.
    """
    methods: dict[str, tuple[Aim, set[str]]] = {}
    for aim in nowhere(ctx):
        operation = ctx.description.operation(aim.operation)
        methods.setdefault(operation.path, (aim, set()))[1].add(operation.method)
    for template, (aim, known) in methods.items():
        # At a version of the path: what it cannot be answered with, a server may look at before the method.
        path = aim.path
        headers = {"Accept": ctx.accepted(aim.operation), "Content-Type": "application/json"}
        for method in sorted({"PUT", "PATCH"} - ctx.description.methods(template)):
            if not ctx.may_send(method, template.format(**path), b"{}"):
                continue
            answer = ctx.raw(method, template.format(**path), headers=headers, body=b"{}").expect_status(405)
            allowed = {name.strip().upper() for name in answer.expect_header("Allow").split(",")}
            ctx.expect(f"the methods of {template} that Allow leaves out", [], sorted(known - allowed))
            ctx.expect_true(f"Allow of {template}", method not in allowed, expected=known, actual=allowed)


@check("PB-DESC-11")
def unknown_parameters_are_ignored(ctx: PixieBrix) -> None:
    """Reads each list with and without an invented parameter, and compares statuses and ids."""
    aims = lists(ctx)
    database = spare(ctx, assets=True)
    if database is not None:
        ctx.given.records(database, [{"probe": 1}, {"probe": 2}])
        ctx.given.asset(database)
        aims += lists_of(database.organization, database.id)[1:3]
    for aim in aims:
        with step("PB-DB-01", "read a list"):
            expected = ids_of(aim.call(ctx).expect_status(200))
        answer = aim.call(ctx, query={"dbcontract_unknown": "1"}).expect_status(200)
        ctx.expect(f"the ids of {aim.operation} with an unknown parameter", expected, ids_of(answer))
