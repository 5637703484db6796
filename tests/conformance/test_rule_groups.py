"""Groups of checks between which the target puts its data back, and which failure explains which."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from dbcontract.conformance.authoring.check import Check, Checks
from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.catalogue.rules import Capability, Rule
from dbcontract.conformance.http.wire import NoAnswer, Received, Request, Unreachable, origin_of
from dbcontract.conformance.results.results import CheckResult, Verdict
from dbcontract.conformance.runner.fuzzing.settings import FuzzingSettings
from dbcontract.conformance.runner.rule_runner import RuleRunner
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Endpoint, HttpHook, Target

from .rule_runners import PIECES, RULE, SECRET, STATUSES, TARGET, Answering, asks

SECOND = "http://second.test"
RESET = f"{PIECES}/reset"
RESETTING = replace(TARGET, hooks=(("reset", HttpHook(RESET)),))
LATER = replace(RULE, id="PI-EXP-02", depends_on=("PI-EXP-01",))
BESIDE = replace(RULE, id="PI-EXP-03")

Function = Callable[[Context], None]


def a_runner(
    functions: Mapping[Rule, Function], target: Target = RESETTING, *, bulky: str = "", **options: object
) -> RuleRunner:
    """With one check for each rule."""
    checks = Checks(
        Check((rule.id,), f"sample.{rule.id}", "how", rule.api, function, bulky=rule.id == bulky)
        for rule, function in functions.items()
    )
    runner = RuleRunner(target, {rule.id: rule for rule in functions}, checks, **options)  # type: ignore[arg-type]
    runner.wire = Answering(target.pace.wire)
    return runner


def sent(runner: RuleRunner) -> list[str]:
    """To where requests went, by the last words of their URLs."""
    assert isinstance(runner.wire, Answering)
    return [url.rpartition("/")[2] for _, url in runner.wire.sent]


def test_the_data_is_put_back_before_each_group_and_not_within_it() -> None:
    runner = a_runner({RULE: asks, LATER: asks, BESIDE: asks}, bulky=BESIDE.id)
    first, second, bulky = RULE.id, LATER.id, BESIDE.id
    for rule_id, last in [(first, None), (bulky, None), (second, False), (first, False), (bulky, True)]:
        assert [part.verdict for part in runner.examine(rule_id, bulky=last).parts] == [Verdict.PASSED]
    assert sent(runner) == ["reset", "1", "1", "reset", "1", "reset", "1", "reset", "1"]


def test_the_data_is_left_alone_where_others_use_the_target() -> None:
    runner = a_runner({RULE: asks, LATER: asks}, resets=False)
    for rule_id in ("PI-EXP-01", "PI-EXP-02"):
        assert [part.verdict for part in runner.examine(rule_id).parts] == [Verdict.PASSED]
    assert sent(runner) == ["1", "1"]


def test_a_group_whose_data_could_not_be_put_back_is_not_verified() -> None:
    runner = a_runner({RULE: asks, LATER: asks, BESIDE: asks})
    assert isinstance(runner.wire, Answering)
    runner.wire.happens[RESET] = NoAnswer("closed")
    for rule_id in ("PI-EXP-01", "PI-EXP-03"):
        assert runner.examine(rule_id).parts == [
            CheckResult(Verdict.NOT_VERIFIED, "the hook reset did not work: closed")
        ]
    assert sent(runner) == ["reset"]
    del runner.wire.happens[RESET]
    assert [part.verdict for part in runner.examine("PI-EXP-02").parts] == [Verdict.PASSED]


def test_evidence_is_made_where_somebody_looks_at_it() -> None:
    for evidence in (True, False):
        (part,) = a_runner({RULE: asks}, evidence=evidence).examine("PI-EXP-01").parts
        assert len(part.evidence) == evidence


class Stoppable(Answering):
    """Knows by what its requests can be cut short."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.pace.wire)
        self.stops: list[threading.Event | None] = []

    def send(self, request: Request, *, cancelled: threading.Event | None = None, **options: Any) -> Received:
        self.stops.append(cancelled)
        return super().send(request, **options)


