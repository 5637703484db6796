"""What stands between checks and verdicts: skip reasons, and findings of all answers."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.catalogue.findings import BODY, STATUS
from dbcontract.conformance.catalogue.rules import Capability, Rule
from dbcontract.conformance.http.wire import NoAnswer, Unreachable, origin_of
from dbcontract.conformance.results.results import CheckResult, Verdict
from dbcontract.conformance.runner.fuzzing.settings import FuzzingSettings
from dbcontract.conformance.runner.rule_runner import RuleChecks, RuleRunner
from dbcontract.conformance.schema.conformance import Violation
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Endpoint

from .conftest import PACE, Start
from .rule_runners import (
    PIECES,
    PIXIEBRIX,
    REFUSALS,
    RULE,
    SECRET,
    STATUSES,
    TARGET,
    Answering,
    a_rule_runner,
    asks,
    checks_of,
    violation,
)

# Can it be verified at all


@pytest.mark.parametrize(
    ("rule", "verdict", "words", "missing"),
    [
        (replace(RULE, untestable="nobody can see it"), Verdict.NOT_VERIFIED, "nobody can see it", ()),
        (
            replace(RULE, needs=(Capability.CLOCK, Capability.READ, Capability.DESTROY)),
            Verdict.NOT_VERIFIED,
            "clock, destroy",
            ("clock", "destroy"),
        ),
        (replace(RULE, id="PI-EXP-02"), Verdict.NOT_VERIFIED, "no check of the kit covers this rule yet", ()),
    ],
)
def test_what_hinders_a_rule(rule: Rule, verdict: Verdict, words: str, missing: tuple[str, ...]) -> None:
    part = a_rule_runner(asks).skip_reason(rule)
    assert part is not None
    assert (part.verdict, part.missing) == (verdict, missing)
    assert part.reason.endswith(words)


@pytest.mark.parametrize("rule", [RULE, STATUSES, replace(RULE, needs=(Capability.READ, Capability.WRITE))])
def test_nothing_hinders_what_can_be_checked(rule: Rule) -> None:
    assert a_rule_runner(asks).skip_reason(rule) is None


@pytest.mark.parametrize(
    ("capability", "missing"),
    [
        ("wait", ("clock",)),
        # who can move the clock need not wait
        ("clock", ()),
        ("inject", ("clock", "wait")),
    ],
)
def test_a_clock_that_moves_is_as_good_as_waiting(capability: str, missing: tuple[str, ...]) -> None:
    rule_runner = a_rule_runner(asks, target=replace(TARGET, capabilities=frozenset({capability})))
    part = rule_runner.skip_reason(replace(RULE, needs=(Capability.CLOCK, Capability.WAIT)))
    assert (part.missing if part else ()) == missing


def test_the_clock_makes_up_for_waiting_only() -> None:
    rule_runner = a_rule_runner(asks, target=replace(TARGET, capabilities=frozenset({"clock"})))
    part = rule_runner.skip_reason(replace(RULE, needs=(Capability.INJECT,)))
    assert part is not None
    assert part.missing == ("inject",)


# Does it answer


def test_whether_every_api_answers() -> None:
    rule_runner = a_rule_runner()
    assert rule_runner.unreachable() is None
    assert isinstance(rule_runner.wire, Answering)
    assert rule_runner.wire.sent == [("GET", f"{PIECES}/"), ("GET", f"{PIXIEBRIX}/")]


@pytest.mark.parametrize(
    "error", [Unreachable(origin_of(PIXIEBRIX), f"no {SECRET}"), NoAnswer(f"no {SECRET}")]
)
def test_an_api_that_does_not_answer_is_told(error: Exception) -> None:
    rule_runner = a_rule_runner()
    assert isinstance(rule_runner.wire, Answering)
    rule_runner.wire.happens[f"{PIXIEBRIX}/"] = error
    told = rule_runner.unreachable() or ""
    assert told.startswith(f"{PIXIEBRIX} does not answer: ")
    assert told.endswith("no $TOKEN")


def test_the_connections_are_as_the_target_asks() -> None:
    target = replace(
        TARGET, endpoints={"pixiebrix": Endpoint("https://127.0.0.1:9")}, ca_bundle="/no/such/file"
    )
    rule_runner = RuleRunner(target, {}, checks_of())
    try:
        assert rule_runner.wire.limits == PACE.wire
        with pytest.raises(Exception, match="No such file"):
            rule_runner.wire._context()  # noqa: SLF001 (a handshake that needs it would need a server with TLS)
    finally:
        rule_runner.close()


# Running checks


def test_what_checks_share(descriptions: dict[str, Description]) -> None:
    run = a_rule_runner(descriptions=descriptions, seed=7).run
    assert run.descriptions is descriptions
    assert (run.seed, run.target) == (7, TARGET)
    assert a_rule_runner(descriptions=descriptions).run.seed == 1


def test_all_checks_of_a_rule_count(descriptions: dict[str, Description]) -> None:
    seen: list[str] = []

    def make(ctx: Context) -> None:
        assert ctx.run.session.gate is not None
        ctx.run.session.gate.inventory.add("job", "a-job", ctx.endpoint, name=ctx.name("a thing"))

    def twice(ctx: Context) -> None:
        make(ctx)
        ctx.call("exportDatabase")
        asks(ctx)
        seen.append(ctx.rule_id)

    def once(ctx: Context) -> None:
        ctx.call("exportDatabase")

    rule_runner = a_rule_runner(twice, once, descriptions=descriptions)
    rule_checks = rule_runner.examine("PI-EXP-01")
    assert [part.verdict for part in rule_checks.parts] == [Verdict.PASSED, Verdict.PASSED]
    assert rule_checks.requests == 3
    told = f"export job: a-job (dbcontract-{rule_runner.run.id}-a thing-0)"
    assert (rule_checks.left, rule_runner.left()) == ({told: 1}, [told])
    assert seen == ["PI-EXP-01"]
    # 202 is not described, in either of them
    statuses = [one for one in rule_checks.violations if one.finding.check == STATUS]
    assert [one.evidence.number for one in statuses] == [1, 1]
    assert (rule_checks.stopped, rule_checks.unreachable) == (False, False)


@pytest.mark.parametrize("whole", [False, True])
def test_whole_exchanges_are_kept_where_asked_for(whole: bool) -> None:
    rule_runner = (
        a_rule_runner(asks, descriptions={}, whole=True) if whole else a_rule_runner(asks, descriptions={})
    )
    (part,) = rule_runner.examine("PI-EXP-01").parts
    assert (part.evidence[0].response_body == "x" * 9_000) is whole


def test_a_run_that_is_stopped_begins_no_other_check() -> None:
    def stops(ctx: Context) -> None:
        asks(ctx)
        rule_runner.cancelled.set()

    rule_runner = a_rule_runner(stops, asks, descriptions={})
    rule_checks = rule_runner.examine("PI-EXP-01")
    assert (len(rule_checks.parts), rule_checks.stopped) == (1, True)


def test_a_target_that_died_gets_no_other_check() -> None:
    rule_runner = a_rule_runner(asks, asks, descriptions={})
    assert isinstance(rule_runner.wire, Answering)
    rule_runner.wire.happens[f"{PIECES}/1"] = NoAnswer("closed")
    # it answers elsewhere: that is the target's failure, and the others have their turn
    rule_checks = rule_runner.examine("PI-EXP-01")
    assert (len(rule_checks.parts), rule_checks.unreachable) == (2, False)
    rule_runner.wire.happens[f"{PIECES}/"] = NoAnswer("closed")
    rule_checks = rule_runner.examine("PI-EXP-01")
    assert (len(rule_checks.parts), rule_checks.unreachable) == (1, True)


# What all exchanges say


@pytest.fixture
def seen(descriptions: dict[str, Description]) -> RuleRunner:
    """A bench whose exchanges showed an undocumented status of one operation."""

    def calls(ctx: Context) -> None:
        ctx.call("exportDatabase")

    rule_runner = a_rule_runner(calls, descriptions=descriptions)
    rule_runner.examine("PI-EXP-01")
    return rule_runner


OWN = CheckResult(Verdict.PASSED, "of its own")


def test_what_all_exchanges_say_stands_beside_the_checks(seen: RuleRunner) -> None:
    (part,) = seen.schema_parts(STATUSES)
    assert part.verdict is Verdict.FAILED
    assert part.reason.startswith("exportDatabase: ")
    own, again = seen.schema_parts(STATUSES, iter([OWN]))
    assert (own, again) == (OWN, part)
    (open_,) = seen.schema_parts(replace(STATUSES, operations=("importDatabase",)))
    assert open_.reason == "no exchange of the run shows it"
    assert seen.schema_parts(replace(STATUSES, operations=("importDatabase",)), [OWN]) == [OWN, open_]


def test_what_only_the_fuzzing_shows_does_not_open_what_a_check_has_closed(seen: RuleRunner) -> None:
    (part,) = seen.schema_parts(REFUSALS)
    assert part.verdict is Verdict.NOT_VERIFIED
    assert part.reason == "only fuzzing shows it, and it was left out"
    assert seen.schema_parts(REFUSALS, [OWN]) == [OWN]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([violation()], "exportDatabase: Undocumented status"),
        ([violation(BODY), violation()], "exportDatabase: Undocumented status"),
        (
            [violation(), violation()],
            "exportDatabase: Undocumented status, and 1 more answers like it or worse",
        ),
        ([violation(BODY)], None),
        ([violation(operation="importDatabase")], None),
        ([], None),
    ],
)
def test_the_exchanges_of_some_checks_alone(found: list[Violation], told: str | None) -> None:
    rule_runner = a_rule_runner(asks, descriptions={})
    rule_checks = rule_runner.examine("PI-EXP-01")
    rule_checks.violations += found
    part = rule_runner.violation(STATUSES, rule_checks)
    assert (part and part.reason) == told
    if part is not None:
        assert part.verdict is Verdict.FAILED
        assert part.evidence[-1] == found[-1].evidence


# Fuzzing


@pytest.fixture
def fuzzed(web: Start, descriptions: dict[str, Description]) -> Iterator[RuleRunner]:
    server = web(lambda _: (418, {"Content-Type": "application/json"}, b"{}"))
    target = replace(TARGET, endpoints={"pieces": Endpoint(server.url)})
    settings = FuzzingSettings(examples=1, walks=1, steps=2, seconds=20)
    rule_runner = RuleRunner(
        target, {RULE.id: RULE}, checks_of(asks), settings=settings, descriptions=descriptions
    )
    yield rule_runner
    rule_runner.close()


def test_an_api_is_swept_once(fuzzed: RuleRunner) -> None:
    calls: list[int] = []
    first = fuzzed.fuzzing("pieces", lambda _phase, count: calls.append(count))
    assert first is not None
    assert first.calls > 0
    assert calls
    (part,) = fuzzed.schema_parts(STATUSES)
    assert part.verdict is Verdict.FAILED
    before = len(calls)
    assert fuzzed.fuzzing("pieces", lambda _phase, count: calls.append(count)) is first
    assert len(calls) == before
    # what fuzzing alone shows, and what it did not
    (unseen,) = fuzzed.schema_parts(replace(REFUSALS, operations=("noSuchOperation",)))
    assert unseen.reason == "no exchange of the run shows it"


def test_the_fuzzing_can_be_left_out() -> None:
    rule_runner = a_rule_runner(asks, descriptions={})
    assert rule_runner.fuzzing("pieces", lambda _phase, _count: None) is None
    assert isinstance(rule_runner.wire, Answering)
    assert rule_runner.wire.sent == []


# Skip reason, examination and verdict as one


def test_a_skipped_rule_is_judged_without_a_request() -> None:
    rule_runner = a_rule_runner(asks)
    judgement = rule_runner.judge(replace(RULE, needs=(Capability.CLOCK,)), {})
    assert (judgement.result.verdict, judgement.result.part.missing) == (Verdict.NOT_VERIFIED, ("clock",))
    assert [part.missing for part in judgement.checks.parts] == [("clock",)]
    assert isinstance(rule_runner.wire, Answering)
    assert rule_runner.wire.sent == []


def test_what_was_examined_already_is_not_asked_again(descriptions: dict[str, Description]) -> None:
    rule_runner = a_rule_runner(asks, descriptions=descriptions)
    judgement = rule_runner.judge(RULE, {})
    assert judgement.result.verdict is Verdict.PASSED
    assert judgement.checks.requests == 1
    assert isinstance(rule_runner.wire, Answering)
    asked = len(rule_runner.wire.sent)
    assert (
        rule_runner.judge(RULE, {}, RuleChecks([CheckResult(Verdict.FAILED, "seen")])).result.reason == "seen"
    )
    assert len(rule_runner.wire.sent) == asked


def test_a_rule_that_all_exchanges_feed_is_judged_after_fuzzing(fuzzed: RuleRunner) -> None:
    early = fuzzed.judge(STATUSES, {}, RuleChecks()).result
    assert (early.verdict, early.reason) == (Verdict.NOT_VERIFIED, "no exchange of the run shows it")
    judgement = fuzzed.judge(STATUSES, {})
    assert judgement.result.verdict is Verdict.FAILED
    assert [part.verdict for part in judgement.checks.parts] == [Verdict.FAILED]


def test_a_rule_whose_fuzzing_is_cancelled_counts_as_stopped(fuzzed: RuleRunner) -> None:
    fuzzed.cancelled.set()
    assert fuzzed.judge(STATUSES, {}).checks.stopped
