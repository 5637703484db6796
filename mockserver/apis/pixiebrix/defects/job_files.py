"""Wrong files of export jobs: where they are, their formats, and what the records look like in them."""

from __future__ import annotations

import csv
import io
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ....state import jsonio
from ....storage.app import Storage, StorageSandbox
from ....storage.downloads import Item
from ....storage.errors import AccessDenied, NoSuchKey
from ....variants.defect import defect
from ....web.call import Call
from ..files import PixieBrixFiles
from ..handlers.jobs import JobHandlers
from ..state.jobs import Job
from ..state.pixiebrix import PixieBrixState

JSON, CSV, XLSX = "application/json", "text/csv", "application/xlsx"

# Behind the link


@defect("PB-JOB-24")
class ExportNeverWritten(PixieBrixFiles):
    """Ends a job with SUCCESS before its file is in storage."""

    async def artifact(self, job: Job, key: str) -> Item:
        raise NoSuchKey(key)


@defect("PB-JOB-24")
class ExportLinkWantsTheToken(Storage):
    """Wants the token with each request to the link of a job."""

    async def download(self, sandbox: StorageSandbox, key: str, request: Request) -> Response:
        if key.startswith("exports/") and "authorization" not in request.headers:
            raise AccessDenied
        return await super().download(sandbox, key, request)


@defect("PB-JOB-24")
class EmptyExport(PixieBrixFiles):
    """Gives an empty file behind the link of a job."""

    async def artifact(self, job: Job, key: str) -> Item:
        return (await super().artifact(job, key)).rewritten(lambda _: b"")


@defect("PB-JOB-29")
class LabelNotInFileName(PixieBrixState):
    """Calls every exported file `export`, whatever the job is called."""

    def create_job(self, *args: Any, **more: Any) -> Job:
        job = super().create_job(*args, **more)
        job.name = "export"
        return job


@defect("PB-JOB-29")
class LabelCutShort(PixieBrixState):
    """Cuts the name of an exported file to ten characters."""

    def create_job(self, *args: Any, **more: Any) -> Job:
        job = super().create_job(*args, **more)
        job.name = job.name[:10]
        return job


@defect("PB-JOB-29")
class LabelEndsAtItsLastDot(PixieBrixState):
    """Puts the ending of a file in the place of what is behind the last dot of a label."""

    def create_job(self, *args: Any, **more: Any) -> Job:
        job = super().create_job(*args, **more)
        job.name = job.name.rpartition(".")[0] or job.name
        return job


@defect("PB-JOB-29")
class LabelWithoutHyphens(PixieBrixState):
    """Writes underscores in a file's name where the label has hyphens."""

    def create_job(self, *args: Any, **more: Any) -> Job:
        job = super().create_job(*args, **more)
        job.name = job.name.replace("-", "_")
        return job


# Formats


