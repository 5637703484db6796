"""Wrong databases (document: Database APIs, Retrieve Organization Database Records)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from ....state.errors import NotFound
from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import BodyRule, Validation
from ....web.problems import PermissionDenied
from ....web.responses import json_response
from ..handlers.databases import DatabaseHandlers
from ..state.databases import Database
from ..state.pixiebrix import PixieBrixState
from ..state.records import RecordTable, Row
from ..state_of import state_of


@defect("PB-DB-01", "PB-DESC-05")
class DatabasesUnderResults(DatabaseHandlers):
    """Wraps the list of databases in an object with `count` and `results`."""

    async def listDatabases(self, call: Call) -> Response:
        databases = state_of(call.sandbox).list_databases(call.path["organizationId"])
        items = [self.describe_database(database) for database in databases]
        return json_response({"count": len(items), "results": items}, call.answer)


@defect("PB-DB-07")
class EmptyDatabasesNotListed(PixieBrixState):
    """Leaves the databases that hold no records out of the list."""

    def list_databases(self, org_id: str) -> list[Database]:
        return [database for database in super().list_databases(org_id) if len(database.records)]


@defect("PB-DB-02", "PB-PAGE-03", "PB-PAGE-07", "PB-PAGE-08")
class DatabasesListedTwice(PixieBrixState):
    """Lists a database once for itself and once more for its records, as a join does."""

    def list_databases(self, org_id: str) -> list[Database]:
        found = super().list_databases(org_id)
        return [*found, *found]


@defect("PB-DB-02")
class GoneDatabasesListed(PixieBrixState):
    """Lists a database last that was deleted long ago."""

    def list_databases(self, org_id: str) -> list[Database]:
        found = super().list_databases(org_id)
        gone = [copy(one) for one in found[-1:]]
        for one in gone:
            one.id = "ffffffff-0000-4000-8000-000000000000"
        return [*found, *gone]


@defect("PB-DB-03")
class EveryOrganizationsDatabases(PixieBrixState):
    """Lists the databases of all organizations."""

    def list_databases(self, org_id: str) -> list[Database]:
        self.organization(org_id)
        return list(self.databases.values())


@defect("PB-DB-04", "PB-DESC-05")
class OrganizationInAnObject(DatabaseHandlers):
    """Shows the organization of a database as an object, and no `organization_id`."""

    def describe_database(self, database: Database) -> dict[str, Any]:
        shown = super().describe_database(database)
        shown["organization"] = {"id": shown.pop("organization_id")}
        return shown


@defect("PB-DB-04", "PB-DESC-05")
class CreationAsUnixTime(DatabaseHandlers):
    """Shows the creation of a database in seconds since 1970."""

    def describe_database(self, database: Database) -> dict[str, Any]:
        return {**super().describe_database(database), "created_at": database.created_at // 1_000_000}


@defect("PB-DB-04", "PB-DESC-05")
class NumberOfRecordsAsText(DatabaseHandlers):
    """Shows the number of records as a text with separators."""

    def describe_database(self, database: Database) -> dict[str, Any]:
        return {**super().describe_database(database), "num_records": f"{len(database.records):,}"}


@defect("PB-DB-04", "PB-DESC-05")
class NeverWrittenIsEmptyText(DatabaseHandlers):
    """Shows an empty text, not null, as the last write of a database that was never written to."""

    def describe_database(self, database: Database) -> dict[str, Any]:
        shown = super().describe_database(database)
        return {**shown, "last_write_at": shown["last_write_at"] or ""}


@defect("PB-DB-05", "PB-DESC-05")
class TypeInCapitals(DatabaseHandlers):
    """Shows the type of a database as the constant that it is in the code: KEY_VALUE."""

    def describe_database(self, database: Database) -> dict[str, Any]:
        return {**super().describe_database(database), "type": database.type.replace("-", "_").upper()}


@defect("PB-DB-05", "PB-DESC-05")
class TypeNotSet(DatabaseHandlers):
    """Shows null as the type of a database."""

    def describe_database(self, database: Database) -> dict[str, Any]:
        return {**super().describe_database(database), "type": None}


@defect("PB-DB-06")
class DatabaseCreatedWith200(DatabaseHandlers):
    """Answers the creation of a database with 200."""

    async def createDatabase(self, call: Call) -> Response:
        answer = await super().createDatabase(call)
        answer.status_code = 200
        return answer


@defect("PB-DB-06")
class NameMadeASlug(DatabaseHandlers):
    """Turns the name of a new database into letters and underscores."""

    async def createDatabase(self, call: Call) -> Response:
        slug = "".join(letter if letter.isalnum() else "_" for letter in call.body["name"])
        return await super().createDatabase(replace(call, body={**call.body, "name": slug}))


@defect("PB-DB-07")
class NewDatabaseUntitled(DatabaseHandlers):
    """Answers a creation with the name that was sent, and stores the database without one."""

    async def createDatabase(self, call: Call) -> Response:
        answer = await super().createDatabase(call)
        next(reversed(state_of(call.sandbox).databases.values())).name = "Untitled"
        return answer


@defect("PB-DB-08", "PB-RET-13")
class NewDatabasesShareRecords(PixieBrixState):
    """Lets all new databases share one table of records."""

    shared: RecordTable | None = None

    def create_database(
        self,
        org_id: str | None,
        name: str,
        type: str,  # noqa: A002 - the field's name
        *,
        enforce_schema: bool,
        now: int,
        new_id: Callable[[], str],
        owner_field: str | None = None,
    ) -> Database:
        made = super().create_database(
            org_id,
            name,
            type,
            enforce_schema=enforce_schema,
            now=now,
            new_id=new_id,
            owner_field=owner_field,
        )
        self.shared = made.records = self.shared or made.records
        return made


@defect("PB-DB-09")
class DatabaseNeedsNoName(Validation):
    """Calls a database Untitled that is created without a name."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        if rule.operation_id == "createDatabase" and isinstance(body, dict):
            body.setdefault("name", "Untitled")
        super().values(rule, body, long=long)


