"""Fourth round, PixieBrix, jobs, archives and assets: faults that were thought up from contract.md alone."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from ..servers.strict import jobs
from ..servers.strict.__main__ import Strict
from ..servers.strict.files import Archives, Assets, line
from ..servers.strict.rest import Call, Reply
from ..servers.strict.storage import Storage
from ..servers.strict.web import Answer, Refused, Request
from ..servers.strict.world import ORGANIZATION, Archive, Asset, Blob, Database, Row, Vault, fresh
from .registry import Kind, around, instead, pixiebrix, unlocked

BATCH = 1000
Rows = list[tuple[Database, Row]]


# Export jobs: the link gives exactly the chosen databases' records
@pixiebrix(Kind.SAME_TIME, "documented")
def jobs_share_a_buffer(server: Strict) -> None:
    """All jobs gather their records in one buffer, so two jobs at once export what the later one chose."""
    buffer: Rows = []

    def sharing(right: Any) -> Any:
        def artifact(media: str, rows: Rows) -> Any:
            buffer[:] = rows
            with unlocked(server):
                pass
            return right(media, list(buffer))

        return artifact

    instead(jobs, "_artifact", sharing)


# Export jobs: name is a label; the link gives exactly the chosen databases' records
@pixiebrix(Kind.AFTER, "documented")
def artifact_stored_by_name(server: Strict) -> None:
    """The artifact is stored under the job's name, so a second job of that name replaces the first one's."""

    def named(right: Any, call: Call) -> Reply:
        reply: Reply = right(call)
        job = call.vault.jobs[reply.data["id"]]
        blob = call.vault.blobs.pop(job.key)
        job.key = f"exports/{job.name}.{job.key.rpartition('.')[2]}"
        call.vault.blobs[job.key] = blob
        return reply

    around(server, "createExportJob", named)


# Export jobs: one or more databases; exactly the chosen databases' records
@pixiebrix(Kind.IDENTITY, "documented")
def keys_are_unique_in_an_export(_: Strict) -> None:
    """An export collects records by their key, so of a key in two databases only one record is there."""

    def collected(right: Any) -> Any:
        return lambda media, rows: right(media, list({row.key: (held, row) for held, row in rows}.values()))

    instead(jobs, "_artifact", collected)


# Export jobs: filters.start_date, filters.end_date are ISO 8601 timestamps
@pixiebrix(Kind.COMPARED, "documented")
def offsets_are_dropped(_: Strict) -> None:
    """The offset of a timestamp in a job's filters is dropped, and the time of the day taken as UTC."""

    def dropped(right: Any) -> Any:
        def moment(filters: dict[str, Any], name: str) -> datetime | None:
            found: datetime | None = right(filters, name)
            return None if found is None else found.replace(tzinfo=UTC)

        return moment

    instead(jobs, "_moment", dropped)


