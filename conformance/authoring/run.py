"""What all checks of a run share."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ..environment.environment import Environments
from ..environment.session import Session
from ..http.redaction import Redactor
from ..schema.description import Description
from ..target.target import Target


class Controls:
    """Which operations of a target are known to work. Several threads may use it at once."""

    def __init__(self) -> None:
        self._worked: set[tuple[str, str]] = set()

    def note(self, api: str, operation_id: str) -> None:
        """An operation has succeeded, with the target's own token."""
        self._worked.add((api, operation_id))

    def worked(self, api: str, operation_id: str) -> bool:
        """Whether an operation has succeeded in this run."""
        return (api, operation_id) in self._worked


@dataclass(frozen=True, slots=True)
class Run:
    """One run against one target.

    Attributes:
        id: short, random, in lower case; part of the name of everything that is created.
        seed: of everything that is generated.
        cancelled: set when the run is to stop.
        controls: what is known to work.
        numbers: for names, so that no two checks use the same one at a place that they share.
        cleaning: is told how much there is left, before each thing that is removed.
        seen: what the run learned of the target, under a name that the learner chooses; it is learned once.
    """

    id: str
    seed: int
    target: Target
    session: Session
    environments: Environments
    descriptions: Mapping[str, Description]
    redactor: Redactor
    cancelled: threading.Event
    controls: Controls = field(default_factory=Controls)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    cleaning: Callable[[int], None] = lambda _: None
    seen: dict[str, bool] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """With which the names of everything begin that the run makes."""
        return mark_of(self.id)


def mark_of(run: str) -> str:
    """The mark of a run of that id."""
    return f"dbcontract-{run}-"
