"""The second blind round: faults of PixieBrix in jobs, artifacts, archives, nights, links and assets.

Each names the heading of the contract that it breaks.
"""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ..servers.strict import files, jobs
from ..servers.strict.__main__ import Strict
from ..servers.strict.files import Archives, attachment
from ..servers.strict.rest import Call, Reply, cell, invalid
from ..servers.strict.storage import HOUR
from ..servers.strict.web import Refused
from ..servers.strict.world import Database, Job, Row, Vault
from .registry import Kind, around, instead, pixiebrix

Run = Callable[[Call], Reply]


def _job(call: Call, reply: Reply) -> Job:
    return call.vault.jobs[reply.data["id"]]


# 2. Export jobs: the link gives exactly the chosen databases' records
@pixiebrix(Kind.SAME_TIME, "documented")
def jobs_of_one_name_share_a_file(server: Strict) -> None:
    """Two jobs of one name in one second write the same file, so both links give the later's records."""

    @around(server, "createExportJob")
    def change(right: Run, call: Call) -> Reply:
        reply = right(call)
        job = _job(call, reply)
        content = call.vault.blobs.pop(job.key)
        ending = job.key.rpartition(".")[2]
        label = hashlib.sha256(job.name.encode()).hexdigest()[:16]
        job.key = f"exports/{job.created:%Y%m%dT%H%M%S}-{label}.{ending}"
        call.vault.blobs[job.key] = content
        return reply


# 2. Export jobs: on success `data` is a link to the exported data
@pixiebrix(Kind.LONG, "documented")
def job_link_never_renewed(server: Strict) -> None:
    """A finished job gives its first link for ever, also after the hour in which that link works."""

    @around(server, "getExportJob")
    def change(right: Run, call: Call) -> Reply:
        reply = right(call)
        job = _job(call, reply)
        if job.link:
            job.link_until = datetime.max.replace(tzinfo=UTC)
        return reply


# 2. Export jobs: exactly the chosen databases' records that pass the filters
@pixiebrix(Kind.COMBINED, "documented")
def dates_filter_the_first_database_only(server: Strict) -> None:
    """The dates of a job with several databases filter the first one, and the others are exported whole."""

    @around(server, "createExportJob")
    def change(right: Run, call: Call) -> Reply:
        reply = right(call)
        body, job = call.fields(), _job(call, reply)
        filters = body.get("filters") or {}
        start, end = (jobs._moment(filters, name) for name in ("start_date", "end_date"))
        chosen = jobs._databases(call, body)
        rows = [
            (database, row)
            for database in chosen
            for row in sorted(database.rows.values(), key=lambda row: (row.created, row.key))
            if database is not chosen[0]
            or ((start is None or row.created >= start) and (end is None or row.created <= end))
        ]
        media = body.get("media_type", "application/json")
        blob = call.vault.blobs[job.key]
        call.vault.blobs[job.key] = replace(blob, content=jobs._artifact(media, rows))
        return reply


# 2. Export jobs: exactly the records, in the chosen format
@pixiebrix(Kind.FIDELITY, "documented")
def empty_texts_become_null_in_json(_: Strict) -> None:
    """In a job's JSON the empty texts are null, as the query behind it takes both for the same."""

    @instead(jobs, "_artifact")
    def artifact(right: Any, media: str, rows: list[tuple[Database, Row]]) -> Any:
        if media != "application/json":
            return right(media, rows)
        data = [{k: None if v == "" else v for k, v in row.data.items()} for _, row in rows]
        pairs = zip(rows, data, strict=True)
        return right(media, [(database, replace(row, data=new)) for (database, row), new in pairs])


# 2. Export jobs: exactly the records, in the chosen format
@pixiebrix(Kind.IDENTITY, "documented")
def workbook_shares_texts_without_case(_: Strict) -> None:
    """In a job's workbook texts that differ only in case all come out as the first of them."""

    @instead(jobs, "_workbook")
    def workbook(right: Any, columns: list[str], rows: list[list[Any]]) -> Any:
        shared: dict[str, str] = {}
        texts = [[shared.setdefault(cell(one).lower(), cell(one)) for one in row] for row in rows]
        return right(columns, texts)


# 2. Archives and retention: each link works for 1 hour, and asking again gives a fresh one
@pixiebrix(Kind.AFTER, "documented")
def archive_links_kept_for_the_hour(server: Strict) -> None:
    """Archives asked for again within the hour have the same links, with less than an hour left."""
    right, kept = server.storage.link, dict[tuple[str, str], tuple[datetime, str]]()

    def link(key: str, disposition: str) -> str:
        now, hour = server.clock.now(), timedelta(seconds=HOUR)
        made, found = kept.get((key, disposition), (now - hour, ""))
        if not key.startswith("archives/") or not now - hour < made <= now:
            made, found = now, right(key, disposition)
            kept[(key, disposition)] = (made, found)
        return found

    server.storage.link = link  # type: ignore[method-assign]


