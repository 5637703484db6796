"""What a run found: plain data, from which every report is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Literal

from ..catalogue.rules import Level, Rule
from ..http.evidence import Evidence


class Verdict(StrEnum):
    """What is said about one rule.

    `warned` is the failure of an inferred rule. `error` means that the kit or the network broke, so that
    nothing is known.
    """

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    NOT_VERIFIED = "not verified"
    ERROR = "error"


_SEVERITY = {
    Verdict.PASSED: 0,
    Verdict.NOT_VERIFIED: 1,
    Verdict.ERROR: 2,
    Verdict.WARNED: 3,
    Verdict.FAILED: 4,
}
"""Of several parts of one rule the severest counts: a rule is passed when every part of it is, and a failure
is certain whatever else is not known."""


BAD: Final = frozenset({Verdict.FAILED, Verdict.WARNED})
"""The verdicts on a rule that does not hold."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check, or the findings of all exchanges, say about a rule.

    Attributes:
        reason: why the verdict is what it is, in one sentence; empty for a plain pass.
        expected, actual: of a failure, as text.
        evidence: the exchanges that show it, the deciding one last.
        seconds: how long the checks took.
        missing: capabilities that the target lacks.
        because_of: the rule whose own verdict explains this one.
    """

    verdict: Verdict
    reason: str = ""
    expected: str | None = None
    actual: str | None = None
    evidence: tuple[Evidence, ...] = ()
    seconds: float = 0.0
    missing: tuple[str, ...] = ()
    because_of: str | None = None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The verdict on one rule, with everything that a report shows of it.

    Attributes:
        rule: as the catalogue has it; in a report that is read back, what the report tells of it.
        part: what decides the verdict.
        accepted: the reason that the baseline gives for accepting the failure.
        reproduce: the command that judges the rule again.
        how: the rule is checked, as its checks say.
    """

    rule: Rule
    part: CheckResult
    accepted: str | None = None
    reproduce: str = ""
    how: str = ""

    @property
    def verdict(self) -> Verdict:
        """The part's."""
        return self.part.verdict

    @property
    def reason(self) -> str:
        """The part's."""
        return self.part.reason

    @property
    def because_of(self) -> str | None:
        """The part's."""
        return self.part.because_of

    @property
    def violates(self) -> bool:
        """Whether this makes the target non-conformant."""
        return self.verdict is Verdict.FAILED and self.accepted is None

    @property
    def curl(self) -> str | None:
        """The command line that shows the deciding exchange."""
        return self.part.evidence[-1].curl if self.part.evidence else None


