"""Wrong filters on null, and filters that go wrong together (document: Filtering Records)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from ....state import jsonio
from ....variants.defect import defect
from ....web.call import Call
from ....web.problems import UnknownPath
from ..handlers.records import RecordHandlers
from ..pagination import Page
from ..state.filters import FieldEquals, FieldNull, Filter
from ..state.records import DATA, RecordTable, Row

Bounds = tuple[int, int]
Selected = tuple[list[Row], bool]


class _Null(FieldNull):
    """A filter on null that looks otherwise, in a method that the subclass has."""

    def matches(self, data: bytes) -> bool:
        return self.null(jsonio.loads(data)) is self.is_null

    def null(self, fields: dict[str, Any]) -> bool:
        return fields.get(self.field) is None


def _asking(filters: list[Filter], change: Callable[[FieldNull], Filter]) -> list[Filter]:
    """The filters, those on null changed."""
    return [change(one) if isinstance(one, FieldNull) else one for one in filters]


# Null


@defect("PB-FILT-21", "PB-FILT-22", "PB-FILT-23", "PB-FILT-24", "PB-FILT-25", "PB-FILT-29")
class NullTheWrongWayRound(RecordHandlers):
    """Gives the null ones for `isnull=false` and the others for `isnull=true`."""

    def _filters(self, call: Call) -> list[Filter]:
        return _asking(super()._filters(call), lambda one: FieldNull(one.field, not one.is_null))


@defect("PB-FILT-22", "PB-FILT-23", "PB-FILT-24", "PB-FILT-25", "PB-FILT-29")
class EveryTextIsTrue(RecordHandlers):
    """Takes `isnull=false` for `isnull=true`, as a text that is not empty counts as true."""

    def _filters(self, call: Call) -> list[Filter]:
        return _asking(super()._filters(call), lambda one: FieldNull(one.field, is_null=True))


@defect("PB-FILT-21", "PB-FILT-22", "PB-FILT-23", "PB-FILT-24", "PB-FILT-25", "PB-FILT-29")
class NullIsPartOfTheName(RecordHandlers):
    """Does not know `isnull`, and looks for a field whose name ends with it."""

    def _filters(self, call: Call) -> list[Filter]:
        values = dict(call.pairs)

        def named(one: FieldNull) -> Filter:
            return FieldEquals(f"{one.field}__isnull", values.get(f"data__{one.field}__isnull", ""))

        return _asking(super()._filters(call), named)


class _OnlyNull(_Null):
    def null(self, fields: dict[str, Any]) -> bool:
        return fields.get(self.field, "absent") is None


@defect("PB-FILT-23", "PB-FILT-25", "PB-FILT-29")
class AbsentIsNotNull(RecordHandlers):
    """Counts a field that is absent among those that are not null."""

    def _filters(self, call: Call) -> list[Filter]:
        return _asking(super()._filters(call), lambda one: _OnlyNull(one.field, one.is_null))


class _OfThree(FieldNull):
    def matches(self, data: bytes) -> bool:
        fields = jsonio.loads(data)
        return self.field in fields and (fields[self.field] is None) is self.is_null


@defect("PB-FILT-23", "PB-FILT-25")
class AbsentIsNeither(RecordHandlers):
    """Leaves records without the field out, whether null or not null is asked for."""

    def _filters(self, call: Call) -> list[Filter]:
        return _asking(super()._filters(call), lambda one: _OfThree(one.field, one.is_null))


def _anywhere(value: Any, name: str) -> Any:
    """The first value of a field of that name, however deep it is."""
    if not isinstance(value, dict):
        return None
    own = value.get(name)
    return (
        own
        if own is not None
        else next((inner for one in value.values() if (inner := _anywhere(one, name))), None)
    )


class _Deep(_Null):
    def null(self, fields: dict[str, Any]) -> bool:
        return _anywhere(fields, self.field) is None


@defect("PB-FILT-23")
class NullLooksInside(RecordHandlers):
    """Finds a field inside of other objects too, when it looks whether it is null."""

    def _filters(self, call: Call) -> list[Filter]:
        return _asking(super()._filters(call), lambda one: _Deep(one.field, one.is_null))


class _Falsy(_Null):
    def null(self, fields: dict[str, Any]) -> bool:
        return not fields.get(self.field)


@defect("PB-FILT-24")
class EmptyIsNull(RecordHandlers):
    """Takes an empty string, zero and false for null, as they do not count as true."""

    def _filters(self, call: Call) -> list[Filter]:
        return _asking(super()._filters(call), lambda one: _Falsy(one.field, one.is_null))


class _EmptyText(_Null):
    def null(self, fields: dict[str, Any]) -> bool:
        return fields.get(self.field) in (None, "")


@defect("PB-FILT-24")
class EmptyTextIsNull(RecordHandlers):
    """Takes an empty string for null, as some databases do."""

    def _filters(self, call: Call) -> list[Filter]:
        return _asking(super()._filters(call), lambda one: _EmptyText(one.field, one.is_null))


class _NullText(_Null):
    def null(self, fields: dict[str, Any]) -> bool:
        return str(fields.get(self.field)) in {"None", "null"}


@defect("PB-FILT-24")
class TextNullIsNull(RecordHandlers):
    """Takes the text `null` for null."""

    def _filters(self, call: Call) -> list[Filter]:
        return _asking(super()._filters(call), lambda one: _NullText(one.field, one.is_null))


# Several together


@defect("PB-FILT-25")
class FirstFilterOnly(RecordHandlers):
    """Looks only at the first of several filters on fields."""

    def _filters(self, call: Call) -> list[Filter]:
        return super()._filters(call)[:1]


@defect("PB-FILT-25")
class LastFilterOnly(RecordHandlers):
    """Looks only at the last of several filters on fields."""

    def _filters(self, call: Call) -> list[Filter]:
        return super()._filters(call)[-1:]


@defect("PB-FILT-25")
class FiltersJoinedWithOr(RecordHandlers):
    """Keeps the records that meet one of several filters on fields."""

    async def _select(
        self, table: RecordTable, bounds: Bounds, filters: list[Filter], page: Page
    ) -> Selected:
        low, high = bounds
        if len(filters) < 2:
            return await super()._select(table, bounds, filters, page)
        rows = [row for row in table.slice(low, high) if any(one.matches(row[DATA]) for one in filters)]
        return rows[page.start : page.end], len(rows) > page.end


@defect("PB-FILT-25")
class NullForgottenBesideValues(RecordHandlers):
    """Looks at filters on null only where there is none on a value."""

    def _filters(self, call: Call) -> list[Filter]:
        found = super()._filters(call)
        return [one for one in found if isinstance(one, FieldEquals)] or found


@defect("PB-FILT-26")
class DatesForgottenBesideFields(RecordHandlers):
    """Takes no notice of dates where there is a filter on a field."""

    def _bounds(self, call: Call, table: RecordTable) -> Bounds:
        return table.span(None, None) if self._filters(call) else super()._bounds(call, table)


@defect("PB-FILT-26")
class FieldsForgottenBesideDates(RecordHandlers):
    """Takes no notice of filters on fields where there is a date."""

    def _filters(self, call: Call) -> list[Filter]:
        return [] if {"start_date", "end_date"} & call.query.keys() else super()._filters(call)


@defect("PB-FILT-27", "PB-PAGE-19")
class PagesCutBeforeFilters(RecordHandlers):
    """Cuts a page first and filters what is on it."""

    async def _select(
        self, table: RecordTable, bounds: Bounds, filters: list[Filter], page: Page
    ) -> Selected:
        rows, more = await super()._select(table, bounds, [], page)
        return [row for row in rows if all(one.matches(row[DATA]) for one in filters)], more


@defect("PB-FILT-17", "PB-FILT-24", "PB-FILT-28")
class NothingMetGivesEverything(RecordHandlers):
    """Lists all records where none meets the filters."""

    async def _select(
        self, table: RecordTable, bounds: Bounds, filters: list[Filter], page: Page
    ) -> Selected:
        rows, more = await super()._select(table, bounds, filters, page)
        return (rows, more) if rows else await super()._select(table, bounds, [], page)


@defect("PB-FILT-28")
class NothingMetIsNotFound(RecordHandlers):
    """Answers 404 where no record meets the filters on fields."""

    async def _select(
        self, table: RecordTable, bounds: Bounds, filters: list[Filter], page: Page
    ) -> Selected:
        rows, more = await super()._select(table, bounds, filters, page)
        if filters and not rows:
            raise UnknownPath("Not found.")
        return rows, more


@defect("PB-FILT-28", "PB-DESC-03")
class NothingMetIsNoContent(RecordHandlers):
    """Answers 204 and no list where no record meets the filters on fields."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        if call.operation_id == "listRecords" and not rows and self._filters(call):
            return Response(None, 204)
        return super()._rendered(rows, call, headers, status)
