"""Versions and media types: what an Accept header asks for, and what the Content-Type tells."""

from __future__ import annotations

from ....authoring.answer import Answer
from ....authoring.arrange import field_of, step
from ....authoring.check import CheckFailed, check
from ..arrange import CREATED
from ..calls import Aim, expect_detail, lists, nowhere, spare
from ..context import PixieBrix
from ..exports import order, send

JSON = "application/json"
INVENTED = "9.9"
UNSERVED = frozenset({400, 406, 415})


def _expect_served(ctx: PixieBrix, answer: Answer, version: str) -> None:
    what = f"the answer of {answer.request.method} {answer.url} at version {version}"
    served = answer.status not in UNSERVED
    ctx.expect_true(what, served, expected="no 406, nor another refusal of it", actual=answer.summary)


def _expect_version(answer: Answer, version: str) -> None:
    if answer.media_parameters.get("version") != version:
        what = f"the Content-Type of {answer.request.method} {answer.url}"
        raise CheckFailed(what, f"{JSON}; version={version}", answer.headers.get("Content-Type"))


def _at_any_version(ctx: PixieBrix) -> list[Aim]:
    """The lists that are served whatever version is the default; archives may refuse to be."""
    return [aim for aim in lists(ctx) if aim.operation != "listRecordArchives"]


def _job_nowhere(ctx: PixieBrix) -> Aim:
    return next(aim for aim in nowhere(ctx) if aim.operation == "getExportJob")


@check("PB-NEG-01")
def lists_are_served_at_2_0(ctx: PixieBrix) -> None:
    """Asks for each list at version 2.0; 406 is a failure."""
    databases = Aim("listDatabases", {"organizationId": ctx.given.organization})
    _expect_served(ctx, databases.call(ctx, accept=JSON, version="2.0"), "2.0")
    for aim in lists(ctx)[1:]:
        _expect_served(ctx, aim.call(ctx, accept=JSON, version="2.0"), "2.0")


@check("PB-NEG-02")
def jobs_are_served_at_1_0(ctx: PixieBrix) -> None:
    """Reads a job that does not exist at version 1.0, and creates one where writing is allowed; 406 is a
    failure.
    """
    _expect_served(ctx, _job_nowhere(ctx).call(ctx, accept=JSON, version="1.0"), "1.0")
    database = spare(ctx)
    if database is not None:
        body = order(ctx, database.id)
        answer = ctx.call("createExportJob", json=body, accept=JSON, version="1.0")
        _expect_served(ctx, answer, "1.0")


@check("PB-NEG-03")
def lists_tell_their_version(ctx: PixieBrix) -> None:
    """Looks at the Content-Type of each list at version 2.0."""
    for aim in lists(ctx):
        with step("PB-NEG-01", "read a list at version 2.0"):
            answer = aim.call(ctx, accept=JSON, version="2.0").expect_status(200)
        _expect_version(answer, "2.0")


@check("PB-NEG-04")
def jobs_tell_their_version(ctx: PixieBrix) -> None:
    """Creates a job, reads it, and looks at the Content-Type of both answers."""
    body = order(ctx, ctx.given.database().id)
    with step("PB-JOB-01", "create an export job"):
        created = send(ctx, body).expect_status(*CREATED)
        job_id = str(field_of(created.expect_json(dict), "id"))
    _expect_version(created, "1.0")
    with step("PB-JOB-18", "read an export job"):
        details = ctx.call("getExportJob", path={"jobId": job_id}).expect_status(200)
    _expect_version(details, "1.0")


@check("PB-NEG-05", control=("getExportJob", "listAssets", "listRecordArchives", "listRecords"))
def an_invented_version_is_refused(ctx: PixieBrix) -> None:
    """Asks each list, and a job, for version 9.9."""
    for aim in lists(ctx):
        aim.call(ctx, accept=JSON, version=INVENTED).expect_status(406)
    database = spare(ctx)
    if database is not None:
        job = Aim("getExportJob", {"jobId": ctx.given.job(database)})
        job.call(ctx, version=INVENTED).expect_status(406)
    else:
        # Of a job that does not exist, either may be told first.
        _job_nowhere(ctx).call(ctx, version=INVENTED).expect_status(406, 404)


@check("PB-NEG-06", control="listRecordArchives")
def archives_at_1_0_are_answered_406(ctx: PixieBrix) -> None:
    """Asks for the archives at version 1.0."""
    archives = next(aim for aim in lists(ctx) if aim.operation == "listRecordArchives")
    archives.call(ctx, accept=JSON, version="1.0").expect_status(406)


@check("PB-NEG-07", control="listDatabases")
def a_406_has_a_detail(ctx: PixieBrix) -> None:
    """Asks for version 9.9 and looks at the body."""
    path = {"organizationId": ctx.given.organization}
    with step("PB-NEG-05", "ask for version 9.9"):
        answer = ctx.call("listDatabases", path=path, version=INVENTED).expect_status(406)
    expect_detail(answer)


@check("PB-NEG-08")
def without_a_version_lists_are_served(ctx: PixieBrix) -> None:
    """Asks for each list as application/json and nothing more, and expects 200 and a JSON array. Archives are
    left out: at a default version of 1.0 they are refused.
    """
    for aim in _at_any_version(ctx):
        aim.call(ctx, accept=JSON, version="").expect_status(200).expect_media_type(JSON).expect_json(list)


@check("PB-NEG-09")
def who_accepts_anything_gets_json(ctx: PixieBrix) -> None:
    """Asks for each list with Accept: */*, and without Accept, but for archives, which may refuse the default
    version.
    """
    for aim in _at_any_version(ctx):
        for accept in ("*/*", ""):
            answer = aim.call(ctx, accept=accept, version="").expect_status(200)
            answer.expect_media_type(JSON).expect_json(list)


@check("PB-NEG-10", control=("listAssets", "listRecordArchives", "listRecords"))
def what_cannot_be_produced_is_refused(ctx: PixieBrix) -> None:
    """Asks for each list as image/png."""
    for aim in lists(ctx):
        aim.call(ctx, accept="image/png", version="").expect_status(406)
