"""The checks of archive files, against the mock and against files that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from dbcontract.conformance.apis.pixiebrix.checks import archive_files
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver import artifacts
from dbcontract.mockserver.apis.pixiebrix.handlers.archives import ArchiveHandlers
from dbcontract.mockserver.apis.pixiebrix.state import pixiebrix
from dbcontract.mockserver.apis.pixiebrix.state.archives import Archive, run_nightly
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import CREATED, DATA, KEY, UPDATED, RecordTable, Row
from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.state.instants import DAY, HOUR, SECOND, day_of
from dbcontract.mockserver.storage import downloads

from .judging_pixiebrix import Judge, Wrong, judging, rules_of, told, wrong, wrongs_in

RULES = rules_of(archive_files)
READING = ("PB-ARCH-10", "PB-ARCH-20")


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(archive_files) as one:
        yield one


@pytest.mark.parametrize("rule", RULES)
def test_the_mock_passes(judge: Judge, rule: str) -> None:
    result = judge(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", READING)
def test_reading_an_existing_file_is_enough(judge: Judge, rule: str) -> None:
    result = judge.of_database("Customers", "storage")(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", RULES)
def test_bare_names_leave_the_list_to_judge(judge: Judge, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _change_items(monkeypatch, lambda item: {**item, "file": f"{item['date']}.jsonl"})
    result = judge(rule)
    if rule in {"PB-ARCH-17", "PB-ARCH-18", "PB-ARCH-19"}:
        assert result.verdict is Verdict.PASSED, told(result)
    else:
        assert result.verdict is Verdict.NOT_VERIFIED, told(result)
        assert "bare name" in result.reason


def _change_items(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    original = ArchiveHandlers.describe_archive
    patch.setattr(ArchiveHandlers, "describe_archive", lambda self, *args: change(original(self, *args)))


# What is in a file


def _change_files(patch: pytest.MonkeyPatch, change: Callable[[bytes], bytes]) -> None:
    original = artifacts.archive_jsonl
    patch.setattr(artifacts, "archive_jsonl", lambda *args: iter([change(b"".join(original(*args)))]))


@wrong("PB-ARCH-10")
def a_json_array(patch: pytest.MonkeyPatch) -> None:
    _change_files(patch, lambda file: b"[\n" + file.replace(b"\n", b",\n")[:-2] + b"\n]")


@wrong("PB-ARCH-10", "PB-ARCH-20")
def a_json_array_in_one_line(patch: pytest.MonkeyPatch) -> None:
    _change_files(patch, lambda file: b"[" + b",".join(file.splitlines()) + b"]\n")


@wrong("PB-ARCH-10")
def latin_1(patch: pytest.MonkeyPatch) -> None:
    _change_files(patch, lambda file: file.decode().encode("latin-1", "replace"))


@wrong("PB-ARCH-10")
def indented(patch: pytest.MonkeyPatch) -> None:
    def change(file: bytes) -> bytes:
        return b"\n".join(
            orjson.dumps(orjson.loads(line), option=orjson.OPT_INDENT_2) for line in file.splitlines()
        )

    _change_files(patch, change)


@wrong("PB-ARCH-10")
def a_blank_line_at_the_end(patch: pytest.MonkeyPatch) -> None:
    _change_files(patch, lambda file: file + b"\n")


@wrong("PB-ARCH-10")
def a_csv(patch: pytest.MonkeyPatch) -> None:
    _change_files(patch, lambda file: b"id,data\n" + file.replace(b":", b","))


@wrong("PB-ARCH-20")
def ascii_with_losses(patch: pytest.MonkeyPatch) -> None:
    _change_files(patch, lambda file: file.decode().encode("ascii", "replace"))


@wrong("PB-ARCH-20")
def flat_records(patch: pytest.MonkeyPatch) -> None:
    def change(file: bytes) -> bytes:
        lines = map(orjson.loads, file.splitlines())
        return b"".join(orjson.dumps({"id": line["id"], **line["data"]}) + b"\n" for line in lines)

    _change_files(patch, change)


@wrong("PB-ARCH-20")
def another_id(patch: pytest.MonkeyPatch) -> None:
    _change_files(patch, lambda file: file.replace(b'{"id":"', b'{"id":"record/'))


@wrong("PB-ARCH-16")
def every_line_twice(patch: pytest.MonkeyPatch) -> None:
    _change_files(patch, lambda file: file + file)


# Which records are in a file


def _change_days(patch: pytest.MonkeyPatch, rows_on: Callable[[RecordTable, int], list[Row]]) -> None:
    """Let the nightly job find other rows for a date."""
    patch.setattr(RecordTable, "updated_on", rows_on)
    patch.setattr(RecordTable, "count_on", lambda self, day: len(rows_on(self, day)))


@wrong("PB-ARCH-11")
def the_first_100(patch: pytest.MonkeyPatch) -> None:
    original = RecordTable.updated_on
    _change_days(patch, lambda self, day: original(self, day)[:100])


@wrong("PB-ARCH-11", "PB-ARCH-21")
def only_one(patch: pytest.MonkeyPatch) -> None:
    original = RecordTable.updated_on
    _change_days(patch, lambda self, day: original(self, day)[-1:])


@wrong("PB-ARCH-12", "PB-ARCH-17", "PB-ARCH-21")
def all_up_to_the_date(patch: pytest.MonkeyPatch) -> None:
    _change_days(patch, lambda self, day: [row for row in self.rows() if row[UPDATED] // DAY <= day])


@wrong("PB-ARCH-13")
def by_creation(patch: pytest.MonkeyPatch) -> None:
    _change_days(patch, lambda self, day: [row for row in self.rows() if row[CREATED] // DAY == day])


@wrong("PB-ARCH-21")
def without_the_last_second(patch: pytest.MonkeyPatch) -> None:
    original = RecordTable.updated_on

    def rows_on(self: RecordTable, day: int) -> list[Row]:
        return [row for row in original(self, day) if row[UPDATED] <= (day + 1) * DAY - SECOND]

    _change_days(patch, rows_on)


@wrong("PB-ARCH-21")
def dates_of_another_time_zone(patch: pytest.MonkeyPatch) -> None:
    # The table's own dates stay: only the file is cut at other midnights.
    def rows_on(self: RecordTable, day: int) -> list[Row]:
        return [row for row in self.rows() if (row[UPDATED] + HOUR) // DAY == day]

    _change_days(patch, rows_on)


@wrong("PB-ARCH-14")
def files_of_what_is_there_now(patch: pytest.MonkeyPatch) -> None:
    original = artifacts.archive_jsonl
    states: list[PixieBrixState] = []
    find = downloads.find

    async def found(sandbox: Any, key: str, now: int) -> Any:
        states[:] = [state_of(sandbox)]
        return await find(sandbox, key, now)

    def now_there(database_id: str, rows: list[Row]) -> Iterator[bytes]:
        table = states[0].database(database_id).records
        return original(database_id, [table.get(row[KEY]) for row in rows])

    patch.setattr("dbcontract.mockserver.storage.app.find", found)
    patch.setattr(artifacts, "archive_jsonl", now_there)


@wrong("PB-ARCH-15")
def the_first_version(patch: pytest.MonkeyPatch) -> None:
    store, updated_on = RecordTable.store, RecordTable.updated_on
    first: dict[tuple[str, int], bytes] = {}

    def remember(self: RecordTable, key: str, data: bytes, now: int) -> tuple[Row, bool]:
        first.setdefault((key, now // DAY), data)
        return store(self, key, data, now)

    def rows_on(self: RecordTable, day: int) -> list[Row]:
        rows = updated_on(self, day)
        return [(*row[:DATA], first.get((row[KEY], day), row[DATA])) for row in rows]

    patch.setattr(RecordTable, "store", remember)
    patch.setattr(RecordTable, "updated_on", rows_on)


@wrong("PB-ARCH-15", "PB-ARCH-16")
def a_line_for_every_write(patch: pytest.MonkeyPatch) -> None:
    store, updated_on = RecordTable.store, RecordTable.updated_on
    written: dict[tuple[str, int], list[bytes]] = {}

    def remember(self: RecordTable, key: str, data: bytes, now: int) -> tuple[Row, bool]:
        written.setdefault((key, now // DAY), []).append(data)
        return store(self, key, data, now)

    def rows_on(self: RecordTable, day: int) -> list[Row]:
        return [
            (*row[:DATA], data)
            for row in updated_on(self, day)
            for data in written.get((row[KEY], day), [row[DATA]])
        ]

    patch.setattr(RecordTable, "store", remember)
    patch.setattr(RecordTable, "updated_on", rows_on)


# When there is a file


@wrong("PB-ARCH-17")
def a_file_for_every_date(patch: pytest.MonkeyPatch) -> None:
    def nightly(databases: Any, midnight: int, limit: int, new_id: Callable[[], str]) -> None:
        databases = list(databases)
        run_nightly(databases, midnight, limit, new_id)
        day = day_of(midnight) - 1
        for database in databases:
            database.archives.setdefault(day, Archive(new_id(), day, midnight, midnight, []))

    patch.setattr(pixiebrix, "run_nightly", nightly)


@wrong("PB-ARCH-18")
def a_file_of_the_day_itself(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.archives

    def with_today(
        self: PixieBrixState, org_id: str, db_id: str, *, descending: bool = True
    ) -> list[Archive]:
        table, today = self.database(db_id).records, day_of(self.next_midnight) - 1
        rows = table.updated_on(today)
        more = [Archive("00000000-0000-4000-8000-000000000001", today, 0, 0, rows)] if rows else []
        return more + original(self, org_id, db_id, descending=descending)

    patch.setattr(PixieBrixState, "archives", with_today)


@wrong("PB-ARCH-13", "PB-ARCH-19")
def no_files(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pixiebrix, "run_nightly", lambda *_: None)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_wrong_files_violate_just_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(RULES, beside=one.red) == one.red
