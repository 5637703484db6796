"""What the pytest plugin does once there is a target: the plan, the items, verdicts as outcomes."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .. import report
from ..authoring.check import discover
from ..catalogue.findings import schema_rules
from ..catalogue.rules import Catalogue, Rule, load_all
from ..environment.session import Cancelled
from ..report.document import to_entry
from ..report.shown import visible
from ..report.text import verdict_name, what_happened
from ..results import baseline as baselines
from ..results.results import CheckResult, RuleResult, ShardSummary, Stop, Verdict
from ..runner.budget import Budget
from ..runner.engine import STOPPED
from ..runner.fuzzing.settings import FuzzingSettings
from ..runner.interruption import Interruption
from ..runner.rule_runner import RuleChecks, RuleRunner
from ..runner.shards import ShardError, shard_of, share
from ..target.options import SelectionError, TargetOptions, api_choices, permissions, select
from ..target.target import Target, TargetError
from .settings import ROOT, Settings

_STDERR = 2

RESULT = "dbcontract_result"
FINDINGS = "dbcontract_findings"
"""Attributes of a test report, by which results travel from the workers of xdist: plain JSON."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the user chose, checked.

    Attributes:
        rules: to judge by, each behind those that it depends on, and last the ones that all exchanges feed.
        watched: rules of other shards that all exchanges feed.
        shard: which part of a run it is.
        outputs: (format, file) of the reports.
    """

    target: Target
    catalogue: Catalogue
    rules: tuple[Rule, ...]
    baseline: baselines.Baseline
    outputs: tuple[tuple[str, Path], ...]
    settings: Settings
    watched: tuple[Rule, ...] = ()
    shard: ShardSummary | None = None


def make_plan(config: pytest.Config, settings: Settings) -> Plan:
    """Check what the user chose.

    Raises:
        TargetError, SelectionError, baselines.BaselineError: something is given wrongly.
    """
    if settings.api not in {None, *api_choices()}:
        raise TargetError(f"--dbcontract-api: {settings.api!r} is unknown; say {', '.join(api_choices())}")
    catalogue = load_all()
    # A mistyped id is told before the target is asked anything.
    chosen = select(catalogue, (*settings.only, *settings.named))
    accepted = baselines.read(settings.baseline_file) if settings.baseline_file else baselines.Baseline()
    for one in accepted.accepted:
        if one.rule not in catalogue:
            raise baselines.BaselineError(f"{settings.baseline_file}: {one.rule} is not a rule")
    outputs = tuple(_output(config, text) for text in settings.reports)
    wanted = TargetOptions(
        url=settings.url,
        api=settings.api,
        target_file=settings.target_file,
        allow=permissions([settings.allow], "--dbcontract-allow"),
        token_env=settings.token_env,
        own=settings.own,
        proxy=settings.proxy,
        prefix="--dbcontract-",
    )
    target = wanted.resolve(os.environ)
    ids = {rule.id for rule in chosen if rule.api in target.apis}
    if not ids:
        raise SelectionError(f"the target serves {', '.join(target.apis)}, and no rule of that is chosen")
    ordered = [rule for rule in catalogue.ordered() if rule.id in ids]
    rules = tuple(sorted(ordered, key=lambda rule: rule.id in schema_rules()))
    if settings.shard is None:
        return Plan(target, catalogue, rules, accepted, outputs, settings)
    try:
        found = share(shard_of(settings.shard), rules, discover(), target, fuzzing=settings.fuzzing)
    except ShardError as error:
        raise SelectionError(f"--dbcontract-shard {error}") from error
    return Plan(target, catalogue, found.rules, accepted, outputs, settings, found.watched, found.summary)


def _output(config: pytest.Config, text: str) -> tuple[str, Path]:
    form, equals, name = text.partition("=")
    if form not in report.FORMATS or not equals or not name:
        known = ", ".join(report.FORMATS)
        raise TargetError(f"--dbcontract-report {text}: write FORMAT=FILE, FORMAT one of {known}")
    return form, config.invocation_params.dir / name


def make_rule_runner(
    plan: Plan, *, shared: bool = False, cancelled: threading.Event | None = None
) -> RuleRunner:
    """The rule runner of a plan; `shared` says that other processes use the target at the same time."""
    fuzzing = FuzzingSettings() if plan.settings.fuzzing else None
    rules = {rule.id: rule for rule in (*plan.rules, *plan.watched)}
    return RuleRunner(
        plan.target,
        rules,
        discover(),
        seed=plan.settings.seed,
        settings=fuzzing,
        cancelled=cancelled,
        resets=not shared,
    )


class RuleViolated(Exception):
    """A rule is violated, or its check could not be carried out."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Rules(pytest.Collector):
    """The node `conformance`."""

    plan: Plan

    def collect(self) -> Iterator[pytest.Item]:
        """One item a rule."""
        for rule in self.plan.rules:
            item = RuleItem.from_parent(self, name=rule.id)
            item.rule = rule
            item.add_marker(str(rule.level))
            yield item


