"""The files behind PixieBrix's links that nobody uploaded: artifacts and archives, rendered on request."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from ... import artifacts
from ...extension_point import ExtensionPoint
from ...sandbox.sandbox import Sandbox
from ...state.instants import parse_date
from ...state.lifecycle import HasStates
from ...storage.downloads import Item, rendered
from ...storage.errors import NoSuchKey
from .keys import archive_key, export_key
from .state.jobs import Job
from .state_of import state_of

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES = {
    "application/json": "application/json",
    "text/csv": "text/csv; charset=utf-8",
    "application/xlsx": _XLSX,
}


class PixieBrixFiles:
    """How the files are rendered."""

    async def find(self, sandbox: HasStates, key: str, now: int) -> Item | None:
        """The file under a key; None for a key of something else.

        Raises:
            NoSuchKey: there is none, or none yet: a job that has not succeeded.
        """
        match key.split("/"):
            case ["exports", job_id, _]:
                job = state_of(sandbox).jobs.get(job_id)
                if job is None or job.status(now) != "SUCCESS" or key != export_key(job):
                    raise NoSuchKey(key)
                return await self.artifact(job, key)
            case ["archives", database_id, name]:
                return await _archive(sandbox, key, database_id, name)
        return None

    async def artifact(self, job: Job, key: str) -> Item:
        """The exported data of a job that has succeeded. Raises `NoSuchKey`."""
        rows = artifacts.Pairs(job.parts)
        kind, name = _TYPES[job.media_type], job.artifact_name()
        modified = job.created_at if job.finishes_at is None else job.finishes_at
        if job.media_type == "application/xlsx":
            try:
                chunks = iter([await asyncio.to_thread(artifacts.export_xlsx, rows, job.created_at)])
            except artifacts.ArtifactTooLarge:
                # Such a job fails when it is created; one that was loaded may not have.
                raise NoSuchKey(key) from None
        elif job.media_type == "text/csv":
            with suppress(artifacts.UnforeseenField):
                # Looking for the columns in all records takes a quarter of the time, and most have the same.
                chunks = artifacts.export_csv(rows, artifacts.first_fields(rows))
                return await rendered(chunks, kind, name, modified)
            chunks = artifacts.export_csv(rows)
        else:
            chunks = artifacts.export_json(rows)
        return await rendered(chunks, kind, name, modified)


FILES: Final = ExtensionPoint("pixiebrix.files", PixieBrixFiles)


async def stored(sandbox: Sandbox, key: str, now: int) -> Item | None:
    """The file under a key, as the sandbox is served. Raises `NoSuchKey`."""
    return await sandbox.implementation[FILES].find(sandbox, key, now)


async def _archive(sandbox: HasStates, key: str, database_id: str, name: str) -> Item:
    try:
        day = parse_date(name.removesuffix(".jsonl"))
    except ValueError:
        raise NoSuchKey(key) from None
    database = state_of(sandbox).databases.get(database_id)
    archive = None if database is None else database.archives.get(day)
    if archive is None or key != archive_key(database_id, day):
        raise NoSuchKey(key)
    chunks = artifacts.archive_jsonl(database_id, archive.rows)
    return await rendered(chunks, "application/x-ndjson", name, archive.updated_at)
