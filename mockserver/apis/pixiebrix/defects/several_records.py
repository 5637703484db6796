"""Wrong writes and deletions of several records (published specification: updateRecord, clearRecord)."""

from __future__ import annotations

from starlette.responses import Response

from ....variants.defect import defect
from ....web.call import Call
from ..handlers.records import RecordHandlers
from ..state.filters import Filter
from ..state.records import RecordTable
from ..state_of import state_of


@defect("PB-REC-30")
class PutOfSeveralAnswers201(RecordHandlers):
    """Answers a PUT of records with 201, as if all of them were new."""

    async def putRecords(self, call: Call) -> Response:
        return await super().createRecords(call)


@defect("PB-REC-30")
class PutOfSeveralReplacesAll(RecordHandlers):
    """Takes a PUT of records for all that the database is to hold, and deletes the others."""

    async def putRecords(self, call: Call) -> Response:
        state, database = state_of(call.sandbox), call.path["databaseId"]
        state.clear_records(database, call.sandbox.now())
        return await super().putRecords(call)


@defect("PB-REC-31", "PB-DB-17")
class FieldFiltersDoNotLimitDeletion(RecordHandlers):
    """Ignores filters on fields when records are deleted, and so deletes all of them."""

    def _limits(self, call: Call) -> list[Filter]:
        return []


@defect("PB-REC-31")
class DatesDoNotLimitDeletion(RecordHandlers):
    """Ignores the dates when records are deleted."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        return (0, len(table)) if call.operation_id == "clearRecords" else super()._bounds(call, table)


@defect("PB-REC-31", "PB-DB-17")
class LimitedDeletionIsForgotten(RecordHandlers):
    """Answers a deletion that is limited by filters with 204, and deletes nothing."""

    async def clearRecords(self, call: Call) -> Response:
        return Response(None, 204) if call.pairs else await super().clearRecords(call)
