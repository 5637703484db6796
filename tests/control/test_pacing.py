"""Work in short steps gives way by the time that it has taken, not by how many steps there are."""

from collections.abc import Generator, Iterator
from itertools import count

import pytest

from dbcontract.mockserver.snapshot.pacing import STEP_SECONDS, paced


def steps(number: int) -> Generator[None, None, str]:
    for _ in range(number):
        yield
    return "done"


@pytest.mark.parametrize(("each", "turns"), [(STEP_SECONDS / 100, 10), (STEP_SECONDS, 1_000), (0.0, 0)])
def test_others_have_a_turn_when_time_has_passed(each: float, turns: int) -> None:
    instants: Iterator[float] = (number * each * 1.001 for number in count())
    results = []

    def working() -> Iterator[None]:
        results.append((yield from paced(steps(1_000), lambda: next(instants))))

    assert abs(len(list(working())) - turns) <= turns / 50
    assert results == ["done"]
