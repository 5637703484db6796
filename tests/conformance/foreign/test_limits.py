"""A limit of the kit (size, time, patience) is not a fault of the target: what meets it is not verified."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dbcontract.conformance.apis.pieces.context import Pieces
from dbcontract.conformance.authoring.answer import Answer
from dbcontract.conformance.authoring.run import Run
from dbcontract.conformance.http.evidence import KEPT, Exchange
from dbcontract.conformance.http.wire import Received
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.runner.fuzzing.settings import FuzzingSettings
from dbcontract.conformance.schema.trace import Trace
from dbcontract.conformance.target.options import TargetOptions
from dbcontract.conformance.target.target import Endpoint, Pace, Target

from .running import Foreign
from .small import DATABASE, JSON, PACE, JudgedHere, Seen, Start, of_web, told

EXPORT = b'{"version": "9.0.0"}'


def accuses_nobody(result: RunResult) -> None:
    assert told(result, Verdict.FAILED, Verdict.WARNED, Verdict.ERROR) == {}


def of_strict(strict: Foreign, folder: Path, pace: Pace, *allow: str) -> Target:
    file = strict.target_file(folder / "dbcontract.toml", allow=allow)
    environment = {"FOREIGN_TOKEN": strict.token, "FOREIGN_READ_ONLY_TOKEN": strict.read_only_token}
    return replace(TargetOptions(target_file=file).resolve(environment), pace=pace)


# Size


def test_a_body_that_is_cut_is_not_judged(strict: Foreign, tmp_path: Path, judged: JudgedHere) -> None:
    pace = replace(PACE, wire=replace(PACE.wire, body=150))
    target = of_strict(strict, tmp_path, pace)
    fuzzing = FuzzingSettings(examples=3, walks=1, steps=2, seconds=20)
    result = judged(target, "PI-*", "PB-DB-*", "PB-REC-*", "PB-DESC-*", fuzzing=fuzzing)
    accuses_nobody(result)
    reasons = told(result, Verdict.NOT_VERIFIED)
    for rule in ("PI-EXP-12", "PB-DB-01", "PB-REC-01"):
        assert "only the first 150 bytes of GET " in reasons[rule], rule
        assert reasons[rule].endswith("raise pace.max_body_bytes"), rule


def test_a_status_is_judged_however_long_the_body(web: Start, judged: JudgedHere) -> None:
    server = web(lambda _: (500, {"Content-Type": "text/plain"}, b"x" * 5_000))
    pace = replace(PACE, wire=replace(PACE.wire, body=100))
    result = judged(Target("t", endpoints={"pieces": Endpoint(server.url)}, pace=pace), "PI-EXP-01")
    assert told(result, Verdict.FAILED).keys() == {"PI-EXP-01"}


def test_an_export_job_that_is_cut_lacks_no_records(
    strict: Foreign, tmp_path: Path, judged: JudgedHere
) -> None:
    """The data of a job are read behind a link, and they are the only long answer here."""
    pace = replace(PACE, wire=replace(PACE.wire, body=8_000))
    result = judged(of_strict(strict, tmp_path, pace, "write"), "PB-JOB-2?", "PB-JOB-3?")
    accuses_nobody(result)


# Time


def test_silence_longer_than_the_pace_is_not_judged(web: Start, judged: JudgedHere) -> None:
    over = threading.Event()

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.path == "/database/export":
            over.wait(20)
        return 200, JSON, EXPORT

    pace = replace(PACE, wire=replace(PACE.wire, read=1))
    server = web(answer)
    result = judged(
        Target("t", endpoints={"pieces": Endpoint(server.url)}, pace=pace), "PI-EXP-01", "PI-DESC-08"
    )
    over.set()
    accuses_nobody(result)
    reason = told(result, Verdict.NOT_VERIFIED)["PI-EXP-01"]
    assert "no answer in time" in reason
    assert reason.endswith("raise pace.read_seconds or pace.total_seconds")


def test_a_check_without_time_left_is_not_judged(web: Start, judged: JudgedHere) -> None:
    def answer(_: Seen) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.12)  # each answer is quick enough for itself
        return 200, JSON, EXPORT

    target = Target("t", endpoints={"pieces": Endpoint(web(answer).url)}, pace=replace(PACE, check=0.2))
    result = judged(target, "PI-EXP-1?")
    late = [
        reason for reason in told(result, Verdict.NOT_VERIFIED).values() if "pace.check_seconds" in reason
    ]
    assert late
    assert told(result, Verdict.ERROR) == {}


def test_a_job_that_takes_longer_than_the_pace_is_not_judged(web: Start, judged: JudgedHere) -> None:
    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if "/jobs/" in seen.path:
            job = {"id": DATABASE, "status": "STARTED", "data": None}
            return (201 if seen.method == "POST" else 200), JSON, json.dumps(job).encode()
        return (200 if seen.method == "GET" else 201), JSON, b"[]"

    result = judged(of_web(web(answer).url, "write"), "PB-JOB-21")
    reason = told(result, Verdict.NOT_VERIFIED)["PB-JOB-21"]
    assert reason == f"the job {DATABASE} is STARTED after 0.2 s; raise pace.job_wait_seconds"


def test_a_job_with_a_status_that_is_none_is_a_violation(web: Start, judged: JudgedHere) -> None:
    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if "/jobs/" in seen.path:
            job = {"id": DATABASE, "status": "done", "data": None}
            return (201 if seen.method == "POST" else 200), JSON, json.dumps(job).encode()
        return (200 if seen.method == "GET" else 201), JSON, b"[]"

    assert told(judged(of_web(web(answer).url, "write"), "PB-JOB-21"), Verdict.FAILED).keys() == {"PB-JOB-21"}


# Too many requests


class Throttling:
    """Answers 429 to every request from one number on, for a while."""

    def __init__(self, first: int, times: int, headers: dict[str, str]) -> None:
        self.first, self.times, self.headers = first, times, headers
        self.count = 0

    def __call__(self, _: Seen) -> tuple[int, dict[str, str], bytes]:
        self.count += 1
        if self.first <= self.count < self.first + self.times:
            return 429, {"Content-Type": "text/plain", **self.headers}, b"slow down"
        return 200, JSON, EXPORT


QUICK = replace(PACE, slowest=200.0)


def test_a_429_is_waited_out_and_the_run_goes_on_slower(web: Start, judged: JudgedHere) -> None:
    server = web(Throttling(2, 1, {"Retry-After": "0"}))
    result = judged(Target("t", endpoints={"pieces": Endpoint(server.url)}, pace=QUICK), "PI-EXP-01")
    assert told(result, Verdict.PASSED).keys() == {"PI-EXP-01"}
    assert any("the target answered 429" in note and "requests a second" in note for note in result.notes)


@pytest.mark.parametrize(
    ("headers", "pause"), [({}, "60"), ({"Retry-After": "nonsense"}, "60"), ({"Retry-After": "7"}, "7")]
)
def test_a_429_that_cannot_be_waited_out_accuses_nobody(
    web: Start, judged: JudgedHere, headers: dict[str, str], pause: str
) -> None:
    server = web(Throttling(2, 10_000, headers))
    target = Target("t", endpoints={"pieces": Endpoint(server.url)}, pace=QUICK)
    fuzzing = FuzzingSettings(examples=3, walks=1, steps=2, seconds=20)
    result = judged(target, "PI-EXP-0?", "PI-DESC-*", fuzzing=fuzzing)
    accuses_nobody(result)
    reasons = told(result, Verdict.NOT_VERIFIED).values()
    assert any(f"wants a pause of {pause} s, and pace.throttled_seconds allows 0.2" in one for one in reasons)
    assert server.seen[2:] == []  # nothing is sent while a pause is asked for
    assert any("the fuzzing of pieces" in note and "429" in note for note in result.notes)


def test_a_429_again_and_again_accuses_nobody(web: Start, judged: JudgedHere) -> None:
    server = web(Throttling(2, 10_000, {"Retry-After": "0"}))
    result = judged(Target("t", endpoints={"pieces": Endpoint(server.url)}, pace=QUICK), "PI-EXP-01")
    accuses_nobody(result)
    reason = told(result, Verdict.NOT_VERIFIED)["PI-EXP-01"]
    assert reason.endswith("said so 3 times; lower pace.requests_per_second")


def test_a_429_to_the_first_question_judges_nothing(web: Start, judged: JudgedHere) -> None:
    server = web(Throttling(1, 10_000, {}))
    result = judged(of_web(server.url, "write"), "PB-DB-01")
    assert "429" in told(result, Verdict.NOT_VERIFIED)["PB-DB-01"]
    assert any("429" in note for note in result.notes)
    assert len(server.seen) == 1


# Memory


def test_long_bodies_are_not_kept_after_their_exchange(web: Start, opened: Callable[[Target], Run]) -> None:
    """A check of a large database has many of them, of which only the beginning is ever shown."""
    body = b'{"version": "' + b"9" * 300_000 + b'"}'
    server = web(lambda _: (200, JSON, body))
    run, trace = opened(Target("t", endpoints={"pieces": Endpoint(server.url)}, pace=PACE)), Trace(KEPT)
    ctx = Pieces(run, run.environments.open(), "PI-EXP-01", trace)
    answer = ctx.call("importDatabase", body=body)
    assert answer.content == body
    assert server.seen[-1].body == body
    (exchange,) = trace.exchanges
    assert exchange.received is not None
    assert len(exchange.received.content) == len(exchange.request.body or b"") == KEPT
    evidence, whole = exchange.as_evidence(1, run.redactor), Exchange(answer.request, received_of(answer))
    assert (evidence.request_size, evidence.response_size) == (len(body), len(body))
    shown = whole.as_evidence(1, run.redactor)
    assert (evidence.request_body, evidence.response_body) == (shown.request_body, shown.response_body)


def received_of(answer: Answer) -> Received:
    return Received(answer.status, "OK", tuple(answer.headers), answer.content, answer.seconds)
