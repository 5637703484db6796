"""The rules that every exchange feeds: what has to hold of all answers, whichever check asked for them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..catalogue.findings import BODY, FUZZING_ONLY, HEADERS, MEDIA_TYPE, NO_ANSWER, SERVER_ERROR, STATUS
from ..http.evidence import BODY_SHOWN, Evidence
from ..http.redaction import Redactor
from ..results.results import CheckResult, Verdict
from .description import Finding
from .trace import Trace

_SHOWN = 3
_ERROR = 400


@dataclass(frozen=True, slots=True)
class Violation:
    """One finding with the exchange that shows it."""

    finding: Finding
    evidence: Evidence


@dataclass(slots=True)
class SchemaFindings:
    """What all exchanges of a run showed. Several threads may write.

    Attributes:
        succeeded: the operations of which some call did.
    """

    succeeded: set[str] = field(default_factory=set)
    exercised: dict[tuple[str, str], int] = field(default_factory=dict)
    violations: dict[tuple[str, str], list[Violation]] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, trace: Trace, redactor: Redactor) -> list[Violation]:
        """Take in what happened in one check, and give what in it was not as described."""
        found = []
        with self._lock:
            self.succeeded.update(
                one.operation
                for one in trace.exchanges
                if one.operation is not None and one.received is not None and one.received.status < _ERROR
            )
            for operation in trace.exercised:
                for check in (STATUS, MEDIA_TYPE, HEADERS, BODY, SERVER_ERROR, NO_ANSWER):
                    self._exercise(check, operation)
            for finding, number in trace.findings:
                evidence = trace.exchanges[number - 1].as_evidence(number, redactor, shown=BODY_SHOWN)
                found.append(Violation(finding, evidence))
                self._add(found[-1])
        return found

    def exercise(self, check: str, operation: str) -> None:
        """Note that a check was made on an operation."""
        with self._lock:
            self._exercise(check, operation)

    def add(self, violation: Violation) -> None:
        """Note a violation."""
        with self._lock:
            self._add(violation)

    def _exercise(self, check: str, operation: str) -> None:
        key = check, operation
        self.exercised[key] = self.exercised.get(key, 0) + 1

    def _add(self, violation: Violation) -> None:
        key = violation.finding.check, violation.finding.operation
        self._exercise(*key)
        self.counts[key] = self.counts.get(key, 0) + 1
        known = self.violations.setdefault(key, [])
        if len(known) < _SHOWN:
            known.append(violation)

    def part(self, checks: Iterable[str], operations: Iterable[str], *, fuzzed: bool) -> CheckResult:
        """What the exchanges say about a rule that is about these checks of these operations.

        The answers of an operation verify nothing where every call of it was refused.
        """
        keys = [(check, operation) for check in checks for operation in operations]
        found = [violation for key in keys for violation in self.violations.get(key, ())]
        if found:
            count = sum(self.counts.get(key, 0) for key in keys)
            first = found[0].finding
            more = f", and {count - 1} more answers like it or worse" if count > 1 else ""
            return CheckResult(
                Verdict.FAILED,
                f"{first.operation}: {first.title}{more}",
                expected="an answer as described",
                actual=" ".join(first.message.split()),
                evidence=tuple(violation.evidence for violation in reversed(found[:_SHOWN])),
            )
        exercised = [key for key in keys if key in self.exercised]
        if any(operation in self.succeeded for _, operation in exercised):
            return CheckResult(Verdict.PASSED)
        if exercised:
            return CheckResult(Verdict.NOT_VERIFIED, "no call of the operations that it is about succeeded")
        only_fuzzed = not fuzzed and FUZZING_ONLY.issuperset(checks)
        reason = (
            "only fuzzing shows it, and it was left out" if only_fuzzed else "no exchange of the run shows it"
        )
        return CheckResult(Verdict.NOT_VERIFIED, reason)
