"""What surrounds one check: its place, its controls, its time, the days of its target, and what is kept."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.context import Pieces
from dbcontract.conformance.authoring.check import Check, NotVerified
from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.http.evidence import KEPT
from dbcontract.conformance.http.wire import Received, Request, Unreachable, origin_of
from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.runner.run_check import Outcome, run_check
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Pace

from .test_run_check import PIECES, SECOND, SECRET, TARGET, Answering, RuleRunner, asks


def run(rule_runner: RuleRunner, **options: bool) -> Outcome:
    """Run a check that asks once."""
    check = Check(("PI-EXP-01",), "sample.check", "how", "pieces", asks)
    return run_check(check, "PI-EXP-01", rule_runner.run, **options)


@pytest.mark.parametrize(
    ("error", "verdict", "reason", "missing", "broken"),
    [
        (
            NotVerified(f"no place for {SECRET}", missing=("clock",)),
            Verdict.NOT_VERIFIED,
            "no place for $TOKEN",
            ("clock",),
            False,
        ),
        (
            Unreachable(origin_of(PIECES), f"refused {SECRET}"),
            Verdict.ERROR,
            f"the target could not be reached: {PIECES}:80: refused $TOKEN",
            (),
            True,
        ),
    ],
    ids=["not to be had", "out of reach"],
)
def test_without_a_place_nothing_is_asked_and_the_reason_is_told(
    error: Exception, verdict: Verdict, reason: str, missing: tuple[str, ...], broken: bool
) -> None:
    rule_runner = RuleRunner()
    rule_runner.environments.refuses = error
    outcome = rule_runner.judged(asks)
    part = outcome.part
    assert (part.verdict, part.reason, part.missing, outcome.broken) == (verdict, reason, missing, broken)
    assert rule_runner.wire.sent == []


def test_the_right_calls_are_made_first(descriptions: dict[str, Description]) -> None:
    rule_runner = RuleRunner()
    check = Check(("PI-EXP-01",), "sample.check", "how", "pieces", asks, ("exportDatabase",))
    run_check(check, "PI-EXP-01", replace(rule_runner.run, descriptions=descriptions))
    assert [one.url for one in rule_runner.wire.sent] == [f"{PIECES}/database/export", f"{PIECES}/1"]


@pytest.mark.parametrize("whole", [False, True])
def test_of_a_long_body_only_what_can_be_shown_is_held(whole: bool) -> None:
    rule_runner = RuleRunner(Answering(b"x" * (KEPT + 1)))
    (exchange,) = run(rule_runner, whole=whole).trace.exchanges
    assert exchange.received is not None
    assert len(exchange.received.content) == KEPT + whole


@pytest.mark.parametrize("evidence", [True, False])
def test_evidence_is_made_where_somebody_looks_at_it(evidence: bool) -> None:
    part = run(RuleRunner(), evidence=evidence).part
    assert len(part.evidence) == evidence


# Time


class Busy(Answering):
    """Computes for as long as an answer takes."""

    def send(self, request: Request, **options: Any) -> Received:
        until = time.thread_time() + 0.15
        while time.thread_time() < until:
            pass
        return super().send(request, **options)


def test_what_computes_for_too_long_is_broken_off_once_its_call_has_ended() -> None:
    rule_runner = RuleRunner(Busy(), replace(TARGET, pace=Pace(check=0.05)))
    went_on = []

    def function(ctx: Context) -> None:
        asks(ctx)
        until = time.thread_time() + 10
        while time.thread_time() < until:
            pass
        went_on.append(True)

    part = rule_runner.judged(function).part
    assert part.verdict is Verdict.NOT_VERIFIED
    assert part.reason == "the check computed for longer than 0.05 s; raise pace.check_seconds"
    assert [one.url for one in rule_runner.wire.sent] == [f"{PIECES}/1"]
    assert went_on == []


@pytest.mark.parametrize("slowed", [False, True])
def test_a_check_that_was_slowed_down_says_so(slowed: bool) -> None:
    rule_runner = RuleRunner(target=replace(TARGET, pace=Pace(check=0.01)))

    def function(ctx: Context) -> None:
        if slowed:
            ctx.run.session.turns.slow_down(0)
        while time.monotonic() < ctx.until:
            time.sleep(0.001)
        asks(ctx)

    part = rule_runner.judged(function).part
    assert part.verdict is Verdict.NOT_VERIFIED
    assert part.reason.startswith("the check did not end within 0.01 s; raise pace.check_seconds")
    assert part.reason.endswith("(pace.requests_per_second)") is slowed


# Days of the target


class Dated(Answering):
    """Gives each answer the next of some dates, and at last the last one."""

    def __init__(self, *dates: str) -> None:
        super().__init__()
        self.dates = chain(dates, repeat(dates[-1]))

    def send(self, request: Request, **options: Any) -> Received:
        received = super().send(request, **options)
        return replace(received, headers=(*received.headers, ("Date", next(self.dates))))


EVENING, MORNING = "Tue, 01 Dec 2026 23:59:59 GMT", "Wed, 02 Dec 2026 00:00:01 GMT"


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize(
    ("dates", "verdict"),
    [((EVENING, MORNING), Verdict.NOT_VERIFIED), ((MORNING, MORNING), Verdict.FAILED)],
    ids=["over midnight", "within a day"],
)
def test_a_failure_while_the_day_of_the_target_ended_is_not_one(
    dates: tuple[str, str], verdict: Verdict, second: bool
) -> None:
    def function(ctx: Pieces) -> None:
        asks(ctx.second() if second else ctx, 2)
        ctx.fail("the thing", expected=1, actual=2)

    rule_runner = RuleRunner(Dated(*dates))
    part = rule_runner.judged(function).part
    assert part.verdict is verdict
    asked = SECOND if second else PIECES
    assert all(one.url.startswith(asked) for one in rule_runner.wire.sent)
