"""Wrong lists of record archives (document: Retrieve Archived Organization Database Records)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from starlette.responses import Response

from ....state import jsonio
from ....state.errors import NotFound
from ....state.instants import day_of, day_to_date, parse_instant
from ....variants.defect import defect
from ....web.call import Call
from ....web.problems import PermissionDenied
from ....web.responses import json_response
from ..handlers.archives import ArchiveHandlers
from ..pagination import listed
from ..state.archives import Archive
from ..state.databases import Database
from ..state.nightly import retain
from ..state.pixiebrix import PixieBrixState
from ..state_of import state_of

# The list


@defect("PB-ARCH-01")
class ArchivesInAnEnvelope(ArchiveHandlers):
    """Wraps the list of archives in an object with `results`."""

    async def listRecordArchives(self, call: Call) -> Response:
        answer = await super().listRecordArchives(call)
        answer.body = b'{"results":%b}' % bytes(answer.body)
        answer.headers["Content-Length"] = str(len(answer.body))
        return answer


@defect("PB-ARCH-03", "PB-PAGE-01", "PB-PAGE-16")
class ArchivesUnpaged(ArchiveHandlers):
    """Answers all archives of a database at once, whatever page is asked for."""

    async def listRecordArchives(self, call: Call) -> Response:
        call.query = {name: value for name, value in call.query.items() if name == "ordering"}
        return await super().listRecordArchives(call)


@defect("PB-ARCH-03", "PB-ARCH-07", "PB-PAGE-02")
class ArchivesSortedByPage(ArchiveHandlers):
    """Cuts the archives into pages first, the oldest ones first, and then puts each page in order."""

    async def listRecordArchives(self, call: Call) -> Response:
        ordering = call.query.pop("ordering", "-date")
        call.query["ordering"] = "date"
        answer = await super().listRecordArchives(call)
        items = jsonio.loads(bytes(answer.body))
        answer.body = jsonio.dumps(items if ordering == "date" else items[::-1])
        return answer


@defect("PB-ARCH-07")
class OldestArchiveFirst(ArchiveHandlers):
    """Puts the oldest date first where no order is asked for."""

    async def listRecordArchives(self, call: Call) -> Response:
        call.query.setdefault("ordering", "date")
        return await super().listRecordArchives(call)


@defect("PB-ARCH-08")
class ArchiveOrderOverlooked(ArchiveHandlers):
    """Puts the newest date first whatever order is asked for."""

    async def listRecordArchives(self, call: Call) -> Response:
        call.query.pop("ordering", None)
        return await super().listRecordArchives(call)


@defect("PB-ARCH-09")
class MinusOfTheOrderOverlooked(ArchiveHandlers):
    """Puts the oldest date first with any `ordering`, also with one that begins with a minus."""

    async def listRecordArchives(self, call: Call) -> Response:
        if "ordering" in call.query:
            call.query["ordering"] = "date"
        return await super().listRecordArchives(call)


@defect("PB-ARCH-07", "PB-ARCH-08", "PB-ARCH-09")
class ArchivesOrderedById(PixieBrixState):
    """Puts the archives in the order of their ids, which have nothing to do with their dates."""

    def archives(self, org_id: str, db_id: str, *, descending: bool = True) -> list[Archive]:
        found = super().archives(org_id, db_id, descending=descending)
        return sorted(found, key=lambda archive: archive.id)


@defect("PB-ARCH-06", "PB-ARCH-23")
class ArchivesOfTheOrganization(ArchiveHandlers):
    """Lists the archives of all databases of the organization below each of them."""

    async def listRecordArchives(self, call: Call) -> Response:
        organization, state = call.path["organizationId"], state_of(call.sandbox)
        state.archives(organization, call.path["databaseId"])
        descending = call.query.get("ordering", "-date") == "-date"
        found = [
            (archive, database)
            for database in state.list_databases(organization)
            for archive in state.archives(organization, database.id)
        ]
        found.sort(key=lambda pair: pair[0].day, reverse=descending)
        page, headers = listed(call, found)
        items = [self.describe_archive(archive, database, call) for archive, database in page]
        return json_response(items, call.answer, headers=headers)


# The items


@defect("PB-ARCH-04")
class ArchiveNamedAfterItsId(ArchiveHandlers):
    """Names the file of an archive after its id."""

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        item = super().describe_archive(archive, database, call)
        return {**item, "file": item["file"].replace(f"{item['date']}.jsonl", f"{archive.id}.jsonl")}


@defect("PB-ARCH-04")
class ArchiveNamedJson(ArchiveHandlers):
    """Names the file of an archive with the suffix .json."""

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        item = super().describe_archive(archive, database, call)
        return {**item, "file": item["file"].replace(".jsonl", ".json")}


@defect("PB-ARCH-04")
class ArchiveNamedAfterItsNight(ArchiveHandlers):
    """Names the file of an archive after the date on which it was written, one day late."""

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        item = super().describe_archive(archive, database, call)
        return {**item, "file": item["file"].replace(item["date"], day_to_date(archive.day + 1))}


@defect("PB-ARCH-05")
class DatabaseOfArchiveIsAnId(ArchiveHandlers):
    """Gives the id of an archive's database where an object with id and name belongs."""

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        return {**super().describe_archive(archive, database, call), "database": database.id}


