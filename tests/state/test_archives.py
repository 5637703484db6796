from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.apis.pixiebrix.state.archives import Archive
from dbcontract.mockserver.apis.pixiebrix.state.databases import Database, Organization
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import DATA, KEY, UPDATED
from dbcontract.mockserver.state.errors import NotFound
from dbcontract.mockserver.state.instants import DAY, HOUR, day_of
from dbcontract.mockserver.state.jsonio import loads

NewId = Callable[[], str]
REPLACE = MergeStrategy.REPLACE


def make(record_limit: int = 500_000, now: int = 0) -> PixieBrixState:
    state = PixieBrixState(record_limit, now=now)
    state.organizations["org"] = Organization("org", "Org")
    state.organizations["other"] = Organization("other", "Other")
    state.databases["db"] = Database("db", "db", "org", 0)
    return state


def put(state: PixieBrixState, key: str, now: int, **data: Any) -> None:
    state.put_record("db", key, data, REPLACE, now)


def files(state: PixieBrixState) -> dict[int, dict[str, Any]]:
    """day -> key -> data"""
    archives = state.databases["db"].archives.values()
    return {one.day: {row[KEY]: loads(row[DATA]) for row in one.rows} for one in archives}


def keys(state: PixieBrixState) -> list[str]:
    return [row[KEY] for row in state.databases["db"].records.rows()]


def test_a_date_has_a_file_only_after_it_ended(new_id: NewId) -> None:
    state = make()
    put(state, "a", 5 * HOUR)
    state.catch_up(DAY - 1, new_id)
    assert files(state) == {}
    state.catch_up(DAY, new_id)
    assert files(state) == {0: {"a": {}}}


def test_a_clock_that_is_set_to_midnight_leaves_no_night_out(new_id: NewId) -> None:
    state = make()
    put(state, "a", 5 * HOUR)
    state.clock_moved(DAY)
    state.catch_up(DAY, new_id)
    assert files(state) == {0: {"a": {}}}


def test_a_file_holds_the_last_version_of_that_date_of_what_was_updated_on_it(new_id: NewId) -> None:
    state = make()
    for now in range(100):
        put(state, "a", now, version=now)
    put(state, "still", 200)
    state.catch_up(DAY, new_id)
    put(state, "a", DAY + 1, version="day 1")
    put(state, "new", DAY + 2)
    state.catch_up(2 * DAY, new_id)
    state.catch_up(3 * DAY, new_id)  # nothing happened on day 2
    put(state, "a", 3 * DAY, version="day 3")
    state.catch_up(4 * DAY, new_id)
    assert files(state) == {
        0: {"a": {"version": 99}, "still": {}},
        1: {"a": {"version": "day 1"}, "new": {}},
        3: {"a": {"version": "day 3"}},
    }


def test_a_record_deleted_before_the_date_ended_is_not_in_its_file(new_id: NewId) -> None:
    state = make()
    put(state, "a", 0)
    put(state, "b", 0)
    state.delete_record("db", "a", 1)
    state.catch_up(DAY, new_id)
    state.delete_record("db", "b", DAY)
    state.catch_up(2 * DAY, new_id)
    assert files(state) == {0: {"b": {}}}


def test_a_file_dates_from_the_midnight_however_late_it_is_asked_for(new_id: NewId) -> None:
    state = make()
    put(state, "a", 5)
    state.catch_up(400 * DAY + 7, new_id)
    (archive,) = state.databases["db"].archives.values()
    assert (archive.day, archive.created_at, archive.updated_at) == (0, DAY, DAY)


def test_archives_are_listed_by_date_either_way(new_id: NewId) -> None:
    state = make()
    for day in (2, 0, 3):
        put(state, str(day), day * DAY)
    state.catch_up(9 * DAY, new_id)
    assert [archive.day for archive in state.archives("org", "db")] == [3, 2, 0]
    assert [archive.day for archive in state.archives("org", "db", descending=False)] == [0, 2, 3]


def test_archives_belong_to_the_databases_organization() -> None:
    state = make()
    for organization, database, what, id_ in [
        ("other", "db", "database", "db"),
        ("org", "no", "database", "no"),
        ("no", "db", "organization", "no"),
    ]:
        with pytest.raises(NotFound) as caught:
            state.archives(organization, database)
        assert (caught.value.what, caught.value.id) == (what, id_)


def test_retention_begins_only_above_the_limit(new_id: NewId) -> None:
    state = make(record_limit=3)
    for number in range(3):
        put(state, str(number), number * DAY)
    state.catch_up(9 * DAY, new_id)
    assert keys(state) == ["0", "1", "2"]


def test_retention_removes_whole_dates_the_oldest_first_until_the_count_fits(new_id: NewId) -> None:
    state = make(record_limit=5)
    for day, many in enumerate([2, 3, 2, 2]):
        for number in range(many):
            put(state, f"{day}.{number}", day * DAY + number)
    state.catch_up(3 * DAY + HOUR, new_id)
    # Count 9 at the midnight after day 2, as what day 3 holds is already there; 4 are left.
    assert keys(state) == ["2.0", "2.1", "3.0", "3.1"]
    assert {day: set(rows) for day, rows in files(state).items()} == {
        0: {"0.0", "0.1"},
        1: {"1.0", "1.1", "1.2"},
        2: {"2.0", "2.1"},
    }


