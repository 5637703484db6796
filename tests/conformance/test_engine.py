"""The run: order, explanation, stopping, cleaning up, and never a traceback."""

import json
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import ModuleType

import pytest

from dbcontract.conformance.apis.pieces.context import Pieces
from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import Checks, check, collect
from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.catalogue.rules import Capability, Level, Rule, Source
from dbcontract.conformance.http.wire import Request
from dbcontract.conformance.results.results import RunResult, Verdict, exit_code
from dbcontract.conformance.runner.engine import Engine, Listener, Options
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Endpoint, Pace, Target

from .conftest import PACE, Seen, Start

EXPORT = b'{"version": "1.0.0", "values": {"iterable": []}}'
Body = Callable[[Pieces], None]


def rule(
    number: int, *, depends_on: Sequence[str] = (), needs: Sequence[str] = (), level: str = "documented"
) -> Rule:
    return Rule(
        id=f"PI-EXP-{number:02}",
        api="pieces",
        level=Level(level),
        title=f"title {number}",
        statement=f"statement {number}",
        source=Source("decision", "x"),
        operations=("exportDatabase",),
        needs=tuple(map(Capability, needs)),
        depends_on=tuple(depends_on),
    )


def checks_of(*, bulky: Sequence[str] = (), **bodies: Body) -> Checks:
    """Checks by the last two digits of the rule: `_01=function`."""
    module = ModuleType("checks.sample")
    for name, body in bodies.items():

        def function(ctx: Pieces, body: Body = body) -> None:
            body(ctx)

        function.__module__ = "checks.sample"
        setattr(module, name, check(f"PI-EXP-{name[1:3]}", bulky=name in bulky)(function))
    return Checks(collect(module))


def asks(ctx: Context) -> None:
    ctx.call("exportDatabase").expect_status(200)


RECORDS = "/api/databases/d1/records/"


def makes(ctx: Context, *names: str) -> None:
    """Write records of the run, and make an asset, which nothing deletes."""
    url = f"{ctx.run.target.endpoints['pixiebrix'].url}/databases/d1"
    for name in names:
        ctx.run.session.send(Request("PUT", f"{url}/records/{ctx.run.mark}{name}/", (), b"{}"))
    ctx.run.session.send(Request("POST", f"{url}/assets/", (), b'{"filename": "a.png"}'))


def fails(ctx: Context) -> None:
    asks(ctx)
    ctx.fail("the thing", expected="this", actual="that")


def breaks(ctx: Context) -> None:
    asks(ctx)
    raise KeyError("id")


@pytest.fixture
def judged(web: Start, descriptions: dict[str, Description]) -> Callable[..., RunResult]:
    """Run checks against a small server that exports."""

    def judge(
        rules: Sequence[Rule],
        checks: Checks,
        *,
        capabilities: Sequence[str] = ("read",),
        listener: Listener | None = None,
        answer: Callable[[Seen], tuple[int, dict[str, str], bytes]] | None = None,
        pace: Pace = PACE,
        **options: object,
    ) -> RunResult:
        server = web(answer or (lambda _: (200, {"Content-Type": "application/json"}, EXPORT)))
        target = Target(
            "t",
            endpoints={
                "pieces": Endpoint(server.url),
                **({"pixiebrix": Endpoint(f"{server.url}/api")} if "write" in capabilities else {}),
            },
            own=(Scratch(databases=("d1",)),),
            capabilities=frozenset(capabilities),
            pace=pace,
            arguments=("URL",),
        )
        return Engine(
            target,
            rules,
            checks,
            catalogues={"pieces": "1.0.0", "pixiebrix": "1.0.0"},
            options=Options(fuzzing=None, **options),  # type: ignore[arg-type]
            listener=listener,
            descriptions=descriptions,
        ).run()

    return judge


Judged = Callable[..., RunResult]


def verdicts(result: RunResult) -> dict[str, Verdict]:
    return {one.rule.id[-2:]: one.verdict for one in result.results}


