from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.apis.pixiebrix.state.field_index import MAX_FIELDS, FieldIndex
from dbcontract.mockserver.apis.pixiebrix.state.filters import FieldEquals, FieldNull, Filter, sift
from dbcontract.mockserver.apis.pixiebrix.state.records import RecordTable
from dbcontract.mockserver.state.jsonio import dumps
from dbcontract.mockserver.state.rows import DATA

NAMES = st.sampled_from(["a", "b", 'quo"te', "\ud800"])
TEXTS = st.sampled_from(["", "x", "null", '"', "ä", "\x00", "\ud800"])
KEPT = st.sampled_from(["", "x", "null", '"', "ä", "\x00"])
VALUES = KEPT | st.sampled_from([None, True, 5, 2**70, 10**400, [None], {"a": None, "b": "x"}])
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", 'quo"te']), VALUES)
FILTERS = st.builds(FieldEquals, NAMES, TEXTS) | st.builds(FieldNull, NAMES, st.booleans())


@given(st.lists(OBJECTS, min_size=1, max_size=20), st.lists(FILTERS, min_size=1, max_size=3))
def test_what_is_learnt_tells_records_apart_as_the_filters_do(
    several: list[dict[str, Any]], filters: list[Filter]
) -> None:
    rows = [(0, number, str(number), 0, dumps(data)) for number, data in enumerate(several)]
    expected = [row for row in rows if all(one.matches(row[DATA]) for one in filters)]
    index = FieldIndex()
    for _ in range(3):
        for field in index.to_learn(7, filters):
            index.learn(7, rows, field)
        few, left = index.narrowed(7, rows, filters)
        assert reduce(sift, left, few) == expected
    assert not any(isinstance(one, FieldNull) for one in left)
    assert index.narrowed(8, rows, filters) == (rows, filters)


def test_a_block_is_learnt_when_it_is_searched_again_or_for_nulls() -> None:
    index = FieldIndex()
    value, null = FieldEquals("a", "x"), FieldNull("b", is_null=False)
    assert index.to_learn(0, [value, null]) == ["b"]
    assert index.to_learn(0, [value]) == ["a"]
    index.learn(0, [(0, 0, "", 0, b'{"a":"x"}')], "a")
    assert index.to_learn(0, [value]) == []
    assert index.to_learn(1, [value]) == []


def test_a_kind_of_its_own_is_asked_of_each_record() -> None:
    class Other(FieldEquals):
        def matches(self, data: bytes) -> bool:
            return not super().matches(data)

    index, rows, other = FieldIndex(), [(0, 0, "", 0, b'{"a":"x"}')], Other("a", "y")
    index.to_learn(0, [FieldNull("a", is_null=True)])
    index.learn(0, rows, "a")
    assert index.to_learn(0, [other]) == []
    assert index.narrowed(0, rows, [other]) == (rows, [other])


def test_the_fields_asked_for_last_are_remembered() -> None:
    index, rows = FieldIndex(), [(0, 0, "", 0, b"{}")]
    fields = [f"f{number}" for number in range(MAX_FIELDS + 1)]
    for field in fields:
        index.to_learn(0, [FieldNull(field, is_null=False)])
    for field in fields:  # the first of them is forgotten by now
        index.learn(0, rows, field)
    narrowed = [index.narrowed(0, rows, [FieldNull(field, is_null=False)])[0] for field in fields]
    assert narrowed == [rows, *([[]] * MAX_FIELDS)]


def test_few_records_have_no_index() -> None:
    table = RecordTable()
    table.load((n, str(n), n, b"{}") for n in range(19_999))
    assert table.index() is None
    table.store("one more", b"{}", 0)
    assert table.index() is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.store("5", b"{}", 30_000),
        lambda table: table.store("new", b"{}", 30_000),
        lambda table: table.load([(7, "new", 7, b"{}")]),
        lambda table: table.append((30_000, 30_000, "new", 30_000, b"{}")),
        lambda table: table.delete("5"),
        lambda table: table.remove([table.get("5")]),
        lambda table: table.remove_day(0),
        lambda table: table.clear(),
    ],
)
def test_whoever_changes_the_records_takes_their_index_away(change: Callable[[RecordTable], Any]) -> None:
    table = _large()
    index, other = table.index(), table.fork()
    assert other.index() is index
    change(table)
    assert other.index() is index
    assert table.index() is not index
    change(other)
    assert other.index() is not index


def _large() -> RecordTable:
    table = RecordTable()
    table.load((n, str(n), n, b"{}") for n in range(20_001))
    return table
