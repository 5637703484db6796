"""What a sandbox asks of the state of any API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol


class ApiState(Protocol):
    """What one API remembers. Instants are in µs."""

    def fork(self, kind: Any = None) -> Any:
        """An independent state with the same contents, of another class if one is given."""

    def release(self) -> None:
        """Give a fork up: the other side need not copy what it shares when it writes."""

    def rewind(self, now: int) -> None:
        """What is still to come by itself comes after `now`."""

    def clock_moved(self, now: int) -> None:
        """The clock was set: what came nearer again is still to come."""

    def catch_up(self, now: int, new_id: Callable[[], str]) -> None:
        """Let happen what happens by itself until `now`."""

    def late(self, now: int) -> int:
        """How many things at most `catch_up` would have to look at."""

    def set_like(self, other: Any) -> None:
        """Take over what the state of another sandbox is set to, and not what it holds."""


class TimelessState:
    """A state in which nothing happens by itself, and whose forks share nothing that is changed in place.

    What it tells may depend on the instant that it is asked at.
    """

    __slots__ = ()

    def release(self) -> None:
        """Nothing: nothing is shared."""

    def rewind(self, now: int) -> None:
        """Nothing: time changes nothing here."""

    def clock_moved(self, now: int) -> None:
        """Nothing: time changes nothing here."""

    def catch_up(self, now: int, new_id: Callable[[], str]) -> None:
        """Nothing: time changes nothing here."""

    def late(self, now: int) -> int:  # noqa: ARG002 - the protocol's
        """Nothing: time changes nothing here."""
        return 0

    def set_like(self, other: Any) -> None:
        """Nothing: there is nothing to set."""


class HasStates(Protocol):
    """A sandbox, as far as what its APIs remember goes."""

    @property
    def states(self) -> Mapping[str, Any]:
        """What each API remembers, by the API's name."""
