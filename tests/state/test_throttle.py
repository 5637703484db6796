"""How many requests of a token are counted, and until when."""

from __future__ import annotations

import pytest

from dbcontract.mockserver.apis.pixiebrix.state.throttle import MINUTE, RequestCounter
from dbcontract.mockserver.state.instants import SECOND


def test_a_limit_is_used_up_and_holds_until_the_minute_ends() -> None:
    counter = RequestCounter()
    now = 7 * MINUTE
    assert [counter.hit("a", 2, now) for _ in range(4)] == [None, None, 60, 60]
    assert counter.hit("a", 2, now + MINUTE - 1) == 1
    assert [counter.hit("a", 2, now + MINUTE) for _ in range(3)] == [None, None, 60]


def test_the_minutes_begin_on_the_clock_and_not_with_the_first_request() -> None:
    counter = RequestCounter()
    assert counter.hit("a", 1, 7 * MINUTE - 1) is None
    assert counter.hit("a", 1, 7 * MINUTE) is None


@pytest.mark.parametrize(
    ("passed", "seconds"), [(0, 60), (1, 60), (SECOND - 1, 60), (SECOND, 59), (MINUTE - SECOND, 1)]
)
def test_what_is_left_of_the_minute_is_told_in_whole_seconds(passed: int, seconds: int) -> None:
    assert RequestCounter().hit("a", 0, 3 * MINUTE + passed) == seconds


def test_each_token_is_counted_for_itself_and_the_minute_may_be_the_first() -> None:
    counter = RequestCounter()
    assert [counter.hit(token, 1, 0) for token in ("a", "b", "a")] == [None, None, 60]


def test_a_fork_has_counted_the_same_and_counts_on_alone() -> None:
    counter = RequestCounter()
    counter.hit("a", 2, 0)
    fork = counter.fork()
    assert [fork.hit("a", 2, 1) for _ in range(2)] == [None, 60]
    assert counter.hit("a", 2, 1) is None
