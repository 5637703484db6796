"""The pace of a run, before and after the target has complained."""

import pytest

from dbcontract.conformance.http.turns import Turns


class Clock:
    """Stands still until it is moved."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_turns_come_at_the_rate() -> None:
    turns = Turns(4.0, clock=Clock())
    assert [turns.take() for _ in range(3)] == [0.0, 0.25, 0.5]
    assert [Turns(None, clock=Clock()).take() for _ in range(3)] == [0.0, 0.0, 0.0]
    assert turns.note is None


def test_a_complaint_slows_down_to_what_the_target_took() -> None:
    clock = Clock()
    turns = Turns(None, clock=clock)
    for _ in range(30):
        turns.take()
    clock.now += 70
    for _ in range(101):
        turns.take()
    turns.slow_down(20.0)
    assert turns.rate == pytest.approx(0.9 * 100 / 60)
    assert turns.take() == 20.0
    assert turns.take() == pytest.approx(20.0 + 60 / 90)
    assert turns.note is not None
    assert "429" in turns.note
    assert "1.5 requests a second" in turns.note


def test_each_further_complaint_halves_the_rate_down_to_the_slowest() -> None:
    turns = Turns(8.0, slowest=1.5, clock=Clock())
    rates = []
    for _ in range(4):
        turns.take()
        turns.slow_down(0.0)
        rates.append(turns.rate)
    assert rates == [1.5, 1.5, 1.5, 1.5]
    fast = Turns(None, slowest=0.5, clock=Clock())
    for _ in range(401):
        fast.take()
    rates = []
    for _ in range(5):
        fast.slow_down(0.0)
        rates.append(fast.rate)
    assert rates == [6.0, 3.0, 1.5, 0.75, 0.5]


def test_a_rate_of_the_users_is_never_exceeded() -> None:
    turns = Turns(0.1, slowest=0.5, clock=Clock())
    turns.take()
    turns.slow_down(0.0)
    assert turns.rate == 0.1


def test_a_pause_that_nobody_waits_for_ends() -> None:
    clock = Clock()
    turns = Turns(None, clock=clock)
    assert not turns.is_shut()
    turns.shut(60.0)
    assert turns.is_shut()
    clock.now += 60
    assert not turns.is_shut()
