"""What the exchanges of one sandbox met, and what the client did wrong: counts and first examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .contract import CoveredContract
from .exchange import Exchange
from .misuse import Misuse

SUBJECTS: Final = 20
"""How many different cases of one kind of mistake are told apart; more are only counted."""
SHOWN_BODY: Final = 500
"""How many characters of a body the evidence has."""


@dataclass(slots=True)
class Case:
    """One mistake, and how often it was made."""

    count: int
    number: int
    evidence: Mapping[str, Any]


@dataclass(slots=True)
class Finding:
    """All cases of one kind of mistake, by what was said of them.

    Attributes:
        more: how often it was made in cases beyond those that are kept.
    """

    misuse: Misuse
    cases: dict[str, Case] = field(default_factory=dict)
    more: int = 0

    @property
    def count(self) -> int:
        """How often it was made."""
        return self.more + sum(case.count for case in self.cases.values())


class Watch:
    """Counts what the exchanges of one sandbox meet.

    What it needs does not grow with their number: it keeps counts, the first case of each mistake, and what
    an API's memory keeps, which is bounded.

    Args:
        contract: what there is to meet.

    Attributes:
        requests: how many were counted.
        since: the number of the first exchange that was seen; None before that.
        paused: exchanges are remembered, but not counted.
        outcomes: how often each was met, by operation, kind and value.
        situations: the same by API and id.
    """

    __slots__ = ("_memories", "contract", "findings", "outcomes", "paused", "requests", "since", "situations")

    def __init__(self, contract: CoveredContract) -> None:
        self.contract = contract
        self.paused = False
        self.begin_anew()
        self.forget()

    def begin_anew(self) -> None:
        """Forget what happened in the sandbox, which begins anew, but not what was met."""
        self._memories = self.contract.memories()

    def forget(self) -> None:
        """Forget what was met."""
        self.requests = 0
        self.since: int | None = None
        self.outcomes: dict[tuple[str, str, str], int] = {}
        self.situations: dict[tuple[str, str], int] = {}
        self.findings: dict[str, Finding] = {}

    def see(self, exchange: Exchange) -> None:
        """Judge and count one exchange."""
        apis = self.contract.apis_of(exchange.operation)
        if not self.paused:
            self.since = exchange.number if self.since is None else self.since
            self.requests += 1
            self._general(exchange)
            for api in apis:
                self._count(api, exchange)
        for api in apis:
            self._memories[api].note(exchange)

    def _general(self, exchange: Exchange) -> None:
        for misuse in self.contract.general:
            self._judge(misuse, exchange, None)

    def _count(self, api: str, exchange: Exchange) -> None:
        memory = self._memories[api]
        operation = self.contract.operations[api].get(exchange.operation or "")
        if operation is not None:
            for kind, value in operation.met(exchange):
                outcome = operation.id, kind, value
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        for situation in self.contract.situations(api, exchange.operation):
            if situation.met(exchange, memory):
                key = api, situation.id
                self.situations[key] = self.situations.get(key, 0) + 1
        for misuse in self.contract.misuses_of(api, exchange.operation):
            self._judge(misuse, exchange, memory)

    def _judge(self, misuse: Misuse, exchange: Exchange, memory: Any) -> None:
        if misuse.settled is not None and misuse.id in self.findings:
            good = misuse.settled(exchange, memory)
            if good is not None:
                self.findings[misuse.id].cases.pop(good, None)
        said = misuse.seen(exchange, memory)
        if said is None:
            return
        finding = self.findings.setdefault(misuse.id, Finding(misuse))
        case = finding.cases.get(said)
        if case is not None:
            case.count += 1
        elif len(finding.cases) < SUBJECTS:
            finding.cases[said] = Case(1, exchange.number, _cut(exchange.describe()))
        else:
            finding.more += 1


def _cut(shown: Any) -> Any:
    """An exchange as it is shown, its bodies cut."""
    cut = dict(shown)
    for name in ("request", "response"):
        if name in cut:
            body = cut[name]["body"]
            cut[name] = {**cut[name], "body": body[:SHOWN_BODY] + ("..." if len(body) > SHOWN_BODY else "")}
    return cut
