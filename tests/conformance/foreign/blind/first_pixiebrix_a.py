"""Faults of PixieBrix that show over time: in flight, just after, days later, and in a comparison."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ..servers.strict import __main__ as front
from ..servers.strict import databases, jobs, records
from ..servers.strict.__main__ import Strict
from ..servers.strict.files import Archives
from ..servers.strict.rest import Call, Reply, detail
from ..servers.strict.world import Archive, Blob, Database, Row, Vault
from .registry import Kind, around, instead, pixiebrix, unlocked

Put = Callable[[Call, Database, dict[str, Any], str], Row]


@pixiebrix(Kind.SAME_TIME, "published")
def merge_loses_neighbour(server: Strict) -> None:
    """A merge reads the record, and writes the whole of it later: what another merge wrote since is lost."""

    @instead(records, "_put")
    def change(right: Put, call: Call, database: Database, item: dict[str, Any], key: str) -> Row:
        old = database.rows.get(key)
        if old is not None and item.get("merge_strategy", "replace") not in {"", "replace"}:
            with unlocked(server):
                pass
            database.rows[key] = old
        return right(call, database, item, key)


@pixiebrix(Kind.SAME_TIME, "published")
def version_of_neighbour(server: Strict) -> None:
    """The version of the request is kept in a variable of the process: lists in flight take the last one."""
    current = ["1.0"]

    @around(server, "listRecords")
    def change(right: Callable[[Call], Reply], call: Call) -> Reply:
        current[0] = call.version
        with unlocked(server):
            pass
        return right(replace(call, version=current[0]))


@pixiebrix(Kind.AFTER, "published")
def deleted_record_merged(server: Strict) -> None:
    """A deleted record is only marked so: a later merge into its key brings its data back."""
    graves: dict[tuple[str, str], Row] = {}

    @around(server, "deleteRecord")
    def removed(right: Callable[[Call], Reply], call: Call) -> Reply:
        database = call.database()
        row = database.rows.get(call.ids["key"])
        reply = right(call)
        if row is not None:
            graves[database.id, row.key] = row
        return reply

    @instead(records, "_put")
    def change(right: Put, call: Call, database: Database, item: dict[str, Any], key: str) -> Row:
        grave = graves.pop((database.id, key), None)
        if grave is not None and item.get("merge_strategy", "replace") not in {"", "replace"}:
            database.rows.setdefault(key, grave)
        return right(call, database, item, key)


@pixiebrix(Kind.AFTER, "published")
def missing_record_remembered(server: Strict) -> None:
    """A key that was not found stays missing for half a minute, unless it is written by its own path."""
    missing: dict[tuple[str, str], datetime] = {}

    @around(server, "getRecord")
    def got(right: Callable[[Call], Reply], call: Call) -> Reply:
        database, now = call.database(), server.clock.now()
        key = (database.id, call.ids["key"])
        if now < missing.get(key, now):
            raise detail(404, "Not found.")
        if key[1] not in database.rows:
            missing[key] = now + timedelta(seconds=30)
        return right(call)

    @around(server, "putRecord")
    def put(right: Callable[[Call], Reply], call: Call) -> Reply:
        missing.pop((call.database().id, call.ids["key"]), None)
        return right(call)


@pixiebrix(Kind.AFTER, "published")
def count_remembered(server: Strict) -> None:
    """`num_records` is counted once in five seconds."""
    counts: dict[str, tuple[datetime, int]] = {}

    @instead(databases, "shown")
    def shown(right: Callable[[Database], dict[str, Any]], one: Database) -> dict[str, Any]:
        now = server.clock.now()
        then, count = counts.get(one.id, (now - timedelta(days=1), 0))
        if now >= then + timedelta(seconds=5):
            then, count = counts[one.id] = now, len(one.rows)
        return {**right(one), "num_records": count}


@pixiebrix(Kind.LONG, "documented")
def only_last_night(_: Strict) -> None:
    """The night makes the file of yesterday only: after nights that were missed, earlier dates have none."""

    @instead(Archives, "_write")
    def write(
        right: Callable[[Vault, Database, date], None], vault: Vault, database: Database, day: date
    ) -> None:
        if day == vault.clock.now().date() - timedelta(days=1):
            right(vault, database, day)


@pixiebrix(Kind.LONG, "documented")
def link_kept_for_two_hours(server: Strict) -> None:
    """The link of an archive is kept for two hours, though it works for one."""
    kept: dict[str, tuple[datetime, Any]] = {}

    @instead(Archives, "_shown")
    def shown(
        right: Callable[[Archives, Database, Archive], dict[str, Any]],
        archives: Archives,
        database: Database,
        one: Archive,
    ) -> dict[str, Any]:
        item, now = right(archives, database, one), server.clock.now()
        if one.id not in kept or now >= kept[one.id][0] + timedelta(hours=2):
            kept[one.id] = now, item["file"]
        return {**item, "file": kept[one.id][1]}


@pixiebrix(Kind.LONG, "documented")
def archives_made_again(_: Strict) -> None:
    """Every night makes the files of all dates again, without the records that were updated since."""

    @instead(Archives, "night")
    def night(right: Callable[[Archives, Vault], None], archives: Archives, vault: Vault) -> None:
        for database in vault.databases.values():
            left = {row.updated.date() for row in database.rows.values()}
            for day, archive in list(database.archives.items()):
                if day in left:
                    archives._write(vault, database, day)
                    database.archives[day] = archive
        right(archives, vault)


@pixiebrix(Kind.LONG, "documented")
def artifact_named_by_second(server: Strict) -> None:
    """The artifact of a job is named by the second: of two jobs in one, both links give the later one's."""

    @around(server, "createExportJob")
    def change(right: Callable[[Call], Reply], call: Call) -> Reply:
        reply = right(call)
        job = call.vault.jobs[reply.data["id"]]
        blob = call.vault.blobs.pop(job.key)
        job.key = f"exports/{job.created:%Y%m%d%H%M%S}.{job.key.rpartition('.')[2]}"
        call.vault.blobs[job.key] = blob
        return reply