class RuleItem(pytest.Item):
    """One rule."""

    rule: Rule

    def runtest(self) -> None:
        """Run its checks; the outcome is the verdict. Where it is interrupted, no further test is run."""
        runner: Runner = self.config.pluginmanager.getplugin("dbcontract-conformance-runner")
        result = runner.judge(self.rule)
        if runner.stopped == "interrupted":
            self.session.shouldstop = STOPPED["interrupted"].partition(" before ")[0]
        outcome(result, runner.plan.baseline)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The three lines of a failure, without a traceback of the kit."""
        if isinstance(excinfo.value, RuleViolated):
            return excinfo.value.text
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, int, str]:
        """Where it is, for the lines of `-v` and `-rs`; pytest wants a line for what is skipped."""
        return ROOT, 0, self.name


def outcome(result: RuleResult, accepted: baselines.Baseline) -> None:
    """Tell pytest a verdict.

    Raises:
        RuleViolated: the rule is violated, its check broke, or the baseline accepts what passes.
        pytest.skip.Exception: it could not be verified.
        pytest.xfail.Exception: the baseline accepts the failure.
    """
    entry = next((one for one in accepted.accepted if one.rule == result.rule.id), None)
    if result.verdict is Verdict.NOT_VERIFIED:
        because = f" (follows from {result.because_of})" if result.because_of else ""
        raise pytest.skip.Exception(visible(result.reason, "") + because, _use_item_location=True)
    if result.verdict is Verdict.PASSED and entry is not None:
        raise RuleViolated(f"the baseline accepts {result.rule.id}, which passes now: remove it")
    if result.accepted is not None:
        raise pytest.xfail.Exception(result.accepted)
    if result.verdict in {Verdict.FAILED, Verdict.ERROR}:
        raise RuleViolated(failure_text(result))


def failure_text(result: RuleResult) -> str:
    """What a failure is, and how it is seen."""
    lines = [
        f"{verdict_name(result).upper()} {result.rule.id} {result.rule.statement}",
        f"  {what_happened(result)}",
    ]
    if result.curl is not None:
        lines.append(f"  {result.curl}")
    lines.append(f"  {result.reproduce}")
    return visible("\n".join(lines))


class Runner:
    """Runs the items of this process: the only one, or a worker of xdist.

    Attributes:
        stopped: why nothing more is asked of the target; None as long as it is.
    """

    def __init__(self, plan: Plan, *, shared: bool) -> None:
        self.plan = plan
        self.stopped: Stop | None = None
        self._cut: Stop | None = None
        cancelled = threading.Event()
        self._rule_runner = make_rule_runner(plan, shared=shared, cancelled=cancelled)
        self._budget = Budget(plan.target.pace.run, lambda: self._rule_runner.waited, cancelled)
        self._results: dict[str, RuleResult] = {}
        self._rule_checks = RuleChecks()
        self._stderr = _STDERR

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep the way to the user: what is said at once must not wait with what pytest captures."""
        capturing = session.config.pluginmanager.getplugin("capturemanager")
        with capturing.global_and_fixture_disabled() if capturing is not None else nullcontext():
            self._stderr = os.dup(2)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the items first of all, so that -k, -m, --lf and --deselect see them."""
        collector = Rules.from_parent(session, name=ROOT, nodeid=ROOT)
        collector.plan = self.plan
        items.extend(collector.collect())

    def judge(self, rule: Rule) -> RuleResult:
        """The verdict on a rule, with the baseline applied. Ctrl-C and the end of the run's time stop it."""
        self._rule_checks = RuleChecks()
        with Interruption(self._rule_runner.cancelled, self._stderr) as interruption, self._budget:
            interruption.tells(self._rule_runner.left)
            result = self._judged(rule) if self.stopped is None else None
        if interruption.asked:
            self.stopped = "interrupted"
        elif self._budget.is_over:
            self.stopped = self.stopped or "late"
        if result is None or self.stopped is not None:
            result = self._so_far(rule, self.stopped or "interrupted")
        self._results[rule.id] = result
        return baselines.accepted(self.plan.baseline, result)

    def _judged(self, rule: Rule) -> RuleResult | None:
        """The verdict on a rule, and what its checks gave; None where all was cancelled before them."""
        try:
            self._rule_runner.preflight()
        except Cancelled:
            return None
        judgement = self._rule_runner.judge(rule, self._results)
        self._rule_checks = judgement.checks
        return judgement.result

    def _so_far(self, rule: Rule, stopped: Stop) -> RuleResult:
        """What a rule came to before all stopped: only what failed, or was over by then, counts."""
        skip_reason = self._rule_runner.skip_reason(rule)
        if skip_reason is not None:
            return self._rule_runner.verdict(rule, [skip_reason], self._results)
        parts = self._rule_checks.parts
        whole = rule.id not in schema_rules() and not self._rule_checks.stopped
        kept = {Verdict.FAILED, Verdict.PASSED} if whole else {Verdict.FAILED}
        if not parts or any(part.verdict not in kept for part in parts):
            self._cut = stopped
            failed = [part for part in parts if part.verdict is Verdict.FAILED]
            parts = failed or [CheckResult(Verdict.NOT_VERIFIED, STOPPED[stopped])]
        return self._rule_runner.verdict(rule, parts, self._results)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the result, so that the controller gets it, from whichever worker."""
        made = yield
        if isinstance(item, RuleItem) and call.when == "call" and item.name in self._results:
            result = baselines.accepted(self.plan.baseline, self._results[item.name])
            setattr(made, RESULT, to_entry(result))
            setattr(made, FINDINGS, self._findings())
        return made

    def _findings(self) -> dict[str, Any]:
        """What the item showed beside its own verdict."""
        violated = {}
        for rule in (*self.plan.rules, *self.plan.watched):
            part = self._rule_runner.violation(rule, self._rule_checks) if rule.id in schema_rules() else None
            if part is not None:
                violated[rule.id] = to_entry(self._rule_runner.verdict(rule, [part], self._results))
        return {
            "violated": violated,
            "process": os.getpid(),
            "left": self._rule_runner.left(),
            "stopped": self._cut,
            "requests": self._rule_checks.requests,
            "notes": list(self._rule_runner.notes),
        }

    def pytest_sessionfinish(self) -> None:
        """Close the connections."""
        self._rule_runner.close()
        if self._stderr != _STDERR:
            os.close(self._stderr)
            self._stderr = _STDERR
