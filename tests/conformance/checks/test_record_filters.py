"""The checks of filters and of CSV against mocks that are wrong in one place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import date_filters, field_filters, records_csv
from dbcontract.mockserver import artifacts
from dbcontract.mockserver.apis.pixiebrix.handlers import records as handler
from dbcontract.mockserver.apis.pixiebrix.state import filters
from dbcontract.mockserver.apis.pixiebrix.state.filters import FieldEquals, FieldNull, Filter
from dbcontract.mockserver.apis.pixiebrix.state.records import RecordTable, Row
from dbcontract.mockserver.state.instants import DAY, HOUR

from .judging_pixiebrix import Judge, Wrong, judging, rules_of, wrong, wrongs_in

MODULES = (date_filters, field_filters, records_csv)
RULES = rules_of(*MODULES)
MISSING = object()


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(*MODULES) as one:
        yield one


# Dates

Span = tuple[int | None, int | None]


def _span(patch: pytest.MonkeyPatch, change: Callable[[int | None, int | None], Span]) -> None:
    original = RecordTable.span
    patch.setattr(RecordTable, "span", lambda self, start, end: original(self, *change(start, end)))


def _moved(instant: int | None, by: int) -> int | None:
    return None if instant is None else instant + by


@wrong("PB-FILT-01", "PB-FILT-03", "PB-FILT-07", "PB-FILT-09", "PB-FILT-26")
def the_start_is_ignored(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda _, end: (None, end))


@wrong("PB-FILT-02", "PB-FILT-03", "PB-FILT-08")
def the_end_is_ignored(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda start, _: (start, None))


@wrong("PB-FILT-01", "PB-FILT-05", "PB-FILT-07", "PB-FILT-09", "PB-FILT-26")
def the_start_is_exclusive(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda start, end: (_moved(start, DAY), end))


@wrong("PB-FILT-02", "PB-FILT-06", "PB-FILT-08", "PB-FILT-09")
def the_end_is_its_midnight(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda start, end: (start, _moved(end, -DAY)))


@wrong("PB-FILT-07")
def days_begin_an_hour_early(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda start, end: (_moved(start, -HOUR), end))


@wrong("PB-FILT-08")
def days_end_an_hour_late(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda start, end: (start, _moved(end, HOUR)))


@wrong("PB-FILT-01")
def a_start_alone_is_one_day(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda start, end: (start, _moved(start, DAY) if end is None else end))


@wrong("PB-FILT-02")
def an_end_alone_is_one_day(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda start, end: (_moved(end, -DAY) if start is None else start, end))


@wrong("PB-FILT-09")
def a_change_is_a_creation(patch: pytest.MonkeyPatch) -> None:
    original = RecordTable.store

    def store(self: RecordTable, key: str, data: bytes, now: int) -> tuple[Row, bool]:
        if key in self:
            self.delete(key)
        return original(self, key, data, now)

    patch.setattr(RecordTable, "store", store)


@wrong("PB-FILT-04")
def without_dates_the_last_month(patch: pytest.MonkeyPatch) -> None:
    def span(self: RecordTable, start: int | None, end: int | None) -> tuple[int, int]:
        if start is None and end is None and self.rows():
            start = self.rows()[-1][0] - 30 * DAY
        return original(self, start, end)

    original = RecordTable.span
    patch.setattr(RecordTable, "span", span)


# Fields


def _equal(patch: pytest.MonkeyPatch, matches: Callable[[Any, str], bool], *, fold: bool = False) -> None:
    """Compare fields otherwise; `fold` looks for them whatever their case."""

    def compare(self: FieldEquals, data: bytes) -> bool:
        fields = json.loads(data)
        if fold:
            fields = {name.lower(): value for name, value in fields.items()}
        found = fields.get(self.field.lower() if fold else self.field, MISSING)
        return found is not MISSING and matches(found, self.value)

    patch.setattr(FieldEquals, "matches", compare)


def _null(patch: pytest.MonkeyPatch, is_null: Callable[[Any], bool]) -> None:
    def compare(self: FieldNull, data: bytes) -> bool:
        return is_null(json.loads(data).get(self.field, MISSING)) is self.is_null

    patch.setattr(FieldNull, "matches", compare)


@wrong("PB-FILT-13", "PB-FILT-14", "PB-FILT-15", "PB-FILT-17", "PB-FILT-25")
def every_field_matches(patch: pytest.MonkeyPatch) -> None:
    _equal(patch, lambda *_: True)


@wrong("PB-FILT-12", "PB-FILT-16", "PB-FILT-18", "PB-FILT-19", "PB-FILT-20", "PB-FILT-25", "PB-FILT-27")
def no_field_matches(patch: pytest.MonkeyPatch) -> None:
    _equal(patch, lambda *_: False)


@wrong("PB-FILT-13", "PB-FILT-14")
def contains(patch: pytest.MonkeyPatch) -> None:
    _equal(patch, lambda found, value: isinstance(found, str) and value in found)


@wrong("PB-FILT-14")
def the_beginning(patch: pytest.MonkeyPatch) -> None:
    _equal(patch, lambda found, value: isinstance(found, str) and value.startswith(found) and found != "")


@wrong("PB-FILT-15")
def whatever_case(patch: pytest.MonkeyPatch) -> None:
    _equal(patch, lambda found, value: isinstance(found, str) and found.lower() == value.lower())


@wrong("PB-FILT-16")
def names_of_whatever_case(patch: pytest.MonkeyPatch) -> None:
    _equal(patch, lambda found, value: found == value, fold=True)


@wrong("PB-FILT-17")
def numbers_as_text(patch: pytest.MonkeyPatch) -> None:
    _equal(patch, lambda found, value: str(found) == value)


@wrong("PB-FILT-17")
def json_as_text(patch: pytest.MonkeyPatch) -> None:
    _equal(patch, lambda found, value: found == value or json.dumps(found) == value)


@wrong("PB-FILT-18")
def decoded_twice(patch: pytest.MonkeyPatch) -> None:
    _equal(patch, lambda found, value: found == value.replace("%41", "A"))


@wrong("PB-FILT-21", "PB-FILT-22", "PB-FILT-24")
def the_wrong_way_round(patch: pytest.MonkeyPatch) -> None:
    _null(patch, lambda value: value is MISSING or value is not None)


@wrong("PB-FILT-24")
def the_text_null_is_null(patch: pytest.MonkeyPatch) -> None:
    _null(patch, lambda value: value is MISSING or value in (None, "null"))


@wrong("PB-FILT-24")
def false_is_null(patch: pytest.MonkeyPatch) -> None:
    _null(patch, lambda value: value is MISSING or not value)


@wrong("PB-FILT-23", "PB-FILT-25")
def absent_is_not_null(patch: pytest.MonkeyPatch) -> None:
    _null(patch, lambda value: value is None)


def _parsed(patch: pytest.MonkeyPatch, change: Callable[[list[Filter]], list[Filter]]) -> None:
    original = filters.parse_filters
    patch.setattr(handler, "parse_filters", lambda pairs: change(original(pairs)))


@wrong("PB-FILT-25")
def the_last_filter_counts(patch: pytest.MonkeyPatch) -> None:
    _parsed(patch, lambda found: found[-1:])


@wrong("PB-FILT-25")
def the_first_filter_counts(patch: pytest.MonkeyPatch) -> None:
    _parsed(patch, lambda found: found[:1])


@wrong("PB-FILT-13", "PB-FILT-28", "PB-FILT-26", "PB-FILT-19")
def fields_are_ignored(patch: pytest.MonkeyPatch) -> None:
    _parsed(patch, lambda _: [])


@wrong("PB-FILT-20")
def the_literal_example_is_ignored(patch: pytest.MonkeyPatch) -> None:
    original = filters.parse_filters
    patch.setattr(handler, "parse_filters", lambda pairs: original([one for one in pairs if one[1] != ""]))


@wrong("PB-FILT-27")
def pages_before_filters(patch: pytest.MonkeyPatch) -> None:
    async def select(_: Any, there: RecordTable, bounds: tuple[int, int], found: Any, page: Any) -> Any:
        rows = there.slice(*bounds)[page.start : page.end]
        return [row for row in rows if all(one.matches(row[4]) for one in found)], False

    patch.setattr(handler.RecordHandlers, "_select", select)


# CSV


def _csv(patch: pytest.MonkeyPatch, change: Callable[[bytes], bytes]) -> None:
    original = artifacts.records_csv
    patch.setattr(artifacts, "records_csv", lambda rows: [change(b"".join(original(rows)))])


@wrong("PB-CSV-02", "PB-CSV-03", "PB-CSV-05")
def no_header(patch: pytest.MonkeyPatch) -> None:
    _csv(patch, lambda body: body.partition(b"\r\n")[2])


@wrong("PB-CSV-03", "PB-CSV-05")
def no_last_row(patch: pytest.MonkeyPatch) -> None:
    _csv(patch, lambda body: body.rstrip(b"\r\n").rpartition(b"\r\n")[0] + b"\r\n")


@wrong("PB-CSV-02")
def the_fields_of_the_first(patch: pytest.MonkeyPatch) -> None:
    original = artifacts.records_csv
    patch.setattr(artifacts, "records_csv", lambda rows: original(rows[:1]))


@wrong("PB-CSV-04")
def not_quoted(patch: pytest.MonkeyPatch) -> None:
    _csv(patch, lambda body: body.replace(b'"', b""))


@wrong("PB-CSV-04")
def latin_1(patch: pytest.MonkeyPatch) -> None:
    _csv(patch, lambda body: body.decode().encode("latin-1", "replace"))


@wrong("PB-CSV-04")
def unix_lines(patch: pytest.MonkeyPatch) -> None:
    _csv(patch, lambda body: body.replace(b"\r\n", b"\n"))


@wrong("PB-CSV-01")
def json_in_disguise(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(artifacts, "records_csv", artifacts.records_json)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_a_wrong_filter_violates_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    red = judge.red(RULES)
    assert red >= one.red, (one.red - red, red)
