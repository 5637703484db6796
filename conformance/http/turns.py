"""Whose turn it is to send: at the pace that the target bears, and slower once it has complained."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

MINUTE: Final = 60.0

_MARGIN: Final = 0.9


class Turns:
    """Shared by all threads of a run.

    Args:
        rate: requests a second; None for no limit.
        slowest: this many a second are sent at least, however often the target complains.
        clock: tells the seconds.

    Attributes:
        note: for the reader of the report, once the target has complained.
    """

    def __init__(
        self, rate: float | None, *, slowest: float = 0.5, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate = rate
        self.note: str | None = None
        self._slowest = slowest
        self._clock = clock
        self._lock = threading.Lock()
        self._next = clock()
        self._shut = clock()
        self._sent: deque[float] = deque()

    def take(self) -> float:
        """Take the next turn; the seconds until it comes."""
        with self._lock:
            now = self._clock()
            turn = max(self._next, now)
            self._next = turn + (1.0 / self.rate if self.rate else 0.0)
            self._sent.append(turn)
            while self._sent[0] < now - MINUTE:
                self._sent.popleft()
            return turn - now

    def is_shut(self) -> bool:
        """Whether the target wants a pause that nobody waits for."""
        return self._clock() < self._shut

    def shut(self, seconds: float) -> None:
        """Send nothing for this many seconds, without waiting for them."""
        with self._lock:
            self._shut = max(self._shut, self._clock() + seconds)

    def slow_down(self, wait: float) -> None:
        """Send nothing for this many seconds, and less from then on.

        The first time that is what the target took within the last minute, and half of it each time after.
        """
        with self._lock:
            now = self._clock()
            taken = sum(1 for sent in self._sent if now - MINUTE <= sent <= now) - 1
            wanted = self.rate / 2 if self.note and self.rate else _MARGIN * taken / MINUTE
            self.rate = min(max(self._slowest, wanted), self.rate or float("inf"))
            self._next = max(self._next, now + wait)
            self.note = (
                "the target answered 429, too many requests in a minute; the run went on at "
                f"{self.rate:.2g} requests a second (pace.requests_per_second)"
            )
