"""PixieBrix that does well for a day, and not for several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from ....state.errors import NotFound
from ....state.instants import DAY, HOUR, day_of
from ....variants.defect import defect
from ....web.call import Call
from ..handlers.archives import ArchiveHandlers
from ..handlers.assets import AssetHandlers
from ..handlers.jobs import JobHandlers
from ..state.archives import Archive
from ..state.assets import Asset
from ..state.databases import Database
from ..state.jobs import Job, select
from ..state.pixiebrix import PixieBrixState
from ..state_of import state_of


@defect("PB-ARCH-25")
class OnlyTheLastNight(PixieBrixState):
    """Runs the nightly job of the last midnight alone where several have passed."""

    def catch_up(self, now: int, new_id: Callable[[], str]) -> None:
        if now >= self.next_midnight:
            self.next_midnight = day_of(now) * DAY
        super().catch_up(now, new_id)


@defect("PB-ARCH-26", "PB-RET-12")
class OldFilesForgetTheDeleted(PixieBrixState):
    """Leaves a record that was deleted out of older files at the next night."""

    def _nightly(self, midnight: int, new_id: Callable[[], str]) -> None:
        super()._nightly(midnight, new_id)
        limit = day_of(midnight) - 1
        for database in self.databases.values():
            for day, archive in database.archives.items():
                if day < limit and len(database.records) < self.record_limit:
                    rows = [row for row in archive.rows if row[2] in database.records]
                    database.archives[day] = replace(archive, rows=rows)


@defect("PB-LINK-09")
class LinkOfTheFirstAnswer(ArchiveHandlers):
    """Gives the link that it gave before as long as that works, however little is left of its hour."""

    def __init__(self) -> None:
        super().__init__()
        self._given: dict[tuple[str, int], tuple[int, dict[str, Any]]] = {}

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        key, now = (database.id, archive.day), call.sandbox.now()
        since, shown = self._given.get(key, (now - HOUR, {}))
        if now - since >= HOUR:
            since, shown = now, super().describe_archive(archive, database, call)
            self._given[key] = since, shown
        return shown


@defect("PB-JOB-53")
class OldJobsExportAnew(JobHandlers):
    """Makes the data of a job anew from what there is a day later."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        if call.sandbox.now() > job.created_at + DAY:
            databases = state_of(call.sandbox).databases
            job.parts = select(databases, job.databases, job.start, job.end)
        return super().describe_job(job, call)


@defect("PB-ASSET-43")
class FilesExpire(AssetHandlers):
    """Finds no file any more for an asset that was marked more than thirty days ago."""

    def download(self, asset: Asset, call: Call) -> Response:
        if call.sandbox.now() > asset.updated_at + 30 * DAY:
            raise NotFound("asset", asset.id)
        return super().download(asset, call)
