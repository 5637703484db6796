"""Records that are loaded: their places among others, and the numbers that tell them apart."""

from __future__ import annotations

import pytest

from dbcontract.mockserver.apis.pixiebrix.state.records import KEY, SEQUENCE, RecordTable
from dbcontract.mockserver.state.instants import DAY


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_loaded_gets_its_place_among_what_is_there(count: int) -> None:
    table = RecordTable()
    table.load((9 * number * DAY, str(number), 9 * number * DAY, b"{}") for number in range(count))
    table.load([(5 * DAY, "new", 5 * DAY, b"{}"), (4 * DAY, "older", 4 * DAY, b"{}")])
    assert [row[KEY] for row in table.rows()] == ["0", "older", "new", *map(str, range(1, count))]


def test_sequence_numbers_tell_apart_what_was_created_at_one_instant() -> None:
    table = RecordTable()
    assert table.sequence == 0
    table.load((created, key, created, b"{}") for created, key in [(5, "c"), (5, "b"), (7, "a"), (3, "d")])
    assert [(row[KEY], row[SEQUENCE]) for row in table.rows()] == [("d", 3), ("c", 1), ("b", 2), ("a", 1)]
    assert table.sequence == 3
    table.store("e", b"{}", 9)
    assert table.get("e")[SEQUENCE] == 4
