"""PixieBrix that loses its way when requests meet (at the same time)."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from ....variants.defect import WHILE, defect
from ....web.call import Call
from ....web.negotiated import Negotiated
from ..handlers.assets import AssetHandlers
from ..handlers.databases import DatabaseHandlers
from ..handlers.jobs import JobHandlers
from ..handlers.records import RecordHandlers
from ..state.assets import Asset
from ..state.jobs import Job
from ..state.records import DATA, KEY
from ..state_of import state_of


@defect("PB-REC-33")
class PutWritesItsCopyBack(RecordHandlers):
    """Reads the database when a PUT begins, and writes it back without what came meanwhile."""

    async def putRecord(self, call: Call) -> Response:
        table = self._table(call)
        before = list(table.rows())
        await asyncio.sleep(WHILE)
        kept = {row[KEY] for row in before}
        for row in [row for row in table.rows() if row[KEY] not in kept]:
            table.delete(row[KEY])
        for row in before:
            if row[KEY] not in table:
                table.store(row[KEY], row[DATA], call.sandbox.now())
        return await super().putRecord(call)


@defect("PB-REC-34")
class MergeReadsTooEarly(RecordHandlers):
    """Reads the old data of a record when a merge begins, and merges into these what others have changed."""

    async def putRecord(self, call: Call) -> Response:
        key, table = call.path["recordKey"], self._table(call)
        old = table.get(key) if key in table and call.body.get("merge_strategy") else None
        if old is not None:
            await asyncio.sleep(WHILE)
            if key in table:
                table.store(key, old[DATA], call.sandbox.now())
        return await super().putRecord(call)


@defect("PB-RET-16")
class NightForgetsWhatComesMeanwhile(RecordHandlers):
    """Lets a write that is under way at midnight go into the table that the night has copied already."""

    async def putRecord(self, call: Call) -> Response:
        state, table = state_of(call.sandbox), self._table(call)
        night, key = state.next_midnight, call.path["recordKey"]
        before = table.get(key) if key in table else None
        await asyncio.sleep(WHILE / 5)
        response = await super().putRecord(call)
        if state.next_midnight != night:
            if before is None:
                table.delete(key)
            else:
                table.store(key, before[DATA], call.sandbox.now())
        return response


@defect("PB-NEG-16")
class VersionOfTheLastRequest(RecordHandlers):
    """Keeps the version of a request where the next one overwrites it before the answer is made."""

    _latest: str = ""

    async def listRecords(self, call: Call) -> Response:
        self._latest = call.answer.version
        await asyncio.sleep(WHILE / 20)
        call.answer = Negotiated(call.answer.media_type, self._latest)
        return await super().listRecords(call)


@defect("PB-JOB-50")
class JobsOfOneNameShareTheirFile(JobHandlers):
    """Names the file of a job after its name and second, so that another one in that second overwrites it."""

    def __init__(self) -> None:
        super().__init__()
        self._files: dict[tuple[str, int], tuple[Any, ...]] = {}

    async def createExportJob(self, call: Call) -> Response:
        response = await super().createExportJob(call)
        job = list(state_of(call.sandbox).jobs.values())[-1]
        await asyncio.sleep(WHILE)
        self._files[self._name(job)] = job.parts
        return response

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        job.parts = self._files.get(self._name(job), job.parts)
        return super().describe_job(job, call)

    @staticmethod
    def _name(job: Job) -> tuple[str, int]:
        return job.name, job.created_at // 1_000_000


@defect("PB-ASSET-39")
class MarkGoesToTheLatestUpload(AssetHandlers):
    """Remembers the asset that is marked in one place, and gives that one's file for those marked with it."""

    def __init__(self) -> None:
        super().__init__()
        self._latest: Asset | None = None
        self._file: dict[str, Asset] = {}

    async def updateAsset(self, call: Call) -> Response:
        self._latest = state_of(call.sandbox).asset(call.path["databaseId"], call.path["assetId"])
        await asyncio.sleep(WHILE)
        self._file[call.path["assetId"]] = self._latest
        return await super().updateAsset(call)

    def key(self, asset: Asset) -> str:
        return super().key(self._file.get(asset.id, asset))


@defect("PB-DB-16")
class DatabasesShareAName(DatabaseHandlers):
    """Keeps the name of a new database where the next request overwrites it."""

    _latest: str = ""

    async def createDatabase(self, call: Call) -> Response:
        self._latest = call.body["name"]
        await asyncio.sleep(WHILE)
        call.body = {**call.body, "name": self._latest}
        return await super().createDatabase(call)


@defect("PB-NEG-21")
class MetadataOfTheLatestRequest(AssetHandlers):
    """Keeps the metadata of an asset where the next request overwrites them before they are sent."""

    _shown: Response | None = None

    async def getAsset(self, call: Call) -> Response:
        if not call.query.get("meta"):
            return await super().getAsset(call)
        self._shown = await super().getAsset(call)
        await asyncio.sleep(WHILE / 20)
        return self._shown


@defect("PB-NEG-21")
class JobOfTheLatestRequest(JobHandlers):
    """Keeps the id of the job that is asked for where the next request overwrites it."""

    _latest: str = ""

    async def getExportJob(self, call: Call) -> Response:
        self._latest = call.path["jobId"]
        await asyncio.sleep(WHILE / 20)
        call.path["jobId"] = self._latest
        return await super().getExportJob(call)