def test_every_way_a_check_can_end(judged: Judged) -> None:
    def skips(ctx: Context) -> None:
        asks(ctx)
        ctx.skip("nothing to see")

    def asks_nothing(_: Context) -> None:
        return

    rules = [*map(rule, range(1, 6)), rule(6, level="inferred"), rule(7, needs=["clock"]), rule(8)]
    made = checks_of(_01=asks, _02=fails, _03=breaks, _04=skips, _05=asks_nothing, _06=fails, _07=asks)
    result = judged(rules, made)
    assert verdicts(result) == {
        "01": Verdict.PASSED,
        "02": Verdict.FAILED,
        "03": Verdict.ERROR,
        "04": Verdict.NOT_VERIFIED,
        "05": Verdict.ERROR,
        "06": Verdict.WARNED,
        "07": Verdict.NOT_VERIFIED,
        "08": Verdict.NOT_VERIFIED,
    }
    by_rule = {one.rule.id[-2:]: one for one in result.results}
    failed = by_rule["02"]
    assert (failed.reason, failed.part.expected, failed.part.actual) == ("the thing", "this", "that")
    assert failed.part.evidence[-1].status == 200
    assert failed.curl is not None
    assert failed.curl.startswith("curl -i http://127.0.0.1:")
    assert failed.reproduce == "dbcontract check URL --only PI-EXP-02 --seed 1"
    assert "the check itself broke: KeyError: 'id' (test_engine.py:" in by_rule["03"].reason
    assert by_rule["04"].reason == "nothing to see"
    assert by_rule["07"].part.missing == ("clock",)
    assert by_rule["08"].reason == "no check of the kit covers this rule yet"
    assert exit_code(result) == 1
    assert result.catalogues == {"pieces": "1.0.0"}


def test_a_rule_with_several_checks_gets_the_worst(judged: Judged) -> None:
    result = judged([rule(1)], checks_of(_01=asks, _01b=fails, _01c=asks))
    assert verdicts(result) == {"01": Verdict.FAILED}


def test_a_rule_comes_after_those_that_it_rests_on(judged: Judged) -> None:
    order: list[str] = []

    class Watching(Listener):
        def checking(self, rule: Rule) -> None:
            order.append(rule.id[-2:])

    rules = [rule(1, depends_on=["PI-EXP-03"]), rule(2), rule(3, depends_on=["PI-EXP-02", "PI-EXP-09"])]
    judged(rules, checks_of(_01=asks, _02=asks, _03=asks), listener=Watching())
    assert order == ["02", "03", "01"]


def test_what_leaves_much_behind_comes_last(judged: Judged) -> None:
    order: list[str] = []

    def of(name: str, ends: Body = asks) -> Body:
        def body(ctx: Pieces) -> None:
            order.append(name)
            ends(ctx)

        return body

    made = checks_of(
        bulky=["_01b", "_03", "_04b"],
        **{name: of(name) for name in ("_01", "_02", "_03")},
        _01b=of("_01b", fails),
        _04=of("_04", fails),
        _04b=of("_04b"),
    )
    result = judged([rule(1), rule(2, depends_on=["PI-EXP-01"]), rule(3), rule(4)], made)
    assert order == ["_01", "_04", "_02", "_01b", "_03"], "what has failed already needs no more"
    assert verdicts(result) == {
        "01": Verdict.FAILED,
        "02": Verdict.PASSED,
        "03": Verdict.PASSED,
        "04": Verdict.FAILED,
    }
    assert result.requests == len(order)


def test_a_failure_is_explained_by_what_it_rests_on(judged: Judged) -> None:
    rules = [
        rule(1),
        rule(2, depends_on=["PI-EXP-01"]),
        rule(3, depends_on=["PI-EXP-02"]),
        rule(4, depends_on=["PI-EXP-05"]),
        rule(5),
    ]
    made = checks_of(_01=fails, _02=asks, _03=fails, _04=fails, _05=asks)
    because = {one.rule.id[-2:]: one.because_of for one in judged(rules, made).results}
    assert because == {"01": None, "02": None, "03": "PI-EXP-01", "04": None, "05": None}


def test_a_prerequisite_that_fails_leaves_the_rule_open(judged: Judged) -> None:
    def imports(ctx: Pieces) -> None:
        ctx.given.imported()

    result = judged(
        [rule(1)],
        checks_of(_01=imports),
        answer=lambda seen: (
            (200, {"Content-Type": "application/json"}, EXPORT) if seen.method == "GET" else (500, {}, b"")
        ),
        capabilities=["read", "write"],
    )
    (one,) = result.results
    assert one.verdict is Verdict.NOT_VERIFIED
    assert one.because_of == "PI-IMP-01"
    assert "did not work" in one.reason


def test_what_was_made_is_removed_in_reverse_even_after_a_failure(judged: Judged) -> None:
    paths: list[str] = []
    lefts: list[int] = []

    class Watching(Listener):
        def cleaning(self, left: int) -> None:
            lefts.append(left)

    def makes_and_fails(ctx: Context) -> None:
        makes(ctx, "first", "second")
        fails(ctx)

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        paths.append(f"{seen.method} {seen.path[:-1].rpartition('-')[2]}")
        status = 500 if seen.method == "DELETE" and "first" in seen.path else 200
        return status, {"Content-Type": "application/json"}, EXPORT

    result = judged(
        [rule(1)],
        checks_of(_01=makes_and_fails),
        answer=answer,
        capabilities=["read", "write"],
        listener=Watching(),
    )
    assert lefts == [2, 1]
    assert paths[-3:] == ["GET /database/expor", "DELETE second", "DELETE first"]
    assert result.results[0].verdict is Verdict.FAILED
    assert [evidence.method for evidence in result.results[0].part.evidence] == ["GET"]
    asset, record = result.notes
    assert asset == "stays at the target: asset in the database d1: of unknown id (a.png)"
    assert record.startswith("stays at the target: record in the database d1: dbcontract-")
    assert record.endswith("-first")


