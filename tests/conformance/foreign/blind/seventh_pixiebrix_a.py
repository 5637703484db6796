"""Faults of the seventh round: PixieBrix, first part."""

import os.path
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from ..servers.strict import databases, records
from ..servers.strict.__main__ import Strict
from ..servers.strict.files import attachment
from ..servers.strict.rest import Call, Reply
from ..servers.strict.world import Archive, Database, Row
from . import first_pixiebrix_a, fourth_pixiebrix_b, second_pixiebrix_b, sixth_pixiebrix_a
from .registry import Kind, around, instead, pixiebrix

FILTERS = ("start_date", "end_date", "data__")
LINK_SECONDS = 300
"""For so long a download's redirect is kept."""


# 2, databases and records: merge_strategy "shallow": update the top-level keys of a record that exists
@pixiebrix(Kind.SAME_TIME, "published", like=sixth_pixiebrix_a.shallow_merges_at_the_same_time_lose_fields)
def shallow_merge_reads_before_it_locks(_: Strict) -> None:
    """A shallow merge reads the record before it locks it: of two at the same time one is lost."""


# 2, export jobs: "The link gives exactly the chosen databases' records"
@pixiebrix(Kind.SAME_TIME, "documented", like=second_pixiebrix_b.jobs_of_one_name_share_a_file)
def jobs_of_one_second_share_an_artifact(_: Strict) -> None:
    """An artifact is stored by the job's name and the second: two jobs of one name in one second share it."""


# 2, databases and records: merge_strategy "decides how data merges into a record that exists"; DELETE …/:key/
@pixiebrix(Kind.AFTER, "published", like=first_pixiebrix_a.deleted_record_merged)
def merging_revives_a_deleted_record(_: Strict) -> None:
    """A record deleted by its key is only marked, and a merging write to the key merges into what it held."""


# 2, assets: "downloads: 404 unless is_uploaded is true"
@pixiebrix(Kind.AFTER, "documented")
def download_is_cached_past_its_mark(server: Strict) -> None:
    """The redirect of a download is kept for five minutes, though the asset lost its mark since."""
    kept: dict[tuple[str, str], tuple[datetime, Reply]] = {}

    @around(server, "getAsset")
    def change(right: Any, call: Call) -> Reply:
        if call.request.one("meta") == "true":
            return right(call)  # type: ignore[no-any-return]
        key = call.ids["database"].lower(), call.ids["asset"].lower()
        now = call.vault.clock.now()
        if key not in kept or now - kept[key][0] >= timedelta(seconds=LINK_SECONDS):
            kept[key] = now, right(call)
        return kept[key][1]


# 2, databases and records: the list's fields, "num_records"
@pixiebrix(Kind.AFTER, "published")
def counter_misses_filtered_deletions(server: Strict) -> None:
    """The number of records is a counter, which a deletion with filters does not lower."""

    @around(server, "clearRecords")
    def change(right: Any, call: Call) -> Any:
        database = call.database()
        before = len(database.rows)
        reply = right(call)
        gone = before - len(database.rows)
        filtered = any(name.startswith(FILTERS) for name, _ in call.request.pairs)
        vars(database)["missed"] = vars(database).get("missed", 0) + gone if filtered else 0
        return reply

    @instead(databases, "shown")
    def shown(right: Any, one: Database) -> dict[str, Any]:
        item: dict[str, Any] = right(one)
        return {**item, "num_records": item["num_records"] + vars(one).get("missed", 0)}


# 2, export jobs: "On FAILURE, error_message says why"
@pixiebrix(Kind.AFTER, "published", like=sixth_pixiebrix_a.the_reason_of_a_failure_is_told_once)
def failure_is_explained_once(_: Strict) -> None:
    """The reason of a failed job is taken from a queue: who reads the job again gets none."""


# 2, archives: "Each link works for 1 hour … asking the endpoint again gives a fresh link"
@pixiebrix(Kind.LONG, "documented")
def archive_link_is_kept_while_it_is_asked_for(server: Strict) -> None:
    """An archive's link is kept until nobody asked for an hour: who asks more often gets an expired one."""
    kept: dict[str, tuple[datetime, str]] = {}

    @instead(server.archives, "_shown")
    def shown(right: Any, database: Database, one: Archive) -> dict[str, Any]:
        item: dict[str, Any] = right(database, one)
        now = server.clock.now()
        if one.id in kept and now - kept[one.id][0] < timedelta(hours=1):
            item["file"] = kept[one.id][1]
        kept[one.id] = now, item["file"]
        return item


# 2, archives: "Each link works for 1 hour; then it is refused"
@pixiebrix(Kind.LONG, "documented", like=fourth_pixiebrix_b.age_without_its_days)
def link_works_again_a_day_later(_: Strict) -> None:
    """The age of a link is taken without its whole days: what expired works again for an hour each day."""


# 2, databases and records: "start_date, end_date: each optional"
@pixiebrix(Kind.LONG, "documented")
def end_date_defaults_to_the_day_of_the_start(server: Strict) -> None:
    """Where start_date is given alone, end_date is the day on which the server was started."""
    today = server.clock.now().date()

    @instead(records, "_day")
    def day(right: Any, call: Call, name: str) -> date | None:
        found: date | None = right(call, name)
        alone = name == "end_date" and call.request.one("start_date") is not None
        return today if found is None and alone else found


# 2, archives: "every record that was updated on that date, one line each"
@pixiebrix(Kind.LONG, "documented", like=first_pixiebrix_a.archives_made_again)
def night_writes_older_files_anew(_: Strict) -> None:
    """Each night writes all dates of which records are left, without those that were updated later."""


# 2, databases and records: "the records whose string field equals the value"
@pixiebrix(Kind.IDENTITY, "documented")
def filter_pads_with_spaces(_: Strict) -> None:
    """Texts that differ in spaces at their ends only are equal to a filter, as in a padding collation."""

    @instead(records, "_fits")
    def fits(right: Any, row: Row, name: str, value: str) -> bool:
        if "=" in name and not value:
            name, _, value = name.partition("=")
        mine = row.data.get(name)
        if name.endswith("__isnull") or not isinstance(mine, str):
            return bool(right(row, name, value))
        return mine.rstrip(" ") == value.rstrip(" ")


# 2, export jobs: "name: a label, part of the artifact's file name"
@pixiebrix(Kind.IDENTITY, "documented")
def artifact_name_ends_at_its_last_dot(server: Strict) -> None:
    """What follows the last dot of a job's name is replaced by the suffix in the artifact's file name."""

    @around(server, "createExportJob")
    def change(right: Any, call: Call) -> Any:
        reply = right(call)
        job = call.vault.jobs[reply.data["id"]]
        ending = job.key.rpartition(".")[2]
        changed = attachment(f"{os.path.splitext(job.name)[0]}.{ending}")  # noqa: PTH122 - a name, not a path
        call.vault.jobs[job.id] = replace(job, disposition=changed)
        return reply
