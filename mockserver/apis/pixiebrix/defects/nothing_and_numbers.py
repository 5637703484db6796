"""PixieBrix that stumbles over what holds nothing, over long numbers and over what looks like a formula."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from ....state import jsonio
from ....state.instants import DAY
from ....variants.defect import defect
from ....web.call import Call
from ..files import PixieBrixFiles
from ..handlers.jobs import JobHandlers
from ..handlers.records import RecordHandlers
from ..state.filters import FieldEquals, Filter
from ..state.jobs import Job
from ..state.merging import MergeStrategy
from ..state.pixiebrix import PixieBrixState
from ..state.records import CREATED, DATA, RecordTable, Row
from .alike import repacked

_CSV = "text/csv"
_XLSX = "application/xlsx"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return float(value) if type(value) is int else value


def _with_doubles(row: Row) -> Row:
    return (*row[:DATA], jsonio.dumps(_rounded(jsonio.loads(row[DATA]))))


@defect("PB-CSV-04")
class NumbersOfCsvListsAreDoubles(RecordHandlers):
    """Writes the numbers of a CSV list as floating-point numbers."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        if call.answer.media_type == _CSV:
            rows = [_with_doubles(row) for row in rows]
        return super()._rendered(rows, call, headers, status)


@defect("PB-JOB-42")
class NumbersOfCsvExportsAreDoubles(JobHandlers):
    """Writes the numbers of a CSV export as floating-point numbers."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        if job.media_type == _CSV:
            job.parts = tuple((id_, [_with_doubles(row) for row in rows]) for id_, rows in job.parts)
        return super().describe_job(job, call)


@defect("PB-JOB-54")
class WorkbookFormulasMadeText(PixieBrixFiles):
    """Puts an apostrophe before the texts of a workbook that look like formulas."""

    async def artifact(self, job: Job, key: str) -> Any:
        item = await super().artifact(job, key)

        def guarded(text: bytes) -> bytes:
            return b"'" + text if text[:1] in {b"=", b"+", b"-", b"@"} else text

        return item.rewritten(lambda one: repacked(one, guarded)) if job.media_type == _XLSX else item


@defect("PB-REC-42", "PB-REC-20", "PB-REC-21", "PB-REC-22")
class NothingIsNoValue(PixieBrixState):
    """Leaves empty texts, lists and objects out of a merge, as if they were not there."""

    def _merged(self, old: bytes | None, data: dict[str, Any], strategy: MergeStrategy) -> bytes:
        if old is not None and strategy is not MergeStrategy.REPLACE:
            data = {name: one for name, one in data.items() if one not in ("", [], {})}
        return super()._merged(old, data, strategy)


@defect("PB-REC-42")
class NoDataReplaceNothing(PixieBrixState):
    """Leaves a record as it is where the data to be written have no field."""

    def _merged(self, old: bytes | None, data: dict[str, Any], strategy: MergeStrategy) -> bytes:
        return old if old is not None and not data else super()._merged(old, data, strategy)


@defect("PB-REC-25")
class MergesMoveCreation(PixieBrixState):
    """Writes a record anew when data are merged into it, created at the time of the merge."""

    def put_record(
        self, db_id: str, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int
    ) -> tuple[Row, bool]:
        records = self.database(db_id).records
        if key in records and strategy is not MergeStrategy.REPLACE:
            old = records.delete(key)
            records.store(key, old[DATA], now)
        return super().put_record(db_id, key, data, strategy, now)


@defect("PB-REC-36")
class DeletedRecordsKeepTheirCreation(PixieBrixState):
    """Gives a record that is written again after its deletion the time at which it was created at first."""

    def __init__(self, record_limit: int = 500_000, *, now: int = 0) -> None:
        super().__init__(record_limit, now=now)
        self._gone: dict[tuple[str, str], int] = {}

    def delete_record(self, db_id: str, key: str, now: int) -> Row:
        row = super().delete_record(db_id, key, now)
        self._gone[db_id, key] = row[CREATED]
        return row

    def put_record(
        self, db_id: str, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int
    ) -> tuple[Row, bool]:
        created = self._gone.pop((db_id, key), None)
        if created is None:
            return super().put_record(db_id, key, data, strategy, now)
        super().put_record(db_id, key, data, strategy, created)
        return super().put_record(db_id, key, data, MergeStrategy.REPLACE, now)[0], True


@defect("PB-FILT-29")
class EmptyValueIsNoFilter(RecordHandlers):
    """Takes a filter without a value for none."""

    def _filters(self, call: Call) -> list[Filter]:
        return [one for one in super()._filters(call) if not isinstance(one, FieldEquals) or one.value]


@defect("PB-FILT-30")
class OldVersionsKnowOneFilter(RecordHandlers):
    """Filters by the first field alone at version 1.0."""

    def _filters(self, call: Call) -> list[Filter]:
        found = super()._filters(call)
        return found if call.answer.version == "2.0" else found[:1]


@defect("PB-REC-43")
class DeletionReadsPlusAsItIs(RecordHandlers):
    """Takes a plus sign in the filters of a deletion for itself, where it stands for a blank."""

    def _limits(self, call: Call) -> list[Filter]:
        return [
            replace(one, value=one.value.replace(" ", "+")) if isinstance(one, FieldEquals) else one
            for one in super()._limits(call)
        ]


@defect("PB-FILT-04")
class LastYearWithoutDates(RecordHandlers):
    """Lists the records of the last 365 days where no dates are asked for."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        low, high = super()._bounds(call, table)
        since, _ = table.span(call.sandbox.now() - 365 * DAY, None)
        return (low, high) if {"start_date", "end_date"} & call.query.keys() else (max(low, since), high)
