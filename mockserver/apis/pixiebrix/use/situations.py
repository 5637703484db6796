"""The situations that a client of PixieBrix can meet, each with the lines that bring it about."""

from __future__ import annotations

from typing import Any, Final

from ....coverage.situation import Line, Situation, advance, fault, midnight, settings
from ..versions import VERSIONS
from .memory import is_expired
from .recognition import (
    is_archived_since,
    is_gone,
    is_renewed_download,
    is_renewed_job,
    job_is,
    knows_asset,
    marks,
    orders,
    status,
    waited,
)
from .record_situations import RECORD_SITUATIONS
from .requesting import JSON_2, RECORDS, request


def _export(media_type: str, name: str, rule: str) -> Situation:
    order: dict[str, Any] = {"name": "Export", "databases": ["{databaseId}"], "media_type": media_type}
    return Situation(
        id=f"job-for-{name}",
        title=f"An export is ordered as {name.upper()}",
        operations=("createExportJob",),
        met=orders(media_type),
        steps=(request("POST", "/databases/records/jobs/", order),),
        rules=(rule,),
    )


_PERMISSION = (
    Situation(
        id="wrong-token",
        title="A token is not accepted, or no more",
        met=lambda exchange, _: exchange.status == 401 and "authorization" in exchange.request.headers,
        steps=(settings(tokens=["another-token"]),),
        then="call any operation",
        rules=("PB-AUTH-03",),
    ),
    Situation(
        id="no-token",
        title="A request without a token is refused",
        met=lambda exchange, _: exchange.status == 401 and "authorization" not in exchange.request.headers,
        steps=(request("GET", RECORDS, token=False),),
        rules=("PB-AUTH-02",),
    ),
    Situation(
        id="read-only-token",
        title="A token may read, but not write",
        met=lambda exchange, _: exchange.status == 403 and exchange.method != "GET",
        steps=(
            Line(
                'mock.settings(tokens=[f"{mock.token}:read-only"])',
                'curl -s -X PATCH "$DBCONTRACT_URL/_mock/settings" '
                '-d \'{"tokens": ["\'"$PIXIEBRIX_TOKEN"\':read-only"]}\'',
            ),
        ),
        then="write records",
        rules=("PB-AUTH-08",),
    ),
    Situation(
        id="request-limit",
        title="There were too many requests within a minute",
        met=status(429),
        steps=(settings(requests_per_minute=1),),
        then="call two operations",
        rules=("PB-ERR-08",),
    ),
    Situation(
        id="request-limit-waited-for",
        title="After too many requests the client waits as long as it is told, and goes on",
        met=waited,
        steps=(settings(requests_per_minute=1),),
        then="call two operations, `mock.clock.advance(minutes=1)` where your client waits, and a third",
        rules=("PB-ERR-08",),
    ),
    Situation(
        id="unknown-version",
        title="A version is refused that there is not",
        met=lambda exchange, _: (
            exchange.status == 406
            and exchange.version_asked is not None
            and exchange.version_asked not in VERSIONS
        ),
        steps=(request("GET", RECORDS, headers={"Accept": "application/json; version=9.9"}),),
        rules=("PB-NEG-05",),
    ),
    Situation(
        id="version-without-archives",
        title="Archives are refused at a version that does not have them",
        operations=("listRecordArchives",),
        met=status(406),
        steps=(
            request(
                "GET",
                "/organizations/{organizationId}/databases/{databaseId}/record-archives/",
                headers={"Accept": "application/json; version=1.0"},
            ),
        ),
        rules=("PB-ARCH-02",),
    ),
    Situation(
        id="unread-media-type",
        title="A body is refused because of its media type",
        met=status(415),
        steps=(request("POST", RECORDS, "a,b", headers={**JSON_2, "Content-Type": "text/csv"}),),
        rules=("PB-ERR-09",),
    ),
)

