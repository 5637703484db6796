"""The rules that every exchange feeds: what has to hold of all answers, whichever check asked for them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

from ..apis.base import names, practice_of
from ..http.evidence import BODY_SHOWN, Evidence
from ..http.redaction import Redactor
from ..results.results import CheckResult, Verdict
from .description import NO_ANSWER, SERVER_ERROR, Finding
from .latitude import DescribedPractice
from .trace import Trace

STATUS: Final = "status_code_conformance"
MEDIA_TYPE: Final = "content_type_conformance"
HEADERS: Final = "response_headers_conformance"
BODY: Final = "response_schema_conformance"
ACCEPTED: Final = "positive_data_acceptance"
REFUSED: Final = "negative_data_rejection"
FOUND: Final = "ensure_resource_availability"
GONE: Final = "use_after_free"

FUZZING_ONLY: Final = frozenset({ACCEPTED, REFUSED, FOUND, GONE})
"""What only fuzzing shows: generated input, and sequences of calls."""

HOW: Final = MappingProxyType(
    {
        STATUS: "Looks at the status of every answer of the run, those of fuzzing among them.",
        MEDIA_TYPE: "Looks at the Content-Type of every answer of the run with a body, its parameters aside.",
        HEADERS: "Looks for the described headers in every answer of the run.",
        BODY: "Validates the body of every answer of the run against the description.",
        SERVER_ERROR: "Looks for answers of 5xx in the run, but for failures that it provoked itself.",
        NO_ANSWER: "Looks for exchanges, those of fuzzing among them, that end without a complete answer.",
        ACCEPTED: "Fuzzing sends many valid requests, with ids that exist; 400, 406 and 415 are failures.",
        REFUSED: "Fuzzing, where it may change the target, breaks many generated bodies in one place each, "
        "unknown fields left aside; none may succeed.",
        FOUND: "Fuzzing follows the links of the description in sequences, and reads what they made.",
        GONE: "Fuzzing reads what it deleted in vain.",
    }
)
"""How each kind of finding comes about, as a sentence for reports."""


@cache
def schema_rules() -> Mapping[str, tuple[str, ...]]:
    """The kinds of findings that rules are about which all answers feed, by rule, of all APIs.

    Which operations a rule concerns, the catalogue says.
    """
    return MappingProxyType(
        {
            rule: kinds
            for api in names()
            for rule, kinds in practice_of(api, DescribedPractice).schema_rules.items()
        }
    )


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
        only_swept = not fuzzed and FUZZING_ONLY.issuperset(checks)
        reason = (
            "only fuzzing shows it, and it was left out" if only_swept else "no exchange of the run shows it"
        )
        return CheckResult(Verdict.NOT_VERIFIED, reason)
