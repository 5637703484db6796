"""How a run ends early, and what is then said of its rules."""

import json
import signal
import threading
from contextlib import suppress
from dataclasses import replace

import pytest

from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.results.results import Verdict, exit_code
from dbcontract.conformance.runner.engine import Engine
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Endpoint, Target

from .conftest import PACE, Seen, Start
from .small_runs import EXPORT, RECORDS, Judged, asks, checks_of, fails, judge_of, makes, rule, verdicts


@pytest.fixture
def judged(web: Start, descriptions: dict[str, Description]) -> Judged:
    return judge_of(web, descriptions)


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
