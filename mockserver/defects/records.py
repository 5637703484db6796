"""Wrong lists of records (document: Retrieve Organization Database Records)."""

from __future__ import annotations

from ..handlers.records import RecordHandlers
from ..state import jsonio
from ..state.filters import FieldEquals, Filter
from ..state.instants import DAY, parse_date
from ..state.records import RecordTable
from ..web.call import Call
from .base import defect


@defect("PB-FILT-06", "PB-FILT-08", "PB-FILT-09")
class EndDateLeftOut(RecordHandlers):
    """Leaves the end date itself out of the list, for it reads the date as its midnight."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        low, high = super()._bounds(call, table)
        end = call.query.get("end_date")
        return low, high if end is None else max(low, table.span(None, parse_date(end) * DAY)[1])


class _Part(FieldEquals):
    def matches(self, data: bytes) -> bool:
        return self.value in str(jsonio.loads(data).get(self.field))


@defect("PB-FILT-14", "PB-FILT-17")
class FilterMatchesParts(RecordHandlers):
    """Keeps the records whose field holds the value of a filter anywhere in its text."""

    def _filters(self, call: Call) -> list[Filter]:
        return [
            _Part(one.field, one.value) if isinstance(one, FieldEquals) else one
            for one in super()._filters(call)
        ]
