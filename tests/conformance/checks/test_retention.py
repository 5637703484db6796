"""The checks of retention, against the mock and against nights that are wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import retention
from dbcontract.conformance.authoring.check import CheckFailed
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.handlers.records import RecordHandlers
from dbcontract.mockserver.apis.pixiebrix.state import pixiebrix
from dbcontract.mockserver.apis.pixiebrix.state.archives import run_nightly
from dbcontract.mockserver.apis.pixiebrix.state.databases import Database
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import KEY, RecordTable, Row
from dbcontract.mockserver.state.errors import InvalidInput

from .judging_pixiebrix import Judge, Wrong, judging, rules_of, told, wrong, wrongs_in

FULL = "PB-RET-01"
RULES = [rule for rule in rules_of(retention) if rule != FULL]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(retention) as one:
        yield one


@pytest.mark.parametrize("rule", RULES)
def test_the_mock_passes(judge: Judge, rule: str) -> None:
    result = judge(rule)
    assert result.verdict is Verdict.PASSED, told(result)


def test_the_documented_limit_is_tried_only_where_waiting_is_allowed(judge: Judge) -> None:
    result = judge(FULL)
    assert result.verdict is Verdict.NOT_VERIFIED
    assert result.missing == ("wait",)


def test_a_limit_is_met_exactly() -> None:
    with judging(retention, record_limit=40) as judge:
        with judge.context(FULL) as ctx:
            retention.holds_exactly(ctx, 40)
        with judge.context(FULL) as ctx, pytest.raises(CheckFailed, match="expected 404"):
            retention.holds_exactly(ctx, 39)
        with judge.context(FULL) as ctx, pytest.raises(CheckFailed, match="expected 200"):
            retention.holds_exactly(ctx, 41)


def _night(patch: pytest.MonkeyPatch, retain: Callable[[Database, int], object]) -> None:
    """Write the files as ever, and then let go what `retain` removes from a database of that limit."""

    def nightly(databases: Iterable[Database], midnight: int, limit: int, new_id: Callable[[], str]) -> None:
        several = list(databases)
        run_nightly(several, midnight, sys.maxsize, new_id)
        for database in several:
            retain(database, limit)

    patch.setattr(pixiebrix, "run_nightly", nightly)


def _other_limit(patch: pytest.MonkeyPatch, more: int) -> None:
    patch.setattr(
        pixiebrix,
        "run_nightly",
        lambda databases, midnight, limit, new_id: run_nightly(databases, midnight, limit + more, new_id),
    )


@wrong("PB-RET-02")
def a_limit_too_low_by_one(patch: pytest.MonkeyPatch) -> None:
    _other_limit(patch, -1)


@wrong("PB-RET-05", "PB-RET-09", "PB-RET-14")
def a_limit_too_high_by_one(patch: pytest.MonkeyPatch) -> None:
    _other_limit(patch, 1)


@wrong("PB-RET-05", "PB-RET-14")
def nothing_ever_goes(patch: pytest.MonkeyPatch) -> None:
    _night(patch, lambda *_: None)


@wrong("PB-RET-06", "PB-RET-09")
def the_newest_dates_go(patch: pytest.MonkeyPatch) -> None:
    def retain(database: Database, limit: int) -> None:
        while len(database.records) > limit:
            database.records.remove_day(database.records.days()[-1])

    _night(patch, retain)


@wrong("PB-RET-07", "PB-RET-09", "PB-RET-14")
def only_as_many_as_have_to_go(patch: pytest.MonkeyPatch) -> None:
    def retain(database: Database, limit: int) -> None:
        for row in list(database.records.rows())[: max(0, len(database.records) - limit)]:
            database.records.delete(row[KEY])

    _night(patch, retain)


@wrong("PB-RET-08", "PB-RET-13")
def down_to_half_the_limit(patch: pytest.MonkeyPatch) -> None:
    def retain(database: Database, limit: int) -> None:
        if len(database.records) > limit:
            while len(database.records) > limit // 2:
                database.records.remove_day(database.records.days()[0])

    _night(patch, retain)


@wrong("PB-RET-09")
def one_date_a_night(patch: pytest.MonkeyPatch) -> None:
    def retain(database: Database, limit: int) -> None:
        if len(database.records) > limit:
            database.records.remove_day(database.records.days()[0])

    _night(patch, retain)


@wrong("PB-RET-14")
def the_last_date_stays(patch: pytest.MonkeyPatch) -> None:
    def retain(database: Database, limit: int) -> None:
        for day in database.records.days()[:-1]:
            if len(database.records) > limit:
                database.records.remove_day(day)

    _night(patch, retain)


@wrong("PB-RET-13")
def other_databases_lose_the_same_dates(patch: pytest.MonkeyPatch) -> None:
    def nightly(databases: Iterable[Database], midnight: int, limit: int, new_id: Callable[[], str]) -> None:
        *others, last = databases
        before = last.records.days()
        run_nightly(others, midnight, sys.maxsize, new_id)
        run_nightly([last], midnight, limit, new_id)
        for day in set(before) - set(last.records.days()):
            for database in others:
                database.records.remove_day(day)

    patch.setattr(pixiebrix, "run_nightly", nightly)


@wrong("PB-RET-04", "PB-RET-07", "PB-RET-09", "PB-RET-14")
def the_oldest_go_at_once(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.put_records

    def put_records(self: PixieBrixState, db_id: str, items: Any, now: int) -> list[Row]:
        written = original(self, db_id, items, now)
        table = self.database(db_id).records
        for row in list(table.rows())[: max(0, len(table) - self.record_limit)]:
            table.delete(row[KEY])
        return written

    patch.setattr(PixieBrixState, "put_records", put_records)


@wrong("PB-RET-03")
def a_full_database_refuses(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.put_records

    def put_records(self: PixieBrixState, db_id: str, items: Any, now: int) -> list[Row]:
        several = list(items)
        if len(self.database(db_id).records) + len(several) > self.record_limit:
            raise InvalidInput({"id": ["The database is full."]})
        return original(self, db_id, several, now)

    patch.setattr(PixieBrixState, "put_records", put_records)


@wrong("PB-RET-03", *(f"PB-RET-{number:02}" for number in (4, 6, 7, 9, 12, 14)))
def a_full_database_forgets(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.put_records

    def put_records(self: PixieBrixState, db_id: str, items: Any, now: int) -> list[Row]:
        written = original(self, db_id, items, now)
        table = self.database(db_id).records
        for row in list(table.rows())[self.record_limit :]:
            table.delete(row[KEY])
        return written

    patch.setattr(PixieBrixState, "put_records", put_records)


def _remember_what_goes(patch: pytest.MonkeyPatch) -> list[Row]:
    original, gone = RecordTable.remove_day, list[Row]()

    def remove_day(self: RecordTable, day: int) -> list[Row]:
        rows = original(self, day)
        gone.extend(rows)
        return rows

    patch.setattr(RecordTable, "remove_day", remove_day)
    return gone


@wrong("PB-RET-10")
def filters_find_what_went(patch: pytest.MonkeyPatch) -> None:
    gone, original = _remember_what_goes(patch), RecordHandlers._select  # noqa: SLF001 - where rows are chosen

    async def select(self: RecordHandlers, table: Any, bounds: Any, filters: Any, page: Any) -> Any:
        rows, more = await original(self, table, bounds, filters, page)
        found = [row for row in gone if filters and all(one.matches(row[-1]) for one in filters)]
        return found + rows, more

    patch.setattr(RecordHandlers, "_select", select)


@wrong("PB-RET-11")
def keys_find_what_went(patch: pytest.MonkeyPatch) -> None:
    gone, original = _remember_what_goes(patch), RecordTable.get

    def get(self: RecordTable, key: str) -> Row:
        return next((row for row in gone if row[KEY] == key), None) or original(self, key)

    patch.setattr(RecordTable, "get", get)


@wrong("PB-RET-12")
def what_goes_is_lost(patch: pytest.MonkeyPatch) -> None:
    def nightly(databases: Iterable[Database], midnight: int, limit: int, new_id: Callable[[], str]) -> None:
        several = list(databases)
        before = {database.id: database.records.days() for database in several}
        run_nightly(several, midnight, limit, new_id)
        for database in several:
            for day in set(before[database.id]) - set(database.records.days()):
                del database.archives[day]

    patch.setattr(pixiebrix, "run_nightly", nightly)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_wrong_nights_violate_just_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(RULES, beside=one.red) == one.red