# 2. Archives and retention: every record that was updated on that date, its last version of that date
@pixiebrix(Kind.LONG, "documented")
def older_files_written_anew(_: Strict) -> None:
    """Each night writes older dates' files anew, so they lose the records that were updated since."""

    @instead(Archives, "night")
    def change(right: Any, archives: Archives, vault: Vault) -> None:
        for database in vault.databases.values():
            for day in {row.updated.date() for row in database.rows.values()} & set(database.archives):
                kept = database.archives[day]
                archives._write(vault, database, day)
                database.archives[day] = kept
        right(archives, vault)


# 2. Archives and retention: the oldest date(s), until the count is back under the limit
@pixiebrix(Kind.LONG, "documented")
def one_date_a_night(_: Strict) -> None:
    """A night takes only the oldest date away, also where the database is still over its limit without it."""

    @instead(Archives, "night")
    def change(right: Any, archives: Archives, vault: Vault) -> None:
        limit, archives.record_limit = archives.record_limit, sys.maxsize
        right(archives, vault)
        archives.record_limit = limit
        for database in vault.databases.values():
            oldest = min((row.updated.date() for row in database.rows.values()), default=None)
            if len(database.rows) > limit and oldest and oldest < vault.clock.now().date():
                kept = {key: row for key, row in database.rows.items() if row.updated.date() != oldest}
                database.rows = kept


# 2. Archives and retention: archived records are no longer in the records API
@pixiebrix(Kind.LONG, "documented")
def archived_records_answer_by_key(server: Strict) -> None:
    """A record that the night took away is still answered by its key, while the lists do not have it."""
    gone: dict[tuple[str, str], Row] = {}
    last: list[Vault] = []

    @instead(Archives, "night")
    def night(right: Any, archives: Archives, vault: Vault) -> None:
        if not last or last[0] is not vault:  # all is new
            gone.clear()
            last[:] = [vault]
        before = {one.id: dict(one.rows) for one in vault.databases.values()}
        right(archives, vault)
        for one in vault.databases.values():
            lost = {k: row for k, row in before[one.id].items() if k not in one.rows}
            gone.update({(one.id, key): row for key, row in lost.items()})

    @around(server, "getRecord")
    def change(right: Run, call: Call) -> Reply:
        database, key = call.database(), call.ids["key"]
        try:
            return right(call)
        except Refused:
            row = gone.get((database.id, key))
            if row is None:
                raise
            database.rows[key] = row
            try:
                return right(call)
            finally:
                del database.rows[key]


# 2. Archives and retention: every record that was updated on that date, its last version of that date
@pixiebrix(Kind.FIDELITY, "documented")
def empty_values_left_out_of_archives(_: Strict) -> None:
    """The lines of an archive leave out the fields that are empty, false, 0 or null."""

    @instead(files, "line")
    def line(right: Any, database: Database, row: Row) -> Any:
        found = right(database, row)
        return found | {"data": {name: value for name, value in row.data.items() if value}}


# 2. Assets: PATCH with `{"is_uploaded": true}` marks it uploaded
@pixiebrix(Kind.AFTER, "documented")
def marking_twice_unmarks(server: Strict) -> None:
    """Marking an asset as uploaded that is marked already takes the mark away."""

    @around(server, "updateAsset")
    def change(right: Run, call: Call) -> Reply:
        marked = call.database().assets.get(call.ids["asset"].lower())
        before = marked is not None and marked.uploaded
        reply = right(call)
        if marked is not None and before and call.body().get("is_uploaded") is True:
            marked.uploaded = False
            reply.data["is_uploaded"] = False
        return reply


# 2. Assets: what is downloaded is what was uploaded
@pixiebrix(Kind.IDENTITY, "inferred")
def assets_of_one_name_share_a_file(server: Strict) -> None:
    """Assets of the same file name in a database share one place, so the later upload replaces the first."""

    def place(call: Call, filename: str) -> str:
        return f"assets/{call.ids['database'].lower()}/{hashlib.sha256(filename.encode()).hexdigest()}"

    @around(server, "createAsset")
    def create(right: Run, call: Call) -> Reply:
        reply = right(call)
        _, reply.data["fields"] = server.storage.form(place(call, reply.data["asset"]["filename"]))
        return reply

    @around(server, "getAsset")
    def download(right: Run, call: Call) -> Reply:
        reply = right(call)
        if reply.status == 302:
            filename = call.database().assets[call.ids["asset"].lower()].filename
            key = place(call, filename)
            if key in call.vault.blobs:
                link = server.storage.link(key, attachment(filename))
                return replace(reply, headers=(("Location", link),))
        return reply


# 2. Assets: `filename` of 1 to 255 characters
@pixiebrix(Kind.SIZES, "published")
def filenames_counted_in_bytes(_: Strict) -> None:
    """A file name of up to 255 characters is refused where it has more than 255 bytes."""

    @instead(files, "text_field")
    def text_field(right: Any, body: dict[str, Any], name: str, limit: int) -> Any:
        value = right(body, name, limit)
        if len((value or "").encode()) > limit:
            raise invalid({name: [f"Ensure this field has no more than {limit} characters."]})
        return value
