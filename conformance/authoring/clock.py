"""Time and failures at the target, as checks use them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from ..environment.environment import Controls
from .check import NotVerified

LONGEST_WAIT = 3_900.0
"""How many seconds are really waited for, where the user allows it: an hour, and a little."""


class NightGuard(Protocol):
    """What is asked before the clock goes over midnight: the night may take what others have made."""

    @property
    def has_to_look(self) -> bool:
        """Whether anything may have changed since a night was last found harmless."""

    def require(self) -> None:
        """Go on if a night takes nothing that the run did not create.

        Raises:
            NotVerified: it might.
        """


class Clock:
    """The time at the target."""

    def __init__(
        self,
        controls: Controls,
        *,
        date_header: Callable[[bool], str | None],
        wait: Callable[[float], None],
        guard: NightGuard | None = None,
    ) -> None:
        """Take the controls of a place, a way to wait in real time, and one to a `Date` header.

        The latter is told whether the last one that came is too old. A guard is asked before each night.
        """
        self._guard = guard
        self._controls = controls
        self._date_header = date_header
        self._wait = wait
        self._told: datetime | None = None
        self._moved = False

    def now(self) -> datetime:
        """The instant at the target, UTC; from a `Date` header where nothing better tells.

        Raises:
            NotVerified: nothing tells.
        """
        exact = self._controls.now()
        if exact is not None:
            return exact
        header, self._moved = self._date_header(self._moved), False
        try:
            self._told = parsedate_to_datetime(header or "").astimezone(UTC)
        except (ValueError, TypeError):
            reason = "the target does not tell its time: its answers have no Date header"
            raise NotVerified(reason) from None
        return self._told

    @property
    def runs_nights(self) -> bool:
        """Whether the nightly job is sure to run with `advance_to_next_midnight`."""
        return self._controls.runs_nights

    def advance(self, seconds: float) -> None:
        """Let time pass: at once where the clock can be moved, really where waiting is allowed.

        Raises:
            NotVerified: neither, or a night would come that might take what the run did not create.
        """
        if self._guard is not None and self._guard.has_to_look and self._passes_midnight(seconds):
            self._guard.require()
        before = self._told
        try:
            self._controls.advance(seconds)
        except NotVerified:
            if seconds > LONGEST_WAIT:
                raise
            self._wait(seconds)
        self._moved = True
        if before is not None:
            self._expect_past(before + timedelta(seconds=seconds))

    def advance_to_next_midnight(self) -> None:
        """Let the day end (UTC) and the nightly job run.

        Raises:
            NotVerified: the clock cannot be moved, or the night might take what the run did not create.
        """
        if self._guard is not None:
            self._guard.require()
        self._controls.advance_to_next_midnight(self.now)
        self._moved = True
        if self._told is not None:
            self._expect_past(datetime.combine(self._told.date() + timedelta(days=1), time(tzinfo=UTC)))

    def _passes_midnight(self, seconds: float) -> bool:
        told = self._told
        try:
            now = self.now()
        except NotVerified:
            return True  # Nobody knows.
        finally:
            self._told = told  # To look ahead expects nothing of the time after the move.
        # The target's own time is not known to the second.
        return (now + timedelta(seconds=seconds + 5)).date() > now.date()

    def _expect_past(self, instant: datetime) -> None:
        """Refuse `Date` headers that stay behind: a proxy may add them, which knows nothing of the move."""
        if self.now() < instant - timedelta(seconds=1):
            raise NotVerified("the Date headers of the target do not follow its clock")


class Inject:
    """Failures at the target. Each order raises `NotVerified` where the target cannot be made to fail."""

    def __init__(self, controls: Controls) -> None:
        """Take the controls of a place."""
        self._controls = controls
        self._provoked: set[str] = set()

    def provoked(self, operation_id: str) -> bool:
        """Whether the answer of this call is a failure that was ordered; asking once uses it up."""
        found = operation_id in self._provoked
        self._provoked.discard(operation_id)
        return found

    def fail_next(self, operation_id: str, status: int | None = None) -> None:
        """Let the next call of an operation fail, with that status where it can be chosen."""
        self._controls.fail_next(operation_id, status)
        self._provoked.add(operation_id)

    def fail_import_inside(self, *, after: int) -> None:
        """Let the next import fail when `after` entries are merged."""
        self._controls.fail_import_inside(after)

    def fail_next_job(self, message: str = "provoked by a check") -> None:
        """Let the next export job that is created end as FAILURE, with that message."""
        self._controls.fail_next_job(message)
