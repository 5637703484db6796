"""What happens at midnight: archives are written, and retention is applied.

Database APIs: Retrieve Archived Organization Database Records, Data Retention Policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ....state.instants import DAY, day_of
from .archives import Archive
from .databases import Database
from .records import KEY, Row


def run_nightly(
    databases: Iterable[Database], midnight_us: int, record_limit: int, new_id: Callable[[], str]
) -> None:
    """The nightly job at that midnight: write the file of the date that ended, then apply retention.

    Retention removes all records of the oldest date (by last update) as long as the database holds more than
    `record_limit`: whole dates only, so it may end empty. A date that has not ended (the clock was moved
    back) cannot be archived yet, so its records stay.
    """
    today = day_of(midnight_us)
    for database in databases:
        close_date(database, today - 1, midnight_us, new_id)
        retain(database, today, record_limit, midnight_us, new_id)


def close_date(database: Database, day: int, midnight_us: int, new_id: Callable[[], str]) -> None:
    """Write the file of a date that ended, if records were updated on it."""
    table = database.records
    if table.count_on(day):
        write(database, day, table.updated_on(day), midnight_us, new_id)


def retain(
    database: Database, today: int, record_limit: int, midnight_us: int, new_id: Callable[[], str]
) -> None:
    """Move the records of the oldest dates before `today` out of a database that holds too many."""
    table = database.records
    if len(table) <= record_limit:
        return
    for day in table.days():
        if day >= today or len(table) <= record_limit:
            break
        # What leaves the table must be in a file; normally it has been there since the end of its date.
        write(database, day, table.remove_day(day), midnight_us, new_id)


def backfill(database: Database, before_day: int, new_id: Callable[[], str]) -> None:
    """Write the files that loaded records call for: of each date before `before_day` that has none yet.

    Such a file dates from the midnight that ended its date.
    """
    table = database.records
    for day in table.days():
        if day < before_day and day not in database.archives:
            write(database, day, table.updated_on(day), (day + 1) * DAY, new_id)


def write(database: Database, day: int, rows: list[Row], now: int, new_id: Callable[[], str]) -> None:
    """Write a date's file, or add to the one that exists (the clock was moved back).

    Of one key, the table's version wins: it was written last, even if the clock then stood earlier in that
    date.
    """
    present = database.archives.get(day)
    if present is None:
        database.archives[day] = Archive(new_id(), day, now, now, rows)
        return
    if rows == present.rows:
        return
    union = sorted(({row[KEY]: row for row in present.rows} | {row[KEY]: row for row in rows}).values())
    if union != present.rows:
        database.archives[day] = replace(present, updated_at=now, rows=union)
