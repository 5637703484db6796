"""Runs the checks of a catalogue against a target, each rule after those that it rests on."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .catalogue import Rule
from .check import Checks
from .described import FED, SWEEP_ONLY, Ledger
from .description import Description
from .hooks import ConfiguredPlaces
from .judge import judge
from .mock import MockPlaces
from .order import origin, waves_of
from .place import Places
from .redaction import Redactor
from .result import Part, RuleResult, RunResult, Stop, TargetSummary, Verdict, worst
from .run import Run
from .session import Session
from .sweep import SweepSettings, sweep
from .target import Target
from .wire import NoAnswer, Request, Unreachable, Wire

STOPPED = {
    "fail-fast": "the run stopped at the first failure",
    "interrupted": "the run was interrupted before its turn",
    "unreachable": "the target could not be reached any more",
}


class Listener:
    """Is told what happens, always from the thread that runs the engine. Override what is of interest."""

    def started(self, total: int) -> None:
        """So many rules will get a verdict."""

    def checking(self, rule: Rule) -> None:
        """A rule's checks begin."""

    def judged(self, result: RuleResult) -> None:
        """A rule got its verdict."""

    def sweeping(self, api: str, phase: str, done: int) -> None:
        """The sweep of an API has made so many calls."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run.

    Attributes:
        seed: of everything that is generated.
        jobs: checks at a time, where the target gives each a world of its own; elsewhere it is one.
        sweep: how to sweep; None leaves it out.
        fail_fast: stop at the first failure that no baseline accepts.
        tolerated: rules whose failure does not count as the first (the baseline's).
        whole: keep every exchange, bodies and all.
        selection: what was asked for, as the user said it, for the reports.
    """

    seed: int = 1
    jobs: int = 1
    sweep: SweepSettings | None = field(default_factory=SweepSettings)
    fail_fast: bool = False
    tolerated: frozenset[str] = frozenset()
    whole: bool = False
    selection: str = ""


