from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy, merge
from dbcontract.mockserver.apis.pixiebrix.state.records import (
    CREATED,
    DATA,
    KEY,
    SEQUENCE,
    UPDATED,
    RecordTable,
    Row,
    merged,
)
from dbcontract.mockserver.state import jsonio
from dbcontract.mockserver.state.errors import MalformedJSON
from dbcontract.mockserver.state.instants import DAY

REPLACE = MergeStrategy.REPLACE


class Model:
    """The same table as simply as can be: [created, key, updated, data] by key."""

    def __init__(self) -> None:
        self.by_key: dict[str, list[Any]] = {}
        self.order: dict[str, int] = {}  # of creation
        self.written = 0

    def put(self, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int) -> None:
        if key in self.by_key:
            record = self.by_key[key]
            record[2:] = [now, merge(strategy, record[3], data)]
        else:
            self.create(now, key, now, data)

    def create(self, created: int, key: str, updated: int, data: dict[str, Any]) -> None:
        self.written += 1
        self.order[key] = self.written
        self.by_key[key] = [created, key, updated, data]

    def rows(self) -> list[list[Any]]:
        return sorted(self.by_key.values(), key=lambda record: (record[0], self.order[record[1]]))

    def updated_on(self, day: int) -> list[list[Any]]:
        return [record for record in self.rows() if record[2] // DAY == day]

    def remove(self, day: int) -> list[list[Any]]:
        gone = self.updated_on(day)
        for record in gone:
            del self.by_key[record[1]]
        return gone

    def fork(self) -> Model:
        other = Model()
        other.by_key = {key: list(record) for key, record in self.by_key.items()}
        other.order, other.written = self.order.copy(), self.written
        return other


def put(
    table: RecordTable, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int
) -> tuple[Row, bool]:
    old = table.get(key)[DATA] if key in table else None
    return table.store(key, merged(old, data, strategy), now)


def plain(rows: list[Row]) -> list[list[Any]]:
    return [[row[CREATED], row[KEY], row[UPDATED], jsonio.loads(row[DATA])] for row in rows]


def check(table: RecordTable, model: Model) -> None:
    assert plain(list(table.rows())) == model.rows()
    places = [row[:KEY] for row in table.rows()]
    assert places == sorted(set(places))
    assert all(row[SEQUENCE] <= table.sequence for row in table.rows())
    assert len(table) == len(model.by_key)
    for key in KEYS:
        assert (key in table) == (key in model.by_key)
        if key in model.by_key:
            assert plain([table.get(key)]) == [model.by_key[key]]
    days = sorted({record[2] // DAY for record in model.by_key.values()})
    assert table.days() == days
    for day in range(-1, DAYS + 1):
        assert plain(table.updated_on(day)) == model.updated_on(day)
        assert table.count_on(day) == len(model.updated_on(day))


DAYS = 4
KEYS = [f"key {number}" for number in range(8)]
INSTANTS = st.builds(
    lambda day, us: day * DAY + us, st.integers(0, DAYS - 1), st.sampled_from([0, 1, 5, DAY - 1])
)
DATA_OBJECTS = st.dictionaries(st.sampled_from("ab"), st.one_of(st.integers(0, 2), st.just([1])), max_size=2)
OPERATIONS = st.lists(
    st.tuples(
        st.integers(0, 9),  # which of the tables
        st.one_of(
            st.tuples(
                st.just("put"), st.sampled_from(KEYS), DATA_OBJECTS, st.sampled_from(MergeStrategy), INSTANTS
            ),
            st.tuples(st.just("delete"), st.sampled_from(KEYS)),
            st.tuples(st.just("remove"), st.integers(0, DAYS)),
            st.tuples(st.just("remove rows"), st.sets(st.integers(0, 7))),
            st.tuples(st.just("fork")),
            st.tuples(st.just("clear")),
            st.tuples(
                st.just("load"),
                st.lists(st.tuples(INSTANTS, st.sampled_from(KEYS), INSTANTS, DATA_OBJECTS), max_size=6),
            ),
        ),
    ),
    max_size=40,
)


def perform(table: RecordTable, model: Model, operation: Any) -> None:
    match operation:
        case ("put", key, data, strategy, now):
            row, created = put(table, key, data, strategy, now)
            assert created == (key not in model.by_key)
            model.put(key, data, strategy, now)
            assert plain([row]) == [model.by_key[key]]
        case ("delete", key):
            if key in model.by_key:
                assert plain([table.delete(key)]) == [model.by_key.pop(key)]
            else:
                with pytest.raises(KeyError):
                    table.delete(key)
        case ("remove", day):
            assert plain(table.remove_day(day)) == model.remove(day)
        case ("remove rows", positions):
            old: Row = (0, 0, KEYS[0], 0, b"{}")  # as it is not, or no more
            chosen = [row for index, row in enumerate(table.rows()) if index in positions]
            assert table.remove([*chosen, old]) == chosen
            for row in chosen:
                del model.by_key[row[KEY]]
        case ("clear",):
            assert table.clear().count == len(model.by_key)
            model.by_key = {}
        case ("load", entries):
            table.load((created, key, updated, jsonio.dumps(data)) for created, key, updated, data in entries)
            for created, key, updated, data in entries:
                model.create(created, key, updated, data)


@given(OPERATIONS)
def test_the_table_agrees_with_a_naive_one_and_forks_with_their_own(
    operations: list[tuple[int, Any]],
) -> None:
    pairs = [(RecordTable(), Model())]
    for which, operation in operations:
        table, model = pairs[which % len(pairs)]
        if operation == ("fork",):
            pairs.append((table.fork(), model.fork()))
        else:
            perform(table, model, operation)
    for table, model in pairs:
        check(table, model)


@given(st.lists(INSTANTS, max_size=30), st.one_of(st.none(), INSTANTS), st.one_of(st.none(), INSTANTS))
def test_a_span_holds_what_was_created_from_start_to_before_end(
    instants: list[int], start: int | None, end: int | None
) -> None:
    table = RecordTable()
    for number, now in enumerate(instants):
        put(table, str(number), {}, REPLACE, now)
    lo, hi = table.span(start, end)
    inside = [
        now for now in sorted(instants) if (start is None or start <= now) and (end is None or now < end)
    ]
    assert [row[CREATED] for row in table.slice(lo, hi)] == inside
    assert 0 <= lo <= hi <= len(table)


def filled(count: int, day: Callable[[int], int]) -> RecordTable:
    table = RecordTable()
    table.load(
        (day(number) * DAY + number, str(number), day(number) * DAY + number, b"{}")
        for number in range(count)
    )
    return table


def test_removing_a_scattered_day_leaves_everything_else_in_order() -> None:
    table = filled(1_000, lambda number: number // 100)
    for number in range(0, 1_000, 7):  # of every day some rows are updated on day 50
        put(table, str(number), {"n": number}, REPLACE, 50 * DAY + number)
    stay = [row for row in table.rows() if row[UPDATED] // DAY != 50]
    gone = table.remove_day(50)
    assert [row[KEY] for row in gone] == [str(number) for number in range(0, 1_000, 7)]
    assert list(table.rows()) == stay
    assert table.days() == list(range(10))


def test_a_failed_write_changes_nothing() -> None:
    table = filled(3, lambda number: number)
    before = list(table.rows())
    with pytest.raises(MalformedJSON):
        put(table, "0", {"a": float("nan")}, REPLACE, 9 * DAY)
    with pytest.raises(MalformedJSON):
        put(table, "new", {"a": "\ud800"}, MergeStrategy.DEEP, 9 * DAY)
    assert list(table.rows()) == before
    assert table.days() == [0, 1, 2]


def test_merging_into_a_record_keeps_integers_exact() -> None:
    table = RecordTable()
    put(table, "k", {"n": 2**80}, REPLACE, 0)
    row, created = put(table, "k", {"m": -(2**80)}, MergeStrategy.SHALLOW, 1)
    assert (jsonio.loads(row[DATA]), created) == ({"n": 2**80, "m": -(2**80)}, False)


def test_a_cleared_table_is_released_bit_by_bit_and_can_be_used_at_once() -> None:
    table = filled(1_000, lambda number: number // 100)
    for number in range(300):
        put(table, str(number), {}, REPLACE, 50 * DAY)
    discarded = table.clear()
    put(table, "0", {"new": True}, REPLACE, 0)
    lengths = [len(discarded)]
    while discarded.release(300):
        lengths.append(len(discarded))
    assert lengths == [1_000, 700, 400, 100]
    assert (discarded.count, len(discarded), len(table), table.days()) == (1_000, 0, 1, [0])


def test_clearing_and_releasing_leaves_a_fork_alone() -> None:
    table = filled(100, lambda number: number)
    fork = table.fork()
    discarded = table.clear()
    assert discarded.count == 100
    assert not discarded.release()
    assert (len(table), len(fork), len(fork.days())) == (0, 100, 100)


def test_only_the_first_write_after_a_fork_copies() -> None:
    table = filled(100, lambda number: number)
    shared = table.rows()
    fork = table.fork()
    put(fork, "0", {}, REPLACE, 5)
    own = fork.rows()
    put(fork, "1", {}, REPLACE, 5)
    put(table, "2", {}, REPLACE, 5)  # nobody else has the rows any more
    assert own is fork.rows()
    assert shared is table.rows()
    assert own is not shared


def test_rows_do_not_burden_the_garbage_collector() -> None:
    table = filled(100, lambda number: number)
    put(table, "0", {"a": 1}, REPLACE, 5)
    put(table, "new", {"a": 1}, REPLACE, 5)
    gc.collect()
    assert not any(gc.is_tracked(row) for row in table.rows())


@pytest.mark.parametrize("strategy", MergeStrategy)
def test_a_record_that_exists_is_merged_into_as_told(strategy: MergeStrategy) -> None:
    old = {"kept": 1, "both": {"old": 1}, "list": [1]}
    new = {"both": {"new": 2}, "list": [2]}
    assert jsonio.loads(merged(None, new, strategy)) == new
    assert jsonio.loads(merged(jsonio.dumps(old), new, strategy)) == merge(strategy, old, new)


def test_of_three_that_share_each_writes_for_itself() -> None:
    tables = [filled(3, lambda number: number)]
    tables += [tables[0].fork(), tables[0].fork()]
    for number, table in enumerate(tables):
        put(table, str(number), {"table": number}, REPLACE, 9 * DAY)
        put(table, f"new {number}", {}, REPLACE, 9 * DAY)
    for number, table in enumerate(tables):
        assert [row[KEY] for row in table.rows()] == ["0", "1", "2", f"new {number}"]
        changed = [row[KEY] for row in table.rows() if row[DATA] != b"{}"]
        assert changed == [str(number)]
        assert [row[KEY] for row in table.updated_on(9)] == [str(number), f"new {number}"]


def test_a_fork_that_is_given_up_is_empty_and_spares_the_copy() -> None:
    table = filled(3, lambda number: number)
    shared = table.rows()
    fork = table.fork()
    fork.release()
    put(table, "new", {}, REPLACE, 5 * DAY)
    assert table.rows() is shared
    put(fork, "own", {}, REPLACE, 5)
    assert ([row[KEY] for row in fork.rows()], "own" in table) == (["own"], False)


def test_giving_one_fork_up_leaves_the_others_their_records() -> None:
    table = filled(3, lambda number: number)
    given_up, kept = table.fork(), table.fork()
    given_up.release()
    put(table, "new", {}, REPLACE, 5 * DAY)
    assert [row[KEY] for row in kept.rows()] == ["0", "1", "2"]
    put(kept, "own", {}, REPLACE, 5 * DAY)
    assert [row[KEY] for row in table.rows()] == ["0", "1", "2", "new"]


# As another table had them

FIRST: Row = (5, 9, "first", 3 * DAY, b'{"n":1}')
SECOND: Row = (7, 3, "second", 7, b"{}")
THIRD: Row = (7, 4, "third", 7, b"{}")


def appended(*rows: Row) -> RecordTable:
    table = RecordTable()
    for row in rows:
        table.append(row)
    return table


def test_appended_rows_are_those_of_the_other_table() -> None:
    table = appended(FIRST, SECOND, THIRD)
    assert list(table.rows()) == [FIRST, SECOND, THIRD]
    assert (table.get("first"), table.sequence) == (FIRST, 9)
    assert (table.updated_on(0), table.updated_on(3)) == ([SECOND, THIRD], [FIRST])
    fork = table.fork()
    fork.append((8, 5, "fourth", 8, b"{}"))
    assert (len(table), len(fork), fork.sequence) == (3, 4, 9)


@pytest.mark.parametrize(
    "row", [(9, 9, "second", 9, b"{}"), (6, 9, "new", 6, b"{}"), (7, 2, "new", 7, b""), (7, 4, "new", 8, b"")]
)
def test_a_row_out_of_order_is_not_appended_nor_one_whose_key_is_there(row: Row) -> None:
    table = appended(FIRST, SECOND, THIRD)
    with pytest.raises(ValueError, match=row[KEY]):
        table.append(row)
    assert list(table.rows()) == [FIRST, SECOND, THIRD]


def test_a_table_continues_after_the_sequence_that_it_is_told() -> None:
    table = appended(FIRST, SECOND)
    table.continue_after(9)
    table.continue_after(20)
    with pytest.raises(ValueError, match="19"):
        table.continue_after(19)
    row, _ = put(table, "new", {}, REPLACE, 8)
    assert (row[SEQUENCE], table.sequence) == (21, 21)


# What half a million rows cost


def test_instants_that_are_equal_are_one_object() -> None:
    def instant() -> int:
        return int("1700000000000000")

    table = RecordTable()
    table.load([(instant(), "loaded", instant(), b"{}")])
    table.store("stored", b"{}", instant())
    table.store("stored", b"[]", instant())
    assert all(row[CREATED] is row[UPDATED] for row in table.rows())


def test_what_one_release_frees_is_bounded_however_many_days_it_is_spread_over() -> None:
    table = filled(40, lambda number: number)
    for number in range(40):  # two rows on each day, none of them created on it
        put(table, str(number), {}, REPLACE, (100 + number // 2) * DAY)
    discarded = table.clear()
    releases = 1
    while discarded.release(5):
        releases += 1
    assert releases == 8


def collected_indexes(key: str) -> int:
    """How many large dictionaries with that key the garbage collector looks through."""
    return sum(1 for one in gc.get_objects() if type(one) is dict and len(one) > 50_000 and key in one)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_large_copy_is_out_of_the_collectors_sight_if_the_data_is(frozen: bool) -> None:
    table = filled(50_002, lambda number: number // 10_000)
    gc.unfreeze()
    gc.collect()  # after which it looks no longer at the index of the table
    try:
        if frozen:
            gc.freeze()
        before = gc.get_freeze_count()
        fork = table.fork()
        put(fork, "first", {}, REPLACE, 9 * DAY)
        assert (gc.get_freeze_count() > before) is frozen
        put(fork, "second", {}, REPLACE, 9 * DAY)
        assert (collected_indexes("second") == 0) is frozen
        assert (len(table), len(fork), len(list(fork.rows()))) == (50_002, 50_004, 50_004)
        assert [row[KEY] for row in fork.remove_day(9)] == ["first", "second"]
        assert "\0" not in fork
    finally:
        gc.unfreeze()


def test_what_is_copied_in_steps_is_as_what_is_copied_at_once() -> None:
    table = filled(50_002, lambda number: number // 10_000)
    put(table, "1", {}, REPLACE, 9 * DAY)
    fork = table.fork()
    assert (table.copies_long, fork.copies_long) == (True, True)
    assert sum(1 for _ in fork.copy_steps()) == 2
    assert (table.copies_long, fork.copies_long) == (False, False)
    put(fork, "new", {}, REPLACE, 9 * DAY)
    assert "new" not in table
    assert list(fork.rows())[:-1] == list(table.rows())
    assert [row[KEY] for row in fork.remove_day(9)] == ["1", "new"]
    assert table.count_on(9) == 1


def test_a_copy_is_given_up_where_the_table_is_written_to_meanwhile() -> None:
    table = filled(50_002, lambda number: number)
    fork = table.fork()
    steps = fork.copy_steps()
    next(steps)
    put(fork, "new", {}, REPLACE, 9 * DAY)
    assert sum(1 for _ in steps) == 0
    assert ("new" in fork, "new" in table) == (True, False)

    other = table.fork()
    steps = other.copy_steps()
    next(steps)
    table.release()
    put(other, "newer", {}, REPLACE, 9 * DAY)
    last = other.fork()
    assert sum(1 for _ in steps) == 0
    assert ("newer" in other, "newer" in last, len(last)) == (True, True, 50_003)


def test_a_small_copy_freezes_nothing() -> None:
    gc.freeze()
    try:
        before = gc.get_freeze_count()
        table = filled(10, lambda number: number)
        put(table.fork(), "new", {}, REPLACE, 9 * DAY)
        assert gc.get_freeze_count() <= before  # less if something frozen has gone meanwhile
    finally:
        gc.unfreeze()
