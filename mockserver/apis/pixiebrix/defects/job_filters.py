"""Export jobs that read their filters wrongly, or choose other records than were ordered."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from ....state.instants import DAY, HOUR, SECOND
from ....variants.defect import defect
from ....web.call import Call
from ..handlers.jobs import JobHandlers
from ..state.jobs import Job, Part, select
from ..state.pixiebrix import PixieBrixState
from ..state_of import state_of

# Dates


@defect("PB-JOB-33", "PB-JOB-35", "PB-JOB-36", "PB-JOB-38")
class JobStartIgnored(PixieBrixState):
    """Exports also what is older than the start date of a job."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return super()._selected(ids, None, end)


@defect("PB-JOB-34", "PB-JOB-35", "PB-JOB-37")
class JobEndIgnored(PixieBrixState):
    """Exports also what is newer than the end date of a job."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return super()._selected(ids, start, None)


@defect("PB-JOB-33", "PB-JOB-34", "PB-JOB-35", "PB-JOB-36", "PB-JOB-37", "PB-JOB-38")
class JobDatesReadBesideFilters(JobHandlers):
    """Looks for the dates of a job beside `filters` and not in it, and so finds none."""

    async def createExportJob(self, call: Call) -> Response:
        call.body["filters"] = {}
        return await super().createExportJob(call)


@defect("PB-JOB-33", "PB-JOB-34", "PB-JOB-35", "PB-JOB-36", "PB-JOB-37", "PB-JOB-38")
class JobDatesExchanged(PixieBrixState):
    """Takes the start date of a job for its end, and the other way round."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return super()._selected(ids, end, start)


@defect("PB-JOB-35")
class EitherJobDateWillDo(PixieBrixState):
    """Exports what either the start date or the end date of a job lets through."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        if start is None or end is None:
            return super()._selected(ids, start, end)
        low, high = super()._selected(ids, None, end), super()._selected(ids, start, None)
        return tuple((id_, sorted({*one, *other})) for (id_, one), (_, other) in zip(low, high, strict=True))


@defect("PB-JOB-35")
class StartOverridesEnd(PixieBrixState):
    """Forgets the end date of a job that has a start date, too."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return super()._selected(ids, start, end if start is None else None)


@defect("PB-JOB-36")
class JobStartLeftOut(PixieBrixState):
    """Exports what is later than the start date of a job, and not what is from that very instant."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return super()._selected(ids, None if start is None else start + 1, end)


@defect("PB-JOB-37")
class JobEndLeftOut(PixieBrixState):
    """Exports what is earlier than the end date of a job, and not what is from that very instant."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return super()._selected(ids, start, None if end is None else end - 1)


@defect("PB-JOB-37", "PB-JOB-35")
class JobEndCutToSeconds(PixieBrixState):
    """Cuts the dates of a job to whole seconds, so that the last part of a second is missing."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        start, end = (None if one is None else one - one % SECOND for one in (start, end))
        return super()._selected(ids, start, end)


@defect("PB-JOB-33", "PB-JOB-34", "PB-JOB-35", "PB-JOB-36", "PB-JOB-37", "PB-JOB-38")
class JobDatesAreWholeDays(PixieBrixState):
    """Reads the dates of a job as whole days, whatever their time of day is."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        start = None if start is None else start - start % DAY
        end = None if end is None else end - end % DAY + DAY - 1
        return super()._selected(ids, start, end)


@defect("PB-JOB-34", "PB-JOB-35", "PB-JOB-37")
class JobEndIsItsMidnight(PixieBrixState):
    """Lets the end date of a job begin its day, so that this day's records are missing."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return super()._selected(ids, start, None if end is None else end - end % DAY)


@defect("PB-JOB-38")
class OffsetCutOff(JobHandlers):
    """Cuts the offset off a timestamp and takes the rest for UTC."""

    def instant(self, text: str | None) -> int | None:
        return super().instant(text and re.sub(r"[+-]\d\d:?\d\d$", "Z", text))


@defect("PB-JOB-38")
class OffsetAddedTwice(JobHandlers):
    """Adds the offset of a timestamp where it is to be taken away."""

    def instant(self, text: str | None) -> int | None:
        signs = {"+": "-", "-": "+"}
        return super().instant(
            text and re.sub(r"([+-])(\d\d:?\d\d)$", lambda match: signs[match[1]] + match[2], text)
        )


@defect("PB-JOB-38")
class OffsetInWholeHours(JobHandlers):
    """Reads the hours of a timestamp's offset and not its minutes."""

    def instant(self, text: str | None) -> int | None:
        return super().instant(text and re.sub(r"([+-]\d\d):?\d\d$", r"\1:00", text))


