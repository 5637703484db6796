"""The rows of a job as pairs: a sequence like the list that it stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.apis.pixiebrix.state.records import Row
from dbcontract.mockserver.artifacts import Pairs

PARTS = st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.integers(0, 9), max_size=5)), max_size=4)
BOUND = st.none() | st.integers(-25, 25)


def row(number: int) -> Row:
    return (number, number, f"key-{number}", number, b"{}")


@given(PARTS, BOUND, BOUND, st.none() | st.sampled_from([1, 2, -1, -3]), st.integers(-25, 25))
def test_they_are_what_the_list_of_them_is(
    numbers: list[tuple[str, list[int]]], start: int | None, stop: int | None, step: int | None, index: int
) -> None:
    parts = [(name, [row(number) for number in part]) for name, part in numbers]
    pairs, naive = Pairs(parts), [(name, one) for name, part in parts for one in part]
    assert list(pairs) == naive
    assert len(pairs) == len(naive)
    assert bool(pairs) == bool(naive)
    assert pairs[start:stop:step] == naive[start:stop:step]
    if -len(naive) <= index < len(naive):
        assert pairs[index] == naive[index]
    else:
        with pytest.raises(IndexError):
            pairs[index]
