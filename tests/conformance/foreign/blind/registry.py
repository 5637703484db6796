"""What a fault is: a change to the strict server, and what of the contract it breaks."""

import contextlib
import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any, Protocol, TypeVar

from ..servers.strict.__main__ import Strict
from ..servers.strict.rest import Operation

Change = TypeVar("Change", bound=Callable[..., Any])
PAUSE = 0.03
"""Seconds for which another request can come in between where a fault leaves the lock."""


class Kind(StrEnum):
    """The kinds of faults that a round is spread over."""

    SAME_TIME = "at the same time"
    AFTER = "just after, and again"
    LONG = "time that runs long"
    IDENTITY = "identity of texts"
    FIDELITY = "fidelity of values"
    SIZES = "sizes past a buffer"
    COMBINED = "combinations"
    COMPARED = "comparison rules"
    TRANSPORT = "transport"


class Apply(Protocol):
    """Change a server that is not serving yet."""

    __name__: str

    def __call__(self, server: Strict, /) -> None: ...


@dataclass(frozen=True)
class Fault:
    """One change. `level` is that of the statement that it breaks.

    Attributes:
        like: what an earlier round had thought of already; each of the two is seen where the other one is.
    """

    api: str
    kind: Kind
    level: str
    apply: Apply
    like: "Fault | None" = None

    @property
    def name(self) -> str:
        return self.apply.__name__.replace("_", "-")

    @property
    def sentence(self) -> str:
        return " ".join((self.apply.__doc__ or "").split())


def pieces(kind: Kind, level: str, *, like: Fault | None = None) -> Callable[[Apply], Fault]:
    """Declare a fault of Pieces OS."""
    return lambda apply: Fault("pieces", kind, level, apply, like)


def pixiebrix(kind: Kind, level: str, *, like: Fault | None = None) -> Callable[[Apply], Fault]:
    """Declare a fault of PixieBrix."""
    return lambda apply: Fault("pixiebrix", kind, level, apply, like)


@contextlib.contextmanager
def unlocked(server: Strict) -> Iterator[None]:
    """For a moment others are served, as between two statements of a database that share no transaction."""
    served = len(server.journal)
    server.lock.release()
    try:
        for _ in range(server.patience):
            time.sleep(PAUSE)
            if len(server.journal) != served:  # somebody else was
                break
        yield
    finally:
        server.lock.acquire()


def around(server: Strict, name: str) -> Callable[[Change], Change]:
    """Declare what answers in place of the operations of that name; it gets the right one first."""

    def put(change: Change) -> Change:
        def changed(operation: Operation) -> Operation:
            return replace(operation, run=partial(change, operation.run))

        server.operations = [changed(one) if one.name == name else one for one in server.operations]
        return change

    return put


def instead(holder: Any, name: str) -> Callable[[Change], Change]:
    """Declare what replaces a function of a module or class; it gets the right one first."""

    def put(change: Change) -> Change:
        right = getattr(holder, name)

        def changed(*given: Any, **named: Any) -> Any:
            return change(right, *given, **named)

        static = isinstance(inspect.getattr_static(holder, name), staticmethod)
        setattr(holder, name, staticmethod(changed) if static else changed)
        return change

    return put
