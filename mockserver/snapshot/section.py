"""An API's part of a sandbox's document."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any, Protocol

from ..state import jsonio
from ..state.lifecycle import ApiState
from .json_walk import JSONWalk

Steps = Generator[None, None, Any]
"""What is read in short steps, for others to get their turn in between."""


class Section(Protocol):
    """How the state of one API goes into a sandbox's document, and back."""

    @property
    def members(self) -> tuple[str, ...]:
        """The names of its members of the document's object; no other API may have one of them."""

    def write(self, state: Any) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Name and JSON text of each member; the text in pieces, each of about a millisecond.

        The state is a fork, which changes no more.
        """

    def read(self, name: str, walk: JSONWalk) -> Steps:
        """What a member says, kept for `state`.

        Raises:
            TypeError, ValueError, StateError: it is not as it was written; the message says where.
        """

    def state(
        self, found: Mapping[str, Any], settings: Mapping[str, Any], now: int
    ) -> Generator[None, None, ApiState]:
        """The state that the members make.

        Args:
            found: what was read, by member.
            settings: the document's settings.
            now: the document's instant, in µs.

        Raises:
            DocumentError: the members contradict each other.
        """


class JSONSection:
    """The part of an API whose state is small: one member, named like the API, written and read at once.

    Args:
        name: the member's.
        dump: the state as a JSON value.
        load: the state that such a value stands for; raises `TypeError`, `ValueError` or `StateError` for any
            other one.
    """

    def __init__(self, name: str, *, dump: Callable[[Any], object], load: Callable[[Any], ApiState]) -> None:
        self.members = (name,)
        self._dump = dump
        self._load = load

    def write(self, state: Any) -> Iterator[tuple[str, Iterable[bytes]]]:
        """The one member."""
        yield self.members[0], (jsonio.dumps(self._dump(state)),)

    def read(self, name: str, walk: JSONWalk) -> Steps:
        """The state. Raises whatever `load` raises."""
        del name
        yield from ()
        return self._load(walk.value())

    def state(
        self, found: Mapping[str, Any], settings: Mapping[str, Any], now: int
    ) -> Generator[None, None, ApiState]:
        """The state that was read."""
        del settings, now
        yield from ()
        state: ApiState = found[self.members[0]]
        return state
