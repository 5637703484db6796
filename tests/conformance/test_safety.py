"""Every check against servers that no client would like: verdicts, no traceback, no long wait."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import Checks
from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.http.wire import Limits
from dbcontract.conformance.report import FORMATS, render
from dbcontract.conformance.results.results import RunResult, Verdict, exit_code
from dbcontract.conformance.runner.engine import Engine, Options
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Endpoint, Pace, Target

from .conftest import DATABASE, Seen, Start

Raw = Callable[[Callable[[socket.socket, threading.Event], None]], str]
Judge = Callable[..., RunResult]
SECRET = "the-secret-token"
OTHER = "7d1f9a34-52c8-4b6b-8e0d-6a9c3b7f1e25"
PATIENT = Limits(connect=1, read=20, total=40, body=200_000)
HASTY = replace(PATIENT, read=0.3)
"""For what never answers."""


@pytest.fixture
def judge(catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]) -> Judge:
    """Judge a server by everything that the kit has, with every permission."""

    def run(url: str, *, limits: Limits = PATIENT, only: Iterable[str] = ("*",)) -> RunResult:
        target = Target(
            "bad",
            endpoints={"pieces": Endpoint(url), "pixiebrix": Endpoint(f"{url}/api", SECRET)},
            capabilities=frozenset({"read", "write", "destroy", "storage"}),
            own=(Scratch(DATABASE, (DATABASE, OTHER), read_only_token="another-secret"),),
            pace=Pace(check=30, job_poll=0.01, job_wait=0.03, throttled=0.05, wire=limits),
        )
        rules = [rule for rule in catalogue.select(tuple(only)) if rule.testable]
        return Engine(
            target,
            rules,
            checks,
            catalogues=dict(catalogue.versions),
            options=Options(fuzzing=None),
            descriptions=descriptions,
        ).run()

    return run


def holds(result: RunResult) -> None:
    """No check broke, nothing secret is shown, and every report can be made."""
    broken = [(one.rule.id, one.reason) for one in result.results if one.verdict is Verdict.ERROR]
    assert broken == []
    for form in FORMATS:
        text = render(form, result)
        assert SECRET not in text, form
        assert "another-secret" not in text, form
    counts = Counter(one.verdict for one in result.results)
    assert counts[Verdict.FAILED] > 0
    assert exit_code(result) == 1


JSON = {"Content-Type": "application/json; version=2.0"}


NONSENSE = [
    b"",
    b"<!DOCTYPE html><script>alert(1)</script>",
    b"\x00\xff\xfe",
    b"null",
    b"{}",
    b"[1, null, [], {}]",
    b'[{"id": null, "data": [], "date": 5, "file": 7, "created_at": {}}]',
    b'{"id": [], "status": 4, "asset": 7, "upload_url": [], "fields": 3, "data": {}, "values": []}',
    b'{"version": 7, "values": {"iterable": [1, {"id": []}]}, "schema": "x", "persons": [true, -1]}',
    b"[" * 50_000,
]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((200, body) for body in NONSENSE),
        (204, b"{}"),
        (500, b"[7]"),
        (999, b""),
    ],
)
def test_nonsense_everywhere(web: Start, judge: Judge, status: int, body: bytes) -> None:
    holds(judge(web(lambda _: (status, JSON, body)).url))


def test_a_field_of_every_type_everywhere(web: Start, judge: Judge) -> None:
    """Right at first sight, and wrong in its depths."""
    values: list[object] = [
        None,
        True,
        7,
        "x",
        [],
        {},
        [{}],
        {"a": 1},
        "2026-01-01T00:00:00Z",
        DATABASE,
        "http://[",
        -1.5e308,
    ]

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        count = next(counter)
        names = [
            "id",
            "name",
            "data",
            "status",
            "asset",
            "upload_url",
            "fields",
            "date",
            "file",
            "created_at",
        ]
        names += [
            "filename",
            "is_uploaded",
            "download_url",
            "updated_at",
            "version",
            "values",
            "organization_id",
        ]
        thing = {name: values[(count + place) % len(values)] for place, name in enumerate(names)}
        body = thing if count % 3 else [thing] * (count % 5)
        headers = {
            **JSON,
            "Link": "<>; rel=next, <http://[>; rel=last",
            "X-Total-Count": "many",
            "Location": "x",
        }
        return (200 if seen.method == "GET" else 201), headers, json.dumps(body).encode()

    counter = iter(range(1_000_000))
    holds(judge(web(answer).url))


def test_a_body_without_end(raw: Raw, judge: Judge) -> None:
    def pour(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        while not over.is_set():
            connection.sendall(b"1, " * 10_000)

    result = judge(raw(pour), only=("PI-EXP-0*", "PB-DB-01", "PB-ASSET-03"))
    by_rule = {one.rule.id: one for one in result.results}
    for rule in ("PI-EXP-02", "PB-DB-01"):
        assert by_rule[rule].verdict is Verdict.NOT_VERIFIED
        assert by_rule[rule].reason.endswith("raise pace.max_body_bytes")
    assert not [one for one in result.results if one.verdict is Verdict.ERROR]


@pytest.mark.parametrize(
    "part", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"nonsense", b"\r\n\r\n\r\n"]
)
def test_connections_that_break_end_the_run(raw: Raw, judge: Judge, part: bytes) -> None:
    result = judge(raw(lambda connection, _over: connection.sendall(part)))
    assert (result.stopped, exit_code(result)) == ("unreachable", 3)
    assert {one.verdict for one in result.results} == {Verdict.NOT_VERIFIED}


def test_silence_ends_the_run(raw: Raw, judge: Judge) -> None:
    given_up = threading.Event()

    def wait(_connection: socket.socket, over: threading.Event) -> None:
        if not over.wait(60):
            given_up.set()

    result = judge(raw(wait), limits=HASTY)
    assert (result.stopped, exit_code(result)) == ("unreachable", 3)
    assert not given_up.is_set()


def test_one_operation_that_is_silent_does_not_end_the_run(web: Start, judge: Judge) -> None:
    over = threading.Event()

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.path == "/database/export":
            over.wait(20)
        return 200, JSON, b"{}"

    result = judge(web(answer).url, limits=HASTY, only=("PI-EXP-01", "PI-EXP-05", "PB-DB-01"))
    over.set()
    by_rule = {one.rule.id: one for one in result.results}
    assert result.complete
    assert by_rule["PI-EXP-01"].verdict is Verdict.NOT_VERIFIED
    assert "no answer in time" in by_rule["PI-EXP-01"].reason
    assert by_rule["PB-DB-01"].verdict is Verdict.FAILED


def test_redirects_do_not_take_the_token_away(web: Start, judge: Judge) -> None:
    elsewhere = web(lambda _: (200, JSON, b"[]"))

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if len(here.seen) <= 10:
            return 200, JSON, b"[]"  # else the address would be found to be wrong before any rule
        return 302, {"Location": f"{elsewhere.url}{seen.path}"}, b""

    here = web(answer)
    holds(judge(here.url))
    assert any(SECRET in str(seen.headers) for seen in here.seen)
    assert not any(SECRET in str(seen.headers) for seen in elsewhere.seen)


def test_links_do_not_take_the_token_away(web: Start, judge: Judge) -> None:
    """Every link that the target gives leads elsewhere: uploads, downloads, archives, jobs, pages."""
    elsewhere = web(lambda _: (200, JSON, b"[]"))
    link = f"{elsewhere.url}/2026-01-01.jsonl"
    one = {
        "id": DATABASE,
        "name": "x",
        "status": "SUCCESS",
        "data": link,
        "file": link,
        "date": "2026-01-01",
        "download_url": link,
        "filename": "x",
        "is_uploaded": True,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
    }
    upload = {"asset": one, "upload_url": link, "fields": {"key": "a"}}

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        headers = {**JSON, "X-Total-Count": "1"}
        if "page=" not in seen.path:  # a list that never ends takes each check a hundred pages
            headers["Link"] = f'<{link}>; rel="next"'
        if seen.path.endswith("/assets/") and seen.method == "POST":
            return 201, headers, json.dumps(upload).encode()
        plain = seen.path.partition("?")[0]
        is_list = plain.endswith(("/databases/", "/records/", "/assets/", "/record-archives/"))
        body = json.dumps([one] if is_list else one).encode()
        return (200 if seen.method == "GET" else 201), headers, body

    result = judge(web(answer).url, only=("PB-*",))
    holds(result)
    assert elsewhere.seen
    assert not any(SECRET in str(seen.headers) for seen in elsewhere.seen)


def test_what_a_target_says_is_escaped(web: Start, judge: Judge) -> None:
    evil = "</pre><script>alert(1)</script>\x1b[31m]]>\"'& \u2028"
    body = json.dumps({"detail": evil}).encode()
    headers = {**JSON, "X-Evil": "<script>alert(2)</script>"}
    result = judge(web(lambda _: (500, headers, body)).url, only=("PI-EXP-01", "PB-DB-01"))
    holds(result)
    named = replace(result, target=replace(result.target, name=evil))
    page = render("html", named)
    assert "<script>alert" not in page
    assert page.count("<script>") == 1
    assert "<script>" not in render("badge", named)
