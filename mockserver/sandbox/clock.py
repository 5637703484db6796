"""The one source of time: every rule that depends on time asks a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ..state.instants import parse_instant

EARLIEST: Final = parse_instant("0001-01-02T00:00:00Z")
LATEST: Final = parse_instant("9999-12-30T00:00:00Z")
"""What a clock can show: the years that have a text form, with room for the hour that a link lives."""


def real_time() -> int:
    """Now, in µs since the epoch."""
    return time.time_ns() // 1000


class Clock:
    """A clock that follows real time at an offset, or stands still; it can be moved either way.

    All instants are µs since the epoch, UTC.
    """

    __slots__ = ("_frozen_at", "_offset", "_source")

    def __init__(
        self, *, at: int | None = None, frozen: bool = False, source: Callable[[], int] = real_time
    ) -> None:
        self._source = source
        self._offset = 0
        self._frozen_at: int | None = None
        if at is not None:
            self._offset = at - source()
        if frozen:
            self._frozen_at = self.now() if at is None else at

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen_at is not None

    def now(self) -> int:
        """The clock's instant."""
        if self._frozen_at is not None:
            return self._frozen_at
        return self._source() + self._offset

    def set(self, instant: int) -> None:
        """Move to an instant; a frozen clock stays frozen, a running one goes on from there."""
        if self._frozen_at is not None:
            self._frozen_at = instant
        else:
            self._offset = instant - self._source()

    def advance(self, microseconds: int) -> None:
        """Move by a span, forwards or backwards."""
        if self._frozen_at is not None:
            self._frozen_at += microseconds
        else:
            self._offset += microseconds

    def freeze(self, at: int | None = None) -> None:
        """Stand still, where the clock is or at an instant."""
        self._frozen_at = self.now() if at is None else at

    def resume(self) -> None:
        """Run again from where the clock stands."""
        if self._frozen_at is not None:
            self._offset = self._frozen_at - self._source()
            self._frozen_at = None