@defect("PB-ARCH-05")
class DateOfArchiveHasATime(ArchiveHandlers):
    """Gives the date of an archive as its midnight."""

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        item = super().describe_archive(archive, database, call)
        return {**item, "date": f"{item['date']}T00:00:00Z"}


@defect("PB-ARCH-05")
class TimesOfArchiveAreNumbers(ArchiveHandlers):
    """Gives the times of an archive in milliseconds since 1970."""

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        item = super().describe_archive(archive, database, call)
        return {**item, **{name: parse_instant(item[name]) // 1_000 for name in ("created_at", "updated_at")}}


@defect("PB-ARCH-06")
class ArchiveOfTheWrongDatabase(ArchiveHandlers):
    """Gives the archive's own id for that of its database."""

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        item = super().describe_archive(archive, database, call)
        return {**item, "database": {**item["database"], "id": archive.id}}


# Which dates are there


@defect("PB-ARCH-17")
class EmptyDatesListed(PixieBrixState):
    """Lists a file for every date from the first to the last, records or not."""

    def archives(self, org_id: str, db_id: str, *, descending: bool = True) -> list[Archive]:
        found = super().archives(org_id, db_id, descending=False)
        if found:
            there = {archive.day for archive in found}
            ended = found[-1].created_at
            found += [
                Archive(_id(db_id, day), day, ended, ended, [])
                for day in range(found[0].day, found[-1].day)
                if day not in there
            ]
        return sorted(found, key=lambda archive: archive.day, reverse=descending)


@defect("PB-ARCH-18")
class FileBeforeTheDateEnds(PixieBrixState):
    """Lists a file for the present date, too, with what has been written so far."""

    def archives(self, org_id: str, db_id: str, *, descending: bool = True) -> list[Archive]:
        found = super().archives(org_id, db_id, descending=descending)
        table, today = self.database(db_id).records, day_of(self.next_midnight) - 1
        if table.count_on(today) and all(archive.day != today for archive in found):
            now = self.next_midnight
            found.insert(
                0 if descending else len(found),
                Archive(_id(db_id, today), today, now, now, table.updated_on(today)),
            )
        return found


@defect("PB-ARCH-19")
class FileADayLate(PixieBrixState):
    """Lists the file of a date a day late."""

    def archives(self, org_id: str, db_id: str, *, descending: bool = True) -> list[Archive]:
        yesterday = day_of(self.next_midnight) - 2
        found = super().archives(org_id, db_id, descending=descending)
        return [archive for archive in found if archive.day < yesterday]


@defect("PB-ARCH-19")
class OnlyWhatLeftHasFiles(PixieBrixState):
    """Writes the file of a date only when its records leave the database."""

    def _nightly(self, midnight: int, new_id: Callable[[], str]) -> None:
        for database in self.databases.values():
            retain(database, day_of(midnight), self.record_limit, midnight, new_id)


@defect("PB-ARCH-23")
class DateListedAgain(PixieBrixState):
    """Lists a date a second time when its records have left the database."""

    def archives(self, org_id: str, db_id: str, *, descending: bool = True) -> list[Archive]:
        found = super().archives(org_id, db_id, descending=descending)
        oldest = min(self.database(db_id).records.days(), default=0)
        again = [replace(one, id=_id(db_id, one.day)) for one in found if one.day < oldest]
        return sorted([*found, *again], key=lambda archive: archive.day, reverse=descending)


# What is not there


@defect("PB-ARCH-01")
class NoArchivesIsNotFound(PixieBrixState):
    """Answers the list of archives 404 where a database has none."""

    def archives(self, org_id: str, db_id: str, *, descending: bool = True) -> list[Archive]:
        found = super().archives(org_id, db_id, descending=descending)
        if not found:
            raise NotFound("archives", db_id)
        return found


@defect("PB-ARCH-22")
class NoArchivesOfTheUnknown(PixieBrixState):
    """Answers an empty list of archives where there is no such database."""

    def archives(self, org_id: str, db_id: str, *, descending: bool = True) -> list[Archive]:
        try:
            return super().archives(org_id, db_id, descending=descending)
        except NotFound:
            return []


@defect("PB-ARCH-22")
class ArchivesInAnyOrganization(PixieBrixState):
    """Lists the archives of a database below any organization."""

    def archives(self, org_id: str, db_id: str, *, descending: bool = True) -> list[Archive]:
        owner = self.database(db_id).organization_id
        return super().archives(owner or org_id, db_id, descending=descending)


@defect("PB-ARCH-22")
class UnknownArchivesForbidden(PixieBrixState):
    """Answers 403 to the archives of what does not exist."""

    def archives(self, org_id: str, db_id: str, *, descending: bool = True) -> list[Archive]:
        try:
            return super().archives(org_id, db_id, descending=descending)
        except NotFound:
            msg = "You do not have permission to perform this action."
            raise PermissionDenied(msg) from None


def _id(database: str, day: int) -> str:
    """The id of an archive that should not be there."""
    return str(uuid5(NAMESPACE_URL, f"{database}/{day}"))
