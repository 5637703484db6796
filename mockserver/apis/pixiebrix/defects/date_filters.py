"""Wrong filters by date (document: Filtering Records)."""

from __future__ import annotations

from typing import Any

from ....state.errors import InvalidInput
from ....state.instants import DAY, HOUR, SECOND, parse_date
from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import Validation
from ....web.parameters import Pairs, QueryParameters
from ..handlers.records import RecordHandlers
from ..state.records import CREATED, KEY, UPDATED, RecordTable

START = "start_date"
END = "end_date"

Span = tuple[int | None, int | None]


def _asked(call: Call) -> Span:
    """The instants from which on, and before which, records are asked for; None where that is open."""
    start, end = call.query.get(START), call.query.get(END)
    return (
        None if start is None else parse_date(start) * DAY,
        None if end is None else (parse_date(end) + 1) * DAY,
    )


def _later(instant: int | None, by: int) -> int | None:
    return None if instant is None else instant + by


@defect("PB-FILT-01", "PB-FILT-03", "PB-FILT-07", "PB-FILT-09", "PB-FILT-26")
class StartDateIgnored(RecordHandlers):
    """Takes no notice of the start date."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        return table.span(None, _asked(call)[1])


@defect("PB-FILT-02", "PB-FILT-03", "PB-FILT-08")
class EndDateIgnored(RecordHandlers):
    """Takes no notice of the end date."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        return table.span(_asked(call)[0], None)


@defect("PB-FILT-03")
class EndDateIgnoredBesideStartDate(RecordHandlers):
    """Takes no notice of the end date where there is a start date."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(start, end if start is None else None)


@defect("PB-FILT-01", "PB-FILT-05", "PB-FILT-07", "PB-FILT-09", "PB-FILT-26")
class StartDateLeftOut(RecordHandlers):
    """Begins with the day after the start date, for it compares dates with `>`."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(_later(start, DAY), end)


@defect("PB-FILT-01", "PB-FILT-03", "PB-FILT-07", "PB-FILT-26")
class StartDateADayEarly(RecordHandlers):
    """Begins with the day before the start date, off by one."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(_later(start, -DAY), end)


@defect("PB-FILT-02", "PB-FILT-03", "PB-FILT-08")
class EndDateADayLate(RecordHandlers):
    """Goes on to the day after the end date, off by one."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(start, _later(end, DAY))


@defect("PB-FILT-01")
class StartDateAloneIsOneDay(RecordHandlers):
    """Lists only the start date's own day where there is no end date."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(start, _later(start, DAY) if end is None else end)


@defect("PB-FILT-02")
class EndDateAloneIsOneDay(RecordHandlers):
    """Lists only the end date's own day where there is no start date."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(_later(end, -DAY) if start is None else start, end)


@defect("PB-FILT-03", "PB-FILT-09")
class DatesJoinedWithOr(RecordHandlers):
    """Lists what is after the start date or before the end date, which is everything."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(None, None) if None not in {start, end} else table.span(start, end)


@defect("PB-FILT-07", "PB-FILT-08")
class DatesInLocalTime(RecordHandlers):
    """Reads dates in the time of its own machine, an hour east of Greenwich."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(_later(start, -HOUR), _later(end, -HOUR))


@defect("PB-FILT-07", "PB-FILT-08")
class TimesRoundedToMinutes(RecordHandlers):
    """Rounds a creation to the nearest minute before it looks at its date."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(_later(start, -30 * SECOND), _later(end, -30 * SECOND))


@defect("PB-FILT-08")
class LastMinuteLeftOut(RecordHandlers):
    """Ends the end date at 23:59:00, so that its last minute is missing."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(start, _later(end, -60 * SECOND))


@defect("PB-FILT-08")
class MidnightBelongsToBothDays(RecordHandlers):
    """Compares whole seconds with `<=`, so that the first second of the next day belongs to the end date."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(start, _later(end, SECOND))


@defect("PB-FILT-07")
class StartDateASecondEarly(RecordHandlers):
    """Begins a second before the start date, as it turned `>=` into `>` by taking a second off."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        return table.span(_later(start, -SECOND), end)


@defect("PB-FILT-04")
class LastMonthWithoutDates(RecordHandlers):
    """Lists only the last thirty days where no date is given."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        start, end = _asked(call)
        if start is None and end is None:
            start = call.sandbox.now() - 30 * DAY
        return table.span(start, end)


@defect("PB-FILT-09")
class DatesLookAtChanges(RecordHandlers):
    """Filters records by the date of their last change instead of their creation."""

    def _table(self, call: Call) -> RecordTable:
        start, end = _asked(call)
        table = super()._table(call)
        if start is None and end is None:
            return table
        changed = RecordTable()
        changed.load(
            (row[CREATED], row[KEY], row[UPDATED], row[-1])
            for row in table.rows()
            if (start is None or start <= row[UPDATED]) and (end is None or row[UPDATED] < end)
        )
        return changed

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        return table.span(None, None)


def _refused(*names: str, why: str = "Invalid date.") -> InvalidInput:
    return InvalidInput({name: [why] for name in names})


@defect("PB-FILT-10")
class LeapDayRefused(RecordHandlers):
    """Takes 29 February for no date, as it knows 28 days of it in every year."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        bad = [name for name in (START, END) if call.query.get(name, "").endswith("-02-29")]
        if bad:
            raise _refused(*bad)
        return super()._bounds(call, table)


@defect(
    "PB-FILT-01",
    "PB-FILT-02",
    "PB-FILT-05",
    "PB-FILT-06",
    "PB-FILT-07",
    "PB-FILT-08",
    "PB-FILT-10",
    "PB-FILT-26",
)
class OneDateRefused(RecordHandlers):
    """Wants both dates or none, and answers 400 to one alone."""

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        missing = [name for name in (START, END) if name not in call.query]
        if len(missing) == 1:
            raise _refused(*missing, why="This field is required.")
        return super()._bounds(call, table)


def _without(pairs: Pairs, *names: str) -> Pairs:
    return [pair for pair in pairs if pair[0] not in names]


@defect("PB-FILT-11")
class BadDateIgnored(Validation):
    """Lists without a date filter where a date is not one, instead of refusing it."""

    def query(self, operation_id: str, parameters: QueryParameters, pairs: Pairs) -> dict[str, Any]:
        return super().query(operation_id, parameters, _without(pairs, *_bad(pairs)))


@defect("PB-FILT-11")
class BadEndDateIgnored(Validation):
    """Refuses a start date that is not one, but lists without the end date where that is not one."""

    def query(self, operation_id: str, parameters: QueryParameters, pairs: Pairs) -> dict[str, Any]:
        return super().query(operation_id, parameters, _without(pairs, *(_bad(pairs) & {END})))


@defect("PB-FILT-11")
class ImpossibleDayMovedOn(Validation):
    """Reads 29 February of an ordinary year as 1 March."""

    def query(self, operation_id: str, parameters: QueryParameters, pairs: Pairs) -> dict[str, Any]:
        bad = _bad(pairs)
        moved = [
            (name, f"{value[:5]}03-01" if name in bad and value[5:] == "02-29" else value)
            for name, value in pairs
        ]
        return super().query(operation_id, parameters, moved)


def _bad(pairs: Pairs) -> set[str]:
    """The names of the dates that are none."""
    bad: set[str] = set()
    for name, value in pairs:
        if name in {START, END}:
            try:
                parse_date(value)
            except ValueError:
                bad.add(name)
    return bad