def test_who_waits_for_a_target_to_answer_can_stop() -> None:
    runner = a_runner({RULE: asks})
    runner.wire = wire = Stoppable(TARGET)
    assert runner.unreachable() is None
    assert wire.stops == [runner.cancelled] * 2


# Fuzzing


def test_fuzzing_that_cannot_begin_is_told_once(descriptions: dict[str, Description]) -> None:
    runner = a_runner({RULE: asks}, settings=FuzzingSettings(), descriptions=descriptions)
    environments = runner.run.environments
    tries: list[None] = []

    def open_place() -> None:
        tries.append(None)
        raise Unreachable(origin_of(PIECES), f"refused {SECRET}")

    environments.open = open_place  # type: ignore[method-assign,assignment]
    told = f"the fuzzing of pieces could not begin: {PIECES}:80: refused $TOKEN"
    for _ in range(2):
        fuzzed = runner.fuzzing("pieces")
        assert fuzzed is not None
        assert (fuzzed.calls, fuzzed.problem) == (0, told)
    assert runner.notes == (told,)
    assert (sent(runner), len(tries)) == (["reset"], 1)


# What all exchanges say


def test_a_rule_that_all_exchanges_feed_keeps_the_parts_of_its_own_checks(
    descriptions: dict[str, Description],
) -> None:
    runner = a_runner({STATUSES: asks}, descriptions=descriptions)
    parts = runner.judge(STATUSES, {}).checks.parts
    assert [(part.verdict, part.reason) for part in parts] == [
        (Verdict.PASSED, ""),
        (Verdict.NOT_VERIFIED, "no exchange of the run shows it"),
    ]


# Gaps, and what one failure has to do with others


def test_what_the_questions_before_any_rule_left_open_is_not_verified() -> None:
    rule = replace(RULE, needs=(Capability.SECOND,))
    target = replace(
        TARGET.only("pieces"),
        endpoints={"pieces": Endpoint(PIECES, second_url=SECOND)},
        capabilities=frozenset({"read", "second"}),
    )
    runner = a_runner({rule: asks, BESIDE: asks}, target)
    assert isinstance(runner.wire, Answering)
    runner.wire.happens[f"{SECOND}/database/export"] = NoAnswer("closed")
    assert runner.skip_reason(rule) is None
    (gap,) = runner.preflight().gaps
    assert SECOND in gap.reason
    assert runner.skip_reason(rule) == CheckResult(Verdict.NOT_VERIFIED, gap.reason)
    assert runner.skip_reason(BESIDE) is None


CREATE, LIST, RECORDS = "createDatabase", "listDatabases", "listRecords"
OTHER = replace(RULE, id="PB-REC-01", api="pixiebrix")
BLAMED = replace(OTHER, id="PB-DB-01")


@pytest.mark.parametrize(
    ("called", "failing", "concerned"),
    [
        ((), (RECORDS,), False),
        ((RECORDS,), (RECORDS,), True),
        # shared, though it failed at another
        ((RECORDS, CREATE), (RECORDS, LIST), True),
        # shared is only what all checks begin with
        ((CREATE,), (CREATE, RECORDS), False),
        # and that is what failed
        ((CREATE,), (CREATE,), True),
    ],
)
def test_a_failure_explains_another_that_has_done_the_same(
    called: tuple[str, ...], failing: tuple[str, ...], concerned: bool
) -> None:
    def calling(operations: tuple[str, ...]) -> Function:
        def function(ctx: Context) -> None:
            asks(ctx)
            for operation in operations:
                ctx.trace.exchanges.append(replace(ctx.trace.exchanges[0], operation=operation))
            ctx.fail("the thing", expected=1, actual=2)

        return function

    explained = replace(OTHER, depends_on=(BLAMED.id,))
    runner = a_runner({BLAMED: calling(failing), explained: calling(called)}, TARGET)
    blamed = runner.judge(BLAMED, {}).result
    assert blamed.verdict is Verdict.FAILED
    result = runner.judge(explained, {BLAMED.id: blamed}).result
    assert (result.verdict, result.because_of) == (Verdict.FAILED, BLAMED.id if concerned else None)
