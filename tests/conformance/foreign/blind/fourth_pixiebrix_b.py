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
from . import first_pixiebrix_a, second_pixiebrix_b, third_pixiebrix_b
from .registry import Kind, around, instead, pixiebrix, unlocked

BATCH = 1000
Rows = list[tuple[Database, Row]]


# Export jobs: the link gives exactly the chosen databases' records
@pixiebrix(Kind.SAME_TIME, "documented")
def jobs_share_a_buffer(server: Strict) -> None:
    """All jobs gather their records in one buffer, so two jobs at once export what the later one chose."""
    buffer: Rows = []

    @instead(jobs, "_artifact")
    def artifact(right: Any, media: str, rows: Rows) -> Any:
        buffer[:] = rows
        with unlocked(server):
            pass
        return right(media, list(buffer))


# Export jobs: name is a label; the link gives exactly the chosen databases' records
@pixiebrix(Kind.AFTER, "documented", like=third_pixiebrix_b.jobs_of_one_name_share_an_artifact)
def artifact_stored_by_name(_: Strict) -> None:
    """The artifact is stored under the job's name, so a second job of that name replaces the first one's."""


# Export jobs: one or more databases; exactly the chosen databases' records
@pixiebrix(Kind.IDENTITY, "documented")
def keys_are_unique_in_an_export(_: Strict) -> None:
    """An export collects records by their key, so of a key in two databases only one record is there."""

    instead(jobs, "_artifact")(
        lambda right, media, rows: right(media, list({row.key: (held, row) for held, row in rows}.values()))
    )


# Export jobs: filters.start_date, filters.end_date are ISO 8601 timestamps
@pixiebrix(Kind.COMPARED, "documented", like=first_pixiebrix_a.offset_of_timestamp_dropped)
def offsets_are_dropped(_: Strict) -> None:
    """The offset of a timestamp in a job's filters is dropped, and the time of the day taken as UTC."""


# Export jobs: the link gives exactly the chosen databases' records
@pixiebrix(Kind.SIZES, "documented")
def last_batch_is_left_out(_: Strict) -> None:
    """An export reads batches of 1,000, and an incomplete one after the first is left out."""

    instead(jobs, "_artifact")(
        lambda right, media, rows: right(media, rows[: max(1, len(rows) // BATCH) * BATCH])
    )


# Archives and retention: every record that was updated on that date
@pixiebrix(Kind.LONG, "documented")
def archives_by_creation(_: Strict) -> None:
    """The file of a date has the records created on it, so one that was updated on it only is missing."""

    @instead(Archives, "_write")
    def write(_: Any, vault: Vault, database: Database, day: date) -> None:
        rows = [row for row in database.rows.values() if row.created.date() == day]
        key = f"archives/{database.id}/{day.isoformat()}.jsonl"
        text = "".join(json.dumps(line(database, row)) + "\n" for row in rows)
        database.archives[day] = Archive(fresh(), day, key, vault.clock.now())
        vault.blobs[key] = Blob(text.encode(), "application/x-ndjson", vault.clock.now())


# Archives and retention: each link works for 1 hour
@pixiebrix(Kind.LONG, "documented")
def age_without_its_days(server: Strict) -> None:
    """A link's age leaves out whole days, so an expired link works again for an hour each day."""

    @instead(Storage, "_read")
    def read(right: Any, self: Storage, request: Request, key: str) -> Answer:
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


# Archives and retention: asking the endpoint again gives a fresh link
@pixiebrix(Kind.LONG, "documented")
def archive_links_are_kept(_: Strict) -> None:
    """The link of an archive is signed once and kept, so after an hour the list still has the old one."""
    kept: dict[str, str] = {}

    @instead(Archives, "_shown")
    def shown(right: Any, self: Archives, database: Database, one: Archive) -> dict[str, Any]:
        found: dict[str, Any] = right(self, database, one)
        return found | {"file": kept.setdefault(one.id, found["file"])}


# Archives and retention: paginated, ordering=date ascending
@pixiebrix(Kind.COMBINED, "documented")
def ordered_within_the_page(server: Strict) -> None:
    """The page is cut from the descending list, and `ordering=date` turns round only what is on it."""

    @around(server, "listRecordArchives")
    def within(right: Any, call: Call) -> Reply:
        reply: Reply = right(call)
        if call.request.one("ordering") != "date":
            return reply
        pairs = [pair for pair in call.request.pairs if pair[0] != "ordering"]
        descending: Reply = right(replace(call, request=replace(call.request, query=urlencode(pairs))))
        return replace(reply, data=descending.data[::-1])


# Archives and retention: the oldest date(s) until the count is back under the limit
@pixiebrix(Kind.LONG, "documented", like=second_pixiebrix_b.one_date_a_night)
def one_night_archives_one_date(_: Strict) -> None:
    """A night archives the oldest date once and does not look whether the count is still above the limit."""


# Archives and retention: archived records are no longer in the records API
@pixiebrix(Kind.LONG, "documented")
def archived_record_from_a_cache(server: Strict) -> None:
    """A record read by its key is cached until somebody writes; the night that archives does not count."""
    cache: dict[tuple[int, str, str], Reply] = {}
    writes = ("createRecords", "putRecords", "clearRecords", "putRecord", "deleteRecord", "deleteDatabase")

    @around(server, "getRecord")
    def through(right: Any, call: Call) -> Reply:
        where = (id(call.vault), call.database().id, call.ids["key"])
        if where not in cache:
            cache[where] = right(call)
        return cache[where]

    def emptying(right: Any, call: Call) -> Reply:
        cache.clear()
        reply: Reply = right(call)
        return reply

    for name in writes:
        around(server, name)(emptying)


# Assets: the download is 404 unless is_uploaded is true
@pixiebrix(Kind.AFTER, "documented")
def stored_counts_as_uploaded(server: Strict) -> None:
    """The download looks whether the file is stored, not whether the asset was marked as uploaded."""

    @around(server, "getAsset")
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


# Assets: created with a filename, which the metadata has
@pixiebrix(Kind.FIDELITY, "inferred")
def filename_made_valid(server: Strict) -> None:
    """The file name is made safe for a disk: blanks become underscores, and most punctuation is left out."""

    @around(server, "createAsset")
    def valid(right: Any, call: Call) -> Reply:
        reply: Reply = right(call)
        asset = call.database().assets[reply.data["asset"]["id"]]
        asset.filename = re.sub(r"[^-\w.]", "", asset.filename.strip().replace(" ", "_"))
        return replace(reply, data={**reply.data, "asset": Assets.shown(call, asset)})


# Assets: one of another database: 404
@pixiebrix(Kind.IDENTITY, "inferred")
def asset_of_any_database(_: Strict) -> None:
    """An asset is looked up by its id alone, so the path of another database of the organization finds it."""

    @instead(Assets, "_asset")
    def found(right: Any, call: Call) -> Asset:
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
