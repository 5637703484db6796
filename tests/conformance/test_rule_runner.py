"""What stands between checks and verdicts: skip reasons, findings of all answers, what a result says."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from dbcontract.conformance.authoring.check import Checks, check, collect
from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.catalogue.findings import BODY, STATUS
from dbcontract.conformance.catalogue.rules import Capability, Level, Rule, Source
from dbcontract.conformance.http.evidence import Exchange
from dbcontract.conformance.http.redaction import Redactor
from dbcontract.conformance.http.wire import Limits, NoAnswer, Received, Request, Unreachable, Wire, origin_of
from dbcontract.conformance.results.results import CheckResult, RuleResult, Verdict
from dbcontract.conformance.runner.fuzzing.settings import FuzzingSettings
from dbcontract.conformance.runner.rule_runner import RuleChecks, RuleRunner
from dbcontract.conformance.schema.conformance import Violation
from dbcontract.conformance.schema.description import Description, Finding
from dbcontract.conformance.target.target import Endpoint, Target

from .conftest import PACE, Start

PIECES, PIXIEBRIX = "http://pieces.test", "http://pixiebrix.test/api"
SECRET = "the-secret-token"
TARGET = Target(
    "made up",
    endpoints={"pieces": Endpoint(PIECES), "pixiebrix": Endpoint(PIXIEBRIX, SECRET)},
    capabilities=frozenset({"write", "read"}),
    pace=PACE,
    arguments=("--target", "dev"),
)
RULE = Rule(
    id="PI-EXP-01",
    api="pieces",
    level=Level.PUBLISHED,
    title="the title",
    statement="The statement.",
    source=Source("decision", "the heading"),
    operations=("exportDatabase",),
    needs=(),
    depends_on=(),
)
STATUSES = replace(RULE, id="PI-DESC-04")
REFUSALS = replace(RULE, id="PI-DESC-09")


class Answering(Wire):
    """Answers without a network; at the URLs that something happens at, that."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.happens: dict[str, Exception] = {}
        self.sent: list[tuple[str, str]] = []

    def send(self, request: Request, **_: Any) -> Received:
        self.sent.append((request.method, request.url))
        if request.url in self.happens:
            raise self.happens[request.url]
        status = 202 if "/database/" in request.url else 200
        return Received(status, "", (), b"x" * 9_000, 0.01)


def checks_of(*functions: Callable[[Context], None]) -> Checks:
    module = ModuleType("checks.sample")
    for number, function in enumerate(functions):

        def one(ctx: Context, function: Callable[[Context], None] = function) -> None:
            function(ctx)

        one.__module__ = "checks.sample"
        one.__doc__ = f"Step {number}."
        setattr(module, f"check_{number}", check("PI-EXP-01")(one))
    return Checks(collect(module))


def a_rule_runner(
    *functions: Callable[[Context], None],
    target: Target = TARGET,
    rules: Sequence[Rule] = (RULE,),
    **options: object,
) -> RuleRunner:
    rule_runner = RuleRunner(target, {rule.id: rule for rule in rules}, checks_of(*functions), **options)  # type: ignore[arg-type]
    rule_runner.wire = Answering(target.pace.wire)
    return rule_runner


def asks(ctx: Context) -> None:
    ctx.raw("GET", "/1")


def violation(check: str = STATUS, operation: str = "exportDatabase") -> Violation:
    exchange = Exchange(Request("GET", f"{PIECES}/1"))
    finding = Finding(check, operation, "Undocumented status", "Received: 418")
    return Violation(finding, exchange.as_evidence(1, Redactor()))


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


# The verdict


def result_of(
    rule_runner: RuleRunner, *parts: CheckResult, rule: Rule = RULE, **results: Verdict
) -> RuleResult:
    others = {
        name.replace("_", "-"): rule_runner.verdict(
            rule_runner.rules[name.replace("_", "-")], [CheckResult(verdict)], {}
        )
        for name, verdict in results.items()
    }
    return rule_runner.verdict(rule, parts, others)


def test_a_result_holds_the_rule_and_how_to_judge_it_again() -> None:
    rule_runner = a_rule_runner(asks, asks, seed=3)
    result = result_of(
        rule_runner, CheckResult(Verdict.PASSED, seconds=1.5), CheckResult(Verdict.PASSED, seconds=2.0)
    )
    assert result.rule is RULE
    assert result.part.seconds == 3.5
    assert result.how == "Step 0. Step 1."
    assert result.reproduce == "dbcontract check --target dev --only PI-EXP-01 --seed 3"


def test_a_result_says_what_the_worst_part_says() -> None:
    evidence = (violation().evidence,)
    part = CheckResult(Verdict.FAILED, "the thing", "1", "2", evidence, 1.0, ("clock",))
    result = result_of(a_rule_runner(), CheckResult(Verdict.PASSED), part)
    assert (result.verdict, result.reason, result.part.expected, result.part.actual) == (
        Verdict.FAILED,
        "the thing",
        "1",
        "2",
    )
    assert (result.part.evidence, result.part.missing, result.because_of) == (evidence, ("clock",), None)


def test_a_rule_without_parts_is_not_verified() -> None:
    result = result_of(a_rule_runner())
    assert result.verdict is Verdict.NOT_VERIFIED
    assert result.reason == "no check of the kit covers this rule yet"


def test_what_did_not_pass_is_explained() -> None:
    upper = replace(RULE, id="PI-EXP-02", depends_on=("PI-EXP-01",))
    rule_runner = a_rule_runner(rules=(RULE, upper, replace(RULE, id="PI-EXP-03")))

    def because(part: CheckResult, **results: Verdict) -> str | None:
        return result_of(rule_runner, part, rule=upper, **results).because_of

    failed, blames = CheckResult(Verdict.FAILED), CheckResult(Verdict.NOT_VERIFIED, because_of="PI-EXP-03")
    assert because(failed, PI_EXP_01=Verdict.FAILED) == "PI-EXP-01"
    assert because(failed, PI_EXP_01=Verdict.PASSED) is None
    assert because(CheckResult(Verdict.NOT_VERIFIED), PI_EXP_01=Verdict.FAILED) is None
    assert because(blames, PI_EXP_01=Verdict.PASSED) == "PI-EXP-03"
    assert because(blames, PI_EXP_01=Verdict.FAILED, PI_EXP_03=Verdict.FAILED) == "PI-EXP-03"


def test_the_target_as_reports_name_it() -> None:
    summary = a_rule_runner().summary()
    assert (summary.name, summary.kind) == ("made up", "other")
    assert summary.urls == {"pieces": PIECES, "pixiebrix": PIXIEBRIX}
    assert summary.capabilities == ("read", "write")
    assert a_rule_runner(target=TARGET.only("pixiebrix")).summary().urls == {"pixiebrix": PIXIEBRIX}
