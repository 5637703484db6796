"""The controller of the pytest plugin: collects the results of all workers, and writes the reports once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from .. import report
from ..catalogue.findings import schema_rules
from ..environment.session import Cancelled
from ..report.document import from_entry
from ..report.shown import visible
from ..report.text import headline, what_happened
from ..results import baseline as baselines
from ..results.results import BROKE_OFF, CheckResult, RuleResult, RunResult, Stop, Verdict
from ..runner.budget import Budget
from ..runner.engine import STOPPED, remains
from ..runner.rule_runner import RuleRunner
from ..target.options import SelectionError
from ..target.target import TargetError
from .items import FINDINGS, RESULT, Plan, Runner, failure_text, make_plan, make_rule_runner
from .settings import ROOT, Settings


def register(config: pytest.Config, settings: Settings) -> None:
    """Make the plan and register what carries it out.

    Raises:
        pytest.UsageError: something is given wrongly.
    """
    try:
        plan = make_plan(config, settings)
    except (TargetError, SelectionError, baselines.BaselineError) as error:
        raise pytest.UsageError(str(error)) from error
    is_worker = hasattr(config, "workerinput")
    if is_worker or not config.getoption("numprocesses", None):
        runner = Runner(plan, shared=is_worker)
        config.pluginmanager.register(runner, "dbcontract-conformance-runner")
    if not is_worker:
        config.pluginmanager.register(Controller(plan, config), "dbcontract-conformance-controller")


class Controller:
    """Collects and reports."""

    def __init__(self, plan: Plan, config: pytest.Config) -> None:
        self._plan = plan
        self._config = config
        self._started, self._started_at = time.monotonic(), datetime.now(UTC)
        cancelled = threading.Event()
        self._rule_runner: RuleRunner = make_rule_runner(plan, cancelled=cancelled)
        self._budget = Budget(plan.target.pace.run, lambda: self._rule_runner.waited, cancelled)
        self._expected: dict[str, None] = {}
        self._results: dict[str, RuleResult] = {}
        self._violated: dict[str, RuleResult] = {}
        self._left: dict[int, Counter[str]] = {}
        self._stopped: Stop | None = None
        self._left_by_user = False
        self._requests = 0
        self._notes: dict[str, None] = {}
        self._late: list[RuleResult] = []
        self._run: RunResult | None = None
        self._written: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Stop at once if nothing answers, or the target is not the one that the user means.

        Raises:
            pytest.UsageError: it is not.
        """
        try:
            with self._budget:
                preflight = self._rule_runner.preflight()
            preflight.require()
        except TargetError as error:
            raise pytest.UsageError(str(error)) from error
        except Cancelled:
            pytest.exit(STOPPED["late"].replace("its turn", "the first rule"), returncode=BROKE_OFF)
        finally:
            self._rule_runner.close()
        if preflight.unreachable is not None:
            pytest.exit(f"the target cannot be judged: {preflight.unreachable}", returncode=BROKE_OFF)
        self._notes.update(dict.fromkeys(preflight.notes))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist what was asked for: its own arguments are without the names of rules."""
        node.workerinput["dbcontract_named"] = [f"{ROOT}::{name}" for name in self._plan.settings.named] or (
            [ROOT] if self._plan.settings.alone else []
        )
        node.workerinput["dbcontract_alone"] = self._plan.settings.alone

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Note which items the workers will run."""
        self._expect(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which items will be run here."""
        self._expect([item.nodeid for item in session.items])

    def _expect(self, ids: list[str]) -> None:
        prefix = f"{ROOT}::"
        self._expected.update(
            dict.fromkeys(one.removeprefix(prefix) for one in ids if one.startswith(prefix))
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in a result."""
        entry, findings = getattr(report, RESULT, None), getattr(report, FINDINGS, None)
        if entry is None or findings is None:
            return
        result = from_entry(entry)
        self._results[result.rule.id] = result
        self._left[findings["process"]] = Counter(findings["left"])
        self._stopped = self._stopped or findings["stopped"]
        self._requests += findings["requests"]
        self._notes.update(dict.fromkeys(findings["notes"]))
        for rule_id, violation in findings["violated"].items():
            self._violated.setdefault(rule_id, from_entry(violation))

    def pytest_keyboard_interrupt(self) -> None:
        """Note that it was the user who ended the session, between two items of ours."""
        self._left_by_user = True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Put the results together, and write the reports."""
        if self._config.getoption("collectonly", default=False) or not self._expected:
            return
        self._settle_schema_rules()
        run = self._result(self._why_stopped(session))
        self._run = baselines.apply(
            self._plan.baseline,
            run,
            known={rule.id for rule in self._plan.catalogue},
            today=datetime.now(UTC).date(),
        )
        if session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED} and (
            any(result.violates for result in self._late) or self._run.problems
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif session.exitstatus == pytest.ExitCode.OK and self._run.stopped == "late":
            session.exitstatus = BROKE_OFF
        for form, path in self._plan.outputs:
            self._write(form, path, self._run)

    def _settle_schema_rules(self) -> None:
        """A rule that all exchanges feed is judged in one worker; what another one saw counts as well."""
        for rule_id, violation in self._violated.items():
            known = self._results.get(rule_id)
            watched = any(rule.id == rule_id for rule in self._plan.watched)
            open_ = known is not None and known.verdict in {Verdict.PASSED, Verdict.NOT_VERIFIED}
            if rule_id in schema_rules() and (open_ or watched):
                found = baselines.accepted(self._plan.baseline, violation)
                self._results[rule_id] = found
                self._late.append(found)

    def _why_stopped(self, session: pytest.Session) -> Stop | None:
        if self._stopped is not None:
            return self._stopped
        if all(rule_id in self._results for rule_id in self._expected):
            return None
        failed = session.shouldfail or session.testsfailed
        return "fail-fast" if failed and not self._left_by_user else "interrupted"

    def _result(self, stopped: Stop | None) -> RunResult:
        rules = [rule for rule in self._plan.rules if rule.id in self._expected]
        for rule in rules:
            if rule.id not in self._results:
                part = CheckResult(Verdict.NOT_VERIFIED, STOPPED[stopped or "interrupted"])
                self._results[rule.id] = self._rule_runner.verdict(rule, [part], {})
        asked = self._plan.shard.rules if self._plan.shard is not None else len(rules)
        rules += [rule for rule in self._plan.watched if rule.id in self._results]
        order = {rule.id: number for number, rule in enumerate(self._plan.catalogue)}
        rules.sort(key=lambda rule: order[rule.id])
        settings = self._plan.settings
        arguments = " ".join(self._plan.target.arguments)
        return RunResult(
            kit_version=version("dbcontract"),
            catalogues={
                api: number for api, number in self._plan.catalogue.versions if api in self._plan.target.apis
            },
            target=self._rule_runner.summary(),
            seed=settings.seed,
            started_at=self._started_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=time.monotonic() - self._started,
            results=tuple(self._results[rule.id] for rule in rules),
            stopped=stopped,
            selection="" if asked == len(self._plan.catalogue.filter(testable=True)) else "through pytest",
            fuzzed=settings.fuzzing,
            notes=(*self._notes, *remains(sum(self._left.values(), Counter()))),
            command=f"dbcontract check {arguments} --seed {settings.seed}"
            + (f" --shard {settings.shard}" if settings.shard is not None else ""),
            requests=self._requests,
            shard=self._plan.shard,
        )

    def _write(self, form: str, path: Path, run: RunResult) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                report.render(form, run, self._rule_runner.redactor), encoding="utf-8", errors="surrogatepass"
            )
        except OSError as error:
            self._written.append(f"{form} report: {path}: {error.strerror}")
        else:
            self._written.append(f"{form} report: {path}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell the result in a few lines."""
        run = self._run
        if run is None:
            return
        write = terminalreporter.write_line
        terminalreporter.write_sep("=", "conformance")
        for result in self._late:
            write(failure_text(result), red=True)
        for result in run.results:
            if result.verdict is Verdict.WARNED and result not in self._late:
                told = visible(what_happened(result), "")
                write(f"warning: {result.rule.id} {result.rule.statement} {told}", yellow=True)
        for problem in run.problems:
            write(f"baseline: {problem}", red=True)
        for note in (*run.notes, *self._written):
            write(visible(self._rule_runner.redactor.text(note), ""))
        counts = ", ".join(f"{run.count(verdict)} {verdict}" for verdict in Verdict if run.count(verdict))
        write(f"{headline(run)} ({counts}; catalogue {self._plan.catalogue.version}; seed {run.seed})")
