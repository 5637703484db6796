"""An export job, from its creation to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....authoring.arrange import as_own, field_of, step
from ....authoring.check import check
from ....authoring.formats import as_timestamp, is_uuid
from ..arrange import CREATED
from ..calls import unknown_id
from ..context import PixieBrix
from ..exports import expect_accepted, link_of, order, send, succeeded

STATUSES = ("UNKNOWN", "PENDING", "STARTED", "SUCCESS", "FAILURE")
DAY = 86_400.0
_MANY = 20


def _new(ctx: PixieBrix) -> dict[str, Any]:
    """The answer to the creation of a job."""
    body = order(ctx, ctx.given.database().id)
    with step("PB-JOB-01", "create an export job"):
        return send(ctx, body).expect_status(*CREATED).expect_json(dict)


def _details(ctx: PixieBrix, job_id: str) -> dict[str, Any]:
    return ctx.call("getExportJob", path={"jobId": job_id}).expect_status(200).expect_json(dict)


@check("PB-JOB-01")
def a_job_is_created(ctx: PixieBrix) -> None:
    """Creates a job for one database and expects a 2xx and a JSON object."""
    answer = send(ctx, order(ctx, ctx.given.database().id))
    expect_accepted(ctx, answer, "a good order of an export job")


@check("PB-JOB-02")
def a_job_has_an_id(ctx: PixieBrix) -> None:
    """Creates a job and reads its id as a UUID."""
    job_id = field_of(_new(ctx), "id")
    ctx.expect_true("the id of a job", is_uuid(job_id), expected="a UUID", actual=job_id)


@check("PB-JOB-03")
def a_new_job_has_not_ended(ctx: PixieBrix) -> None:
    """Creates a job and looks at the status in the answer."""
    status = field_of(_new(ctx), "status")
    ok = status in ("STARTED", "PENDING")
    ctx.expect_true("the status of a new job", ok, expected="STARTED or PENDING", actual=status)


@check("PB-JOB-49")
def a_new_job_does_not_wait(ctx: PixieBrix) -> None:
    """Creates a job and compares the status in the answer."""
    status = field_of(_new(ctx), "status")
    ctx.expect_true("the status of a new job", status != "PENDING", expected="STARTED", actual=status)


@check("PB-JOB-04")
def the_creation_is_answered_201(ctx: PixieBrix) -> None:
    """Creates a job and looks at the status code."""
    send(ctx, order(ctx, ctx.given.database().id)).expect_status(201)


@check("PB-JOB-18")
def a_job_is_read_under_its_id(ctx: PixieBrix) -> None:
    """Creates two jobs, reads both and compares the ids."""
    database = ctx.given.database()
    jobs = [ctx.given.job(database) for _ in range(2)]
    ctx.expect_true("the ids of two jobs", jobs[0] != jobs[1], expected="two", actual=jobs)
    for job_id in jobs:
        ctx.expect("the id in the details of a job", job_id, field_of(_details(ctx, job_id), "id"))


@check("PB-JOB-19")
def the_fields_of_a_job(ctx: PixieBrix) -> None:
    """Reads a job from its creation to its end, and checks each field every time."""
    job_id = ctx.given.job(ctx.given.database())
    ctx.given.finished_job(job_id, look=lambda details: _expect_fields(ctx, details))


def _expect_fields(ctx: PixieBrix, details: Mapping[str, Any]) -> None:
    status, known = field_of(details, "status"), ", ".join(STATUSES)
    ctx.expect_true("the status of a job", status in STATUSES, expected=f"one of {known}", actual=status)
    created = details.get("created_at")
    good = "created_at" not in details or as_timestamp(created) is not None
    ctx.expect_true("created_at of a job", good, expected="a timestamp", actual=created)
    for name in ("data", "error_message"):
        value = details.get(name)
        good = value is None or isinstance(value, str)
        ctx.expect_true(f"{name} of a job", good, expected="text or null", actual=value)


@check("PB-JOB-20", control="getExportJob")
def an_unknown_job_is_404(ctx: PixieBrix) -> None:
    """Reads a job under an invented UUID."""
    ctx.call("getExportJob", path={"jobId": unknown_id(ctx)}).expect_status(404)


@check("PB-JOB-21")
def a_job_ends_by_itself(ctx: PixieBrix) -> None:
    """Reads a new job until it has ended, within the target's time limit for jobs, the clock moved where it
    can be, and expects SUCCESS.
    """
    database = ctx.given.database()
    ctx.given.record(database)
    job_id = ctx.given.job(database)
    with as_own(ctx):
        details = ctx.given.finished_job(job_id)
    ctx.expect("the status of a job that has ended", "SUCCESS", details.get("status"))


@check("PB-JOB-22")
def a_successful_job_has_a_link(ctx: PixieBrix) -> None:
    """Reads a finished job and parses its data as a URL with scheme and host."""
    link_of(succeeded(ctx, ctx.given.database()))


@check("PB-JOB-23")
def before_its_success_a_job_has_no_link(ctx: PixieBrix) -> None:
    """Reads a job right after its creation and expects no link; not verified where it has ended by then."""
    details = ctx.given.job_details(ctx.given.job(ctx.given.database()))
    if details.get("status") == "SUCCESS":
        ctx.skip("the job had ended before it could be read")
    ctx.expect("the data of a job that has not succeeded", None, details.get("data"))


@check("PB-JOB-46")
def a_finished_job_stays(ctx: PixieBrix) -> None:
    """Reads a finished job twice, twenty jobs later, and a day later where the clock can be moved."""
    database = ctx.given.database()
    job_id = ctx.given.job(database)
    before = ctx.given.finished_job(job_id)
    for _ in range(_MANY):
        with step("PB-JOB-01", "create an export job"):
            body = order(ctx, database.id)
            ctx.call("createExportJob", json=body, described=False).expect_status(*CREATED)
    if ctx.can("clock"):
        ctx.clock.advance(DAY)
    after = _details(ctx, job_id)
    for name in ("id", "status", "created_at"):
        ctx.expect(f"the {name} of a finished job, read again", before.get(name), after.get(name))


@check("PB-JOB-46")
def a_failed_job_stays_and_the_next_one_succeeds(ctx: PixieBrix) -> None:
    """Where a job can be made to fail, does so, orders the same again, and reads both."""
    database = ctx.given.database()
    ctx.given.finished_job(ctx.given.job(database))
    if not ctx.can("inject"):
        return  # the other checks of this rule look at jobs that succeed
    ctx.inject.fail_next_job("provoked by dbcontract")
    failed = ctx.given.finished_job(ctx.given.job(database))
    if failed.get("status") != "FAILURE":
        return
    after = ctx.given.finished_job(ctx.given.job(database))
    with step("PB-JOB-21", "export records"):
        ctx.expect("the status of the next job", "SUCCESS", after.get("status"))
    again = _details(ctx, str(failed["id"]))
    for name in ("id", "status", "created_at", "error_message"):
        ctx.expect(f"the {name} of a failed job, read again", failed.get(name), again.get(name))
    ctx.expect("the error_message of a job that succeeded", None, after.get("error_message") or None)


@check("PB-JOB-47")
def a_failed_job_says_why(ctx: PixieBrix) -> None:
    """Lets the next job fail, reads it until it has ended, and looks at its message."""
    database = ctx.given.database()
    ctx.inject.fail_next_job("provoked by dbcontract")
    details = ctx.given.finished_job(ctx.given.job(database))
    if details.get("status") != "FAILURE":
        ctx.skip("the target was told to let the job fail, and did not")
    reason = details.get("error_message")
    good = isinstance(reason, str) and reason.strip()
    ctx.expect_true("error_message of a failed job", good, expected="a text", actual=reason)
