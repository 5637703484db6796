"""Judges rules one by one; the engine and the pytest plugin decide which, and in what order."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..apis.base import practice_of
from ..apis.practice import Practice
from ..authoring.check import Checks, NotVerified
from ..authoring.cleanup import look_again
from ..authoring.how import how
from ..authoring.run import Controls, Run, mark_of
from ..catalogue.findings import FUZZING_ONLY, schema_rules
from ..catalogue.rules import Rule
from ..environment.environment import Environments
from ..environment.gate import Gate
from ..environment.hooks import ConfiguredEnvironments
from ..environment.inventory import told
from ..environment.mock import MockEnvironments
from ..environment.network import open_wire
from ..environment.session import Cancelled, Session
from ..http.redaction import Redactor
from ..http.wire import NoAnswer, Request, Unreachable
from ..report.shown import redacted_result
from ..results.results import CheckResult, RuleResult, TargetSummary, Verdict, worst
from ..schema.conformance import SchemaFindings, Violation
from ..schema.description import Description, routes
from ..target.preflight import Preflight, examine
from ..target.target import Target
from .fuzzing.settings import Fuzzed, FuzzingSettings, Progress
from .order import missing_of, origin, waves_of
from .run_check import Outcome, run_check

BULKY = "the bulky checks"
"""The group of those checks that come last."""

NO_CHECK = "no check of the kit covers this rule yet"


@dataclass(slots=True)
class RuleChecks:
    """What the checks of one rule gave.

    Attributes:
        left: what they created that stays.
        violations: what in their exchanges was not as described.
        unreachable: the target cannot be reached any more.
        stopped: the run was stopped before all checks had their turn.
    """

    parts: list[CheckResult] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    violations: list[Violation] = field(default_factory=list)
    unreachable: bool = False
    stopped: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether further checks of the rule are of no use: it is violated, or nothing can be asked."""
        bad = any(part.verdict in {Verdict.FAILED, Verdict.ERROR} for part in self.parts)
        return bad or self.unreachable or self.stopped


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a rule, and what its checks gave.

    Attributes:
        checks: with all parts that the verdict is made of; where the rule is skipped, the reason alone.
    """

    result: RuleResult
    checks: RuleChecks


class RuleRunner:
    """One target and everything to judge it with.

    Args:
        target: what to judge.
        rules: the rules that may be asked for, by id.
        checks: all checks of the kit.
        seed: of everything that is generated.
        settings: how to fuzz; None leaves fuzzing out.
        whole: keep every exchange, bodies and all.
        evidence: show exchanges with the results of checks.
        descriptions: to share between runs; by default they are read anew.
        cancelled: set when the run is to stop, from whichever thread.
        controls: what is known to work from the beginning.
        resets: let the target put its data back between groups of checks; not while others use it.
        cleaning: is told how much there is left, before each thing that is removed.
    """

    def __init__(
        self,
        target: Target,
        rules: Mapping[str, Rule],
        checks: Checks,
        *,
        seed: int = 1,
        settings: FuzzingSettings | None = None,
        whole: bool = False,
        evidence: bool = True,
        descriptions: Mapping[str, Description] | None = None,
        cancelled: threading.Event | None = None,
        controls: Controls | None = None,
        resets: bool = True,
        cleaning: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.target = target
        self.rules = rules
        self.checks = checks
        self.settings = settings
        self.cancelled = cancelled or threading.Event()
        self.wire = open_wire(target)
        self.redactor = Redactor(target.secrets)
        self.seed = seed
        self._whole = whole
        self._evidence = evidence
        self._controls = controls or Controls()
        self._descriptions = descriptions
        self._schema_findings = SchemaFindings()
        self._run: Run | None = None
        self._preflight: Preflight | None = None
        self._resets = resets
        self._cleaning = cleaning
        self._group: object = None
        self._group_problem: str | None = None
        self._fuzzed: dict[str, Fuzzed] = {}
        self._called: dict[str, frozenset[str]] = {}
        self._failed_at: dict[str, str] = {}

    def close(self) -> None:
        """Close the connections."""
        self.wire.close()

    def unreachable(self) -> str | None:
        """Why some API of the target does not answer; None when all answer something, be it an error."""
        for api in self.target.apis:
            endpoint = self.target.endpoint(api)
            assert endpoint is not None  # noqa: S101 (the target says that it serves it)
            try:
                self.wire.send(Request("GET", f"{endpoint.url}/"), cancelled=self.cancelled)
            except (Unreachable, NoAnswer) as error:
                return f"{endpoint.url} does not answer: {self.redactor.text(str(error))}"
        return None

    def preflight(self) -> Preflight:
        """What is asked before any rule, once; what it leaves open counts from then on.

        Raises:
            TargetError: no place can be made to ask at.
        """
        if self._preflight is None:
            self._preflight = examine(self.run)
        return self._preflight

    @property
    def run(self) -> Run:
        """What the checks share; made when it is first needed."""
        if self._run is None:
            run_id = secrets.token_hex(3)
            environments: Environments
            gate = None
            descriptions = self._descriptions or {api: Description(api) for api in self.target.apis}
            if self.target.kind == "mock":
                environments = MockEnvironments(self.target, run_id, self.wire)
            else:
                environments = ConfiguredEnvironments(self.target, run_id, self.wire, self.cancelled)
                gate = Gate(self.target, mark_of(run_id), routes(descriptions))
            self._run = Run(
                id=run_id,
                seed=self.seed,
                target=self.target,
                session=Session(self.wire, self.target.pace, self.cancelled, gate),
                environments=environments,
                descriptions=descriptions,
                redactor=self.redactor,
                cancelled=self.cancelled,
                cleaning=self._cleaning,
                controls=self._controls,
            )
        return self._run

    @property
    def waited(self) -> float:
        """The seconds that checks have waited, because they may, for links to expire and the like."""
        return self._run.session.waited if self._run is not None else 0.0

    def left(self) -> list[str]:
        """What the run has made and stays at the target, in words."""
        gate = self._run.session.gate if self._run is not None else None
        if gate is None:
            return []
        return [
            *told(gate.inventory.since(), gate.mark),
            *(line for keeper in gate.keepers.values() for line in keeper.changed()),
        ]

    def skip_reason(self, rule: Rule) -> CheckResult | None:
        """Why a rule cannot be verified on this target at all; None if nothing stands in the way."""
        if rule.untestable is not None:
            return CheckResult(Verdict.NOT_VERIFIED, f"no check can tell: {rule.untestable}")
        missing = missing_of(rule, self.target)
        if missing:
            reason = f"the target lacks, or does not allow: {', '.join(missing)}"
            return CheckResult(Verdict.NOT_VERIFIED, reason, missing=missing)
        if rule.id not in self.checks and rule.id not in schema_rules():
            return CheckResult(Verdict.NOT_VERIFIED, NO_CHECK)
        open_because = self._preflight.skip_reason(rule) if self._preflight is not None else None
        return CheckResult(Verdict.NOT_VERIFIED, open_because) if open_because is not None else None

    def has_bulky(self, rule_id: str) -> bool:
        """Whether some check of a rule is to come last, since others share the target with it."""
        shared = not self.run.environments.independent
        return shared and any(check.bulky for check in self.checks.of(rule_id))

    def examine(
        self, rule_id: str, *, bulky: bool | None = None, before: RuleChecks | None = None
    ) -> RuleChecks:
        """Run the checks of a rule; may be called from several threads.

        Args:
            rule_id: of the rule.
            bulky: only those that are to come last, or only the others; by default all.
            before: what other checks of the rule gave, to be added to.

        Raises:
            KeyboardInterrupt: the user stopped it; what was created is removed.
        """
        run, rule_checks = self.run, before or RuleChecks()
        problem = self._begin(BULKY if bulky else self._groups.get(rule_id, 0))
        if problem is not None:
            rule_checks.parts.append(CheckResult(Verdict.NOT_VERIFIED, problem))
            return rule_checks
        for check in self.checks.of(rule_id):
            if bulky is not None and check.bulky is not bulky:
                continue
            if self.cancelled.is_set():
                rule_checks.stopped = True
                break
            outcome = run_check(check, rule_id, run, whole=self._whole, evidence=self._evidence)
            rule_checks.violations += self._schema_findings.read(outcome.trace, run.redactor)
            rule_checks.parts.append(outcome.part)
            self._note_calls(rule_id, outcome)
            rule_checks.left.update(outcome.left)
            rule_checks.requests += len(outcome.trace.exchanges)
            if outcome.broken and self.unreachable() is not None:
                rule_checks.unreachable = True
                break
        return rule_checks

    def _begin(self, group: object) -> str | None:
        """Let the target put its data back before the first check of a group; why that did not work."""
        if group != self._group and self._resets:
            self._group, self._group_problem = group, None
            try:
                if self.run.environments.begin_group():
                    look_again(self.run)
            except NotVerified as error:
                self._group_problem = error.reason
        return self._group_problem

    @cached_property
    def _groups(self) -> dict[str, int]:
        """The group of each rule: those that rest only on rules of earlier groups."""
        depends_on = {rule.id: rule.depends_on for rule in self.rules.values()}
        waves = waves_of(list(self.rules), depends_on)
        return {rule_id: number for number, wave in enumerate(waves) for rule_id in wave}

    def _note_calls(self, rule_id: str, outcome: Outcome) -> None:
        """Remember what a check has called, and which of it came last before it failed."""
        operations = [one.operation for one in outcome.trace.exchanges if one.operation is not None]
        self._called[rule_id] = self._called.get(rule_id, frozenset()) | frozenset(operations)
        if outcome.part.verdict is Verdict.FAILED and operations:
            self._failed_at.setdefault(rule_id, operations[-1])

    def fuzzing(self, api: str, progress: Progress = lambda _phase, _calls: None) -> Fuzzed | None:
        """Fuzz an API, once; None where fuzzing is left out.

        Raises:
            Cancelled, KeyboardInterrupt: the user stopped it.
        """
        if self.settings is None:
            return None
        # Schemathesis' engine takes a while to load, which a run without fuzzing does not need.
        from .fuzzing.run import fuzzing  # noqa: PLC0415

        if api not in self._fuzzed:
            try:
                self._begin(api)
                self._fuzzed[api] = fuzzing(api, self.run, self._schema_findings, self.settings, progress)
            except (NotVerified, Unreachable) as error:
                problem = f"the fuzzing of {api} could not begin: {self.redactor.text(str(error))}"
                self._fuzzed[api] = Fuzzed(0, problem)
        return self._fuzzed[api]

    def schema_parts(self, rule: Rule, parts: Iterable[CheckResult] = ()) -> list[CheckResult]:
        """What all exchanges so far say about a rule, beside the parts of its own checks."""
        own = list(parts)
        checks = schema_rules()[rule.id]
        part = self._schema_findings.part(checks, rule.operations, fuzzed=rule.api in self._fuzzed)
        # What only fuzzing shows is not part of a rule that a check of its own covers.
        if own and part.verdict is Verdict.NOT_VERIFIED and FUZZING_ONLY.intersection(checks):
            return own
        return [*own, part]

    def violation(self, rule: Rule, rule_checks: RuleChecks) -> CheckResult | None:
        """What the exchanges of some checks alone say against a rule that all exchanges feed."""
        schema_findings = SchemaFindings()
        for violation in rule_checks.violations:
            schema_findings.add(violation)
        part = schema_findings.part(schema_rules()[rule.id], rule.operations, fuzzed=False)
        return part if part.verdict is Verdict.FAILED else None

    def judge(
        self, rule: Rule, results: Mapping[str, RuleResult], examined: RuleChecks | None = None
    ) -> Judgement:
        """Judge a rule: why it is skipped, or what its checks, and all exchanges so far, say about it.

        Args:
            rule: of those that may be asked for.
            results: those so far, which may explain it.
            examined: what `examine` gave. By default the checks run now, and before a rule that all exchanges
                feed is judged, its API is fuzzed, where that was not done before.

        Raises:
            KeyboardInterrupt: the user stopped it; what was created is removed.
        """
        skip_reason = self.skip_reason(rule)
        if skip_reason is not None:
            return Judgement(self.verdict(rule, [skip_reason], results), RuleChecks([skip_reason]))
        rule_checks = examined or self.examine(rule.id)
        if rule.id in schema_rules():
            if examined is None:
                try:
                    self.fuzzing(rule.api)
                except Cancelled:
                    rule_checks.stopped = True
            rule_checks.parts = self.schema_parts(rule, rule_checks.parts)
        return Judgement(self.verdict(rule, rule_checks.parts, results), rule_checks)

    def verdict(
        self, rule: Rule, parts: Iterable[CheckResult], results: Mapping[str, RuleResult]
    ) -> RuleResult:
        """The result of a rule of which these parts are all that is known; `results` as for `judge`."""
        part = worst(parts, rule.level) or CheckResult(Verdict.NOT_VERIFIED, NO_CHECK)
        because_of = part.because_of
        if part.verdict in {Verdict.FAILED, Verdict.WARNED} or because_of is not None:
            because_of = origin(
                rule.id, because_of, self.rules, results, lambda other: self._concerns(rule, other)
            )
        part = replace(part, because_of=because_of)
        result = RuleResult(
            rule, part, reproduce=self._reproduce(rule.id), how=how(rule.id, self.checks.of(rule.id))
        )
        return redacted_result(result, self.redactor)

    def _concerns(self, rule: Rule, other: str) -> bool:
        """Whether a check of a rule has done what another rule failed at.

        It has where it called the operation that the other one failed at last, or shares calls with it that
        are not mere preparation. What is not known, as of a rule that another process has checked, may be.
        """
        own, theirs = self._called.get(rule.id), self._called.get(other)
        if own is None or theirs is None:
            return True
        return (
            not own.isdisjoint(theirs - practice_of(rule.api, Practice).preparing)
            or self._failed_at.get(other) in own
        )

    def _reproduce(self, rule_id: str) -> str:
        words = ["dbcontract", "check", *self.target.arguments, "--only", rule_id]
        return " ".join([*words, "--seed", str(self.seed)])

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of a report has to know of the run itself."""
        problems = [fuzzed.problem for fuzzed in self._fuzzed.values()]
        note = self._run.session.turns.note if self._run is not None else None
        return tuple(one for one in (*problems, note) if one is not None)

    def summary(self) -> TargetSummary:
        """The target, as reports name it."""
        target = self.target
        urls = {api: endpoint.url for api in target.apis if (endpoint := target.endpoint(api)) is not None}
        return TargetSummary(target.name, target.kind, urls, tuple(sorted(target.capabilities)))