def test_the_date_that_counts_is_that_of_the_last_update(new_id: NewId) -> None:
    state = make(record_limit=1)
    put(state, "old but updated", 0)
    put(state, "newer", DAY)
    put(state, "old but updated", 2 * DAY)
    state.catch_up(3 * DAY, new_id)
    assert keys(state) == ["old but updated"]


def test_one_date_above_the_limit_empties_the_database(new_id: NewId) -> None:
    state = make(record_limit=2)
    for number in range(3):
        put(state, str(number), number)
    state.catch_up(DAY, new_id)
    database = state.databases["db"]
    assert (keys(state), database.records.days(), set(files(state)[0])) == ([], [], {"0", "1", "2"})
    put(state, "0", DAY, again=True)
    assert database.records.get("0")[UPDATED] == DAY
    state.catch_up(2 * DAY, new_id)
    assert files(state)[1] == {"0": {"again": True}}
    assert files(state)[0]["0"] == {}
    with pytest.raises(NotFound):
        state.get_record("db", "1")


def test_every_night_runs_once(new_id: NewId) -> None:
    state = make(record_limit=2)
    put(state, "a", 0)
    state.catch_up(DAY, new_id)
    (first,) = state.databases["db"].archives.values()
    for number in range(4):  # above the limit during the day: nothing happens until midnight
        put(state, str(number), DAY)
        state.catch_up(DAY + number, new_id)
    assert len(keys(state)) == 5
    state.catch_up(2 * DAY - 1, new_id)
    assert len(keys(state)) == 5
    assert list(state.databases["db"].archives.values()) == [first]
    assert state.databases["db"].archives[0] is first


def test_a_jump_of_fifty_years_is_quick(new_id: NewId) -> None:
    state = make()
    for number in range(200):
        put(state, str(number), number * DAY)
    for number in range(50):
        state.databases[str(number)] = Database(str(number), "", "org", 0)
    state.rewind(0)
    begun = time.process_time()
    state.catch_up(50 * 366 * DAY, new_id)
    assert time.process_time() - begun < 1
    assert sorted(files(state)) == list(range(200))


# The clock moved back


def test_a_date_lived_again_adds_to_its_file(new_id: NewId) -> None:
    state = make()
    put(state, "a", 10 * HOUR, version=1)
    put(state, "b", 10 * HOUR, version=1)
    state.catch_up(3 * DAY, new_id)
    state.rewind(HOUR)
    put(state, "a", HOUR, version=2)  # earlier in the date than its first version, but written later
    put(state, "c", HOUR, version=2)
    state.catch_up(2 * HOUR, new_id)
    assert files(state) == {0: {"a": {"version": 1}, "b": {"version": 1}}}
    state.catch_up(DAY + 5, new_id)
    assert files(state) == {0: {"a": {"version": 2}, "b": {"version": 1}, "c": {"version": 2}}}
    archive = state.databases["db"].archives[0]
    assert (archive.created_at, archive.updated_at) == (DAY, DAY)


@pytest.mark.parametrize("many", [False, True])
def test_a_late_write_still_gets_into_the_file_of_its_date(new_id: NewId, many: bool) -> None:
    state = make()
    put(state, "a", 0)
    state.catch_up(3 * DAY, new_id)
    if many:
        state.put_records("db", [("late", {}, REPLACE)], DAY - 1)
    else:
        put(state, "late", DAY - 1)
    assert "late" not in files(state)[0]
    state.catch_up(3 * DAY, new_id)
    assert list(files(state)) == [0]
    assert set(files(state)[0]) == {"a", "late"}
    assert state.next_midnight == 4 * DAY


def test_a_file_that_gains_nothing_stays_as_it_is(new_id: NewId) -> None:
    state = make()
    put(state, "a", 0)
    state.catch_up(DAY, new_id)
    (archive,) = state.databases["db"].archives.values()
    state.rewind(0)
    state.catch_up(5 * DAY, new_id)
    assert list(state.databases["db"].archives.values()) == [archive]
    assert state.databases["db"].archives[0] is archive


def test_a_record_updated_on_an_earlier_date_leaves_the_later_file_alone(new_id: NewId) -> None:
    state = make()
    put(state, "a", 5 * DAY, version="day 5")
    state.catch_up(6 * DAY, new_id)
    state.rewind(2 * DAY)
    put(state, "a", 2 * DAY, version="day 2")
    state.catch_up(9 * DAY, new_id)
    assert files(state) == {5: {"a": {"version": "day 5"}}, 2: {"a": {"version": "day 2"}}}
    assert keys(state) == ["a"]


