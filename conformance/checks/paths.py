"""Where the operations are, in which spelling of their paths, and what else may stand in a request for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..answer import Answer
from ..calls import Aim, lists, lists_of, nowhere, undone, writes
from ..check import check
from ..context import PixieBrix
from ..given import field_of, step
from ..given_pixiebrix import Asset, Database

FORMS = (True, False)
"""With the slash at the end of the path, and without."""


@check("PB-DESC-01")
def the_api_is_at_its_base_url(ctx: PixieBrix) -> None:
    """Lists the databases at the base URL; whatever the answer is, it is JSON, and the path is there."""
    answer = ctx.call("listDatabases", path={"organizationId": ctx.given.organization})
    there = answer.status not in {404, 405}
    ctx.expect_true("the path of the databases", there, expected="an answer of it", actual=answer.summary)
    answer.expect_media_type("application/json").json()


@check("PB-DESC-02")
def reading_with_and_without_slash(ctx: PixieBrix) -> None:
    """Reads each list of what exists in both forms, redirects followed, and compares the statuses."""
    for aim in lists(ctx):
        _compare(ctx, aim, *(aim.call(ctx, slash=slash, follow=True) for slash in FORMS))


@check("PB-DESC-02")
def writing_with_and_without_slash(ctx: PixieBrix) -> None:
    """Sends every writing operation, and reads what it made, in both forms, and compares the statuses."""
    if not ctx.can("write"):
        # The other check of the rule has read what can be read.
        ctx.call("listDatabases", path={"organizationId": ctx.given.organization})
        return
    database = ctx.given.database()
    asset = ctx.given.asset(database)
    for aim in writes(ctx, database, asset):
        answers = [undone(ctx, each, each.call(ctx, slash=slash)) for each, slash in _both(ctx, aim)]
        _compare(ctx, aim, *answers)
    for aim in _made(ctx, database, asset):
        _compare(ctx, aim, *(aim.call(ctx, slash=slash, follow=True) for slash in FORMS))
    for aim in _ends(database):
        keys = [ctx.given.record(database)["id"] for _ in FORMS] if aim.operation == "deleteRecord" else FORMS
        paths = [{**aim.path, "recordKey": str(key)} if key not in FORMS else aim.path for key in keys]
        ends = [Aim(aim.operation, path) for path in paths]
        _compare(ctx, aim, *(end.call(ctx, slash=slash) for end, slash in zip(ends, FORMS, strict=True)))


def _both(ctx: PixieBrix, aim: Aim) -> Iterator[tuple[Aim, bool]]:
    """A write for each form: records under keys of their own, so that each is new."""
    for slash in FORMS:
        key = ctx.name("slash")
        if aim.operation == "createRecords":
            yield Aim(aim.operation, aim.path, {**aim.body, "id": key}), slash
        elif aim.operation == "putRecord":
            yield Aim(aim.operation, {**aim.path, "recordKey": key}, aim.body), slash
        else:
            yield aim, slash


def _made(ctx: PixieBrix, database: Database, asset: Asset) -> list[Aim]:
    record, job = ctx.given.record(database), ctx.given.job(database)
    return [
        Aim("getRecord", {"databaseId": database.id, "recordKey": str(record["id"])}),
        Aim("getExportJob", {"jobId": job}),
        Aim("getAsset", {"databaseId": database.id, "assetId": asset.id}),
    ]


def _ends(database: Database) -> list[Aim]:
    ends = [Aim("deleteRecord", {"databaseId": database.id})]
    return [*ends, Aim("clearRecords", {"databaseId": database.id})] if database.ours else ends


def _compare(ctx: PixieBrix, aim: Aim, with_slash: Answer, without: Answer) -> None:
    what = f"the status of {aim.operation} without the slash at the end, and not as with it"
    ctx.expect(what, with_slash.status, without.status)


@check("PB-DESC-10")
def other_methods_are_refused(ctx: PixieBrix) -> None:
    """Sends PUT and PATCH to each path that has neither, and expects 405 and the path's methods in Allow."""
    methods: dict[str, tuple[Mapping[str, str], set[str]]] = {}
    for aim in nowhere(ctx):
        operation = ctx.description.operation(aim.operation)
        methods.setdefault(operation.path, (aim.path, set()))[1].add(operation.method)
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    for template, (path, known) in methods.items():
        for method in sorted({"PUT", "PATCH"} - known):
            answer = ctx.raw(method, template.format(**path), headers=headers, body=b"{}").expect_status(405)
            allowed = {name.strip().upper() for name in answer.expect_header("Allow").split(",")}
            ctx.expect(f"the methods of {template} that Allow leaves out", [], sorted(known - allowed))
            ctx.expect(f"{method} in Allow of {template}", False, method in allowed)


@check("PB-DESC-11")
def unknown_parameters_are_ignored(ctx: PixieBrix) -> None:
    """Reads each list with and without an invented parameter, and compares statuses and ids."""
    aims = lists(ctx)
    if ctx.can("write"):
        database = ctx.given.database()
        ctx.given.records(database, [{"probe": 1}, {"probe": 2}])
        ctx.given.asset(database)
        aims += lists_of(database.organization, database.id)[1:3]
    for aim in aims:
        with step("PB-DB-01", "read a list"):
            expected = _ids(aim.call(ctx).expect_status(200))
        answer = aim.call(ctx, query={"dbcontract_unknown": "1"}).expect_status(200)
        ctx.expect(f"the ids of {aim.operation} with an unknown parameter", expected, _ids(answer))


def _ids(answer: Answer) -> list[str]:
    return [str(field_of(item, "id")) for item in answer.expect_objects()]
