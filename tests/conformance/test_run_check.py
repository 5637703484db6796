"""How one check can end, and what is kept of it: without a server, against answers made up here."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.context import Pieces
from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import Check, CheckFailed, NotVerified, PrerequisiteFailed
from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.authoring.run import Run
from dbcontract.conformance.environment.environment import Environment
from dbcontract.conformance.environment.gate import Gate
from dbcontract.conformance.environment.hooks import ConfiguredEnvironments
from dbcontract.conformance.environment.session import Cancelled, Session
from dbcontract.conformance.http.evidence import BODY_SHOWN
from dbcontract.conformance.http.redaction import Redactor
from dbcontract.conformance.http.wire import NoAnswer, Received, Request, Unreachable, Wire, origin_of
from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.runner.run_check import Outcome, run_check, shown
from dbcontract.conformance.target.target import Endpoint, Pace, Target

SECRET = "the-secret-token"
PIECES, SECOND, PIXIEBRIX = "http://pieces.test", "http://second.test", "https://pixiebrix.test/api"
TARGET = Target(
    "made up",
    endpoints={"pieces": Endpoint(PIECES, second_url=SECOND), "pixiebrix": Endpoint(PIXIEBRIX, SECRET)},
    capabilities=frozenset({"read", "write", "storage"}),
    own=(Scratch(databases=("d1",)),),
    pace=Pace(check=20),
)
RECORDS = f"{PIXIEBRIX}/databases/d1/records/"
OPERATIONS = {
    ("pixiebrix", "PUT", "/databases/{databaseId}/records/{recordKey}/"): "putRecord",
    ("pixiebrix", "POST", "/databases/{databaseId}/assets/"): "createAsset",
}


@dataclass
class Sent:
    """One request, and by when its answer has to be there."""

    method: str
    url: str
    until: float | None


class Answering(Wire):
    """Gives every request the same answer, but for the URLs that something happens at."""

    def __init__(self, content: bytes = b"{}") -> None:
        super().__init__()
        self.content = content
        self.happens: dict[str, Exception] = {}
        self.sent: list[Sent] = []

    def send(self, request: Request, *, until: float | None = None, **_: Any) -> Received:
        self.sent.append(Sent(request.method, request.url, until))
        if request.url in self.happens:
            raise self.happens[request.url]
        return Received(200, "OK", (("Content-Type", "application/json"),), self.content, 0.01)


class Watched(ConfiguredEnvironments):
    """Knows which places were closed."""

    def __init__(self, target: Target, wire: Wire) -> None:
        super().__init__(target, "r1", wire)
        self.closed: list[Environment] = []
        self.gone = False
        self.refuses: Exception | None = None

    def open(self) -> Environment:
        if self.refuses is not None:
            raise self.refuses
        return super().open()

    def close(self, environment: Environment) -> None:
        self.closed.append(environment)
        if self.gone:
            raise Unreachable(origin_of(PIECES), "gone")


@dataclass
class RuleRunner:
    """Everything that one check needs."""

    wire: Answering = field(default_factory=Answering)
    target: Target = TARGET
    cancelled: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.environments = Watched(self.target, self.wire)

    @property
    def run(self) -> Run:
        gate = Gate(self.target, "dbcontract-r1-", OPERATIONS)
        session = Session(self.wire, self.target.pace, self.cancelled, gate)
        redactor = Redactor(self.target.secrets)
        return Run("r1", 1, self.target, session, self.environments, {}, redactor, self.cancelled)

    def judged(self, function: Callable[..., None], *, api: str = "pieces") -> Outcome:
        return run_check(Check(("PI-EXP-01",), "sample.check", "how", api, function), "PI-EXP-01", self.run)


@pytest.fixture
def rule_runner() -> RuleRunner:
    return RuleRunner()


def asks(ctx: Context, times: int = 1) -> None:
    for number in range(1, times + 1):
        ctx.raw("GET", f"/{number}")


def makes(ctx: Context, *names: str) -> None:
    """Write records of the run."""
    for name in names:
        ctx.raw("PUT", f"/databases/d1/records/dbcontract-r1-{name}/", body=b"{}")


def raises(error: Exception) -> Callable[[Context], None]:
    def function(ctx: Context) -> None:
        asks(ctx)
        raise error

    return function


# How it ends


def test_a_check_that_returns_has_passed(rule_runner: RuleRunner) -> None:
    started = time.perf_counter()
    outcome = rule_runner.judged(asks)
    assert (outcome.part.verdict, outcome.part.reason) == (Verdict.PASSED, "")
    assert 0 < outcome.part.seconds <= time.perf_counter() - started
    assert (outcome.left, outcome.broken) == ((), False)
    assert [exchange.request.url for exchange in outcome.trace.exchanges] == [f"{PIECES}/1"]
    (closed,) = rule_runner.environments.closed
    assert closed.endpoints == TARGET.endpoints


def test_a_check_gets_the_context_of_its_api(rule_runner: RuleRunner) -> None:
    seen: list[tuple[str, str, str]] = []

    def function(ctx: Context) -> None:
        seen.append((type(ctx).__name__, ctx.base_url, ctx.rule_id))
        asks(ctx)

    for api in ("pieces", "pixiebrix"):
        rule_runner.judged(function, api=api)
    assert seen == [("Pieces", PIECES, "PI-EXP-01"), ("PixieBrix", PIXIEBRIX, "PI-EXP-01")]


def test_a_check_that_asked_nothing_is_an_error(rule_runner: RuleRunner) -> None:
    part = rule_runner.judged(lambda _: None).part
    assert (part.verdict, part.reason) == (Verdict.ERROR, "the check asked nothing of the target")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            CheckFailed(f"what {SECRET}", [SECRET], 5),
            {
                "verdict": Verdict.FAILED,
                "reason": "what $TOKEN",
                "expected": "['$TOKEN']",
                "actual": "5",
            },
        ),
        (
            PrerequisiteFailed("PI-IMP-01", f"an import with {SECRET}"),
            {
                "verdict": Verdict.NOT_VERIFIED,
                "reason": "an import with $TOKEN",
                "because_of": "PI-IMP-01",
                "missing": (),
            },
        ),
        (
            NotVerified(f"nothing at {SECRET}", missing=("clock", "wait")),
            {
                "verdict": Verdict.NOT_VERIFIED,
                "reason": "nothing at $TOKEN",
                "missing": ("clock", "wait"),
                "because_of": None,
            },
        ),
        (Cancelled(), {"verdict": Verdict.NOT_VERIFIED, "reason": "the run was stopped"}),
    ],
)
def test_an_exception_of_ours_says_how_it_ended(
    rule_runner: RuleRunner, error: Exception, expected: Mapping[str, object]
) -> None:
    part = rule_runner.judged(raises(error)).part
    assert {name: getattr(part, name) for name in expected} == expected


def test_of_any_other_exception_it_is_told_where_it_was_raised(rule_runner: RuleRunner) -> None:
    def function(ctx: Context) -> None:
        asks(ctx)
        json.loads("{")

    part = rule_runner.judged(function).part
    assert part.verdict is Verdict.ERROR
    assert part.reason.startswith("the check itself broke: JSONDecodeError: Expecting property name")
    # the deepest frame, which is not one of this file
    file, _, line = part.reason.rpartition(" (")[2].rstrip(")").partition(":")
    assert file == "decoder.py"
    source = Path(json.decoder.__file__).read_text(encoding="utf-8").splitlines()
    assert "self.scan_once(s, idx)" in source[int(line) - 1]


def test_a_long_message_is_one_line_of_bounded_length(rule_runner: RuleRunner) -> None:
    reason = rule_runner.judged(raises(ValueError(f"{SECRET}\n" + "x" * 400))).part.reason
    message, _, where = reason.removeprefix("the check itself broke: ").partition(" (test_run_check.py:")
    assert message == f"ValueError: {SECRET} {'x' * 400}"[:300].replace(SECRET, "$TOKEN")
    assert where


WHAT = CheckFailed("the thing", 1, 2)


def from_another(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def while_handling(error: Exception, other: Exception) -> Exception:
    error.__context__ = other
    return error


@pytest.mark.parametrize(
    "error",
    [
        ExceptionGroup("several", [WHAT]),
        ExceptionGroup("several", [ValueError(), WHAT, NotVerified("later")]),
        ExceptionGroup("several", [ExceptionGroup("one", [ValueError()]), ExceptionGroup("one", [WHAT])]),
        ExceptionGroup("several", [from_another(ValueError(), WHAT), NotVerified("later")]),
        from_another(ValueError(), WHAT),
        while_handling(ValueError(), WHAT),
        from_another(ValueError(), while_handling(KeyError(), ExceptionGroup("one", [WHAT]))),
        while_handling(from_another(ValueError(), KeyError()), WHAT),
    ],
)
def test_an_exception_of_ours_is_found_inside_others(rule_runner: RuleRunner, error: Exception) -> None:
    part = rule_runner.judged(raises(error)).part
    assert (part.verdict, part.reason) == (Verdict.FAILED, "the thing")


def test_exceptions_that_led_to_each_other_come_to_an_end(rule_runner: RuleRunner) -> None:
    one, other = ValueError("one"), KeyError("other")
    part = rule_runner.judged(raises(from_another(one, from_another(other, one)))).part
    assert part.verdict is Verdict.ERROR
    assert "ValueError: one" in part.reason
    chain: Exception = ValueError("first")
    for _ in range(40):
        chain = while_handling(from_another(ValueError("next"), chain), chain)
    assert rule_runner.judged(raises(chain)).part.verdict is Verdict.ERROR


# Who could not be reached


@pytest.mark.parametrize("url", [PIECES, PIXIEBRIX])
def test_a_target_that_is_gone_is_an_error(rule_runner: RuleRunner, url: str) -> None:
    rule_runner.wire.happens[f"{PIECES}/1"] = Unreachable(origin_of(url), f"refused {SECRET}")
    outcome = rule_runner.judged(asks)
    assert outcome.part.verdict is Verdict.ERROR
    assert outcome.part.reason.startswith("the target could not be reached: http")
    assert outcome.part.reason.endswith("refused $TOKEN")
    assert outcome.broken


def test_what_the_target_links_to_may_be_out_of_reach(rule_runner: RuleRunner) -> None:
    rule_runner.wire.happens[f"{PIECES}/1"] = Unreachable(origin_of("http://pieces.test:81"), "refused")
    outcome = rule_runner.judged(asks)
    assert outcome.part.verdict is Verdict.NOT_VERIFIED
    assert outcome.part.reason == (
        "what the target links to could not be reached: http://pieces.test:81: refused"
    )
    assert not outcome.broken


def test_a_second_instance_belongs_to_the_target(rule_runner: RuleRunner) -> None:
    def function(ctx: Pieces) -> None:
        asks(ctx.second())

    rule_runner.wire.happens[f"{SECOND}/1"] = Unreachable(origin_of(SECOND), "refused")
    outcome = rule_runner.judged(function)
    assert outcome.part.verdict is Verdict.ERROR
    assert outcome.broken
    assert [environment.name for environment in rule_runner.environments.closed] == ["", "second"]


def test_an_answer_that_does_not_come_breaks_it_too(rule_runner: RuleRunner) -> None:
    rule_runner.wire.happens[f"{PIECES}/1"] = NoAnswer("closed")
    outcome = rule_runner.judged(asks)
    assert outcome.part.verdict is Verdict.FAILED
    assert outcome.broken


# What is kept


def fails_after(times: int) -> Callable[[Context], None]:
    def function(ctx: Context) -> None:
        asks(ctx, times)
        ctx.fail("the thing", expected=1, actual=2)

    return function


@pytest.mark.parametrize(
    ("function", "kept"),
    [
        (lambda ctx: asks(ctx, 1), [1]),
        (lambda ctx: asks(ctx, 5), [4, 5]),
        (fails_after(16), [*range(1, 17)]),
        (fails_after(17), [*range(1, 5), *range(6, 18)]),
        (fails_after(30), [*range(1, 5), *range(19, 31)]),
    ],
)
def test_the_exchanges_that_are_worth_it_are_kept(
    rule_runner: RuleRunner, function: Callable[[Context], None], kept: list[int]
) -> None:
    evidence = rule_runner.judged(function).part.evidence
    assert [one.number for one in evidence] == kept
    assert [one.url for one in evidence] == [f"{PIECES}/{number}" for number in kept]


def test_all_of_all_exchanges_is_kept_where_it_is_asked_for() -> None:
    rule_runner = RuleRunner(Answering(b"x" * 50_000))
    check = Check(("PI-EXP-01",), "sample.check", "how", "pieces", fails_after(20))
    part = run_check(check, "PI-EXP-01", rule_runner.run, whole=True).part
    assert [one.number for one in part.evidence] == [*range(1, 21)]
    assert {one.response_body for one in part.evidence} == {"x" * 50_000}
    short = run_check(check, "PI-EXP-01", rule_runner.run).part.evidence[-1].response_body or ""
    assert short.startswith("x" * BODY_SHOWN + " … (")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (["a", None], "['a', None]"),
        (None, "None"),
        ("x" * 1_000, "x" * 1_000),
        ("x" * 1_001, "x" * 1_000 + " … (1 more)"),
        ("x" * 1_500, "x" * 1_000 + " … (500 more)"),
    ],
)
def test_a_value_is_shown_as_a_reader_needs_it(value: object, text: str) -> None:
    assert shown(value) == text


# Cleaning up


def test_it_cleans_up_after_the_run_was_stopped_and_the_time_is_over(rule_runner: RuleRunner) -> None:
    rule_runner.target = replace(TARGET, pace=Pace(check=1))

    def function(ctx: Context) -> None:
        makes(ctx, "first", "second")
        rule_runner.cancelled.set()
        while time.monotonic() < ctx.until:
            pass
        asks(ctx)

    outcome = rule_runner.judged(function, api="pixiebrix")
    assert outcome.part.verdict is Verdict.NOT_VERIFIED
    assert outcome.left == ()
    assert [(one.method, one.url) for one in rule_runner.wire.sent[2:]] == [
        ("DELETE", f"{RECORDS}dbcontract-r1-second/"),
        ("DELETE", f"{RECORDS}dbcontract-r1-first/"),
    ]
    # two minutes for all of it
    until = rule_runner.wire.sent[-1].until
    assert until is not None
    assert 100 < until - time.monotonic() <= 120


def test_what_could_not_be_removed_is_told(rule_runner: RuleRunner) -> None:
    def function(ctx: Context) -> None:
        makes(ctx, "first", "second")
        ctx.raw("POST", "/databases/d1/assets/", body=b'{"filename": "a.png"}')
        asks(ctx)
        rule_runner.wire.happens[f"{RECORDS}dbcontract-r1-second/"] = NoAnswer("closed")

    outcome = rule_runner.judged(function, api="pixiebrix")
    assert outcome.left == (
        "asset in the database d1: of unknown id (a.png)",
        "record in the database d1: dbcontract-r1-second",
    )
    # one that fails does not keep the others from being removed, and is not a finding of the check
    assert rule_runner.wire.sent[-1].url == f"{RECORDS}dbcontract-r1-first/"
    assert [one.method for one in outcome.part.evidence] == ["POST", "GET"]
    assert not outcome.broken


def test_a_target_that_goes_away_meanwhile_does_not_matter_when_closing(rule_runner: RuleRunner) -> None:
    rule_runner.environments.gone = True
    assert rule_runner.judged(asks).part.verdict is Verdict.PASSED
    assert len(rule_runner.environments.closed) == 1


def test_ctrl_c_cleans_up_and_goes_on_its_way(rule_runner: RuleRunner) -> None:
    def function(ctx: Context) -> None:
        makes(ctx, "it")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rule_runner.judged(function, api="pixiebrix")
    assert [one.method for one in rule_runner.wire.sent] == ["PUT", "DELETE"]
    assert len(rule_runner.environments.closed) == 1