def test_a_date_that_has_not_ended_is_never_removed(new_id: NewId) -> None:
    state = make(record_limit=1)
    for number in range(3):
        put(state, str(number), 9 * DAY)
    state.rewind(0)
    state.catch_up(5 * DAY, new_id)
    assert (keys(state), files(state)) == (["0", "1", "2"], {})
    state.catch_up(10 * DAY, new_id)
    assert (keys(state), set(files(state)[9])) == ([], {"0", "1", "2"})


def test_removed_records_come_back_to_their_file_only_once_written_again(new_id: NewId) -> None:
    state = make(record_limit=0)
    put(state, "a", 0, version=1)
    state.catch_up(DAY, new_id)
    state.rewind(0)
    put(state, "b", 5, version=1)
    state.catch_up(DAY, new_id)
    assert files(state) == {0: {"a": {"version": 1}, "b": {"version": 1}}}
    assert keys(state) == []


# Whatever the order

WRITES = st.lists(
    st.tuples(
        st.integers(0, 5),  # key
        st.one_of(st.integers(0, 3 * DAY), st.integers(-4, 4).map(lambda days: days * DAY)),  # clock moves by
        st.sampled_from(["put", "put", "put", "delete", "look"]),
    ),
    max_size=40,
)


def numbered() -> NewId:
    numbers = count()
    return lambda: str(next(numbers))


def shown(archives: dict[int, Archive]) -> list[tuple[Any, ...]]:
    return [(one.day, one.created_at, one.updated_at, one.rows) for _, one in sorted(archives.items())]


def night_by_night(state: PixieBrixState, now: int, new_id: NewId) -> None:
    """The same as one call with `now`, by definition."""
    while state.next_midnight <= now:
        state.catch_up(state.next_midnight, new_id)


@given(WRITES, st.integers(0, 4))
def test_one_jump_is_the_same_as_all_its_nights(
    writes: list[tuple[int, int, str]], record_limit: int
) -> None:
    jumping, stepping = make(record_limit, now=20 * DAY), make(record_limit, now=20 * DAY)
    for state, advance in [(jumping, PixieBrixState.catch_up), (stepping, night_by_night)]:
        now, new_id = 20 * DAY, numbered()
        for number, (key, move, action) in enumerate([*writes, (0, 60 * DAY, "look")]):
            now = max(0, now + move)
            if move < 0:
                state.rewind(now)
            advance(state, now, new_id)
            if action == "put":
                put(state, str(key), now, number=number)
            elif action == "delete" and str(key) in state.databases["db"].records:
                state.delete_record("db", str(key), now)
    left, right = jumping.databases["db"], stepping.databases["db"]
    assert list(left.records.rows()) == list(right.records.rows())
    assert shown(left.archives) == shown(right.archives)


@given(WRITES, st.integers(0, 4))
def test_nothing_that_was_not_deleted_is_ever_lost(
    writes: list[tuple[int, int, str]], record_limit: int
) -> None:
    state, new_id = make(record_limit, now=20 * DAY), numbered()
    now = 20 * DAY
    written: dict[str, tuple[int, int]] = {}  # key -> (day, number) of its last write
    for number, (key, move, action) in enumerate([*writes, (0, 60 * DAY, "look")]):
        now = max(0, now + move)
        if move < 0:
            state.rewind(now)
        state.catch_up(now, new_id)
        if action == "put":
            put(state, str(key), now, number=number)
            written[str(key)] = (day_of(now), number)
        elif action == "delete":
            written.pop(str(key), None)
            if str(key) in state.databases["db"].records:
                state.delete_record("db", str(key), now)
        table = state.databases["db"].records
        for name, (day, last) in written.items():
            if name in table:
                assert loads(table.get(name)[DATA]) == {"number": last}
            else:
                assert files(state)[day][name] == {"number": last}
    # After sixty days everything has been archived, and every file has the last version.
    for name, (day, last) in written.items():
        assert files(state)[day][name] == {"number": last}
    assert len(keys(state)) <= record_limit


@given(WRITES, st.integers(0, 4))
def test_with_a_clock_that_only_goes_forward_files_are_what_each_date_left(
    writes: list[tuple[int, int, str]], record_limit: int
) -> None:
    state, new_id = make(record_limit, now=0), numbered()
    now = 0
    current: dict[str, tuple[int, int]] = {}  # key -> (day, number): what the records API shows
    expected: dict[int, dict[str, Any]] = {}

    def midnight(ended: int) -> None:
        left = {name: {"number": number} for name, (day, number) in current.items() if day == ended}
        if left:
            expected[ended] = left
        while len(current) > record_limit:
            oldest = min(day for day, _ in current.values())
            for name in [name for name, (day, _) in current.items() if day == oldest]:
                del current[name]

    for number, (key, move, action) in enumerate([*writes, (0, 60 * DAY, "look")]):
        for ended in range(day_of(now), day_of(now + abs(move))):
            midnight(ended)
        now += abs(move)
        state.catch_up(now, new_id)
        if action == "put":
            put(state, str(key), now, number=number)
            current[str(key)] = (day_of(now), number)
        elif action == "delete" and current.pop(str(key), None) is not None:
            state.delete_record("db", str(key), now)
        assert sorted(keys(state)) == sorted(current)
    assert files(state) == expected
