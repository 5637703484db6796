"""Export jobs (document: Database APIs, Create a Database Export Job)."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from .... import artifacts
from ....state.instants import HOUR, format_instant, parse_moment
from ....web.call import Call
from ....web.responses import json_response
from ..keys import export_key
from ..state.jobs import Job
from ..state_of import state_of


class JobHandlers:
    """`/databases/records/jobs/` and one job below it."""

    async def createExportJob(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Start an export of the records as they are now."""
        sandbox, body = call.sandbox, call.body
        filters = body.get("filters") or {}
        looks = sandbox.settings.job_polls
        now = sandbox.now()
        job = state_of(sandbox).create_job(
            body["name"],
            [database.lower() for database in body["databases"]],
            body.get("media_type", "application/json"),
            start=self.instant(filters.get("start_date")),
            end=self.instant(filters.get("end_date")),
            now=now,
            duration_us=None,
            new_id=sandbox.ids,
        )
        fault = call.exchange.fault
        ordered = None
        if fault is not None and fault.error_message is not None and sandbox.faults.use(fault):
            ordered = fault.error_message
        job.error_message = ordered or await _problem(job)
        job.polls_left = looks or 0
        # Only now may anybody see it end: with the message, if it ends in failure.
        job.finishes_at = self.end_of(job, call, now)
        return json_response(self.describe_new(job, call), call.answer, 201)

    def describe_new(self, job: Job, call: Call) -> dict[str, Any]:  # noqa: ARG002
        """The documented answer to the creation: every job starts, however soon it ends."""
        return {"id": job.id, "status": "STARTED"}

    def end_of(self, job: Job, call: Call, now: int) -> int | None:  # noqa: ARG002
        """When the job ends, in µs; None: never."""
        settings = call.sandbox.settings
        return now + (settings.job_us if settings.job_polls is None else 0)

    async def getExportJob(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The job's details; once it succeeded, with a link to the exported data."""
        job = state_of(call.sandbox).job(call.path["jobId"])
        shown = self.describe_job(job, call)
        job.look()
        return json_response(shown, call.answer)

    def instant(self, text: str | None) -> int | None:
        """A bound of the filters as an instant (µs)."""
        return None if text is None else parse_moment(text)

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        """A job as the API shows it (published specification)."""
        now = call.sandbox.now()
        status = job.status(now)
        return {
            "id": job.id,
            "status": status,
            "created_at": format_instant(job.created_at),
            "data": self.job_link(job, call, now) if status == "SUCCESS" else None,
            "error_message": job.error_message if status == "FAILURE" else None,
        }

    def job_link(self, job: Job, call: Call, now: int) -> str:
        """The link to the exported data: the same while it works, then a fresh one (contract, section 3)."""
        issued = job.link_issued_at
        if issued is None or not issued <= now < issued + HOUR:
            job.link_issued_at = issued = now
        return call.sandbox.signer.presigned_get(
            call.origin, export_key(job), issued, lifetime=HOUR, filename=job.artifact_name()
        )


async def _problem(job: Job) -> str | None:
    """Why the job cannot succeed, if so: a workbook has limits that the other formats have not."""
    if job.media_type != "application/xlsx":
        return None
    # Every cell is looked at; in a thread, so that half a million of them hold nobody up.
    return await asyncio.to_thread(artifacts.export_problem, job.media_type, artifacts.Pairs(job.parts))