# Export jobs: the link gives exactly the chosen databases' records
@pixiebrix(Kind.SIZES, "documented")
def last_batch_is_left_out(_: Strict) -> None:
    """An export reads batches of 1,000, and an incomplete one after the first is left out."""

    def rounded(right: Any) -> Any:
        return lambda media, rows: right(media, rows[: max(1, len(rows) // BATCH) * BATCH])

    instead(jobs, "_artifact", rounded)


# Archives and retention: every record that was updated on that date
@pixiebrix(Kind.LONG, "documented")
def archives_by_creation(_: Strict) -> None:
    """The file of a date has the records created on it, so one that was updated on it only is missing."""

    def written(_: Any) -> Any:
        def write(vault: Vault, database: Database, day: date) -> None:
            rows = [row for row in database.rows.values() if row.created.date() == day]
            key = f"archives/{database.id}/{day.isoformat()}.jsonl"
            text = "".join(json.dumps(line(database, row)) + "\n" for row in rows)
            database.archives[day] = Archive(fresh(), day, key, vault.clock.now())
            vault.blobs[key] = Blob(text.encode(), "application/x-ndjson", vault.clock.now())

        return staticmethod(write)

    instead(Archives, "_write", written)


# Archives and retention: each link works for 1 hour
@pixiebrix(Kind.LONG, "documented")
def age_without_its_days(server: Strict) -> None:
    """A link's age leaves out whole days, so an expired link works again for an hour each day."""

    def forgetting(right: Any) -> Any:
        def read(self: Storage, request: Request, key: str) -> Answer:
            stamp = dict(request.pairs).get("X-Amz-Date", "")
            if not re.fullmatch(r"\d{8}T\d{6}Z", stamp):
                answer: Answer = right(self, request, key)
                return answer
            signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            days = timedelta(days=(server.clock.now() - signed).days)
            server.clock.ahead -= days
            try:
                answer = right(self, request, key)
            finally:
                server.clock.ahead += days
            return answer

        return read

    instead(Storage, "_read", forgetting)


# Archives and retention: asking the endpoint again gives a fresh link
@pixiebrix(Kind.LONG, "documented")
def archive_links_are_kept(_: Strict) -> None:
    """The link of an archive is signed once and kept, so after an hour the list still has the old one."""
    kept: dict[str, str] = {}

    def keeping(right: Any) -> Any:
        def shown(self: Archives, database: Database, one: Archive) -> dict[str, Any]:
            found: dict[str, Any] = right(self, database, one)
            return found | {"file": kept.setdefault(one.id, found["file"])}

        return shown

    instead(Archives, "_shown", keeping)


# Archives and retention: paginated, ordering=date ascending
@pixiebrix(Kind.COMBINED, "documented")
def ordered_within_the_page(server: Strict) -> None:
    """The page is cut from the descending list, and `ordering=date` turns round only what is on it."""

    def within(right: Any, call: Call) -> Reply:
        reply: Reply = right(call)
        if call.request.one("ordering") != "date":
            return reply
        pairs = [pair for pair in call.request.pairs if pair[0] != "ordering"]
        descending: Reply = right(replace(call, request=replace(call.request, query=urlencode(pairs))))
        return replace(reply, data=descending.data[::-1])

    around(server, "listRecordArchives", within)


# Archives and retention: the oldest date(s) until the count is back under the limit
@pixiebrix(Kind.LONG, "documented")
def one_night_archives_one_date(_: Strict) -> None:
    """A night archives the oldest date once and does not look whether the count is still above the limit."""

    def once(right: Any) -> Any:
        def night(self: Archives, vault: Vault) -> None:
            today, limit = vault.clock.now().date(), self.record_limit
            self.record_limit = 10**9
            right(self, vault)
            self.record_limit = limit
            for database in vault.databases.values():
                if len(database.rows) > limit:
                    oldest = min(row.updated.date() for row in database.rows.values())
                    left = {key: row for key, row in database.rows.items() if row.updated.date() != oldest}
                    database.rows = left if oldest < today else database.rows

        return night

    instead(Archives, "night", once)


# Archives and retention: archived records are no longer in the records API
@pixiebrix(Kind.LONG, "documented")
def archived_record_from_a_cache(server: Strict) -> None:
    """A record read by its key is cached until somebody writes, and the night that archives is no write."""
    cache: dict[tuple[int, str, str], Reply] = {}
    writes = ("createRecords", "putRecords", "clearRecords", "putRecord", "deleteRecord", "deleteDatabase")

    def through(right: Any, call: Call) -> Reply:
        where = (id(call.vault), call.database().id, call.ids["key"])
        if where not in cache:
            cache[where] = right(call)
        return cache[where]

    def emptying(right: Any, call: Call) -> Reply:
        cache.clear()
        reply: Reply = right(call)
        return reply

    around(server, "getRecord", through)
    for name in writes:
        around(server, name, emptying)


# Assets: the download is 404 unless is_uploaded is true
@pixiebrix(Kind.AFTER, "documented")
def stored_counts_as_uploaded(server: Strict) -> None:
    """The download looks whether the file is stored, not whether the asset was marked as uploaded."""

    def stored(right: Any, call: Call) -> Reply:
        asset = Assets._asset(call)
        marked = asset.uploaded
        if call.request.one("meta") != "true":
            asset.uploaded = f"assets/{asset.id}" in call.vault.blobs
        try:
            reply: Reply = right(call)
        finally:
            asset.uploaded = marked
        return reply

    around(server, "getAsset", stored)


# Assets: created with a filename, which the metadata has
@pixiebrix(Kind.FIDELITY, "inferred")
def filename_made_valid(server: Strict) -> None:
    """The file name is made safe for a disk: blanks become underscores, and most punctuation is left out."""

    def valid(right: Any, call: Call) -> Reply:
        reply: Reply = right(call)
        asset = call.database().assets[reply.data["asset"]["id"]]
        asset.filename = re.sub(r"[^-\w.]", "", asset.filename.strip().replace(" ", "_"))
        return replace(reply, data={**reply.data, "asset": Assets.shown(call, asset)})

    around(server, "createAsset", valid)


# Assets: one of another database: 404
@pixiebrix(Kind.IDENTITY, "inferred")
def asset_of_any_database(_: Strict) -> None:
    """An asset is looked up by its id alone, so the path of another database of the organization finds it."""

    def anywhere(right: Any) -> Any:
        def found(call: Call) -> Asset:
            try:
                asset: Asset = right(call)
            except Refused:
                call.database()
                wanted = call.ids["asset"].lower()
                mine = [one for one in call.vault.databases.values() if one.organization == ORGANIZATION]
                for database in mine:
                    if wanted in database.assets:
                        return database.assets[wanted]
                raise
            return asset

        return staticmethod(found)

    instead(Assets, "_asset", anywhere)