@defect("PB-JOB-28", "PB-JOB-44")
class WorkbookJobsFail(JobHandlers):
    """Ends every job for a workbook with FAILURE, for the library is not installed."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        if job.media_type == XLSX:
            job.error_message = "No module named openpyxl"
        return super().describe_job(job, call)


@defect("PB-JOB-27", "PB-JOB-44")
class CsvFileMissing(PixieBrixFiles):
    """Writes CSV exports to another place than their links lead to."""

    async def artifact(self, job: Job, key: str) -> Item:
        if job.media_type == CSV:
            raise NoSuchKey(key)
        return await super().artifact(job, key)


@defect("PB-JOB-25")
class ExportIsCsvByDefault(JobHandlers):
    """Exports CSV when an order has no media type."""

    async def createExportJob(self, call: Call) -> Response:
        call.body.setdefault("media_type", CSV)
        return await super().createExportJob(call)


@defect("PB-JOB-26", "PB-JOB-44", "PB-JOB-52")
class JsonByNameGivesCsv(JobHandlers):
    """Falls back to CSV when an order names application/json, and exports JSON by default alone."""

    async def createExportJob(self, call: Call) -> Response:
        if call.body.get("media_type") == JSON:
            call.body["media_type"] = CSV
        return await super().createExportJob(call)


@defect("PB-JOB-26", "PB-JOB-28", "PB-JOB-44")
class JobMediaTypeIgnored(JobHandlers):
    """Exports CSV whenever an order has a media type, whichever it is."""

    async def createExportJob(self, call: Call) -> Response:
        if "media_type" in call.body:
            call.body["media_type"] = CSV
        return await super().createExportJob(call)


async def _as(
    reference: Callable[[Job, str], Awaitable[Item]], job: Job, key: str, kind: str, other: str
) -> Item:
    """The file of a job, rendered as another kind if it is of this one, but called what it was."""
    item = await reference(job, key)
    if job.media_type != kind:
        return item
    item.file.close()
    found = await reference(replace(job, media_type=other), key)
    return replace(found, content_type=item.content_type, filename=item.filename)


@defect("PB-JOB-27")
class JsonNamedCsv(PixieBrixFiles):
    """Gives JSON for text/csv, under the name and media type of CSV."""

    async def artifact(self, job: Job, key: str) -> Item:
        return await _as(super().artifact, job, key, CSV, JSON)


@defect("PB-JOB-28")
class CsvNamedXlsx(PixieBrixFiles):
    """Gives CSV for application/xlsx, under the name and media type of a workbook."""

    async def artifact(self, job: Job, key: str) -> Item:
        return await _as(super().artifact, job, key, XLSX, CSV)


class _Text(PixieBrixFiles, ABC):
    """Writes the text of one kind of file otherwise."""

    kind = CSV

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        return item.rewritten(self.text) if job.media_type == self.kind else item

    @abstractmethod
    def text(self, content: bytes) -> bytes:
        """The whole file."""


@defect("PB-JOB-25", "PB-JOB-26")
class JsonExportIsJsonLines(_Text):
    """Writes one JSON object a line, where the export should be one JSON value."""

    kind = JSON

    def text(self, content: bytes) -> bytes:
        return b"".join(jsonio.dumps(item) + b"\n" for item in jsonio.loads(content))


@defect("PB-JOB-25", "PB-JOB-26")
class JsonExportIsPython(_Text):
    """Writes a JSON export with single quotes, and True and None."""

    kind = JSON

    def text(self, content: bytes) -> bytes:
        return str(jsonio.loads(content)).encode(errors="replace")


def _csv(rows: Iterable[list[str]], **options: Any) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, **options).writerows(rows)
    return out.getvalue().encode()


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


@defect("PB-JOB-27")
class ExportWithSemicolons(_Text):
    """Separates the values of a CSV export with semicolons."""

    def text(self, content: bytes) -> bytes:
        return _csv(_rows(content), delimiter=";")


@defect("PB-JOB-27")
class ExportWithTabs(_Text):
    """Separates the values of a CSV export with tabs."""

    def text(self, content: bytes) -> bytes:
        return _csv(_rows(content), delimiter="\t")


@defect("PB-JOB-27")
class ExportInOneRow(_Text):
    """Writes a comma for every line break of a CSV export."""

    def text(self, content: bytes) -> bytes:
        return content.replace(b"\r\n", b",")


@defect("PB-JOB-27", "PB-JOB-42")
class ExportInUtf16(_Text):
    """Writes a CSV export in UTF-16, as some spreadsheets like it."""

    def text(self, content: bytes) -> bytes:
        return content.decode().encode("utf-16")


@defect("PB-JOB-28")
class WorkbookCutOff(PixieBrixFiles):
    """Loses the last bytes of a workbook."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        return item.rewritten(lambda content: content[:-20]) if job.media_type == XLSX else item


def _zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


@defect("PB-JOB-28")
class WorkbookIsZippedCsv(PixieBrixFiles):
    """Packs CSV into a ZIP archive and calls it a workbook."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await _as(super().artifact, job, key, XLSX, CSV)
        return item.rewritten(lambda text: _zipped("export.csv", text)) if job.media_type == XLSX else item


@defect("PB-JOB-44")
class ExportsAreOctets(PixieBrixFiles):
    """Serves every exported file as application/octet-stream."""

    async def artifact(self, job: Job, key: str) -> Item:
        return replace(await super().artifact(job, key), content_type="application/octet-stream")


@defect("PB-JOB-44")
class ExportedCsvIsPlainText(PixieBrixFiles):
    """Serves CSV exports as text/plain."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        return replace(item, content_type="text/plain; charset=utf-8") if job.media_type == CSV else item


@defect("PB-JOB-44")
class WorkbooksAreZip(PixieBrixFiles):
    """Serves workbooks as application/zip, which is what their first bytes look like."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        return replace(item, content_type="application/zip") if job.media_type == XLSX else item
