"""Runs the kit against the mock with and without variants."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from dbcontract.conformance.authoring.check import Checks
from dbcontract.conformance.authoring.check import discover as discover_checks
from dbcontract.conformance.authoring.run import Controls
from dbcontract.conformance.catalogue.findings import schema_rules
from dbcontract.conformance.catalogue.rules import Catalogue, Rule, load_all
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.runner.engine import Engine, Listener, Options
from dbcontract.conformance.runner.fuzzing.settings import FuzzingSettings
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.options import TargetOptions
from dbcontract.conformance.target.target import Pace, Target
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings, TokenGrant
from dbcontract.mockserver.server.run import Running, ServerThread
from dbcontract.mockserver.variants.registry import Variant, classes_of, discover

from .impact import Impact, Recorder
from .outcome import Outcome

_FUZZING = FuzzingSettings(examples=10, walks=5, steps=5, seconds=600)
"""Of a variant that only generated calls show; its calls end it, not its time, on a slow machine too."""
_PACE = Pace()
_NOON = "2026-05-13T12:00:00Z"


@dataclass(slots=True)
class _Prover:
    running: Running
    target: Target
    catalogue: Catalogue
    checks: Checks
    descriptions: Mapping[str, Description]


class _Noting(Controls):
    """Tells a recorder what works, also where that was known before."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def note(self, api: str, operation_id: str) -> None:
        super().note(api, operation_id)
        self._recorder.works(api, operation_id)


class _Telling(Listener):
    """Tells a recorder which rule is checked."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def checking(self, rule: Rule) -> None:
        self._recorder.begins(rule.id)


class _CatchingUp(Listener):
    """Tells a run what is known to work by the turn of a rule, by checks of others that are left out."""

    def __init__(self, impact: Impact, left_out: frozenset[str], controls: Controls) -> None:
        self._impact = impact
        self._left_out = left_out
        self._controls = controls

    def checking(self, rule: Rule) -> None:
        for api, operation_id in self._impact.worked_before(rule.id, self._left_out):
            self._controls.note(api, operation_id)


class Prover:
    """A mock in this process, and the kit beside it; a context manager.

    One run at a time: all of them share the mock, each with sandboxes of its own.

    Args:
        seed: of what the checks generate.
        fuzzing: fuzzing the reference mock, too; of the variants only those are fuzzed that need it.
        wait: let checks of the reference mock take long, too; of the variants only those that need it.

    Attributes:
        impact: which rules each variant can reach, so that no others are run; see `learn`.
    """

    def __init__(self, *, seed: int = 1, fuzzing: bool = False, wait: bool = False) -> None:
        self._seed = seed
        self._fuzz = fuzzing
        self._wait = wait
        self.impact = Impact({}, frozenset())
        self._stack = ExitStack()
        self._made: _Prover | None = None

    def __enter__(self) -> Self:
        token, read_only = (secrets.token_hex(20) for _ in range(2))
        grants = (TokenGrant(token), TokenGrant(read_only, read_only=True))
        # The same hour for every run: what is wrong about midnights may show in more checks late in the day.
        settings = Settings(port=0, tokens=grants, clock=ClockSetting.parse(_NOON))
        running = self._stack.enter_context(ServerThread(settings))
        wanted = TargetOptions(running.base_url, token_env="TOKEN")  # noqa: S106 (a name)
        target = wanted.resolve({"TOKEN": token})
        target = target.with_own(lambda own: own.with_read_only(read_only))
        target = replace(target, name="a mock of dbcontract", pace=_PACE)
        descriptions = {api: Description(api) for api in target.apis}
        self._made = _Prover(running, target, load_all(), discover_checks(), descriptions)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def judge(self, variant: Variant | None, *, only: Sequence[str] | None = None) -> RunResult:
        """The kit's judgement of the mock with a variant, or of the reference one.

        Args:
            variant: to switch on; None for the reference mock.
            only: ids of the rules to judge by; by default those of the APIs that the variant can show in.
        """
        made = self._ready()
        rules: list[Rule] = [
            rule
            for rule in made.catalogue.rules
            if (variant is None or rule.api in variant.apis) and (only is None or rule.id in only)
        ]
        controls, listener = Controls(), Listener()
        if variant is not None and only is None:
            impact = self.impact
            needless = impact.needless(variant)
            rules = [rule for rule in rules if rule.id not in needless]
            listener = _CatchingUp(impact, needless, controls)
        target = made.target
        if variant is not None:
            target = target.only(*variant.apis)
        wanted = self._fuzz if variant is None else variant.fuzzing
        if self._wait if variant is None else variant.wait:
            target = replace(target, capabilities=target.capabilities | {"wait"})
        names = () if variant is None else (variant.name,)
        made.running.sandboxes.serve(classes_of(names), names)
        return self._run(made, target, rules, _FUZZING if wanted else None, listener, controls=controls)

    def _run(
        self,
        made: _Prover,
        target: Target,
        rules: Sequence[Rule],
        fuzzing: FuzzingSettings | None,
        listener: Listener,
        *,
        controls: Controls,
    ) -> RunResult:
        engine = Engine(
            target,
            rules,
            made.checks,
            catalogues=dict(made.catalogue.versions),
            options=Options(seed=self._seed, fuzzing=fuzzing, evidence=False),
            listener=listener,
            descriptions=made.descriptions,
            controls=controls,
        )
        return engine.run()

    def learn(self) -> Impact:
        """Record which rules each variant can reach: worth it where many are to be run."""
        made = self._ready()
        recorder = Recorder(discover())
        made.running.sandboxes.serve(recorder.classes())
        noting, telling = _Noting(recorder), _Telling(recorder)
        result = self._run(made, made.target, made.catalogue.rules, None, telling, controls=noting)
        passed = (one.rule.id for one in result.results if one.verdict is Verdict.PASSED)
        told = frozenset(passed) - schema_rules().keys()
        return Impact(recorder.reached, told, recorder.differing, recorder.worked)

    def _ready(self) -> _Prover:
        if self._made is None:
            msg = "use it as a context manager"
            raise RuntimeError(msg)
        return self._made

    def run(self, variant: Variant | None) -> Outcome:
        """As `judge`, reduced to what a proof needs."""
        return Outcome.of("" if variant is None else variant.name, self.judge(variant))