@pixiebrix(Kind.COMPARED, "documented")
def last_day_of_the_calendar(_: Strict) -> None:
    """An `end_date` is compared by the day after it, which 9999-12-31 does not have: 500."""

    @instead(records, "_day")
    def day(right: Callable[[Call, str], date | None], call: Call, name: str) -> date | None:
        found = right(call, name)
        if name == "end_date" and found == date.max:
            raise detail(500, "A server error occurred.")
        return found


@pixiebrix(Kind.COMPARED, "documented")
def offset_of_timestamp_dropped(_: Strict) -> None:
    """The offset of a timestamp in a job's filters is ignored, and the rest taken for UTC."""

    @instead(jobs, "_moment")
    def moment(right: Callable[..., datetime | None], filters: dict[str, Any], name: str) -> datetime | None:
        found = right(filters, name)
        return found and found.replace(tzinfo=UTC)


@pixiebrix(Kind.TRANSPORT, "published")
def version_needs_a_blank(_: Strict) -> None:
    """The version is seen only after a semicolon and a blank; without the blank it is the default."""

    instead(front, "negotiate")(
        lambda right, accept, operation: right(re.sub(r";version=[^,;]*", "", accept), operation)
    )


@pixiebrix(Kind.TRANSPORT, "published")
def links_without_port(_: Strict) -> None:
    """The addresses in Link have the host's name without its port."""

    instead(Call, "_at")(
        lambda right, call, page: re.sub(r"^(http://[^/:]+):[0-9]+", r"\1", right(call, page))
    )


@pixiebrix(Kind.FIDELITY, "documented")
def archive_lines_broken(_: Strict) -> None:
    """An archive is put together from its lines as Unicode sees them: U+2028 in a text breaks one in two."""

    @instead(Archives, "_write")
    def write(
        right: Callable[[Vault, Database, date], None], vault: Vault, database: Database, day: date
    ) -> None:
        right(vault, database, day)
        key = database.archives[day].key
        blob = vault.blobs[key]
        items = [json.loads(one) for one in blob.content.decode().split("\n") if one]
        text = "\n".join(json.dumps(one, ensure_ascii=False) for one in items)
        lines = "".join(f"{one}\n" for one in text.splitlines())
        vault.blobs[key] = Blob(lines.encode(), blob.kind, blob.stored)
