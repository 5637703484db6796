"""Runs the checks of a catalogue against a target, each rule after those that it depends on."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..authoring.check import Checks
from ..authoring.run import Controls
from ..catalogue.findings import schema_rules
from ..catalogue.rules import Rule
from ..environment.session import Cancelled
from ..results.results import BAD, CheckResult, RuleResult, RunResult, ShardSummary, Stop, Verdict
from ..schema.description import Description
from ..target.target import Target
from .budget import Budget
from .fuzzing.settings import FuzzingSettings
from .order import waves_of
from .rule_runner import NO_CHECK, RuleChecks, RuleRunner

STOPPED: Mapping[str, str] = {
    "fail-fast": "the run stopped at the first failure",
    "interrupted": "the run was interrupted before its turn",
    "late": "the time of the run was over before its turn (pace.run_seconds)",
    "unreachable": "the target could not be reached",
}


class Listener:
    """Is told what happens, always from the thread that runs the engine. Override what is of interest."""

    def started(self, total: int) -> None:
        """How many rules will get a verdict."""

    def checking(self, rule: Rule) -> None:
        """A rule's checks begin."""

    def judged(self, result: RuleResult) -> None:
        """A rule got its verdict."""

    def fuzzing(self, api: str, phase: str, calls: int) -> None:
        """The fuzzing of an API has made this many calls."""

    def cleaning(self, left: int) -> None:
        """A thing is about to be removed that a check or fuzzing made; this many are left with it."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run.

    Attributes:
        seed: of everything that is generated.
        jobs: checks at a time, where the target gives each a sandbox of its own; elsewhere it is one.
        fuzzing: how to fuzz; None leaves it out.
        fail_fast: stop at the first failure that is not tolerated.
        tolerated: rules whose failure does not count for `fail_fast`: the baseline's.
        whole: keep every exchange, bodies and all.
        evidence: show exchanges with the results of checks; where nobody looks at them, they cost time.
        selection: what was asked for, as the user said it, for the reports.
        command: the command that repeats the run, for the reports.
        shard: which part of a run it is.
    """

    seed: int = 1
    jobs: int = 1
    fuzzing: FuzzingSettings | None = field(default_factory=FuzzingSettings)
    fail_fast: bool = False
    tolerated: frozenset[str] = frozenset()
    whole: bool = False
    evidence: bool = True
    selection: str = ""
    command: str = ""
    shard: ShardSummary | None = None