@defect("PB-JOB-33", "PB-JOB-34", "PB-JOB-35", "PB-JOB-36", "PB-JOB-37", "PB-JOB-38")
class JobDatesInLocalTime(JobHandlers):
    """Takes the dates of a job for its own local time, whatever they say of UTC."""

    def instant(self, text: str | None) -> int | None:
        instant = super().instant(text)
        return None if instant is None else instant + 5 * HOUR


@defect("PB-JOB-33", "PB-JOB-34", "PB-JOB-35", "PB-JOB-36", "PB-JOB-37", "PB-JOB-38")
class JobsWithDatesFail(JobHandlers):
    """Takes orders with dates, and then ends their jobs with FAILURE."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        if (job.start, job.end) != (None, None):
            job.error_message = "can't compare offset-naive and offset-aware datetimes"
        return super().describe_job(job, call)


# Databases


@defect("PB-JOB-31", "PB-NEG-14", "PB-NEG-15")
class SeveralDatabasesFail(JobHandlers):
    """Takes orders for several databases, and then ends their jobs with FAILURE."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        if len(job.databases) > 1:
            job.error_message = "get() returned more than one database"
        return super().describe_job(job, call)


@defect("PB-JOB-30")
class FirstPageExported(PixieBrixState):
    """Exports the first hundred records of each database, for it forgets to turn the page."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return tuple((id_, rows[:100]) for id_, rows in super()._selected(ids, start, end))


@defect("PB-JOB-30", "PB-JOB-27", "PB-JOB-28", "PB-JOB-43", "PB-JOB-48", "PB-NEG-14", "PB-NEG-15")
class LastRecordNotExported(PixieBrixState):
    """Counts wrongly and leaves the last record of each database out of an export."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return tuple((id_, rows[:-1]) for id_, rows in super()._selected(ids, start, end))


@defect("PB-JOB-48")
class ExportEndsAt10000(PixieBrixState):
    """Exports at most 10,000 records of a database, as many as one request may return."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return tuple((id_, rows[:10_000]) for id_, rows in super()._selected(ids, start, end))


@defect("PB-JOB-48")
class ExportedPagesOverlap(PixieBrixState):
    """Reads a database page by page, and exports the last record of each page of 1,000 twice."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return tuple(
            (id_, [row for at in range(0, len(rows), 1_000) for row in rows[max(0, at - 1) : at + 1_000]])
            for id_, rows in super()._selected(ids, start, end)
        )


@defect("PB-JOB-31", "PB-NEG-14", "PB-NEG-15")
class FirstDatabaseExported(PixieBrixState):
    """Exports the first database of an order and forgets the others."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return super()._selected(ids[:1], start, end)


@defect("PB-JOB-31", "PB-NEG-14", "PB-NEG-15")
class LastDatabaseExported(PixieBrixState):
    """Writes each database over the one before it, so that the last one of an order is left."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return super()._selected(ids[-1:], start, end)


@defect("PB-JOB-32")
class EveryDatabaseExported(PixieBrixState):
    """Exports every database there is, whichever were chosen."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        return super()._selected(tuple(self.databases), start, end)


@defect("PB-JOB-32")
class WholeOrganizationExported(PixieBrixState):
    """Exports all databases of the organization that the chosen one belongs to."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        organizations = {self.databases[id_].organization_id for id_ in ids}
        chosen = [id_ for id_, one in self.databases.items() if one.organization_id in organizations]
        return super()._selected(tuple(chosen), start, end)


# As of when


@defect("PB-JOB-45")
class RecordsAsOfTheDownload(JobHandlers):
    """Exports the records as they are when the link is asked for."""

    def job_link(self, job: Job, call: Call, now: int) -> str:
        job.parts = select(state_of(call.sandbox).databases, job.databases, job.start, job.end)
        return super().job_link(job, call, now)


@defect("PB-JOB-45")
class DeletedRecordsMissing(JobHandlers):
    """Leaves out of an export what was deleted while the job ran."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        tables = {id_: state_of(call.sandbox).database(id_).records for id_ in job.databases}
        job.parts = tuple((id_, [row for row in rows if row[2] in tables[id_]]) for id_, rows in job.parts)
        return super().describe_job(job, call)


@defect("PB-JOB-45")
class ChangesSlipIn(JobHandlers):
    """Chooses the records when the job is created, and reads their data when it ends."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        tables = {id_: state_of(call.sandbox).database(id_).records for id_ in job.databases}
        job.parts = tuple(
            (id_, [tables[id_].get(row[2]) if row[2] in tables[id_] else row for row in rows])
            for id_, rows in job.parts
        )
        return super().describe_job(job, call)
