"""The PixieBrix side: organizations, databases, records, archives, assets and export jobs.

Instants are passed in (`now`, µs), ids are drawn from `new_id`; nothing here knows a clock or chance. Callers
run `catch_up` before they read or write, so that every nightly job whose midnight has passed has been done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from ....state.errors import BrokenSchema, InvalidInput, NotFound
from ....state.instants import DAY, day_of
from .archives import Archive
from .assets import Asset, filename_errors
from .databases import Database, Organization, database_errors
from .jobs import Job, Part, job_errors, owners, select
from .merging import MergeStrategy
from .nightly import run_nightly
from .records import DATA, Discarded, RecordTable, Row, merged
from .throttle import RequestCounter

_WRITABLE = ("name", "type", "enforce_schema", "owner_field")

Item = tuple[str, dict[str, Any], MergeStrategy]
"""(key, data, how the data merges into a record that exists)."""


class PixieBrixState:
    """Everything PixieBrix remembers. Its dictionaries are by id, in order of creation."""

    __slots__ = ("databases", "jobs", "latest", "next_midnight", "organizations", "record_limit", "requests")

    table: ClassVar[type[RecordTable]] = RecordTable
    """What its databases keep their records in."""

    def __init__(self, record_limit: int = 500_000, *, now: int = 0) -> None:
        self.record_limit = record_limit
        self.organizations: dict[str, Organization] = {}
        self.databases: dict[str, Database] = {}
        self.jobs: dict[str, Job] = {}
        self.requests = RequestCounter()
        self.latest = now
        self.rewind(now)

    # Time

    def catch_up(self, now: int, new_id: Callable[[], str]) -> None:
        """Run the nightly jobs whose midnight has passed, each exactly once."""
        self.latest = now
        if now < self.next_midnight:
            return
        today = day_of(now)
        ended = day_of(self.next_midnight) - 1
        # Nobody writes between two midnights that are caught up with, so after the first one only the nights
        # that end a date with records can change anything.
        nights = {ended}
        for database in self.databases.values():
            nights.update(day for day in database.records.days() if ended < day < today)
        for day in sorted(nights):
            self._nightly((day + 1) * DAY, new_id)
        self.rewind(now)

    def late(self, now: int) -> int:
        """How many records a night that has passed may concern; 0 while there is none."""
        if now < self.next_midnight:
            return 0
        return sum(len(database.records) for database in self.databases.values())

    def _nightly(self, midnight: int, new_id: Callable[[], str]) -> None:
        """The nightly job at one midnight, for all databases."""
        run_nightly(self.databases.values(), midnight, self.record_limit, new_id)

    def rewind(self, now: int) -> None:
        """Set the next nightly job to the midnight after `now`.

        For after loading and after the clock was moved back; moved forward, it would leave nights out.
        """
        self.next_midnight = (day_of(now) + 1) * DAY

    def clock_moved(self, now: int) -> None:
        """The clock was set: nights that came nearer again are still to come; what has ended has ended."""
        for job in self.jobs.values():
            job.keep_ended(self.latest, now)
        if now < self.next_midnight:
            self.rewind(now)

    def set_like(self, other: PixieBrixState) -> None:
        """Take over the other's record limit."""
        self.record_limit = other.record_limit

    # Organizations and databases

    def organization(self, id: str) -> Organization:  # noqa: A002
        """Raises `NotFound`."""
        try:
            return self.organizations[id]
        except KeyError:
            raise NotFound("organization", id) from None

    def list_databases(self, org_id: str) -> list[Database]:
        """The organization's databases in order of creation. Raises `NotFound`."""
        self.organization(org_id)
        return [database for database in self.databases.values() if database.organization_id == org_id]

    def create_database(
        self,
        org_id: str | None,
        name: str,
        type: str,  # noqa: A002  # the field's name
        *,
        enforce_schema: bool,
        now: int,
        new_id: Callable[[], str],
        owner_field: str | None = None,
    ) -> Database:
        """Make a database of an organization, or (None) of the user's own.

        Raises `NotFound` for the organization, `InvalidInput` keyed by field.
        """
        if org_id is not None:
            self.organization(org_id)
        self._check_fields(name, type, owner_field)
        database = Database(
            new_id(), name, org_id, now, enforce_schema, owner_field, type, records=self.table()
        )
        self.databases[database.id] = database
        return database

    def database(self, id: str) -> Database:  # noqa: A002
        """Raises `NotFound`."""
        try:
            return self.databases[id]
        except KeyError:
            raise NotFound("database", id) from None

    def database_of(self, org_id: str, db_id: str) -> Database:
        """An organization's database. Raises `NotFound`, also for another organization's."""
        self.organization(org_id)
        database = self.database(db_id)
        if database.organization_id != org_id:
            raise NotFound("database", db_id)
        return database

    def update_database(self, id: str, changes: Mapping[str, Any]) -> Database:  # noqa: A002
        """Change fields of a database: `name`, `type`, `enforce_schema`, `owner_field`; others stay.

        Raises `NotFound`, `InvalidInput` keyed by field.
        """
        database = self.database(id)
        fields = {name: changes.get(name, getattr(database, name)) for name in _WRITABLE}
        self._check_fields(fields["name"], fields["type"], fields["owner_field"])
        for name, value in fields.items():
            setattr(database, name, value)
        return database

    def _check_fields(self, name: str, type: str, owner_field: str | None) -> None:  # noqa: A002
        """Raises `InvalidInput` keyed by field."""
        errors = database_errors(name, type, owner_field)
        if errors:
            raise InvalidInput(errors)

    def delete_database(self, id: str) -> Database:  # noqa: A002
        """Remove a database with all that is in it; what jobs have exported stays. Raises `NotFound`."""
        database = self.database(id)
        del self.databases[id]
        return database

    # Records

    def put_record(
        self, db_id: str, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int
    ) -> tuple[Row, bool]:
        """Write one record: its row, and whether it is new.

        Raises `NotFound`, `MalformedJSON`, `InvalidInput` for what breaks the database's schema.
        """
        database = self.database(db_id)
        table = database.records
        old = table.get(key)[DATA] if key in table else None
        raw = self._merged(old, data, strategy)
        errors = self._schema_errors(database, [raw])
        if errors:
            raise InvalidInput(errors[0])
        result = table.store(key, raw, now)
        self._written(database, now)
        return result

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        """Write all of the records or, on an error, none: the row that each item made.

        An item whose key another one before it has written merges into that. Raises `NotFound` for the
        database, `MalformedJSON`, `BrokenSchema` for what breaks the database's schema.
        """
        database = self.database(db_id)
        table, merge = database.records, self._merged
        there = table.keys()
        written: dict[str, bytes] = {}
        final: list[tuple[str, bytes]] = []
        for key, data, strategy in items:
            old = written.get(key)
            if old is None and key in there:
                old = table.get(key)[DATA]
            written[key] = raw = merge(old, data, strategy)
            final.append((key, raw))
        errors = self._schema_errors(database, (raw for _, raw in final))
        if errors:
            raise BrokenSchema(errors)
        if final:
            self._written(database, now)
        return table.store_all(final, now)

    def _schema_errors(self, database: Database, written: Iterable[bytes]) -> list[dict[str, Any]]:
        """What breaks the schema of a database that enforces one: one dict a record, none if all is well."""
        schema = database.enforced
        if schema is None:
            return []
        found = [{"data": wrong} if wrong else {} for wrong in schema.problems(written)]
        return found if any(found) else []

    def _merged(self, old: bytes | None, data: dict[str, Any], strategy: MergeStrategy) -> bytes:
        """The data of a record after a write, as compact JSON; `old` is None for a new one."""
        return merged(old, data, strategy)

    def _written(self, database: Database, now: int) -> None:
        database.last_write_at = now
        # A write can come late, on a date whose night has been: then that night is to come again, or the
        # record would be missing from the file of its date.
        self.next_midnight = min(self.next_midnight, (day_of(now) + 1) * DAY)

    def get_record(self, db_id: str, key: str) -> Row:
        """Raises `NotFound`, also for an archived record."""
        try:
            return self.database(db_id).records.get(key)
        except KeyError:
            raise NotFound("record", key) from None

    def delete_record(self, db_id: str, key: str, now: int) -> Row:
        """Remove one record. Raises `NotFound`."""
        database = self.database(db_id)
        try:
            row = database.records.delete(key)
        except KeyError:
            raise NotFound("record", key) from None
        database.last_write_at = now
        return row

    def clear_records(self, db_id: str, now: int) -> Discarded:
        """Remove all records; archives stay. Raises `NotFound` for the database."""
        database = self.database(db_id)
        database.last_write_at = now
        return database.records.clear()

    def delete_records(self, db_id: str, rows: Iterable[Row], now: int) -> list[Row]:
        """Remove these records, in order of creation, unless written to meanwhile. Raises `NotFound`."""
        database = self.database(db_id)
        gone = database.records.remove(rows)
        if gone:
            database.last_write_at = now
        return gone

    # Export jobs

    def create_job(
        self,
        name: str,
        database_ids: Iterable[str],
        media_type: str,
        start: int | None,
        end: int | None,
        *,
        now: int,
        duration_us: int | None,
        new_id: Callable[[], str],
    ) -> Job:
        """Start an export of the records created between `start` and `end`, both inclusive, as they are now.

        The job ends `duration_us` after its creation (None: never). A database named twice counts once.
        Raises `InvalidInput` keyed by field.
        """
        ids = list(database_ids)
        errors = self._job_errors(name, ids, media_type)
        if errors:
            raise InvalidInput(errors)
        chosen = tuple(dict.fromkeys(ids))
        finishes_at = None if duration_us is None else now + duration_us
        parts = self._shared(self._selected(chosen, start, end))
        job = Job(new_id(), name, chosen, media_type, start, end, now, finishes_at, None, parts)
        job.organizations = owners(self.databases, chosen)
        self.jobs[job.id] = job
        return job

    def _shared(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """The same, with the lists of the job before where they hold the same rows: no job is forgotten."""
        before = dict(next(reversed(self.jobs.values())).parts) if self.jobs else {}
        return tuple((id_, before[id_] if before.get(id_) == rows else rows) for id_, rows in parts)

    def _job_errors(self, name: str, ids: list[str], media_type: str) -> dict[str, Any]:
        """What is wrong with a job request, keyed by field."""
        return job_errors(name, ids, media_type, self.databases)

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        """The records that a job exports."""
        return select(self.databases, ids, start, end)

    def load_job(
        self,
        *,
        id: str,  # noqa: A002
        name: str,
        databases: tuple[str, ...],
        media_type: str,
        start: int | None,
        end: int | None,
        created_at: int,
        finishes_at: int | None,
        error_message: str | None,
    ) -> Job:
        """Add a job that exists already; it exports what the databases hold now. Raises `NotFound`."""
        for id_ in databases:
            self.database(id_)
        parts = self._selected(databases, start, end)
        job = Job(id, name, databases, media_type, start, end, created_at, finishes_at, error_message, parts)
        job.organizations = owners(self.databases, databases)
        self.jobs[job.id] = job
        return job

    def job(self, id: str) -> Job:  # noqa: A002
        """Raises `NotFound`."""
        try:
            return self.jobs[id]
        except KeyError:
            raise NotFound("job", id) from None

    # Archives

    def archives(self, org_id: str, db_id: str, *, descending: bool = True) -> list[Archive]:
        """The database's archives by date. Raises `NotFound`, also for another organization's database."""
        database = self.database_of(org_id, db_id)
        return [database.archives[day] for day in sorted(database.archives, reverse=descending)]

    # Assets

    def create_asset(self, db_id: str, filename: str, now: int, new_id: Callable[[], str]) -> Asset:
        """Make an asset that is not uploaded yet. Raises `NotFound`, `InvalidInput` for the file name."""
        database = self.database(db_id)
        errors = self._filename_errors(filename)
        if errors:
            raise InvalidInput(errors)
        asset = Asset(new_id(), db_id, filename, is_uploaded=False, created_at=now, updated_at=now)
        database.assets[asset.id] = asset
        return asset

    def _filename_errors(self, filename: str) -> dict[str, Any]:
        """What is wrong with an asset's file name, keyed by field."""
        return filename_errors(filename)

    def list_assets(self, db_id: str) -> list[Asset]:
        """The database's assets in order of creation. Raises `NotFound`."""
        return list(self.database(db_id).assets.values())

    def asset(self, db_id: str, id: str) -> Asset:  # noqa: A002
        """Raises `NotFound`, also for another database's asset."""
        try:
            return self.database(db_id).assets[id]
        except KeyError:
            raise NotFound("asset", id) from None

    def patch_asset(
        self,
        db_id: str,
        id: str,  # noqa: A002
        *,
        is_uploaded: bool | None,
        now: int,
    ) -> Asset:
        """Update an asset's mark (None leaves it); `updated_at` moves in any case. Raises `NotFound`."""
        asset = self.asset(db_id, id).patched(is_uploaded=is_uploaded, now=now)
        self.database(db_id).assets[id] = asset
        return asset

    def fork(self, kind: type[PixieBrixState] | None = None) -> PixieBrixState:
        """An independent state with the same contents; records are shared until either side writes.

        `kind` is the class of the new state, by default that of this one.
        """
        other = (kind or type(self))(self.record_limit)
        other.organizations = self.organizations.copy()
        other.databases = {id_: database.fork(other.table) for id_, database in self.databases.items()}
        other.jobs = {id_: job.fork() for id_, job in self.jobs.items()}
        other.requests = self.requests.fork()
        other.next_midnight, other.latest = self.next_midnight, self.latest
        return other

    def release(self) -> None:
        """Give a fork up, so that the other side need not copy its records when it writes."""
        for database in self.databases.values():
            database.records.release()