_JOBS = (
    Situation(
        id="job-running",
        title="An export job is asked for that has not finished",
        operations=("getExportJob",),
        met=job_is("PENDING", "STARTED", "UNKNOWN"),
        steps=(settings(job_pace={"polls": 2}),),
        then="order an export, and ask for the job",
        rules=("PB-JOB-21", "PB-JOB-23"),
    ),
    Situation(
        id="job-succeeded",
        title="An export job has succeeded",
        operations=("getExportJob",),
        met=job_is("SUCCESS"),
        steps=(settings(job_pace="immediate"),),
        then="order an export, and ask for the job",
        rules=("PB-JOB-22",),
    ),
    Situation(
        id="job-failed",
        title="An export job has failed",
        operations=("getExportJob",),
        met=job_is("FAILURE"),
        steps=(fault("createExportJob", inside={"error_message": "Too many rows."}, times=1),),
        then="order an export, and ask for the job",
        rules=("PB-JOB-19",),
    ),
    Situation(
        id="job-link-renewed",
        title="A finished job is asked for again, and has a fresh link",
        operations=("getExportJob",),
        met=is_renewed_job,
        steps=(advance(hours=2),),
        then="ask again for a job that was finished before",
        rules=("PB-LINK-05",),
    ),
    Situation(
        id="job-of-unknown-database",
        title="An export of a database that is not there is refused",
        operations=("createExportJob",),
        met=lambda exchange, _: exchange.status == 400 and "databases" in exchange.response.object,
        steps=(
            request(
                "POST",
                "/databases/records/jobs/",
                {"name": "Export", "databases": ["00000000-0000-4000-8000-000000000000"]},
            ),
        ),
        rules=("PB-JOB-17",),
    ),
    _export("application/json", "json", "PB-JOB-26"),
    _export("text/csv", "csv", "PB-JOB-27"),
    _export("application/xlsx", "xlsx", "PB-JOB-28"),
)

_FILES = (
    Situation(
        id="archive-listed",
        title="A database has record archives",
        operations=("listRecordArchives",),
        met=lambda exchange, _: exchange.status == 200 and bool(exchange.response.objects),
        steps=(midnight(),),
        then="write a record before, and list the record archives",
        rules=("PB-ARCH-01",),
    ),
    Situation(
        id="night-archived",
        title="A night has passed, and the day before it is in the archive",
        operations=("listRecordArchives",),
        met=is_archived_since,
        steps=(midnight(),),
        then="write a record before, and list the record archives",
        rules=("PB-ARCH-19", "PB-ARCH-21"),
    ),
    Situation(
        id="record-archived",
        title="A record has gone to the archive in the night, and is missed",
        operations=("getRecord", "listRecords"),
        met=is_gone,
        steps=(settings(record_limit=0), midnight()),
        then="write a record before, and read it, or list the records",
        rules=("PB-RET-10", "PB-RET-11"),
    ),
    Situation(
        id="archive-downloaded",
        title="The file of an archive is downloaded",
        operations=("downloadObject",),
        met=lambda exchange, _: exchange.succeeded and exchange.path.endswith(".jsonl"),
        steps=(midnight(),),
        then="write a record before, list the record archives, and open a `file`",
        rules=("PB-LINK-01", "PB-ARCH-10"),
    ),
    Situation(
        id="link-expired",
        title="A link is refused because its hour is over",
        operations=("downloadObject",),
        met=lambda exchange, _: is_expired(exchange),
        steps=(advance(hours=1, seconds=1),),
        then="open a link that you had before",
        rules=("PB-LINK-03", "PB-LINK-04"),
    ),
    Situation(
        id="link-renewed",
        title="After a link was refused, a fresh one to the same file works",
        operations=("downloadObject",),
        met=is_renewed_download,
        steps=(advance(hours=1, seconds=1),),
        then="open a link that you had before, ask for a fresh one, and open that",
        rules=("PB-LINK-05",),
    ),
    Situation(
        id="asset-not-uploaded",
        title="An asset is there, but cannot be downloaded: it is not uploaded",
        operations=("getAsset",),
        met=knows_asset,
        steps=(fault("getAsset", status=404, times=1),),
        then="create an asset, and download it",
        rules=("PB-ASSET-03",),
    ),
    Situation(
        id="upload",
        title="A file is uploaded with the form of its asset",
        operations=("uploadObject",),
        met=lambda exchange, _: exchange.succeeded,
        steps=(request("POST", "/databases/{databaseId}/assets/", {"filename": "notes.txt"}),),
        then="send `fields` and the file to `upload_url`",
        rules=("PB-ASSET-17",),
    ),
    Situation(
        id="upload-refused",
        title="Storage refuses an upload",
        operations=("uploadObject",),
        met=lambda exchange, _: exchange.status >= 400,
        steps=(fault("uploadObject", status=403, times=1),),
        then="upload a file",
        rules=("PB-ASSET-17",),
    ),
    Situation(
        id="asset-marked",
        title="An asset is marked as uploaded",
        operations=("updateAsset",),
        met=marks(uploaded=True),
        steps=(request("POST", "/databases/{databaseId}/assets/", {"filename": "notes.txt"}),),
        then='send `{"is_uploaded": true}` to the asset',
        rules=("PB-ASSET-15",),
    ),
    Situation(
        id="asset-downloaded",
        title="A download leads to storage",
        operations=("getAsset",),
        met=status(302),
        steps=(request("POST", "/databases/{databaseId}/assets/", {"filename": "notes.txt"}),),
        then="upload a file, mark the asset as uploaded, and download it",
        rules=("PB-ASSET-18",),
    ),
)

SITUATIONS: Final = (*RECORD_SITUATIONS, *_PERMISSION, *_JOBS, *_FILES)