Stop = Literal["fail-fast", "interrupted", "late", "unreachable"]


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """The target as reports name it: no token in it."""

    name: str
    kind: str
    urls: Mapping[str, str]
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShardSummary:
    """Which part of a run this is, where it is shared out.

    Attributes:
        index: from 1.
        count: how many parts there are.
        rules: how many rules all parts have together.
        division: tells one way to share the rules out from others.
    """

    index: int
    count: int
    rules: int
    division: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run.

    Attributes:
        catalogues: versions by API.
        started_at: ISO 8601, UTC.
        stopped: why the run ended before its end, if it did.
        selection: what of the catalogue was asked for, as the user said it; empty for all of it.
        notes: what the reader has to know beside the verdicts: what was created and stays, for example.
        problems: what is wrong with the baseline; any of it fails the run.
        command: the command that repeats the run.
        shard: which part of a run it is; None for a whole one. A part may hold rules of other parts, which it
            saw violated.
    """

    kit_version: str
    catalogues: Mapping[str, str]
    target: TargetSummary
    seed: int
    started_at: str
    seconds: float
    results: tuple[RuleResult, ...]
    stopped: Stop | None = None
    selection: str = ""
    fuzzed: bool = True
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    command: str = ""
    requests: int = 0
    shard: ShardSummary | None = None

    @property
    def complete(self) -> bool:
        """Whether every rule that was asked for got its turn."""
        return self.stopped is None

    @property
    def conformant(self) -> bool | None:
        """True or False; None where the run cannot tell: it broke off, or nothing could be verified."""
        code = exit_code(self)
        return {0: True, 1: False}.get(code)

    @property
    def causes(self) -> tuple[tuple[RuleResult, tuple[RuleResult, ...]], ...]:
        """The root causes, each with what follows from it; the gravest first, and that most follows from.

        A root cause has failed, or is a warning, and no other rule that did so explains it. What follows from
        it has failed as well, or could not be verified.
        """
        by_rule = {result.rule.id: result for result in self.results}
        followers: dict[str, list[RuleResult]] = {
            result.rule.id: []
            for result in self.results
            if result.verdict in BAD and not self.follows(result)
        }
        for result in self.results:
            root = _root(result, by_rule)
            if root in followers and root != result.rule.id:
                followers[root].append(result)
        ordered = sorted(
            followers, key=lambda rule: (-_SEVERITY[by_rule[rule].verdict], -len(followers[rule]))
        )
        return tuple((by_rule[rule], tuple(followers[rule])) for rule in ordered)

    def follows(self, result: RuleResult) -> bool:
        """Whether a failure, or a warning, follows from another one of this run."""
        bad = {one.rule.id for one in self.results if one.verdict in BAD}
        return result.verdict in BAD and result.because_of in bad - {result.rule.id}

    def count(self, verdict: Verdict, *, level: Level | None = None, area: str | None = None) -> int:
        """How many results have a verdict, of one level or area."""
        return sum(
            1
            for result in self.results
            if result.verdict is verdict
            and (level is None or result.rule.level == level)
            and (area is None or result.rule.area == area)
        )


def _root(result: RuleResult, by_rule: Mapping[str, RuleResult]) -> str:
    """The rule at the end of what explains a result, each of which has failed."""
    seen = {result.rule.id}
    while (cause := by_rule.get(result.because_of or "")) is not None:
        if cause.verdict not in BAD or cause.rule.id in seen:
            break
        seen.add(cause.rule.id)
        result = cause
    return result.rule.id


@dataclass(frozen=True, slots=True)
class Tally:
    """How a run came out, in four numbers.

    Attributes:
        verified: rules that were exercised, whether they hold or not.
        alone: those of them that failed on their own; warnings are not counted here.
        follow_ups: failures and warnings that follow from another one.
        not_verified: rules that could not be exercised.
    """

    verified: int
    alone: int
    follow_ups: int
    not_verified: int


def tally(run: RunResult) -> Tally:
    """The four numbers of a run."""
    following = {result.rule.id for _, several in run.causes for result in several if result.verdict in BAD}
    verdicts = [result.verdict for result in run.results]
    return Tally(
        verified=sum(verdict in {Verdict.PASSED, *BAD} for verdict in verdicts),
        alone=sum(
            result.verdict is Verdict.FAILED and result.rule.id not in following for result in run.results
        ),
        follow_ups=len(following),
        not_verified=verdicts.count(Verdict.NOT_VERIFIED),
    )


CONFORMANT: Final = 0
NOT_CONFORMANT: Final = 1
BROKE_OFF: Final = 3
NOTHING_VERIFIED: Final = 4


def exit_code(run: RunResult) -> int:
    """The exit status of a run (2 is the command line's own).

    A run that broke off says nothing for certain, whatever it had found: the failures may be the target's
    dying. A run that stopped at its first failure has found one.
    """
    if run.stopped in {"interrupted", "unreachable"}:
        return BROKE_OFF
    if run.problems or any(result.violates for result in run.results):
        return NOT_CONFORMANT
    if not run.complete or any(result.verdict is Verdict.ERROR for result in run.results):
        return BROKE_OFF
    exercised = {Verdict.PASSED, Verdict.WARNED, Verdict.FAILED}
    if not any(result.verdict in exercised for result in run.results):
        return NOTHING_VERIFIED
    return CONFORMANT


def severest(results: Iterable[RuleResult]) -> RuleResult:
    """Of several results of one rule the one that counts."""
    return max(results, key=lambda result: _SEVERITY[result.verdict])


def worst(parts: Iterable[CheckResult], level: Level) -> CheckResult | None:
    """The part that decides the verdict of a rule of that level, with the times of all; None of no parts."""
    several = list(parts)
    levelled = [
        replace(part, verdict=Verdict.WARNED)
        if part.verdict is Verdict.FAILED and level is Level.INFERRED
        else part
        for part in several
    ]
    if not levelled:
        return None
    deciding = max(levelled, key=lambda part: _SEVERITY[part.verdict])
    return replace(deciding, seconds=sum(part.seconds for part in several))
