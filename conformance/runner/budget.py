"""The time that a whole run has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Budget:
    """Stops a run whose time is over; a context manager, entered for each part of the run.

    What the run waits because it may, for links to expire and the like, does not count.

    Args:
        seconds: that the run has.
        waited: how many seconds it has waited so far.
        cancelled: set when the time is over.

    Attributes:
        is_over: whether the time is.
    """

    def __init__(self, seconds: float, waited: Callable[[], float], cancelled: threading.Event) -> None:
        self.is_over = False
        self._left = seconds
        self._waited = waited
        self._cancelled = cancelled
        self._entered = threading.Lock()
        self._runs = False
        self._until = 0.0
        self._known = 0.0
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        self._known, self._until = self._waited(), time.monotonic() + self._left
        with self._entered:
            self._runs = True
            self._look()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._entered:
            self._runs = False
            if self._timer is not None:
                self._timer.cancel()
            self._left = self._remaining()

    def _remaining(self) -> float:
        return self._until + self._waited() - self._known - time.monotonic()

    def _rings(self) -> None:
        with self._entered:
            if self._runs:
                self._look()

    def _look(self) -> None:
        left = self._remaining()
        if left <= 0:
            self.is_over = True
            self._cancelled.set()
            return
        self._timer = threading.Timer(left, self._rings)
        self._timer.daemon = True
        self._timer.start()
