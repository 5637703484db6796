"""The fifth round's faults of PixieBrix: export jobs, archives and retention, assets."""

import sys
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..servers.strict import jobs
from ..servers.strict.__main__ import Strict
from ..servers.strict.files import Archives, Assets, attachment
from ..servers.strict.records import shown
from ..servers.strict.rest import Call, Reply
from ..servers.strict.web import Refused
from ..servers.strict.world import Archive, Database, Vault
from . import first_pixiebrix_a, fourth_pixiebrix_b, second_pixiebrix_b, third_pixiebrix_b
from .registry import Kind, around, instead, pixiebrix


# Export jobs: the link gives exactly the chosen databases' records that pass the filters
@pixiebrix(Kind.AFTER, "documented", like=third_pixiebrix_b.jobs_of_one_name_share_an_artifact)
def artifacts_are_stored_by_name(_: Strict) -> None:
    """The artifact is stored under the job's name: a later job of that name replaces the earlier one's."""


# Export jobs: filters.start_date, filters.end_date
@pixiebrix(Kind.COMBINED, "documented")
def with_a_start_there_is_no_end(_: Strict) -> None:
    """An `elif`: a job's `end_date` is looked at only where there is no `start_date`."""

    @instead(jobs, "_moment")
    def moment(right: Any, filters: dict[str, Any], name: str) -> datetime | None:
        found: datetime | None = right(filters, name)
        return None if name == "end_date" and filters.get("start_date") is not None else found


# Export jobs: the link gives exactly the chosen databases' records
@pixiebrix(Kind.IDENTITY, "documented", like=fourth_pixiebrix_b.keys_are_unique_in_an_export)
def a_key_is_exported_once(_: Strict) -> None:
    """A job gathers records by their key: of two databases' records with the same key one is left out."""


# Archives and retention: each link works for 1 hour; then it is refused
@pixiebrix(Kind.LONG, "documented", like=fourth_pixiebrix_b.age_without_its_days)
def a_link_works_again_each_day(_: Strict) -> None:
    """A link's age is taken from `timedelta.seconds`, without the days: a day later it works again."""


# Archives and retention: asking the endpoint again gives a fresh link
@pixiebrix(Kind.LONG, "documented")
def archive_links_are_kept_for_a_day(_: Strict) -> None:
    """The links of archives are cached for a day, while each works for an hour only."""

    @instead(Archives, "_shown")
    def item(right: Any, archives: Archives, database: Database, one: Archive) -> dict[str, Any]:
        found: dict[str, Any] = right(archives, database, one)
        now = archives.storage.vault().clock.now()
        until, link = vars(one).get("cached", (now, ""))
        if now >= until:
            until, link = now + timedelta(days=1), found["file"]
            vars(one)["cached"] = until, link
        return {**found, "file": link}


# Archives and retention: a file has every record that was updated on that date
@pixiebrix(Kind.LONG, "documented", like=fourth_pixiebrix_b.archives_by_creation)
def archives_hold_what_was_created(_: Strict) -> None:
    """A date's file holds the records that were created on it, without older ones updated on it."""


# Archives and retention: archived records are no longer in the records API
@pixiebrix(Kind.LONG, "documented")
def archived_records_are_found_by_key(server: Strict) -> None:
    """The night takes archived records out of the lists, but a record's own address still gives them."""

    @instead(Archives, "night")
    def night(right: Any, archives: Archives, vault: Vault) -> None:
        before = {one.id: one.rows for one in vault.databases.values()}
        right(archives, vault)
        for one in vault.databases.values():
            gone = {key: row for key, row in before[one.id].items() if key not in one.rows}
            vars(one).setdefault("cold", {}).update(gone)

    @around(server, "getRecord")
    def change(right: Any, call: Call) -> Reply:
        try:
            reply: Reply = right(call)
        except Refused:
            row = vars(call.database()).get("cold", {}).get(call.ids["key"])
            if row is None:
                raise
            return Reply(200, shown(row))
        vars(call.database()).get("cold", {}).pop(call.ids["key"], None)
        return reply


# Archives and retention: every record that was updated on that date, its last version of that date
@pixiebrix(Kind.AFTER, "documented")
def each_night_writes_old_dates_anew(_: Strict) -> None:
    """Each night writes old dates' files anew: what was updated since then is gone from its earlier date."""

    @instead(Archives, "night")
    def night(right: Any, archives: Archives, vault: Vault) -> None:
        for database in vault.databases.values():
            for row in database.rows.values():
                database.archives.pop(row.updated.date(), None)
        right(archives, vault)


# Archives and retention: the night archives all records of the oldest date(s), whole dates only
@pixiebrix(Kind.SIZES, "documented")
def retention_stops_within_a_date(_: Strict) -> None:
    """The night removes the oldest records one by one down to the limit, and leaves part of a date."""

    @instead(Archives, "night")
    def night(right: Any, archives: Archives, vault: Vault) -> None:
        limit, archives.record_limit = archives.record_limit, sys.maxsize
        right(archives, vault)
        archives.record_limit = limit
        today = vault.clock.now().date()
        for one in vault.databases.values():
            past = [row for row in one.rows.values() if row.updated.date() < today]
            oldest = sorted(past, key=lambda row: row.updated)[: max(0, len(one.rows) - limit)]
            for row in oldest:
                del one.rows[row.key]


# Archives and retention: `ordering=date` ascending, paginated
@pixiebrix(Kind.COMBINED, "documented", like=fourth_pixiebrix_b.ordered_within_the_page)
def each_page_is_ordered_alone(_: Strict) -> None:
    """`ordering=date` turns each page around after it was cut: the first page has the newest dates."""


# Archives and retention: JSON Lines, one line each
@pixiebrix(Kind.FIDELITY, "documented", like=first_pixiebrix_a.archive_lines_broken)
def lines_end_at_any_separator(_: Strict) -> None:
    """A file goes through `splitlines`, which also cuts at U+2028, U+2029 and U+0085 within a text."""


# Assets: download_url is the asset's own address
@pixiebrix(Kind.IDENTITY, "documented")
def listed_assets_share_an_address(server: Strict) -> None:
    """A closure made in a loop: in a list every asset's `download_url` is that of the page's last one."""

    @around(server, "listAssets")
    def change(right: Any, call: Call) -> Reply:
        reply: Reply = right(call)
        return replace(
            reply, data=[{**one, "download_url": reply.data[-1]["download_url"]} for one in reply.data]
        )


# Assets: filename of 1 to 255
@pixiebrix(Kind.SIZES, "published", like=second_pixiebrix_b.filenames_counted_in_bytes)
def file_names_are_counted_in_bytes(_: Strict) -> None:
    """The limit of 255 characters for a file name is counted in bytes of UTF-8."""


# Assets: 404 unless is_uploaded is true
@pixiebrix(Kind.AFTER, "documented")
def a_downloaded_asset_stays_available(server: Strict) -> None:
    """That an asset may be downloaded is remembered from its first download on, whatever it is set to."""

    @around(server, "getAsset")
    def change(right: Any, call: Call) -> Reply:
        try:
            reply: Reply = right(call)
        except Refused:
            asset = Assets._asset(call)
            if not vars(asset).get("downloaded"):
                raise
            link = server.storage.link(f"assets/{asset.id}", attachment(asset.filename))
            return Reply(302, headers=(("Location", link),))
        if reply.status == 302:
            vars(Assets._asset(call))["downloaded"] = True
        return reply
