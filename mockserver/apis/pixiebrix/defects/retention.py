"""Wrong nights: what leaves a database that holds too many records (document: Data Retention Policy)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from ....state.errors import InvalidInput, NotFound
from ....state.instants import day_of
from ....variants.defect import defect
from ..handlers.records import RecordHandlers
from ..pagination import Page
from ..state.databases import Database
from ..state.filters import Filter
from ..state.merging import MergeStrategy
from ..state.nightly import close_date, retain, write
from ..state.pixiebrix import Item, PixieBrixState
from ..state.records import DATA, KEY, RecordTable, Row

# What leaves


class _Night(PixieBrixState):
    """Writes the files of the night as they should be, and then takes dates of its own choice out."""

    def _nightly(self, midnight: int, new_id: Callable[[], str]) -> None:
        today = day_of(midnight)
        for database in self.databases.values():
            close_date(database, today - 1, midnight, new_id)
        leaving = [
            (database, self._leaving(database, [day for day in database.records.days() if day < today]))
            for database in self.databases.values()
        ]
        for database, days in leaving:
            for day in days:
                write(database, day, database.records.remove_day(day), midnight, new_id)

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        """The dates that leave; each has left when the next one is asked for."""
        return _until(database, self.record_limit, days)


def _until(database: Database, limit: int, days: Iterable[int]) -> Iterator[int]:
    """These dates, one by one, as long as a database has more records than this."""
    for day in days:
        if len(database.records) <= limit:
            return
        yield day


@defect("PB-RET-01", wait=True)
class LimitIsAPowerOfTwo(PixieBrixState):
    """Lets a database hold 524,288 records, the power of two that is near half a million."""

    def __init__(self, record_limit: int = 500_000, *, now: int = 0) -> None:
        super().__init__(2**19 if record_limit == 500_000 else record_limit, now=now)


@defect("PB-RET-01", "PB-RET-02", wait=True)
class FullTakenForTooFull(_Night):
    """Archives the oldest date of a database that has as many records as it may, and no more."""

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        return _until(database, self.record_limit - 1, days)


@defect("PB-RET-05", "PB-RET-09", "PB-RET-14")
class OneTooManyTolerated(_Night):
    """Leaves one record more in a database than it may have."""

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        return _until(database, self.record_limit + 1, days)


@defect("PB-RET-05", "PB-RET-14")
class ArchivedButNotDeleted(_Night):
    """Archives the records of the oldest dates and leaves them in the database."""

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        return iter(())


@defect("PB-RET-06", "PB-RET-09")
class NewestDateLeavesFirst(_Night):
    """Archives the newest dates and keeps the oldest ones."""

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        return _until(database, self.record_limit, days[::-1])


@defect("PB-RET-06", "PB-RET-09")
class LargestDateLeavesFirst(_Night):
    """Archives the dates with the most records, which is the quickest way to the limit."""

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        days = sorted(days, key=database.records.count_on, reverse=True)
        return _until(database, self.record_limit, days)


@defect("PB-RET-08", "PB-RET-13")
class HalfTheDatabaseLeaves(_Night):
    """Archives dates until half of the records that there may be are left."""

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        if len(database.records) <= self.record_limit:
            return iter(())
        return _until(database, self.record_limit // 2, days)


@defect("PB-RET-08", "PB-RET-14")
class OnlyTheLastDateStays(_Night):
    """Archives all dates but the last of a database that has too many records."""

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        return iter(days[:-1] if len(database.records) > self.record_limit else ())


@defect("PB-RET-09")
class OneDateANight(_Night):
    """Archives a single date a night, even if that is not enough."""

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        return _until(database, self.record_limit, days[:1])


@defect("PB-RET-05", "PB-RET-14")
class NightEndsTooEarly(PixieBrixState):
    """Ends the night at the first database that is within its limit, and leaves out all others."""

    def _nightly(self, midnight: int, new_id: Callable[[], str]) -> None:
        for database in self.databases.values():
            close_date(database, day_of(midnight) - 1, midnight, new_id)
        for database in self.databases.values():
            if len(database.records) <= self.record_limit:
                return
            retain(database, day_of(midnight), self.record_limit, midnight, new_id)


@defect("PB-RET-14")
class LastDateNeverLeaves(_Night):
    """Keeps the last date, for a database is not to be empty."""

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        return _until(database, self.record_limit, days[:-1])


@defect("PB-RET-02", "PB-RET-04", "PB-RET-13")
class AllDatabasesCountTogether(_Night):
    """Counts the records of all databases of an organization against the limit of each."""

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        others = sum(
            len(other.records)
            for other in self.databases.values()
            if other.organization_id == database.organization_id and other is not database
        )
        return _until(database, self.record_limit - others, days)


@defect("PB-RET-13")
class DateLeavesAllDatabases(_Night):
    """Takes a date that leaves one database out of all others, too."""

    def _leaving(self, database: Database, days: list[int]) -> Iterator[int]:
        for day in super()._leaving(database, days):
            for other in self.databases.values():
                if other is not database:
                    other.records.remove_day(day)
            yield day


@defect("PB-RET-07", "PB-RET-09", "PB-RET-14")
class PartOfADateLeaves(PixieBrixState):
    """Archives the oldest records, and no more than have to go, though it leaves a date in two parts."""

    def _nightly(self, midnight: int, new_id: Callable[[], str]) -> None:
        for database in self.databases.values():
            close_date(database, day_of(midnight) - 1, midnight, new_id)
            surplus = len(database.records) - self.record_limit
            for row in database.records.slice(0, max(0, surplus)):
                database.records.delete(row[KEY])


# When


@defect("PB-RET-04")
class ArchivesAtOnce(PixieBrixState):
    """Archives the oldest date as soon as a record too many is written, and does not wait for the night."""

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        rows = super().put_records(db_id, items, now)
        # every date before the present one has its file already
        retain(self.database(db_id), day_of(now), self.record_limit, now, lambda: "")
        return rows


@defect("PB-RET-03")
class FullDatabaseRefuses(PixieBrixState):
    """Refuses new records when a database has as many as it may."""

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        several = list(items)
        if len(self.database(db_id).records) + len(several) > self.record_limit:
            raise InvalidInput({"id": ["The database is full."]})
        return super().put_records(db_id, several, now)


@defect("PB-RET-03")
class FullDatabaseForgets(PixieBrixState):
    """Accepts records above the limit, and keeps none of them."""

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        rows = super().put_records(db_id, items, now)
        table = self.database(db_id).records
        for row in table.slice(self.record_limit, len(table)):
            table.delete(row[KEY])
        return rows


# What becomes of it


@defect("PB-RET-12")
class DeletedButNotArchived(PixieBrixState):
    """Deletes the oldest dates with their files, so that nothing is left of them."""

    def _nightly(self, midnight: int, new_id: Callable[[], str]) -> None:
        before = {id_: database.records.days() for id_, database in self.databases.items()}
        super()._nightly(midnight, new_id)
        for id_, database in self.databases.items():
            for day in set(before[id_]) - set(database.records.days()):
                database.archives.pop(day, None)


class _Attic(RecordTable):
    """Keeps what leaves."""

    attic: tuple[Row, ...] = ()

    def remove_day(self, day: int) -> list[Row]:
        gone = super().remove_day(day)
        self.attic = (*self.attic, *gone)
        return gone


@defect("PB-RET-10", also=(_Attic,))
class FiltersFindWhatLeft(RecordHandlers):
    """Finds archived records in the list of records where it is filtered by a field."""

    async def _select(
        self, table: RecordTable, bounds: tuple[int, int], filters: list[Filter], page: Page
    ) -> tuple[list[Row], bool]:
        rows, more = await super()._select(table, bounds, filters, page)
        if not filters or not isinstance(table, _Attic):
            return rows, more
        found = [row for row in table.attic if all(one.matches(row[DATA]) for one in filters)]
        return found + rows, more


@defect("PB-RET-11")
class KeysFindWhatLeft(PixieBrixState):
    """Looks a record that is not in the database up in its archives."""

    def get_record(self, db_id: str, key: str) -> Row:
        try:
            return super().get_record(db_id, key)
        except NotFound:
            archives = self.database(db_id).archives.values()
            found = [row for row in chain.from_iterable(one.rows for one in archives) if row[KEY] == key]
            if not found:
                raise
            return found[-1]


@defect("PB-RET-15")
class ArchivedDataMerged(PixieBrixState):
    """Merges data into what the archives hold under the key, where the database has no such record."""

    def put_record(
        self, db_id: str, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int
    ) -> tuple[Row, bool]:
        database = self.database(db_id)
        rows = chain.from_iterable(one.rows for one in database.archives.values())
        archived = [row for row in rows if row[KEY] == key]
        if archived and key not in database.records and strategy is not MergeStrategy.REPLACE:
            database.records.store(key, archived[-1][DATA], now)
        return super().put_record(db_id, key, data, strategy, now)