def test_fail_fast_stops_at_the_first_failure(judged: Judged) -> None:
    rules = [rule(1, level="inferred"), rule(2), rule(3)]
    made = checks_of(_01=fails, _02=fails, _03=asks)
    result = judged(rules, made, fail_fast=True)
    assert verdicts(result) == {"01": Verdict.WARNED, "02": Verdict.FAILED, "03": Verdict.NOT_VERIFIED}
    assert (result.stopped, exit_code(result)) == ("fail-fast", 1)
    tolerant = judged(rules, made, fail_fast=True, tolerated=frozenset({"PI-EXP-02"}))
    assert verdicts(tolerant)["03"] is Verdict.PASSED


def test_ctrl_c_removes_what_was_made(judged: Judged) -> None:
    paths: list[str] = []

    def is_stopped(ctx: Context) -> None:
        makes(ctx, "it")
        asks(ctx)
        signal.raise_signal(signal.SIGINT)

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        paths.append(seen.path)
        return 200, {"Content-Type": "application/json"}, EXPORT

    made = checks_of(_01=is_stopped, _02=asks)
    result = judged([rule(1), rule(2)], made, answer=answer, capabilities=["read", "write"])
    assert paths[-1].startswith(RECORDS)
    assert paths[-1].endswith("-it/")
    assert paths.count(paths[-1]) == 2
    assert [note for note in result.notes if "record" in note] == []
    assert (result.stopped, exit_code(result)) == ("interrupted", 3)
    assert set(verdicts(result).values()) == {Verdict.NOT_VERIFIED}


def test_ctrl_c_ends_a_wait(judged: Judged) -> None:
    def waits(ctx: Context) -> None:
        asks(ctx)
        main = threading.main_thread().ident or 0
        threading.Timer(0.1, signal.pthread_kill, [main, signal.SIGINT]).start()
        ctx.pause(15)

    result = judged([rule(1)], checks_of(_01=waits))
    assert result.stopped == "interrupted"
    assert result.seconds < 10


def test_a_check_that_takes_too_long_says_nothing(judged: Judged) -> None:
    def waits(ctx: Context) -> None:
        asks(ctx)
        ctx.pause(1_000)

    (one,) = judged([rule(1)], checks_of(_01=waits)).results
    assert one.verdict is Verdict.NOT_VERIFIED
    assert one.reason == "the check did not end within 20 s; raise pace.check_seconds"


@pytest.mark.parametrize(
    ("second", "verdict"),
    [
        ("Tue, 02 Jun 2026 00:00:02 GMT", Verdict.NOT_VERIFIED),
        ("Mon, 01 Jun 2026 23:59:59 GMT", Verdict.FAILED),
        ("Tue, 02 Jun 2026 01:00:00 GMT", Verdict.FAILED),  # somebody has moved the clock
        ("no date", Verdict.FAILED),
    ],
)
def test_a_day_that_ends_meanwhile_accuses_nobody(judged: Judged, second: str, verdict: Verdict) -> None:
    dates: list[str] = []

    def answer(_: Seen) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Content-Type": "application/json", "Date": dates.pop(0) if dates else second}, EXPORT

    def looks_twice(ctx: Context) -> None:
        dates[:] = ["Mon, 01 Jun 2026 23:59:58 GMT"]
        asks(ctx)
        fails(ctx)

    result = judged([rule(1), rule(2)], checks_of(_01=looks_twice, _02=asks), answer=answer)
    assert verdicts(result) == {"01": verdict, "02": Verdict.PASSED}
    assert ("the day (UTC) ended" in result.results[0].reason) is (verdict is Verdict.NOT_VERIFIED)


def test_what_is_asked_before_the_first_rule_counts_in_the_time_of_the_run(
    web: Start, descriptions: dict[str, Description]
) -> None:
    over = threading.Event()

    def waits(_: Seen) -> tuple[int, dict[str, str], bytes]:
        over.wait(15)
        return 200, {"Content-Type": "application/json"}, EXPORT

    target = Target("t", endpoints={"pieces": Endpoint(web(waits).url)}, pace=replace(PACE, run=0.5))
    engine = Engine(target, [rule(1)], checks_of(_01=asks), catalogues={}, descriptions=descriptions)
    engine.prepare()  # as the command does
    result = engine.run()
    over.set()
    assert result.stopped == "late"
    assert result.results[0].reason == "the time of the run was over before its turn (pace.run_seconds)"


