"""Requests that are sent at the same moment, through a connection each."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Final, TypeVar

AT_ONCE: Final = 4
"""How many requests are on their way together."""

ROUNDS: Final = 3
"""So often a check sends them, since a server may be lucky once."""

Got = TypeVar("Got")


def together(*calls: Callable[[], Got]) -> list[Got]:
    """Make calls in threads of their own, which begin at the same moment; what they give, in order.

    The calls must not be held against the description, which is for one exchange of a check at a time.

    Raises:
        Exception: what the first of them raised, once all have ended.
    """
    start = Barrier(len(calls))

    def begin(call: Callable[[], Got]) -> Got:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(begin, call) for call in calls]
    return [one.result() for one in running]


def ending(over: Event, call: Callable[[], Got]) -> list[Got]:
    """Make a call, and tell those beside it that it is over, however it ends."""
    try:
        return [call()]
    finally:
        over.set()
