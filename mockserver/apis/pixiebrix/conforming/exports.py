"""Unusual export jobs and archives."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ....state.instants import HOUR, SECOND, day_to_date
from ....storage.app import Storage, StorageSandbox
from ....storage.downloads import Item
from ....storage.errors import AccessDenied
from ....variants.conforming_variant import conforming
from ....web.call import Call
from ..files import PixieBrixFiles
from ..handlers.archives import ArchiveHandlers
from ..handlers.jobs import JobHandlers
from ..keys import export_key
from ..state.archives import Archive
from ..state.databases import Database
from ..state.jobs import Job

_DAY = 24


@conforming()
class JobsEndAtOnce(JobHandlers):
    """Ends export jobs before anybody can read them for the first time."""

    def end_of(self, job: Job, call: Call, now: int) -> int | None:
        job.polls_left = 0
        return now


@conforming()
class JobsEndSlowly(JobHandlers):
    """Lets export jobs be read several times before they end."""

    def end_of(self, job: Job, call: Call, now: int) -> int | None:
        job.polls_left = 4
        return now


@conforming()
class JobsWaitFirst(JobHandlers):
    """Shows jobs as pending until they have ended, although their creation is answered with STARTED."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        return {**shown, "status": "PENDING"} if shown["status"] == "STARTED" else shown


@conforming()
class LeanJobs(JobHandlers):
    """Leaves out of a job's details what has no value."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        kept = {"id", "status", "created_at"}
        return {name: value for name, value in shown.items() if value is not None or name in kept}


@conforming()
class FreshLinkEveryTime(JobHandlers):
    """Gives another link to the exported data every time that a job is read, and lets each work for a day."""

    def job_link(self, job: Job, call: Call, now: int) -> str:
        signer = call.sandbox.signer
        name = job.artifact_name()
        return signer.presigned_get(call.origin, export_key(job), now, lifetime=_DAY * HOUR, filename=name)


@conforming()
class LinksTakeTheToken(Storage):
    """Gives exported data to those who send the token along, and to nobody else."""

    async def download(self, sandbox: StorageSandbox, key: str, request: Request) -> Response:
        if not key.startswith("exports/"):
            return await super().download(sandbox, key, request)
        if "authorization" not in request.headers:
            raise AccessDenied
        others = [pair for pair in request.scope["headers"] if pair[0] != b"authorization"]
        return await super().download(sandbox, key, Request({**request.scope, "headers": others}))


@conforming()
class OtherStyleOfFiles(PixieBrixFiles):
    """Writes exports in another style: CSV with every cell quoted and other columns first, JSON indented."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        if job.media_type == "text/csv":
            return item.rewritten(_all_quoted)
        if job.media_type == "application/json":
            return item.rewritten(lambda content: json.dumps(json.loads(content), indent=2).encode())
        return replace(item, content_type="application/xlsx")


@conforming()
class PartsUnderOtherNames(PixieBrixFiles):
    """Writes workbooks whose parts are in another folder than usual."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        return item.rewritten(_in_other_folder) if job.media_type == "application/xlsx" else item


def _in_other_folder(content: bytes) -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(saved, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name in {"[Content_Types].xml", "_rels/.rels"}:
                part = part.replace(b"xl/", b"pages/")
            new.writestr(f"pages/{name.removeprefix('xl/')}" if name.startswith("xl/") else name, part)
    return saved.getvalue()


def _all_quoted(content: bytes) -> bytes:
    rows = csv.reader(io.StringIO(content.decode(), newline=""))
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([row[::-1] for row in rows])
    return text.getvalue().encode()


@conforming()
class BareFileNames(ArchiveHandlers):
    """Gives the bare name of an archive's file instead of a link to it."""

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        return {
            **super().describe_archive(archive, database, call),
            "file": f"{day_to_date(archive.day)}.jsonl",
        }


@conforming()
class ArchiveLinksLastLonger(ArchiveHandlers):
    """Signs a link to an archive so that it dies some seconds after its hour."""

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        shown = super().describe_archive(archive, database, call)
        key = f"archives/{database.id}/{shown['date']}.jsonl"
        name = f"{shown['date']}.jsonl"
        now = call.sandbox.now()
        link = call.sandbox.signer.presigned_get(
            call.origin, key, now, lifetime=HOUR + 5 * SECOND, filename=name
        )
        return {**shown, "file": link}


@conforming()
class ArchivesInAnotherStyle(Storage):
    """Writes the lines of an archive with spaces, other orders and further fields."""

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> Item:
        item = await super().find(sandbox, key, now)
        return item.rewritten(_relined) if key.startswith("archives/") else item


def _relined(content: bytes) -> bytes:
    lines = [json.loads(line) for line in content.splitlines()]
    turned = [{"version": 1, **{name: line[name] for name in sorted(line, reverse=True)}} for line in lines]
    return "".join(json.dumps(line) + "\n" for line in reversed(turned)).encode()
