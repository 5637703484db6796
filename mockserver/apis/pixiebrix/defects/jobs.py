"""Wrong export jobs, from their creation to their end (document: Create a Database Export Job)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from ....state import jsonio
from ....state.errors import NotFound
from ....state.instants import HOUR, SECOND
from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import Validation
from ....web.parameters import PathParameters
from ....web.responses import json_response
from ..handlers.jobs import JobHandlers
from ..keys import export_key
from ..state.jobs import Job
from ..state.pixiebrix import PixieBrixState
from ..state_of import state_of

# The answer to the creation


def _id_in(answer: Response) -> str:
    return str(jsonio.loads(bytes(answer.body))["id"])


@defect("PB-JOB-01", "PB-DESC-04")
class JobOnlyInLocation(JobHandlers):
    """Answers the creation of a job without a body, the job's address in a header."""

    async def createExportJob(self, call: Call) -> Response:
        job_id = _id_in(await super().createExportJob(call))
        return Response(None, 201, {"Location": f"{call.origin}/api/databases/records/jobs/{job_id}/"})


@defect("PB-JOB-01")
class JobInArray(JobHandlers):
    """Answers the creation with an array of jobs, one for each database."""

    async def createExportJob(self, call: Call) -> Response:
        job_id = _id_in(await super().createExportJob(call))
        return json_response([self.describe_new(state_of(call.sandbox).job(job_id), call)], call.answer, 201)


class _AnyJobId(Validation):
    def path(self, operation_id: str, parameters: PathParameters, values: dict[str, str]) -> dict[str, str]:
        return values if operation_id == "getExportJob" else super().path(operation_id, parameters, values)


@defect("PB-JOB-02", also=(_AnyJobId,))
class JobsAreNumbered(PixieBrixState):
    """Numbers the export jobs instead of giving them UUIDs."""

    def create_job(self, *args: Any, **more: Any) -> Job:
        return super().create_job(*args, **{**more, "new_id": lambda: str(len(self.jobs) + 1)})


