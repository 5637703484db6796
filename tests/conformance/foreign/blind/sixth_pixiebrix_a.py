"""The sixth round, PixieBrix, first half: what meets in time, follows at once, or runs long."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ..servers.strict import records
from ..servers.strict.__main__ import Strict
from ..servers.strict.files import Archives
from ..servers.strict.rest import Call, Reply
from ..servers.strict.storage import HOUR
from ..servers.strict.web import Refused
from ..servers.strict.world import Database, Row, Vault
from . import fifth_pixiebrix_b, first_pixiebrix_a, second_pixiebrix_b, third_pixiebrix_a
from .registry import Kind, around, instead, pixiebrix, unlocked

Run = Callable[[Call], Reply]
Put = Callable[[Call, Database, dict[str, Any], str], Row]
Night = Callable[[Archives, Vault], None]


# merge_strategy shallow: the top-level keys are updated, the others stay
@pixiebrix(Kind.SAME_TIME, "published")
def shallow_merges_at_the_same_time_lose_fields(server: Strict) -> None:
    """A shallow merge reads the record and writes it whole a moment later: what came meanwhile is lost."""

    @instead(records, "_put")
    def put(right: Put, call: Call, database: Database, item: dict[str, Any], key: str) -> Row:
        old = database.rows.get(key)
        if old is None or item.get("merge_strategy") != "shallow":
            return right(call, database, item, key)
        with unlocked(server):
            data = {**old.data, **item["data"]}
        return right(call, database, {"data": data}, key)


# DELETE …/records/ is limited by the same filters as the list
@pixiebrix(Kind.SAME_TIME, "published")
def a_record_changed_meanwhile_is_cleared_too(server: Strict) -> None:
    """Clearing with filters picks the keys first and deletes them then, also where a record fits no more."""

    @around(server, "clearRecords")
    def cleared(right: Run, call: Call) -> Reply:
        if not call.request.query:
            return right(call)
        database = call.database()
        keys = [row.key for row in records.chosen(call, database)]
        with unlocked(server):
            pass
        for key in keys:
            database.rows.pop(key, None)
        return Reply(204)


# GET …/assets/:assetId?meta=true: the metadata of that asset
@pixiebrix(Kind.SAME_TIME, "documented")
def metadata_asked_at_the_same_time_are_mixed_up(server: Strict) -> None:
    """The view keeps its answer on itself, and all threads share the view: one gets another's metadata."""
    view: dict[str, Reply] = {}

    @around(server, "getAsset")
    def one(right: Run, call: Call) -> Reply:
        if call.request.one("meta") != "true":
            return right(call)
        view["answer"] = right(call)
        with unlocked(server):
            pass
        return view["answer"]


# merge_strategy decides how data merges into a record that exists
@pixiebrix(Kind.AFTER, "published", like=first_pixiebrix_a.deleted_record_merged)
def a_deleted_record_comes_back_in_a_merge(_: Strict) -> None:
    """Records are deleted softly, and a later merge into the same key brings the old data back."""


# GET /databases/:databaseId/assets/ lists the metadata
@pixiebrix(Kind.AFTER, "documented")
def the_list_of_assets_is_cached_until_one_is_created(server: Strict) -> None:
    """The list of assets is cached by the assets that it has, so a change to one of them does not show."""

    @around(server, "listAssets")
    def listed(right: Run, call: Call) -> Reply:
        reply, database = right(call), call.database()
        cache: dict[Any, Reply] = vars(database).setdefault("listed", {})
        return cache.setdefault((call.version, call.request.query, tuple(database.assets)), reply)


# GET …/assets/:assetId: 404 unless is_uploaded is true
@pixiebrix(Kind.AFTER, "documented")
def a_download_once_given_outlives_the_mark(server: Strict) -> None:
    """The redirect to the storage is cached for an hour, also where the asset is not marked any more."""

    @around(server, "getAsset")
    def one(right: Run, call: Call) -> Reply:
        asset, now = call.database().assets.get(call.ids["asset"].lower()), call.vault.clock.now()
        if asset is None or call.request.one("meta") == "true":
            return right(call)
        cached: tuple[Reply, Any] | None = vars(asset).get("redirect")
        if cached is None or now >= cached[1]:
            cached = right(call), now + timedelta(seconds=HOUR)
            vars(asset)["redirect"] = cached
        return cached[0]


# on FAILURE, error_message says why
@pixiebrix(Kind.AFTER, "published")
def the_reason_of_a_failure_is_told_once(server: Strict) -> None:
    """The message of a failed job is taken out of the queue by the first reading, and is null afterwards."""

    @around(server, "getExportJob")
    def read(right: Run, call: Call) -> Reply:
        reply = right(call)
        if reply.data["status"] == "FAILURE":
            job = vars(call.vault.jobs[reply.data["id"]])
            if job.get("told"):
                reply.data["error_message"] = None
            job["told"] = True
        return reply


# pagination: X-Total-Count is the number of what is listed
@pixiebrix(Kind.AFTER, "published", like=third_pixiebrix_a.total_counts_deleted_databases)
def the_total_counts_deleted_databases_too(_: Strict) -> None:
    """X-Total-Count comes from a counter that creating a database moves and deleting one does not."""


# archives: each link works for an hour, then asking the endpoint again gives a fresh one
@pixiebrix(Kind.LONG, "documented", like=fifth_pixiebrix_b.archive_links_are_kept_for_a_day)
def archive_links_are_cached_for_a_day(_: Strict) -> None:
    """The signed link of an archive is cached for a day, so asking again after an hour gives a dead one."""


def _after_retention(see: Callable[[Database, dict[str, Row]], None]) -> None:
    """See each database of which the night removed records, and what it had before."""

    @instead(Archives, "night")
    def night(right: Night, self: Archives, vault: Vault) -> None:
        before = {one.id: dict(one.rows) for one in vault.databases.values()}
        right(self, vault)
        for database in vault.databases.values():
            if len(database.rows) < len(before[database.id]):
                see(database, before[database.id])


# retention: the oldest date(s) are archived until the count is back under the limit
@pixiebrix(Kind.LONG, "documented", like=second_pixiebrix_b.one_date_a_night)
def the_night_archives_one_date_and_stops(_: Strict) -> None:
    """An if instead of a while: the night removes the oldest date alone, however many records are left."""


# retention: archived records are no longer accessible by the records API
@pixiebrix(Kind.LONG, "documented")
def an_archived_record_is_still_read_by_its_key(server: Strict) -> None:
    """Archived records are only flagged, and the flag is heeded by the list but not by the single record."""

    def see(database: Database, before: dict[str, Row]) -> None:
        gone = {key: row for key, row in before.items() if key not in database.rows}
        vars(database).setdefault("archived", {}).update(gone)

    @around(server, "getRecord")
    def one(right: Run, call: Call) -> Reply:
        try:
            return right(call)
        except Refused:
            row = vars(call.database()).get("archived", {}).get(call.ids["key"])
            if row is None:
                raise
            return Reply(200, records.shown(row))

    _after_retention(see)