def test_a_check_that_an_answer_keeps_busy_says_nothing_and_is_cleaned_up_after(judged: Judged) -> None:
    """It would compare each of many entries with each other, and go on after whatever it can catch."""
    entries = [{"id": str(number), "raw": []} for number in range(20_000)]
    export = json.dumps({"version": "1.0.0", "values": {"iterable": entries}}).encode()
    calls: list[str] = []

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        calls.append(f"{seen.method} {seen.path.rpartition('-')[2]}")
        is_busy = seen.method == "GET" and "DELETE it/" not in calls
        return 200, {"Content-Type": "application/json"}, export if is_busy else EXPORT

    def compares(ctx: Context) -> None:
        makes(ctx, "it")
        listed = ctx.call("exportDatabase").expect_json(dict)["values"]["iterable"]
        for one in listed * 1_000:
            with suppress(Exception):
                ctx.expect("the same entry", 1, sum(one == other for other in listed))

    pace = replace(PACE, check=3)
    made = checks_of(_01=compares, _02=asks)
    result = judged([rule(1), rule(2)], made, answer=answer, pace=pace, capabilities=["read", "write"])
    assert verdicts(result) == {"01": Verdict.NOT_VERIFIED, "02": Verdict.PASSED}
    assert result.results[0].reason == "the check computed for longer than 3 s; raise pace.check_seconds"
    assert "DELETE it/" in calls


def test_nobody_there_is_no_verdict(descriptions: dict[str, Description]) -> None:
    target = Target("t", endpoints={"pieces": Endpoint("http://127.0.0.1:9")}, pace=PACE)
    engine = Engine(target, [rule(1)], checks_of(_01=asks), catalogues={}, descriptions=descriptions)
    result = engine.run()
    assert (result.stopped, exit_code(result)) == ("unreachable", 3)
    assert verdicts(result) == {"01": Verdict.NOT_VERIFIED}
    assert "127.0.0.1:9 does not answer" in result.notes[0]


def test_a_target_that_dies_on_the_way_stops_the_run(
    web: Start, descriptions: dict[str, Description]
) -> None:
    """The checks that are left do not wait for it one by one."""
    server = web(lambda _: (200, {"Content-Type": "application/json"}, EXPORT))

    def kills(ctx: Context) -> None:
        asks(ctx)
        server.dead = True

    target = Target("t", endpoints={"pieces": Endpoint(server.url)}, pace=PACE)
    made = checks_of(_01=kills, _02=asks, _03=asks)
    result = Engine(target, [rule(1), rule(2), rule(3)], made, catalogues={}, descriptions=descriptions).run()
    assert [one.verdict for one in result.results] == [Verdict.PASSED, Verdict.FAILED, Verdict.NOT_VERIFIED]
    assert "the connection was closed without an answer" in (result.results[1].part.actual or "")
    assert (result.stopped, exit_code(result)) == ("unreachable", 3)


def test_exchanges_feed_the_rules_about_descriptions(judged: Judged) -> None:
    status = Rule(**{**{name: getattr(rule(1), name) for name in Rule.__slots__}, "id": "PI-DESC-04"})
    body = Rule(**{**{name: getattr(rule(1), name) for name in Rule.__slots__}, "id": "PI-DESC-07"})
    result = judged([rule(1), status, body], checks_of(_01=asks))
    by_rule = {one.rule.id: one for one in result.results}
    assert by_rule["PI-EXP-01"].verdict is Verdict.PASSED
    assert by_rule["PI-DESC-04"].verdict is Verdict.PASSED
    assert by_rule["PI-DESC-07"].verdict is Verdict.FAILED
    assert "exportDatabase" in by_rule["PI-DESC-07"].reason
    assert by_rule["PI-DESC-07"].part.evidence[-1].status == 200
    nothing = judged([status], checks_of())
    assert nothing.results[0].reason == "no exchange of the run shows it"
    assert exit_code(nothing) == 4


def test_hypothesis_groups_are_opened(judged: Judged) -> None:
    from hypothesis import strategies as st

    from dbcontract.conformance.authoring.properties import for_all

    seen: list[int] = []

    def generated(ctx: Context) -> None:
        def body(value: int) -> None:
            asks(ctx)
            seen.append(value)
            if len(seen) == 3:
                ctx.fail("the third value", expected="none", actual=value)

        for_all(ctx, st.integers(), body, examples=10)

    (one,) = judged([rule(1)], checks_of(_01=generated)).results
    assert (one.verdict, one.reason) == (Verdict.FAILED, "the third value")
    first, seen = seen[:3], []
    judged([rule(1)], checks_of(_01=generated))
    assert seen[:3] == first, "the same seed gives the same values"