class Engine:
    """One run.

    Args:
        target: what to judge.
        rules: the rules to judge it by; those of APIs that the target does not serve are left out.
        checks: all checks of the kit.
        catalogues: the versions of the catalogues, by API.
        options: how to run.
        listener: is told what happens.
        kit_version: for the reports.
        descriptions: to share between runs; by default each run reads them itself.
        cancelled: set when the user interrupts the run, from whichever thread.
        controls: what is known to work from the beginning.
        watched: rules that others judge; they get a result where an exchange of this run violates them.
    """

    def __init__(
        self,
        target: Target,
        rules: Sequence[Rule],
        checks: Checks,
        *,
        catalogues: Mapping[str, str],
        options: Options | None = None,
        listener: Listener | None = None,
        kit_version: str = "",
        descriptions: Mapping[str, Description] | None = None,
        cancelled: threading.Event | None = None,
        controls: Controls | None = None,
        watched: Sequence[Rule] = (),
    ) -> None:
        self.rules = {rule.id: rule for rule in rules if rule.api in target.apis}
        self._watched = {rule.id: rule for rule in watched if rule.api in target.apis}
        self.options = options or Options()
        self._listener = listener or Listener()
        self.rule_runner = RuleRunner(
            target,
            {**self.rules, **self._watched},
            checks,
            seed=self.options.seed,
            settings=self.options.fuzzing,
            whole=self.options.whole,
            evidence=self.options.evidence,
            descriptions=descriptions,
            cancelled=cancelled,
            controls=controls,
            cleaning=self._listener.cleaning,
        )
        self._catalogues = {api: version for api, version in catalogues.items() if api in target.apis}
        self._kit_version = kit_version
        self._results: dict[str, RuleResult] = {}
        self._examined: dict[str, RuleChecks] = {}
        self._notes: list[str] = []
        self._requests = 0
        self._stop: Stop | None = None
        self._prepared = False
        self._budget = Budget(target.pace.run, lambda: self.rule_runner.waited, self.rule_runner.cancelled)

    def run(self) -> RunResult:
        """Judge the target. Never raises for what the target does; Ctrl-C ends the run early, cleaned up.

        Raises:
            TargetError: what the user said of the target is wrong; no rule is judged.
        """
        started_at, started = datetime.now(UTC), time.monotonic()
        self._listener.started(len(self.rules))
        try:
            self.prepare()
            with self._budget:
                if self._stop is None:
                    self._everything()
        except (KeyboardInterrupt, Cancelled):
            self._halt("late" if self._budget.is_over else "interrupted")
        finally:
            self.rule_runner.close()
        self._settle_the_rest()
        return RunResult(
            kit_version=self._kit_version,
            catalogues=self._catalogues,
            target=self.rule_runner.summary(),
            seed=self.options.seed,
            started_at=started_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=time.monotonic() - started,
            results=tuple(
                self._results[rule_id]
                for rule_id in (*self.rules, *self._watched)
                if rule_id in self._results
            ),
            stopped=self._stop,
            selection=self.options.selection,
            fuzzed=self.options.fuzzing is not None,
            notes=(*self._notes, *self.rule_runner.notes, *remains(Counter(self.rule_runner.left()))),
            command=self.options.command,
            requests=self._requests,
            shard=self.options.shard,
        )

    def prepare(self) -> None:
        """Ask what has to be known before the first rule; `run` begins with it, where it was not done before.

        Raises:
            TargetError: what the user said of the target is wrong.
        """
        if self._prepared:
            return
        self._prepared = True
        try:
            with self._budget:
                preflight = self.rule_runner.preflight()
        except (KeyboardInterrupt, Cancelled):
            self._halt("late" if self._budget.is_over else "interrupted")
            return
        preflight.require()
        self._notes += preflight.notes
        if preflight.unreachable is not None:
            self._notes.append(preflight.unreachable)
            self._halt("unreachable")

    def _everything(self) -> None:
        for rule in self.rules.values():
            skipped = self.rule_runner.skip_reason(rule)
            if skipped is not None:
                self._settle(self.rule_runner.verdict(rule, [skipped], self._results))
        self._run_checks()
        for api in self.rule_runner.target.apis if not self._is_over() else ():
            self._fuzz(api)
        self._settle_schema_rules()
        self._settle_watched()

    # Checks

    def _run_checks(self) -> None:
        due = [
            rule_id for rule_id in self.rules if rule_id not in self._results and self._has_checks(rule_id)
        ]
        depends_on = {rule_id: self.rules[rule_id].depends_on for rule_id in due}
        jobs = self.options.jobs if due and self.rule_runner.run.environments.independent else 1
        waves = waves_of(due, depends_on)
        if jobs == 1:
            self._run_in_order([rule_id for wave in waves for rule_id in wave])
            return
        for wave in waves:
            self._run_wave(wave, jobs)

    def _run_in_order(self, rule_ids: Sequence[str]) -> None:
        """Run the checks one by one; those that make all that follow cost more come last."""
        waiting: dict[str, RuleChecks] = {}
        for rule_id in rule_ids:
            if self._is_over():
                return
            self._listener.checking(self.rules[rule_id])
            split = self.rule_runner.has_bulky(rule_id)
            rule_checks = self.rule_runner.examine(rule_id, bulky=False if split else None)
            if split and not rule_checks.is_settled:
                waiting[rule_id] = rule_checks
            else:
                self._take(rule_id, rule_checks)
        for rule_id, before in waiting.items():
            if self._is_over():
                return
            self._listener.checking(self.rules[rule_id])
            self._take(rule_id, self.rule_runner.examine(rule_id, bulky=True, before=before))

    def _has_checks(self, rule_id: str) -> bool:
        return rule_id in self.rule_runner.checks

    def _run_wave(self, wave: Sequence[str], jobs: int) -> None:
        """Run the checks of rules that do not depend on each other, several at a time."""
        if self._is_over():
            return
        with ThreadPoolExecutor(jobs, thread_name_prefix="check") as pool:
            waiting: dict[Future[RuleChecks], str] = {}
            try:
                for rule_id in wave:
                    self._listener.checking(self.rules[rule_id])
                    waiting[pool.submit(self.rule_runner.examine, rule_id)] = rule_id
                while waiting:
                    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._take(waiting.pop(future), future.result())
            except KeyboardInterrupt:
                # Those that are at work notice it at their next request, and clean up.
                self._halt("interrupted")
                pool.shutdown(wait=True, cancel_futures=True)

    def _take(self, rule_id: str, rule_checks: RuleChecks) -> None:
        self._requests += rule_checks.requests
        if rule_checks.unreachable:
            self._halt("unreachable")
        if self._is_over() and (rule_checks.stopped or self._stop == "interrupted"):
            return
        if rule_id in schema_rules():
            self._examined[rule_id] = rule_checks
        else:
            self._settle(self.rule_runner.judge(self.rules[rule_id], self._results, rule_checks).result)

    # The rules that all exchanges feed

    def _fuzz(self, api: str) -> None:
        wanted = [rule for rule in self.rules.values() if rule.id in schema_rules() and rule.api == api]
        if all(rule.id in self._results for rule in wanted):
            return
        self._listener.fuzzing(api, "beginning", 0)
        fuzzed = self.rule_runner.fuzzing(api, lambda phase, calls: self._listener.fuzzing(api, phase, calls))
        if fuzzed is not None:
            self._requests += fuzzed.calls

    def _settle_schema_rules(self) -> None:
        for rule_id in schema_rules():
            rule = self.rules.get(rule_id)
            if rule is None or rule_id in self._results:
                continue
            examined = self._examined.get(rule_id) or RuleChecks()
            result = self.rule_runner.judge(rule, self._results, examined).result
            # Half a run cannot tell that all answers were right; it can tell that one was not.
            if not self._stop or result.verdict in BAD:
                self._settle(result)

    def _settle_watched(self) -> None:
        for rule in self._watched.values():
            result = self.rule_runner.verdict(rule, self.rule_runner.schema_parts(rule), self._results)
            if result.verdict in BAD:
                self._settle(result)

    # Verdicts

    def _settle(self, result: RuleResult) -> None:
        self._results[result.rule.id] = result
        self._listener.judged(result)
        tolerated = result.rule.id in self.options.tolerated
        if self.options.fail_fast and result.verdict is Verdict.FAILED and not tolerated:
            self._halt("fail-fast")

    def _is_over(self) -> bool:
        """Whether nothing more is to be asked; who sets `cancelled` from outside, interrupts."""
        if self._stop is None and self.rule_runner.cancelled.is_set():
            self._halt("late" if self._budget.is_over else "interrupted")
        return self._stop is not None

    def _halt(self, reason: Stop) -> None:
        self._stop = self._stop or reason
        self.rule_runner.cancelled.set()

    def _settle_the_rest(self) -> None:
        for rule in self.rules.values():
            if rule.id not in self._results:
                reason = STOPPED[self._stop] if self._stop else NO_CHECK
                part = CheckResult(Verdict.NOT_VERIFIED, reason)
                self._settle(self.rule_runner.verdict(rule, [part], self._results))


def remains(left: Counter[str]) -> Iterator[str]:
    """Notes about what stays at the target."""
    for what, count in left.items():
        times = f" ({count} times)" if count > 1 else ""
        yield f"stays at the target: {what}{times}"
