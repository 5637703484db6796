"""The situations that a client of PixieBrix can meet, each with the lines that bring it about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....coverage.situation import Line, Request, Situation, advance, fault, midnight, settings
from ..versions import VERSIONS
from .memory import WRITES, is_expired
from .recognition import (
    DATES,
    LISTS,
    filters,
    follows_next,
    is_archived_since,
    is_capped,
    is_empty_list,
    is_gone,
    is_past_the_end,
    is_renewed_download,
    is_renewed_job,
    job_is,
    knows_asset,
    marks,
    merges,
    orders,
    status,
    waited,
)

RECORDS: Final = "/databases/{databaseId}/records/"
_JSON_2: Final = {"Accept": "application/json; version=2.0"}
_UNTIL_PAST = "1970-01-01"


def _request(
    method: str, path: str, body: Any = None, headers: Mapping[str, str] = _JSON_2, *, token: bool = True
) -> Request:
    return Request(
        method,
        path,
        body,
        headers,
        url="pixiebrix_url",
        variable="PIXIEBRIX_URL",
        ids={"databaseId": "mock.database_ids[0]", "organizationId": "mock.organization_id"},
        token="PIXIEBRIX_TOKEN" if token else None,
        without_token=not token,
    )


def _strategy(name: str, *spelled: str, what: str, rules: tuple[str, ...]) -> Situation:
    said = {} if name == "replace" else {"merge_strategy": name}
    return Situation(
        id=f"merge-{name.replace('_', '-')}",
        title=f"A record is written that exists, with the strategy `{name}`: {what}",
        operations=tuple(sorted(WRITES)),
        met=merges(*spelled),
        steps=(
            _request("PUT", f"{RECORDS}merged/", {"data": {"colors": ["red"]}}),
            _request("PUT", f"{RECORDS}merged/", {"data": {"colors": ["blue"]}, **said}),
        ),
        rules=rules,
    )


def _export(media_type: str, name: str, rule: str) -> Situation:
    order: dict[str, Any] = {"name": "Export", "databases": ["{databaseId}"], "media_type": media_type}
    return Situation(
        id=f"job-for-{name}",
        title=f"An export is ordered as {name.upper()}",
        operations=("createExportJob",),
        met=orders(media_type),
        steps=(_request("POST", "/databases/records/jobs/", order),),
        rules=(rule,),
    )


_LISTS = (
    Situation(
        id="empty-page",
        title="A list has no items",
        operations=LISTS,
        met=lambda exchange, _: is_empty_list(exchange) and not filters(exchange),
        steps=(_request("DELETE", RECORDS),),
        then="list the records of that database",
        rules=("PB-REC-16",),
    ),
    Situation(
        id="next-page",
        title="A list is longer than a page, and the link to the next one is followed",
        operations=LISTS,
        met=follows_next,
        steps=(settings(default_page_size=2),),
        then="list records at version 2.0, and follow `Link` with `rel=next`",
        rules=("PB-PAGE-07", "PB-PAGE-20"),
    ),
    Situation(
        id="page-past-the-end",
        title="A page is asked for that the list does not have, or has no more",
        operations=LISTS,
        met=is_past_the_end,
        steps=(settings(default_page_size=2),),
        then="list records at version 2.0, delete them, and follow the link to the next page",
        rules=("PB-PAGE-16",),
    ),
    Situation(
        id="capped-page",
        title="A page has fewer items than were asked for, because there is a maximum",
        operations=LISTS,
        met=is_capped,
        steps=(_request("GET", f"{RECORDS}?page_size=20000"),),
        rules=("PB-PAGE-05", "PB-REC-06"),
    ),
    Situation(
        id="date-filter",
        title="Records are filtered by dates",
        operations=("listRecords", "clearRecords"),
        met=lambda exchange, _: exchange.succeeded and any(name in DATES for name in filters(exchange)),
        steps=(_request("GET", f"{RECORDS}?start_date=2020-01-01"),),
        rules=("PB-FILT-01", "PB-FILT-02"),
    ),
    Situation(
        id="field-filter",
        title="Records are filtered by a field of their data",
        operations=("listRecords", "clearRecords"),
        met=lambda exchange, _: (
            exchange.succeeded
            and any(name.startswith("data__") and "__isnull" not in name for name in filters(exchange))
        ),
        steps=(_request("GET", f"{RECORDS}?data__user%20email=david%40example.com"),),
        rules=("PB-FILT-12", "PB-FILT-19"),
    ),
    Situation(
        id="null-filter",
        title="Records are filtered by whether a field is null",
        operations=("listRecords", "clearRecords"),
        met=lambda exchange, _: exchange.succeeded and any("__isnull" in name for name in filters(exchange)),
        steps=(_request("GET", f"{RECORDS}?data__email__isnull=true"),),
        rules=("PB-FILT-21", "PB-FILT-22"),
    ),
    Situation(
        id="filter-without-hit",
        title="No record passes a filter",
        operations=("listRecords",),
        met=lambda exchange, _: is_empty_list(exchange) and bool(filters(exchange)),
        steps=(_request("GET", f"{RECORDS}?end_date={_UNTIL_PAST}"),),
        rules=("PB-FILT-28",),
    ),
    Situation(
        id="bad-date",
        title="A date is refused that is not one",
        operations=("listRecords", "clearRecords"),
        met=lambda exchange, _: (
            exchange.status == 400 and any(name in DATES for name in exchange.response.object)
        ),
        steps=(_request("GET", f"{RECORDS}?start_date=yesterday"),),
        rules=("PB-FILT-11",),
    ),
)

_RECORDS = (
    _strategy(
        "replace",
        "",
        "replace",
        what="the new data take the place of the old",
        rules=("PB-REC-18", "PB-REC-19"),
    ),
    _strategy("shallow", "shallow", what="top-level fields are updated", rules=("PB-REC-20",)),
    _strategy("deep", "deep", what="objects are merged", rules=("PB-REC-21",)),
    _strategy("deep_append", "deep_append", what="and arrays are appended", rules=("PB-REC-22",)),
    Situation(
        id="filtered-deletion",
        title="Records are deleted that pass a filter",
        operations=("clearRecords",),
        met=lambda exchange, _: exchange.succeeded and bool(filters(exchange)),
        steps=(_request("DELETE", f"{RECORDS}?end_date={_UNTIL_PAST}"),),
        rules=("PB-REC-31",),
    ),
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
        steps=(_request("GET", RECORDS, token=False),),
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
        steps=(_request("GET", RECORDS, headers={"Accept": "application/json; version=9.9"}),),
        rules=("PB-NEG-05",),
    ),
    Situation(
        id="version-without-archives",
        title="Archives are refused at a version that does not have them",
        operations=("listRecordArchives",),
        met=status(406),
        steps=(
            _request(
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
        steps=(_request("POST", RECORDS, "a,b", headers={**_JSON_2, "Content-Type": "text/csv"}),),
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
            _request(
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
        steps=(_request("POST", "/databases/{databaseId}/assets/", {"filename": "notes.txt"}),),
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
        steps=(_request("POST", "/databases/{databaseId}/assets/", {"filename": "notes.txt"}),),
        then='send `{"is_uploaded": true}` to the asset',
        rules=("PB-ASSET-15",),
    ),
    Situation(
        id="asset-downloaded",
        title="A download leads to storage",
        operations=("getAsset",),
        met=status(302),
        steps=(_request("POST", "/databases/{databaseId}/assets/", {"filename": "notes.txt"}),),
        then="upload a file, mark the asset as uploaded, and download it",
        rules=("PB-ASSET-18",),
    ),
)

SITUATIONS: Final = (*_LISTS, *_RECORDS, *_PERMISSION, *_JOBS, *_FILES)
