"""What watching came to, as the result of a run, from which all reports are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..catalogue.rules import Rule
from ..results.results import RunResult, Stop, TargetSummary
from .observer import Observer


@dataclass(frozen=True, slots=True)
class Session:
    """How was watched.

    Attributes:
        name: of the implementation: its URL.
        command: that watches it again.
        check: the command that judges it by asking, without the rule.
        selection: what of the catalogue was asked for.
        started_at: ISO 8601, UTC.
    """

    name: str
    command: str
    check: str
    selection: str
    started_at: str
    seconds: float
    kit_version: str
    catalogues: Mapping[str, str]


def outcome(observer: Observer, rules: Sequence[Rule], session: Session) -> RunResult:
    """The result; after the observer is closed."""
    hindered = observer.hindered.total()
    stop: Stop | None = "unreachable" if hindered and not observer.requests.total() else None
    return RunResult(
        kit_version=session.kit_version,
        catalogues=session.catalogues,
        target=TargetSummary(session.name, "other", observer.base_urls(), ()),
        seed=0,
        started_at=session.started_at,
        seconds=session.seconds,
        results=tuple(observer.result(rule, f"{session.check} --only {rule.id}") for rule in rules),
        stopped=stop,
        selection=session.selection,
        fuzzed=False,
        notes=tuple(notes(observer)),
        command=session.command,
        requests=observer.seen,
    )


def notes(observer: Observer) -> list[str]:
    """What the reader has to know of what was watched."""
    watched = f"{observer.seen} exchanges were watched, {observer.judged} of them calls of the operations"
    found = [f"{watched}; nothing was sent but what the clients sent"]
    if observer.unread:
        found.append(
            f"{observer.unread} answers were judged by status and headers only: their bodies are longer than "
            "is kept, or in an encoding that is not read"
        )
    found += [
        f"{count} exchanges have no answer that could be judged: {why}"
        for why, count in observer.hindered.items()
    ]
    return found