class Engine:
    """One run.

    Args:
        target: what to judge.
        rules: the testable rules to judge it by.
        checks: all checks of the kit.
        catalogues: the versions of the catalogues, by API.
        options: how to run.
        listener: is told what happens.
        kit_version: for the reports.
        descriptions: to share between runs; by default each run reads them itself.
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
    ) -> None:
        self.target = target
        self.rules = {rule.id: rule for rule in rules if rule.api in target.apis}
        self.options = options or Options()
        self._checks = checks
        self._catalogues = catalogues
        self._listener = listener or Listener()
        self._kit_version = kit_version
        self._descriptions = descriptions
        self._cancelled = threading.Event()
        self._ledger = Ledger()
        self._results: dict[str, RuleResult] = {}
        self._parts: dict[str, list[Part]] = {}
        self._notes: list[str] = []
        self._left: Counter[str] = Counter()
        self._stop: Stop | None = None
        self._requests = 0

    def run(self) -> RunResult:
        """Judge the target. Never raises for what the target does; Ctrl-C ends the run early, cleaned up."""
        started_at, started = datetime.now(UTC), time.monotonic()
        wire = Wire(self.target.pace.wire, ca_bundle=self.target.ca_bundle)
        self._listener.started(len(self.rules))
        try:
            self._everything(wire)
        except KeyboardInterrupt:
            self._halt("interrupted")
        finally:
            wire.close()
        self._settle_the_rest()
        return RunResult(
            kit_version=self._kit_version,
            catalogues=dict(self._catalogues),
            target=_summary(self.target),
            seed=self.options.seed,
            started_at=started_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=time.monotonic() - started,
            results=tuple(self._results[rule_id] for rule_id in self.rules),
            stopped=self._stop,
            selection=self.options.selection,
            swept=self.options.sweep is not None,
            notes=(*self._notes, *_remains(self._left)),
            requests=self._requests,
        )

    def _everything(self, wire: Wire) -> None:
        if not self._reachable(wire):
            self._halt("unreachable")
            return
        run = self._prepare(wire)
        self._skip_what_the_target_cannot()
        self._run_checks(run)
        if not self._stop:
            self._sweep(run)
        self._settle_described()

    def _prepare(self, wire: Wire) -> Run:
        target, run_id = self.target, secrets.token_hex(3)
        session = Session(wire, target.pace, self._cancelled)
        places: Places
        if target.kind == "mock":
            places = MockPlaces(target, run_id, wire)
        else:
            places = ConfiguredPlaces(target, run_id, wire)
        descriptions = self._descriptions or {api: Description(api) for api in target.apis}
        redactor = Redactor(target.secrets)
        return Run(run_id, self.options.seed, target, session, places, descriptions, redactor, self._cancelled)

    def _reachable(self, wire: Wire) -> bool:
        """Whether every API of the target answers something, be it an error."""
        for api in self.target.apis:
            endpoint = self.target.endpoint(api)
            assert endpoint is not None  # noqa: S101 (the target says it serves it)
            try:
                wire.send(Request("GET", f"{endpoint.url}/"))
            except (Unreachable, NoAnswer) as error:
                text = Redactor(self.target.secrets).text(str(error))
                self._notes.append(f"{endpoint.url} does not answer: {text}")
                return False
        return True

    # Checks

    def _skip_what_the_target_cannot(self) -> None:
        for rule in self.rules.values():
            missing = tuple(need for need in rule.needs if not self._offers(need))
            if missing:
                reason = f"the target lacks, or does not allow: {', '.join(missing)}"
                self._settle(rule, [Part(Verdict.NOT_VERIFIED, reason, missing=missing)])

    def _offers(self, need: str) -> bool:
        capabilities = self.target.capabilities
        # Where the clock can be moved, nobody has to wait.
        return need in capabilities or (need == "wait" and "clock" in capabilities)

    def _run_checks(self, run: Run) -> None:
        due = [rule_id for rule_id in self.rules if rule_id not in self._results and rule_id in self._checks]
        rests_on = {rule_id: self.rules[rule_id].rests_on for rule_id in due}
        jobs = self.options.jobs if run.places.independent else 1
        for wave in waves_of(due, rests_on):
            if jobs > 1:
                self._run_wave(wave, run, jobs)
            else:
                for rule_id in wave:
                    if self._stop:
                        return
                    self._listener.checking(self.rules[rule_id])
                    self._take(rule_id, self._check(rule_id, run))
            if self._stop:
                return

    def _run_wave(self, wave: Sequence[str], run: Run, jobs: int) -> None:
        """Run the checks of rules that do not rest on each other, several at a time."""
        with ThreadPoolExecutor(jobs, thread_name_prefix="check") as pool:
            waiting: dict[Future[_Checked], str] = {}
            try:
                for rule_id in wave:
                    self._listener.checking(self.rules[rule_id])
                    waiting[pool.submit(self._check, rule_id, run)] = rule_id
                while waiting:
                    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in done:
                        rule_id = waiting.pop(future)
                        if not future.cancelled():
                            self._take(rule_id, future.result())
                    if self._stop:
                        pool.shutdown(wait=False, cancel_futures=True)
            except KeyboardInterrupt:
                self._halt("interrupted")
                pool.shutdown(wait=True, cancel_futures=True)

    def _check(self, rule_id: str, run: Run) -> _Checked:
        """All checks of one rule; runs in any thread, and touches nothing but the ledger."""
        checked = _Checked()
        for check in self._checks.of(rule_id):
            if self._cancelled.is_set():
                checked.stopped = True
                break
            outcome = judge(check, rule_id, run, whole=self.options.whole)
            self._ledger.read(outcome.trace, run.redactor)
            checked.parts.append(outcome.part)
            checked.left += outcome.left
            checked.requests += len(outcome.trace.exchanges)
            if outcome.unreachable and not self._reachable(run.session.wire):
                checked.unreachable = True
                break
        return checked

    def _take(self, rule_id: str, checked: _Checked) -> None:
        self._requests += checked.requests
        self._left.update(checked.left)
        if checked.unreachable:
            self._halt("unreachable")
        if checked.stopped or (checked.unreachable and not checked.parts):
            return
        if rule_id in FED:
            self._parts[rule_id] = checked.parts
            return
        self._settle(self.rules[rule_id], checked.parts)

    # The rules that all exchanges feed

    def _sweep(self, run: Run) -> None:
        settings = self.options.sweep
        for api in self.target.apis:
            wanted = [rule for rule in self.rules.values() if rule.id in FED and rule.api == api]
            if settings is None or not [rule for rule in wanted if rule.id not in self._results]:
                continue

            def progress(phase: str, done: int, api: str = api) -> None:
                self._listener.sweeping(api, phase, done)

            swept = sweep(api, run, self._ledger, settings, progress)
            self._requests += swept.calls
            if swept.problem is not None:
                self._notes.append(swept.problem)

    def _settle_described(self) -> None:
        for rule_id, checks in FED.items():
            rule = self.rules.get(rule_id)
            if rule is None or rule_id in self._results:
                continue
            swept = self.options.sweep is not None
            part = self._ledger.part(checks, rule.operations, swept=swept)
            if self._stop and part.verdict is not Verdict.FAILED:
                continue
            parts = self._parts.get(rule_id, [])
            # What only the sweep shows is no part of a rule that a check of its own covers.
            if not (parts and part.verdict is Verdict.NOT_VERIFIED and SWEEP_ONLY.intersection(checks)):
                parts = [*parts, part]
            self._settle(rule, parts)

    # Verdicts

    def _settle(self, rule: Rule, parts: Iterable[Part]) -> None:
        part = worst(parts, rule.level)
        because_of = part.because_of
        if part.verdict in {Verdict.FAILED, Verdict.WARNED} or because_of is not None:
            because_of = origin(rule.id, because_of, self.rules, self._results)
        result = RuleResult(
            rule=rule.id,
            api=rule.api,
            area=rule.area,
            level=rule.level,
            title=rule.title,
            statement=rule.statement,
            source=str(rule.source),
            how=rule.how or " ".join(check.how for check in self._checks.of(rule.id)),
            verdict=part.verdict,
            reason=part.reason,
            expected=part.expected,
            actual=part.actual,
            evidence=part.evidence,
            seconds=part.seconds,
            missing=part.missing,
            because_of=because_of,
            reproduce=self._reproduce(rule.id),
        )
        self._results[rule.id] = result
        self._listener.judged(result)
        if self.options.fail_fast and part.verdict is Verdict.FAILED and rule.id not in self.options.tolerated:
            self._halt("fail-fast")

    def _reproduce(self, rule_id: str) -> str:
        words = ["dbcontract", "check", *self.target.arguments, "--only", rule_id]
        return " ".join([*words, "--seed", str(self.options.seed)])

    def _halt(self, reason: Stop) -> None:
        if self._stop is None:
            self._stop = reason
        self._cancelled.set()

    def _settle_the_rest(self) -> None:
        for rule in self.rules.values():
            if rule.id in self._results:
                continue
            if self._stop:
                part = Part(Verdict.NOT_VERIFIED, STOPPED[self._stop])
            else:
                part = Part(Verdict.NOT_VERIFIED, "no check of the kit covers this rule yet")
            with suppress(KeyboardInterrupt):
                self._settle(rule, [part])


@dataclass(slots=True)
class _Checked:
    """What the checks of one rule gave."""

    parts: list[Part] = field(default_factory=list)
    left: tuple[str, ...] = ()
    requests: int = 0
    unreachable: bool = False
    stopped: bool = False


def _remains(left: Counter[str]) -> Iterator[str]:
    for what, count in left.items():
        times = f" ({count} times)" if count > 1 else ""
        yield f"stays at the target, as it could not be removed: {what}{times}"


def _summary(target: Target) -> TargetSummary:
    urls = {api: endpoint.url for api in target.apis if (endpoint := target.endpoint(api)) is not None}
    return TargetSummary(target.name, target.kind, urls, tuple(sorted(target.capabilities)))
