"""Many short steps as fewer longer ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import TypeVar

Result = TypeVar("Result")

STEP_SECONDS = 0.002


def paced(
    steps: Generator[None, None, Result], now: Callable[[], float] = time.perf_counter
) -> Generator[None, None, Result]:
    """The same work, where a step is as many of the given ones as take `STEP_SECONDS` together.

    Between two steps everybody else has a turn, so thousands of tiny ones take long where many others wait.
    """
    began = now()
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Result = done.value
            return result
        if now() - began >= STEP_SECONDS:
            yield
            began = now()