@defect("PB-DB-09", "PB-DESC-03", "PB-DESC-07")
class NamelessDatabaseBreaks(Validation):
    """Fails with a 500 where a database is created without a name."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        if rule.operation_id != "createDatabase":
            super().values(rule, body, long=long)


@defect("PB-DB-10")
class NumberOfRecordsStays(DatabaseHandlers):
    """Never brings the number of records of a database up to date."""

    def describe_database(self, database: Database) -> dict[str, Any]:
        return {**super().describe_database(database), "num_records": 0}


class _WritesCounted(DatabaseHandlers):
    def describe_database(self, database: Database) -> dict[str, Any]:
        writes = getattr(database.records, "writes", 0)
        return {**super().describe_database(database), "num_records": writes}


@defect("PB-DB-10", also=(_WritesCounted,))
class WritesCountedAsRecords(RecordTable):
    """Counts every write as one more record, even if it replaces one."""

    writes: int = 0

    def store_all(self, written: Iterable[tuple[str, bytes]], now: int) -> list[Row]:
        rows = super().store_all(written, now)
        self.writes += len(rows)
        return rows


@defect("PB-DB-11")
class OnlyFirstWriteTold(PixieBrixState):
    """Sets the time of the last write once, when a database is written to for the first time."""

    def _written(self, database: Database, now: int) -> None:
        first = database.last_write_at
        super()._written(database, now)
        database.last_write_at = now if first is None else first


@defect("PB-DB-11")
class LastWriteAtMidnight(DatabaseHandlers):
    """Tells the date of the last write and leaves its time at midnight."""

    def describe_database(self, database: Database) -> dict[str, Any]:
        shown = super().describe_database(database)
        last = shown["last_write_at"]
        return {**shown, "last_write_at": last and f"{last[:10]}T00:00:00.000000Z"}


@defect("PB-DB-12")
class UnknownOrganizationIsEmpty(PixieBrixState):
    """Answers an empty list for an organization that does not exist."""

    def list_databases(self, org_id: str) -> list[Database]:
        try:
            return super().list_databases(org_id)
        except NotFound:
            return []


@defect("PB-DB-12")
class UnknownOrganizationIsForbidden(PixieBrixState):
    """Answers 403 for an organization that does not exist, as nobody is a member of it."""

    def list_databases(self, org_id: str) -> list[Database]:
        try:
            return super().list_databases(org_id)
        except NotFound as error:
            msg = "You do not have permission to perform this action."
            raise PermissionDenied(msg) from error


@defect("PB-DB-12", "PB-DESC-03", "PB-DESC-07")
class UnknownOrganizationBreaks(PixieBrixState):
    """Fails with a 500 where an organization does not exist."""

    def list_databases(self, org_id: str) -> list[Database]:
        try:
            return super().list_databases(org_id)
        except NotFound as error:
            raise AttributeError(org_id) from error