@defect("PB-JOB-02")
class IdCalledJobId(JobHandlers):
    """Calls the id of a new job `job_id`."""

    def describe_new(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_new(job, call)
        return {"job_id": shown.pop("id"), **shown}


@defect("PB-JOB-49")
class NewJobIsPending(JobHandlers):
    """Answers that a new job is pending, for no worker has taken it yet."""

    def describe_new(self, job: Job, call: Call) -> dict[str, Any]:
        return {**super().describe_new(job, call), "status": "PENDING"}


@defect("PB-JOB-03")
class NewJobHasNoStatus(JobHandlers):
    """Leaves the status out of the answer to a job's creation."""

    def describe_new(self, job: Job, call: Call) -> dict[str, Any]:
        return {"id": job.id}


@defect("PB-JOB-03")
class JobDoneAtOnce(JobHandlers):
    """Exports within the request and answers the creation with SUCCESS."""

    def end_of(self, job: Job, call: Call, now: int) -> int | None:
        return now

    def describe_new(self, job: Job, call: Call) -> dict[str, Any]:
        return self.describe_job(job, call)


@defect("PB-JOB-04")
class JobCreationAnswered200(JobHandlers):
    """Answers the creation of a job with 200."""

    async def createExportJob(self, call: Call) -> Response:
        answer = await super().createExportJob(call)
        answer.status_code = 200
        return answer


@defect("PB-JOB-04")
class JobCreationAnswered202(JobHandlers):
    """Answers the creation of a job with 202, for the work is still to be done."""

    async def createExportJob(self, call: Call) -> Response:
        answer = await super().createExportJob(call)
        answer.status_code = 202
        return answer


# Reading a job


@defect("PB-JOB-18")
class LatestJobForAll(PixieBrixState):
    """Gives the details of the latest job, whichever job is asked for."""

    def job(self, id: str) -> Job:  # noqa: A002
        super().job(id)
        return next(reversed(self.jobs.values()))


@defect("PB-JOB-18")
class EqualOrdersShareAJob(PixieBrixState):
    """Gives the id of an earlier job again when the same databases are exported once more."""

    def create_job(self, name: str, database_ids: Iterable[str], *args: Any, **more: Any) -> Job:
        job = super().create_job(name, database_ids, *args, **more)
        for other in self.jobs.values():
            if other is not job and (other.databases, other.parts) == (job.databases, job.parts):
                del self.jobs[job.id]
                return other
        return job


@defect("PB-JOB-18")
class JobDetailsInAnArray(JobHandlers):
    """Gives a job's details in an array of one element."""

    async def getExportJob(self, call: Call) -> Response:
        await super().getExportJob(call)
        return json_response(
            [self.describe_job(state_of(call.sandbox).job(call.path["jobId"]), call)], call.answer
        )


@defect("PB-JOB-18")
class JobDetailsHaveNoId(JobHandlers):
    """Leaves the id out of a job's details, for it is in the path already."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        del shown["id"]
        return shown


@defect("PB-JOB-19", "PB-JOB-21")
class JobStatusInLowerCase(JobHandlers):
    """Writes the status of a job in lower case."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        return {**shown, "status": shown["status"].lower()}


@defect("PB-JOB-19", "PB-JOB-21")
class SuccessIsCalledDone(JobHandlers):
    """Calls the status of a successful job DONE."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        return {**shown, "status": "DONE" if shown["status"] == "SUCCESS" else shown["status"]}


@defect("PB-JOB-19")
class JobCreatedAtIsANumber(JobHandlers):
    """Gives the time of a job's creation in seconds since 1970."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        return {**super().describe_job(job, call), "created_at": job.created_at // SECOND}


@defect("PB-JOB-19", "PB-JOB-47")
class ErrorMessageIsAList(JobHandlers):
    """Gives the error messages of a job as a list, which is empty when there are none."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        return {**shown, "error_message": list(filter(None, [shown["error_message"]]))}


@defect("PB-JOB-20")
class UnknownJobHasStatusUnknown(JobHandlers):
    """Answers 200 and the status UNKNOWN for a job that does not exist."""

    async def getExportJob(self, call: Call) -> Response:
        with suppress(NotFound):
            return await super().getExportJob(call)
        shown = {"id": call.path["jobId"], "status": "UNKNOWN", "data": None, "error_message": None}
        return json_response(shown, call.answer)


@defect("PB-JOB-20", "PB-DESC-07")
class UnknownJobCrashes(PixieBrixState):
    """Breaks down with a 500 when a job does not exist."""

    def job(self, id: str) -> Job:  # noqa: A002
        return self.jobs[id]


# The end of a job


@defect("PB-JOB-21")
class JobNeverEnds(JobHandlers):
    """Starts jobs and never ends them."""

    def end_of(self, job: Job, call: Call, now: int) -> int | None:
        return None


@defect("PB-JOB-21")
class EveryJobFails(JobHandlers):
    """Ends every job with FAILURE."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        job.error_message = job.error_message or "The export could not be written."
        return super().describe_job(job, call)


@defect("PB-JOB-21")
class ReadingStartsOver(JobHandlers):
    """Starts a job over each time that it is read, so that it never ends while somebody looks."""

    async def getExportJob(self, call: Call) -> Response:
        answer = await super().getExportJob(call)
        job, now = state_of(call.sandbox).job(call.path["jobId"]), call.sandbox.now()
        if job.finishes_at is not None and now < job.finishes_at + HOUR:
            job.finishes_at = now + HOUR
        return answer


@defect("PB-JOB-22", "PB-DESC-05")
class LinkIsAPath(JobHandlers):
    """Gives the link to the exported data without scheme and host."""

    def job_link(self, job: Job, call: Call, now: int) -> str:
        parts = urlsplit(super().job_link(job, call, now))
        return f"{parts.path}?{parts.query}"


@defect("PB-JOB-22", "PB-DESC-05")
class LinkIsAStorageKey(JobHandlers):
    """Gives the name of the file in storage instead of a link."""

    def job_link(self, job: Job, call: Call, now: int) -> str:
        return f"s3://exports-production/{export_key(job)}"


@defect("PB-JOB-22")
class SuccessWithoutLink(JobHandlers):
    """Ends a job with SUCCESS and leaves its data null."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        return {**super().describe_job(job, call), "data": None}


@defect("PB-JOB-19", "PB-JOB-22")
class LinkInAnObject(JobHandlers):
    """Puts the link into an object under `data`."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        return {**shown, "data": shown["data"] and {"url": shown["data"]}}


@defect("PB-JOB-23")
class LinkBeforeTheEnd(JobHandlers):
    """Gives the link as soon as the job has started, when nothing is behind it yet."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        return {**super().describe_job(job, call), "data": self.job_link(job, call, call.sandbox.now())}


@defect("PB-JOB-23", "PB-DESC-05")
class EmptyTextBeforeTheEnd(JobHandlers):
    """Has an empty text in `data` until the job has succeeded."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        return {**shown, "data": shown["data"] or ""}


@defect("PB-JOB-46")
class FinishedJobsForgotten(JobHandlers):
    """Forgets a job an hour after it has ended."""

    async def getExportJob(self, call: Call) -> Response:
        jobs, now = state_of(call.sandbox).jobs, call.sandbox.now()
        job = jobs.get(call.path["jobId"])
        if job is not None and job.finishes_at is not None and now >= job.finishes_at + HOUR:
            del jobs[job.id]
        return await super().getExportJob(call)


@defect("PB-JOB-46")
class FinishedJobsExpire(JobHandlers):
    """Shows a job as UNKNOWN once its link has expired."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        if job.finishes_at is not None and call.sandbox.now() >= job.finishes_at + HOUR:
            shown |= {"status": "UNKNOWN", "data": None}
        return shown


@defect("PB-JOB-46")
class JobCreationTimeMoves(JobHandlers):
    """Shows the time at which a job is read as the time of its creation."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        job.created_at = call.sandbox.now()
        return super().describe_job(job, call)


@defect("PB-JOB-47")
class FailureWithoutReason(JobHandlers):
    """Does not say why a job has failed."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        return {**super().describe_job(job, call), "error_message": None}


@defect("PB-JOB-47", "PB-DESC-05")
class ReasonOfFailureInData(JobHandlers):
    """Tells the reason of a failure under `data`, and leaves `error_message` blank."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        if shown["status"] == "FAILURE":
            shown |= {"data": shown["error_message"], "error_message": " "}
        return shown
