"""Wrong lists of records (document: Retrieve Organization Database Records)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from starlette.responses import Response

from .... import artifacts
from ....state import jsonio
from ....state.errors import NotFound
from ....state.instants import DAY, SECOND, parse_date
from ....variants.defect import defect
from ....web.call import Call
from ....web.negotiated import JSON
from ....web.responses import json_response
from ..handlers.records import RecordHandlers
from ..pagination import Page, Pagination
from ..state.databases import Database
from ..state.filters import FieldEquals, Filter
from ..state.pixiebrix import Item, PixieBrixState
from ..state.records import CREATED, DATA, KEY, RecordTable, Row
from ..state_of import state_of


@defect("PB-FILT-02", "PB-FILT-06", "PB-FILT-08", "PB-FILT-09")
class EndDateLeftOut(RecordHandlers):
    """Leaves the end date itself out of the list, for it reads the date as its midnight."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        low, high = super()._bounds(call, table)
        end = call.query.get("end_date")
        return low, high if end is None else max(low, table.span(None, parse_date(end) * DAY)[1])


class _Part(FieldEquals):
    def matches(self, data: bytes) -> bool:
        return self.value in str(jsonio.loads(data).get(self.field))


@defect("PB-FILT-13", "PB-FILT-14", "PB-FILT-17")
class FilterMatchesParts(RecordHandlers):
    """Keeps the records whose field holds the value of a filter anywhere in its text."""

    def _filters(self, call: Call) -> list[Filter]:
        return [
            _Part(one.field, one.value) if isinstance(one, FieldEquals) else one
            for one in super()._filters(call)
        ]


# The list


@defect("PB-REC-01")
class ListInAnEnvelope(RecordHandlers):
    """Wraps the list of records in an object, under `results`."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        if call.operation_id != "listRecords" or call.answer.media_type != JSON:
            return super()._rendered(rows, call, headers, status)
        body = b'{"results":%b}' % b"".join(artifacts.records_json(rows))
        return Response(body, status, headers, call.answer.content_type)


@defect("PB-REC-02", "PB-REC-07", "PB-NEG-22")
class NewestRecordMissing(RecordHandlers):
    """Leaves the newest record out of the list, off by one."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        low, high = super()._bounds(call, table)
        return low, max(low, high - 1)


@defect("PB-REC-02")
class FirstRecordTwice(RecordHandlers):
    """Has the first record of every page twice."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        twice = rows[:1] if call.operation_id == "listRecords" else []
        return super()._rendered([*twice, *rows], call, headers, status)


@defect("PB-REC-03", "PB-JOB-31")
class KeysOfAllDatabasesInOne(PixieBrixState):
    """Holds a key once for all databases, so that a record of that key elsewhere is gone."""

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        written = super().put_records(db_id, items, now)
        for row in written:
            for id_, other in self.databases.items():
                if id_ != db_id and row[KEY] in other.records:
                    other.records.delete(row[KEY])
        return written


@defect("PB-REC-05", "PB-REC-31")
class NoMoreThanHundreds(RecordHandlers):
    """Returns no more than 500 records with one request."""

    async def _select(
        self, table: RecordTable, bounds: tuple[int, int], filters: list[Filter], page: Page
    ) -> tuple[list[Row], bool]:
        return await super()._select(table, bounds, filters, replace(page, size=min(page.size, 500)))


@defect("PB-REC-06")
class NoLimitOfRecords(Pagination):
    """Gives as many records with one request as are asked for."""

    def size(self, call: Call, maximum: int) -> int:
        return super().size(call, 1_000_000 if call.operation_id == "listRecords" else maximum)


@defect("PB-REC-17")
class PagesOfHundreds(Pagination):
    """Gives no more than 999 items on a page, of records either."""

    def size(self, call: Call, maximum: int) -> int:
        return super().size(call, min(maximum, 999))


@defect("PB-REC-07")
class PagesAtEveryVersion(RecordHandlers):
    """Cuts the list of records into pages at version 1.0, too."""

    def _unpaged(self, call: Call) -> bool:
        return False


@defect("PB-REC-29")
class UnknownDatabaseIsEmpty(PixieBrixState):
    """Takes an unknown id for that of an empty database."""

    def database(self, id: str) -> Database:  # noqa: A002
        try:
            return super().database(id)
        except NotFound:
            return Database(id, "", "", 0, False, records=self.table())  # noqa: FBT003


@defect("PB-REC-29")
class DeletedWhereNothingIs(RecordHandlers):
    """Answers 204 to who deletes something in a database that is not there, as it is not there then."""

    async def deleteRecord(self, call: Call) -> Response:
        try:
            return await super().deleteRecord(call)
        except NotFound:
            if call.path["databaseId"] in state_of(call.sandbox).databases:
                raise
            return Response(None, 204)


# Records


@defect("PB-REC-04", "PB-DESC-05")
class CreationAsNumber(RecordHandlers):
    """Shows `created_at` as seconds since 1970 in the list of records."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        if call.operation_id != "listRecords" or call.answer.media_type != JSON:
            return super()._rendered(rows, call, headers, status)
        shown = [
            {"id": row[KEY], "data": jsonio.loads(row[DATA]), "created_at": row[CREATED] // SECOND}
            for row in rows
        ]
        return json_response(shown, call.answer, headers=headers)


@defect("PB-REC-04", "PB-DESC-05")
class CreationOnlyInDetail(RecordHandlers):
    """Leaves `created_at` out of the list of records."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        if call.operation_id != "listRecords" or call.answer.media_type != JSON:
            return super()._rendered(rows, call, headers, status)
        shown = [{"id": row[KEY], "data": jsonio.loads(row[DATA])} for row in rows]
        return json_response(shown, call.answer, headers=headers)


@defect("PB-REC-09", "PB-REC-11", "PB-REC-13", "PB-DESC-05")
class RecordInAnArray(RecordHandlers):
    """Answers the key of a record with an array of one."""

    async def getRecord(self, call: Call) -> Response:
        answer = await super().getRecord(call)
        if not call.answer.media_type.endswith("json"):
            return answer
        body = b"[%b]" % bytes(answer.body)
        return Response(body, answer.status_code, None, answer.headers["content-type"])


@defect("PB-REC-09", "PB-REC-11")
class LatestRecordForEveryKey(PixieBrixState):
    """Gives the latest record, whichever key is asked for, if that exists."""

    def get_record(self, db_id: str, key: str) -> Row:
        super().get_record(db_id, key)
        return self.database(db_id).records.rows()[-1]


@defect("PB-REC-12", "PB-REC-15")
class UnknownKeyIsAnEmptyRecord(RecordHandlers):
    """Answers an unknown key with a record without data."""

    async def getRecord(self, call: Call) -> Response:
        try:
            return await super().getRecord(call)
        except NotFound as error:
            if error.what != "record":
                raise
            return self._one((call.sandbox.now(), 0, call.path["recordKey"], 0, b"{}"), call, 200)


@defect("PB-REC-12")
class NearestKeyFound(PixieBrixState):
    """Answers an unknown key with the record whose key is the beginning of it."""

    def get_record(self, db_id: str, key: str) -> Row:
        rows = self.database(db_id).records.rows()
        near = [row for row in rows if key.startswith(row[KEY])]
        return near[-1] if near else super().get_record(db_id, key)
