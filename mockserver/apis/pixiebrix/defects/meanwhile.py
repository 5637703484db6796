"""PixieBrix that forgets what came meanwhile, or counts what is gone (all over the documents)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from starlette.responses import Response

from ....state.instants import day_of
from ....storage.app import Storage, StorageSandbox
from ....variants.defect import WHILE, defect
from ....web.call import Call
from ..handlers.databases import DatabaseHandlers
from ..handlers.jobs import JobHandlers
from ..handlers.records import RecordHandlers, strategy_of
from ..state.databases import Database
from ..state.jobs import Job, Part
from ..state.pixiebrix import Item as Written
from ..state.pixiebrix import PixieBrixState
from ..state.records import CREATED, DATA, KEY, UPDATED, Row
from ..state_of import state_of
from .retention import _Night, _until

_MOST_JOBS = 16


@defect("PB-JOB-38")
class OffsetOfTheEndDropped(JobHandlers):
    """Reads the offset of the start date of a job, and not that of its end date."""

    async def createExportJob(self, call: Call) -> Response:
        filters = call.body.get("filters") or {}
        if isinstance(end := filters.get("end_date"), str):
            end = re.sub(r"[+-]\d\d:?\d\d$", "Z", end)
            call.body = {**call.body, "filters": {**filters, "end_date": end}}
        return await super().createExportJob(call)


@defect("PB-JOB-46")
class SixteenJobsAtMost(PixieBrixState):
    """Keeps the sixteen latest jobs, and forgets the oldest with the next one."""

    def create_job(self, *given: Any, **named: Any) -> Job:
        job = super().create_job(*given, **named)
        for id_ in [*self.jobs][:-_MOST_JOBS]:
            del self.jobs[id_]
        return job


@defect("PB-RET-02")
class LimitCountsTheDeleted(_Night):
    """Counts the records that were ever created for the limit, those that were deleted among them."""

    def __init__(self, record_limit: int = 500_000, *, now: int = 0) -> None:
        super().__init__(record_limit, now=now)
        self._deleted: dict[str, int] = {}

    def delete_record(self, db_id: str, key: str, now: int) -> Row:
        self._deleted[db_id] = self._deleted.get(db_id, 0) + 1
        return super().delete_record(db_id, key, now)

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        return _until(database, self.record_limit - self._deleted.get(database.id, 0), days)


@defect("PB-ARCH-12")
class FilesOfADateShared(PixieBrixState):
    """Puts the records of all databases of a date into the files of that date."""

    def _nightly(self, midnight: int, new_id: Callable[[], str]) -> None:
        super()._nightly(midnight, new_id)
        day = day_of(midnight) - 1
        archives = {id_: one.archives[day] for id_, one in self.databases.items() if day in one.archives}
        every = {row[KEY]: row for row in chain.from_iterable(one.rows for one in archives.values())}
        for id_, archive in archives.items():
            self.databases[id_].archives[day] = replace(archive, rows=sorted(every.values()))


@defect("PB-ARCH-13")
class ArraysAreNoUpdates(PixieBrixState):
    """Leaves the time of the last update of a record alone where an array changes it."""

    def put_records(self, db_id: str, items: Iterable[Written], now: int) -> list[Row]:
        records = self.database(db_id).records
        chosen = list(items)
        old = {key: records.get(key) for key, *_ in chosen if key in records}
        rows = super().put_records(db_id, chosen, now)
        if old:
            records.load((old[key][CREATED], key, old[key][UPDATED], records.get(key)[DATA]) for key in old)
        return rows


@defect("PB-RET-17")
class ArchivedRecordsCounted(DatabaseHandlers):
    """Counts archived records among those of a database."""

    def describe_database(self, database: Database) -> dict[str, Any]:
        shown = super().describe_database(database)
        rows = chain.from_iterable(one.rows for one in database.archives.values())
        gone = {row[KEY] for row in rows if row[KEY] not in database.records}
        return {**shown, "num_records": shown["num_records"] + len(gone)}


@defect("PB-RET-17")
class ArchivedRecordsExported(PixieBrixState):
    """Exports the archived records of a database with those that it holds."""

    def _selected(self, chosen: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        def whole(id_: str, rows: list[Row]) -> list[Row]:
            database = self.databases[id_]
            archived = chain.from_iterable(one.rows for one in database.archives.values())
            return [*(row for row in archived if row[KEY] not in database.records), *rows]

        return tuple((id_, whole(id_, list(rows))) for id_, rows in super()._selected(chosen, start, end))


@defect("PB-ASSET-21")
class OddNamesMadePlain(Storage):
    """Names a download by the letters of ASCII that are in the name of its file."""

    async def download(self, sandbox: StorageSandbox, key: str, request: Any) -> Response:
        answer = await super().download(sandbox, key, request)
        if "Content-Disposition" in answer.headers:
            plain = answer.headers["Content-Disposition"].partition("; filename*")[0]
            answer.headers["Content-Disposition"] = plain
        return answer


@defect("PB-ASSET-20")
class FirstUploadStays(Storage):
    """Keeps the first file that was uploaded for an asset, and takes the others without storing them."""

    async def upload(self, sandbox: StorageSandbox, request: Any) -> Response:
        before = dict(sandbox.objects.items())
        answer = await super().upload(sandbox, request)
        for key, stored in before.items():
            sandbox.objects.put(key, stored)
        return answer


@defect("PB-REC-44")
class ArraysWrittenInPortions(RecordHandlers):
    """Writes an array a hundred records at a time, and answers others in between."""

    async def _write(self, call: Call, status: int) -> Response:
        if isinstance(call.body, list) and len(call.body) > 100:
            state, now = state_of(call.sandbox), call.sandbox.now()
            first = [(one["id"], one["data"], strategy_of(one)) for one in call.body[:100]]
            state.put_records(call.path["databaseId"], first, now)
            await asyncio.sleep(WHILE)
        return await super()._write(call, status)
