"""PixieBrix that does each thing right alone, and not together with another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from ....variants.defect import defect
from ....web.call import Call
from ..handlers.records import RecordHandlers
from ..state.filters import FieldNull, Filter
from ..state.jobs import Job, Part, select
from ..state.merging import MergeStrategy
from ..state.pixiebrix import Item, PixieBrixState
from ..state.records import DATA, RecordTable, Row


@defect("PB-REC-40")
class BatchReadsBeforeItWrites(PixieBrixState):
    """Reads all old data of an array before it writes, so that the last item of a key undoes the others."""

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        table, chosen = self.database(db_id).records, list(items)
        before = {key: table.get(key)[DATA] for key, _, _ in chosen if key in table}
        written = super().put_records(db_id, chosen, now)
        keys = [key for key, _, _ in chosen]
        for key, data, strategy in chosen:
            if keys.count(key) > 1:
                table.store(key, self._merged(before.get(key), data, strategy), now)
        return written


@defect("PB-REC-41")
class FirstStrategyForAll(PixieBrixState):
    """Merges all items of an array by the strategy of the first one."""

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        chosen = list(items)
        first = chosen[0][2] if chosen else MergeStrategy.REPLACE
        return super().put_records(db_id, [(key, data, first) for key, data, _ in chosen], now)


@defect("PB-REC-42")
class NullsAreNoValues(PixieBrixState):
    """Leaves nulls out of a merge, as if they were not there."""

    def _merged(self, old: bytes | None, data: dict[str, Any], strategy: MergeStrategy) -> bytes:
        if old is not None and strategy is not MergeStrategy.REPLACE:
            data = {name: one for name, one in data.items() if one is not None}
        return super()._merged(old, data, strategy)


@defect("PB-REC-43")
class DeletionTakesTheFirstFilter(RecordHandlers):
    """Deletes by the first filter on a field, and ignores the others."""

    def _limits(self, call: Call) -> list[Filter]:
        return super()._limits(call)[:1]


@defect("PB-FILT-30", "PB-REC-43")
class DatesForgottenWithNulls(RecordHandlers):
    """Forgets the dates where a filter asks for null."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        nulls = any(isinstance(one, FieldNull) and not one.is_null for one in self._filters(call))
        return (0, len(table)) if nulls else super()._bounds(call, table)

    async def listRecords(self, call: Call) -> Response:
        asked = self._filters(call) if call.pairs else []
        both = {one.field for one in asked if isinstance(one, FieldNull)}
        plain = {one.field for one in asked if not isinstance(one, FieldNull)}
        if both & plain:
            call.pairs = [pair for pair in call.pairs if not pair[0].endswith("__isnull")]
        return await super().listRecords(call)


@defect("PB-FILT-31")
class LastDayRefused(RecordHandlers):
    """Fails to add a day to the last one of the calendar, and then filters nothing."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        if call.query.get("end_date") == "9999-12-31" and "start_date" in call.query:
            return 0, len(table)
        return super()._bounds(call, table)


@defect("PB-JOB-52")
class FirstDatabaseFiltered(PixieBrixState):
    """Filters the records of the first database of a job, and takes all of the others."""

    def _selected(self, ids: tuple[str, ...], start: int | None, end: int | None) -> tuple[Part, ...]:
        first = select(self.databases, ids[:1], start, end)
        return first + select(self.databases, ids[1:], None, None)


@defect("PB-JOB-55")
class NamedTwiceExportedTwice(PixieBrixState):
    """Exports the records of a database as often as the order names it."""

    def create_job(self, name: str, database_ids: Iterable[str], *given: Any, **options: Any) -> Job:
        ids = list(database_ids)
        job = super().create_job(name, ids, *given, **options)
        job.parts = self._selected(tuple(ids), job.start, job.end)
        return job
