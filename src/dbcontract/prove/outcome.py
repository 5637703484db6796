"""What came of the kit against one implementation: plain data that crosses processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dbcontract.conformance.results.results import RunResult, Verdict

RED = frozenset({Verdict.FAILED, Verdict.WARNED})
"""The verdicts that say that a rule is broken; which of the two is a matter of the rule's level."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was said about one rule, where it was not `passed`.

    Attributes:
        because_of: the rule whose own verdict explains this one.
    """

    verdict: Verdict
    reason: str = ""
    because_of: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one run.

    Attributes:
        name: of the variant; empty for the reference mock.
        passed: ids of the rules that passed.
        findings: the other rules that were judged.
        problem: why the run was not a whole one.
    """

    name: str
    passed: frozenset[str]
    findings: Mapping[str, Finding]
    seconds: float = 0.0
    requests: int = 0
    problem: str | None = None

    @classmethod
    def of(cls, name: str, result: RunResult) -> Outcome:
        """The outcome of a run of the kit."""
        findings = {
            one.rule.id: Finding(
                one.verdict, _reason(one.reason, one.part.expected, one.part.actual), one.because_of
            )
            for one in result.results
            if one.verdict is not Verdict.PASSED
        }
        passed = frozenset(one.rule.id for one in result.results if one.verdict is Verdict.PASSED)
        problem = None if result.complete else f"the run stopped: {result.stopped}"
        return cls(name, passed, findings, result.seconds, result.requests, problem)

    @property
    def red(self) -> frozenset[str]:
        """The rules that are said to be broken."""
        return self.with_verdict(RED)

    @property
    def broke(self) -> frozenset[str]:
        """The rules whose checks came to no end."""
        return self.with_verdict({Verdict.ERROR})

    def with_verdict(self, verdicts: Iterable[Verdict]) -> frozenset[str]:
        """The rules with one of these verdicts."""
        wanted = frozenset(verdicts)
        return frozenset(rule for rule, finding in self.findings.items() if finding.verdict in wanted)


def _reason(reason: str, expected: str | None, actual: str | None) -> str:
    if expected is None and actual is None:
        return reason
    return f"{reason}: expected {_short(expected)}, got {_short(actual)}"


def _short(text: str | None) -> str:
    text = " ".join((text or "").split())
    return text if len(text) <= 120 else f"{text[:117]}..."
