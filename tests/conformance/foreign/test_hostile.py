"""Whatever a target does: verdicts, a written report, within a time and a memory, and no secret in it."""

import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dbcontract.conformance import report
from dbcontract.conformance.apis.pixiebrix.arrange_access import hide_organizations
from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import NotVerified
from dbcontract.conformance.environment.mock import Control
from dbcontract.conformance.http.wire import Limits, NoAnswer, Request, Wire
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.runner.fuzzing.settings import FuzzingSettings
from dbcontract.conformance.target import discovery as recognition
from dbcontract.conformance.target import file as targetfile
from dbcontract.conformance.target.target import Endpoint, Pace, Target, TargetError

from .hostile import HOSTILE
from .small import DATABASE, ORGANIZATION

Examine = Callable[..., RunResult]
TOKEN = "Zq81-token-for-hostile-servers-Xw"
BODY = 200_000
QUICK = Pace(check=2, run=25, throttled=0.1, wire=Limits(connect=1, read=0.3, total=0.6, body=BODY))
PATIENT = replace(QUICK.wire, read=5, total=30)
SWEEP = FuzzingSettings(examples=1, walks=1, steps=2, seconds=4)
RULES = ("PB-DB-01", "PB-PAGE-08", "PB-ASSET-03", "PB-DESC-03", "PB-DESC-07", "PI-EXP-01", "PI-EXP-04")
MEMORY = 100_000_000


def of(url: str) -> Target:
    endpoint = Endpoint(url, TOKEN, (("X-Api-Key", "key-" + TOKEN[::-1]),))
    scratch = Scratch(organization=ORGANIZATION, databases=(DATABASE,))
    allowed = frozenset({"read", "storage", "write"})
    return Target(
        "hostile",
        endpoints={"pieces": Endpoint(url), "pixiebrix": endpoint},
        capabilities=allowed,
        pace=QUICK,
        own=(scratch,),
    )


@pytest.fixture
def hostile(raw: Callable[..., str]) -> Callable[[str], str]:
    """Start a server of the table: it is good for one answer a connection."""

    def start(name: str) -> str:
        return raw(HOSTILE[name], with_head=True)

    return start


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "redirecting for ever"])
def test_a_run_ends_with_verdicts_and_a_report(
    examine: Examine, hostile: Callable[[str], str], name: str
) -> None:
    url = hostile(name)
    started = time.monotonic()
    tracemalloc.start()
    try:
        result = examine(of(url), *RULES, fuzzing=SWEEP)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert {one.rule.id for one in result.results} == set(RULES)
    assert all(one.verdict in Verdict for one in result.results)
    assert not [one.reason for one in result.results if "the check itself broke" in one.reason]
    assert time.monotonic() - started < 240  # ends by itself: one drip alone would take longer
    assert peak < MEMORY
    for form in report.FORMATS:
        written = report.render(form, result)
        text = str(written)
        assert len(text) < 2_000_000
        assert TOKEN.lower() not in text.lower()
        assert TOKEN[::-1].lower() not in text.lower()
        assert "\x1b" not in text
        assert json.loads(text)["results"] if form == "json" else True


def test_a_base_url_that_redirects_for_ever_is_told_in_a_sentence(
    examine: Examine, hostile: Callable[[str], str]
) -> None:
    with pytest.raises(TargetError, match="redirects to"):
        examine(of(hostile("redirecting for ever")), *RULES, fuzzing=SWEEP)


def test_interim_answers_come_before_the_final_one(raw: Callable[..., str]) -> None:
    def answer(connection: socket.socket, _over: threading.Event) -> None:
        for _ in range(2):
            connection.sendall(
                b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Final: yes\r\n\r\nok"
            )
            if not connection.recv(65_536):
                return

    url = raw(answer)
    with Wire(PATIENT) as wire:
        for _ in range(2):
            received = wire.send(Request("GET", f"{url}/"))
            assert (received.status, received.content) == (200, b"ok")
            assert ("X-Final", "yes") in received.headers


def test_a_body_that_unpacks_to_more_is_known_to_be_cut(hostile: Callable[[str], str]) -> None:
    with Wire(PATIENT) as wire:
        received = wire.send(Request("GET", f"{hostile('a packed bomb')}/"))
    assert not received.is_whole
    assert len(received.content) == BODY


@pytest.mark.parametrize(
    "name", ["huge headers", "interim answers for ever", "100 for ever", "another protocol"]
)
def test_no_head_is_read_without_end(hostile: Callable[[str], str], name: str) -> None:
    with Wire(PATIENT) as wire, pytest.raises(NoAnswer):
        wire.send(Request("GET", f"{hostile(name)}/"))


def test_the_time_of_a_run_is_bounded(examine: Examine, web: Callable[..., Any]) -> None:
    released = threading.Event()

    def slow(_: Any) -> tuple[int, dict[str, str], bytes]:
        released.wait(0.1)
        return 500, {"Content-Type": "text/plain"}, b"no"

    pace = replace(QUICK, run=1.0, check=20)
    target = Target("slow", endpoints={"pieces": Endpoint(web(slow).url)}, pace=pace)
    result = examine(target, *(f"PI-EXP-{number:02}" for number in range(1, 14)), "PI-DESC-04")
    assert result.stopped == "late"
    assert result.seconds < 10
    late = [one for one in result.results if "pace.run_seconds" in one.reason]
    assert late
    assert {one.verdict for one in late} == {Verdict.NOT_VERIFIED}


ODD: list[Any] = [
    None,
    7,
    "x",
    [],
    {},
    {"now": None},
    {"now": 7},
    {"now": "never"},
    [None],
    [{"id": None}],
    [[]],
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("key", ["apis", "capabilities", "organizations", "defects", "faults", "version"])
def test_a_mock_that_answers_oddly_is_not_a_crash(web: Callable[..., Any], key: str, odd: Any) -> None:
    health = {"name": "dbcontract", "apis": ["pieces", "pixiebrix"], "version": "1", key: odd}
    server = web(lambda _: (200, {"Content-Type": "application/json"}, json.dumps(health).encode()))
    target = Target(
        "odd", endpoints={"pieces": Endpoint(server.url), "pixiebrix": Endpoint(server.url)}, pace=QUICK
    )
    if key == "apis":
        with pytest.raises(TargetError, match="serves only"):
            recognition.resolve(target, guess=False)
    else:
        assert recognition.resolve(target, guess=False).kind == "mock"


@pytest.mark.parametrize("content", [*(json.dumps(odd).encode() for odd in ODD), b"{", b"[" * 100_000, b""])
def test_a_control_api_that_answers_oddly_is_not_a_crash(web: Callable[..., Any], content: bytes) -> None:
    server = web(lambda _: (200, {"Content-Type": "application/json"}, content))
    with Wire(PATIENT) as wire:
        control = Control(server.url, wire)
        with pytest.raises(NotVerified):
            control.now()
        with pytest.raises(NotVerified):
            hide_organizations(control, "token", but="organization")


def test_a_deep_target_file_is_refused_in_a_sentence(tmp_path: Any) -> None:
    path = tmp_path / "deep.toml"
    path.write_text("a = " + "[" * 50_000 + "]" * 50_000)
    with pytest.raises(TargetError, match="nested too deeply"):
        targetfile.read(path, {})
