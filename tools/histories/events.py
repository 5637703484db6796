"""What a client did and saw, and when: the history that is judged afterwards."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

REFUSED = "refused"
"""The answer to what must have no effect: a refusal, or a request that was cut off before its end."""


@dataclass(frozen=True)
class Event:
    """One operation on one object.

    Attributes:
        of: the object; what is done to different objects is judged apart.
        kind: what was done to it.
        sent: what was written, if anything.
        answer: what came back, or `REFUSED`.
        began: before the first byte was sent, as a number that counts up over all clients.
        ended: after the last byte of the answer; None where the client left before: it may have
            happened or not.
    """

    of: str
    kind: str
    sent: Any
    answer: Any
    began: int
    ended: int | None


@dataclass
class History:
    """All events of a run, and what was wrong as soon as it was seen. Threads may share one."""

    events: list[Event] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _ticks: itertools.count[int] = field(default_factory=itertools.count)

    def now(self) -> int:
        """The next number; a later call anywhere has a higher one."""
        return next(self._ticks)

    def add(self, of: str, kind: str, began: int, *, sent: Any = None, answer: Any = None) -> Event:
        """What was done and answered, just now."""
        return self.put(Event(of, kind, sent, answer, began, self.now()))

    def put(self, event: Event) -> Event:
        """An event that ended at another time, or whose answer nobody read."""
        self.events.append(event)
        return event


def grouped(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events of each object, in the order in which they began."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.began):
        found[event.of].append(event)
    return found
