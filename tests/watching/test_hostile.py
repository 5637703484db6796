"""What is behind, and who asks, may mean harm: neither the proxy nor its report takes any."""

import gzip
import json
import resource
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from dbcontract import fixtures
from dbcontract.cli import main
from dbcontract.conformance import report
from dbcontract.conformance.proxy.app import Options

from .watched import Raw, Watched, exchange, says

Through = Callable[..., tuple[Watched, Raw]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GET = b"GET /database/export HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
MB = 1_000_000


def resident() -> int:
    """The largest memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024


# Behind


def test_an_endless_body_passes_as_long_as_somebody_reads_and_is_not_kept(through: Through) -> None:
    ended = threading.Event()

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(JSON + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                connection.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        except OSError:
            ended.set()

    proxy, _ = through(answer, options=Options(kept=MB))
    before = resident()
    host, port = proxy.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(GET)
        got = 0
        while got < 100 * MB:
            got += len(client.recv(65_536))
    assert ended.wait(20)
    assert resident() - before < 60 * MB
    assert proxy.bad() == {}


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 1_000_000 + b"\r\n\r\n",
        b"not HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX-A: b\r\n c: d\x00\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"",
    ],
    ids=["many-headers", "long-header", "no-http", "two-lengths", "negative", "nul", "status", "nothing"],
)
def test_what_is_no_answer_is_told_with_502(through: Through, answer: bytes) -> None:
    raw: Raw
    proxy, raw = through(lambda it, _: it.sendall(OK if raw.heads[-1].startswith(b"GET / ") else answer))
    assert exchange(proxy.base_url, GET).startswith(b"HTTP/1.1 502 ")
    # it goes on
    assert exchange(proxy.base_url, GET.replace(b"/database/export", b"/")).endswith(b"ok")
    assert proxy.bad() == {}
    assert proxy.observer.hindered.total() == 1


@pytest.mark.parametrize(
    "answer",
    [
        JSON + b"Content-Length: 100\r\n\r\nshort",
        JSON + b"Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nshort\r\n",
    ],
    ids=["length", "chunks", "bad-chunk"],
)
def test_an_answer_that_breaks_off_breaks_off_for_the_client_too(through: Through, answer: bytes) -> None:
    proxy, _ = through(says(answer))
    got = exchange(proxy.base_url, GET)
    assert not got.endswith(b"0\r\n\r\n")
    assert proxy.bad() == {}
    assert proxy.observer.hindered.total() == 1


def test_a_packed_bomb_passes_packed_and_is_not_unpacked_to_its_end(through: Through) -> None:
    packed = gzip.compress(b"[" + b" " * 300 * MB + b"]", 9)
    head = JSON + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    proxy, _ = through(says(head + packed), options=Options(kept=MB))
    before = resident()
    assert exchange(proxy.base_url, GET).endswith(packed)
    result = proxy.result()
    assert resident() - before < 60 * MB
    assert any("by status and headers only" in note for note in result.notes)


@pytest.mark.parametrize("form", sorted(report.FORMATS))
def test_no_report_obeys_what_an_answer_says(through: Through, form: str) -> None:
    evil = '{"version": "\x1b[2J\u202e<script>alert(1)</script>", "token": "abc"}'.encode()
    head = JSON + b"X-Evil: \xe2\x80\xae<b>\r\nContent-Length: %d\r\n\r\n" % len(evil)
    proxy, _ = through(says(head + evil))
    path = b"/database/export?%1b[2J<script>"
    exchange(proxy.base_url, GET.replace(b"/database/export", path))
    text = report.render(form, proxy.result(), proxy.observer.redactor)
    assert "\x1b" not in text
    assert "\u202e" not in text
    if form == "html":
        assert "<script>alert" not in text


# Before


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"GET http://169.254.169.254/latest/ HTTP/1.1", b"GET /latest/ HTTP/1.1"),
        (b"GET http://elsewhere.example HTTP/1.1", b"GET / HTTP/1.1"),
        (b"GET /_storage-at/169.254.169.254/latest/ HTTP/1.1", None),
        (b"GET /%5fstorage-at/169.254.169.254/ HTTP/1.1", b"GET /%5fstorage-at/169.254.169.254/ HTTP/1.1"),
        (b"GET //169.254.169.254/ HTTP/1.1", b"GET //169.254.169.254/ HTTP/1.1"),
        (b"GET /../../etc/passwd HTTP/1.1", b"GET /../../etc/passwd HTTP/1.1"),
        (b"GET /@169.254.169.254/ HTTP/1.1", b"GET /@169.254.169.254/ HTTP/1.1"),
    ],
)
def test_nothing_is_asked_for_elsewhere(through: Through, line: bytes, expected: bytes | None) -> None:
    proxy, behind = through(says(OK))
    exchange(proxy.base_url, line + b"\r\nHost: 169.254.169.254\r\nConnection: close\r\n\r\n")
    assert [head.partition(b"\r\n")[0] for head in behind.heads] == ([] if expected is None else [expected])
    for head in behind.heads:
        assert b"host: " + behind.url.removeprefix("http://").encode() in head.lower()


def test_no_tunnel_is_made(through: Through) -> None:
    proxy, behind = through(says(OK))
    got = exchange(
        proxy.base_url, b"CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n", until=b"\r\n\r\n"
    )
    assert not got.startswith(b"HTTP/1.1 2")
    assert behind.heads == []


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"X-A: b\r\n\tfolded\x00\r\n",
        b"X-A: " + b"b" * 300_000 + b"\r\n",
    ],
)
def test_nothing_is_smuggled(through: Through, headers: bytes) -> None:
    """A head that could be read in two ways is not passed on."""
    proxy, behind = through(says(OK))
    hidden = b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    start = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    got = exchange(proxy.base_url, start + headers + b"\r\n" + hidden)
    assert not got.startswith(b"HTTP/1.1 2")
    assert behind.heads == []


def test_a_connection_cannot_name_away_what_the_body_needs(through: Through) -> None:
    proxy, behind = through(says(OK))
    request = (
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close, content-length\r\nContent-Length: 2\r\n\r\nhi"
    )
    assert exchange(proxy.base_url, request).endswith(b"ok")
    assert b"content-length: 2" in behind.heads[0].lower()


def test_many_tokens_do_not_push_one_into_a_report(through: Through) -> None:
    proxy, _ = through(says(JSON + b'Content-Length: 14\r\n\r\n{"version": 7}'))
    for number in range(150):
        token = b"Authorization: Token secret-number-%d" % number
        exchange(proxy.base_url, GET.replace(b"Host: x", b"Host: x\r\n" + token))
    assert "secret-number" not in report.render("json", proxy.result(), proxy.observer.redactor)


DATABASE = "0d1f3c1e-0000-4000-8000-000000000001"
WORLD: dict[str, object] = {
    "/organizations/": [{"id": "http://127.0.0.1:1/x", "name": "a"}, {"id": DATABASE, "name": "\x1b[31mred"}],
    f"/organizations/{DATABASE}/databases/": [
        {"id": DATABASE, "name": "d", "created_at": "2026-01-01T00:00:00Z"},
        {"id": ["../../"]},
    ],
    f"/databases/{DATABASE}/records/": [{"id": "k", "data": {}, "created_at": "2026-01-01T00:00:00Z"}],
    f"/databases/{DATABASE}/assets/": [{"id": "..", "is_uploaded": True}],
    f"/organizations/{DATABASE}/databases/{DATABASE}/record-archives/": [
        {"date": "2026-01-01", "file": "file:///etc/passwd"},
        {"date": "2026-01-02", "file": "http://169.254.169.254/x.jsonl"},
        {"date": "2026-01-03", "file": "http://["},
        {"date": {}, "file": 7},
    ],
}


def test_a_hostile_world_leads_nobody_elsewhere(raw: Callable[..., Raw], tmp_path: Path) -> None:
    asked = []

    def answer(connection: socket.socket, _: bytes) -> None:
        asked.append(behind.heads[-1].split()[1].decode().partition("?")[0])
        body = json.dumps(WORLD.get(asked[-1], {"schema_text": "[" * 5_000})).encode()
        connection.sendall(JSON + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    behind = raw(answer)
    file = tmp_path / "recorded.jsonl"
    done = CliRunner().invoke(main, ["data", "--from", behind.url, "--api", "pixiebrix", "-o", str(file)])
    assert done.exit_code == 0, done.output
    assert "not in it: GET http://169.254.169.254/x.jsonl" in done.output
    assert "\x1b" not in done.output
    kinds = {one["kind"] for one in fixtures.read(file)}
    assert kinds == {"dataset", "organization", "database", "record"}
    assert {one for one in asked if not one.endswith(("/schema/", "/health"))} == {*WORLD}


@pytest.mark.parametrize(
    ("has_new_ids", "told"),
    [
        (False, "/records/: page 2 has what page 1 had, and another follows"),
        (True, "/records/: page 1000 is not the last one"),
    ],
)
def test_a_list_without_end_is_not_read_for_ever(
    raw: Callable[..., Raw], tmp_path: Path, *, has_new_ids: bool, told: str
) -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        path = behind.heads[-1].split()[1].decode().partition("?")[0]
        items = WORLD.get(path, [])
        if "/records/" in path:
            key = len(behind.heads) if has_new_ids else 0
            items = [{"id": f"k{key}", "data": {}, "created_at": "2026-01-01T00:00:00Z"}]
        body = json.dumps(items).encode()
        more = b'Link: <%s>; rel="next"\r\n' % path.encode() if "/records/" in path else b""
        head = JSON + more + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        connection.sendall(head + body)

    behind = raw(answer)
    assert f"{told}; nothing was written" in read_all(behind.url, tmp_path, "")


def test_all_of_a_world_is_read_within_a_time(raw: Callable[..., Raw], tmp_path: Path) -> None:
    over = threading.Event()

    def answer(connection: socket.socket, _: bytes) -> None:
        if b"/organizations/" not in behind.heads[-1].split()[1]:
            connection.sendall(OK)
            return
        connection.sendall(JSON + b"Content-Length: 9999\r\n\r\n")
        while not over.wait(0.1):
            connection.sendall(b" ")

    behind = raw(answer)
    try:
        told = read_all(behind.url, tmp_path, "run_seconds = 1")
    finally:
        over.set()
    assert "the time for all of it was over (pace.run_seconds); nothing was written" in told


def read_all(url: str, folder: Path, pace: str) -> str:
    """What is told when a target cannot be read whole."""
    target, file = folder / "target.toml", folder / "recorded.jsonl"
    target.write_text(f'[pixiebrix]\nurl = "{url}"\n[pace]\n{pace}\n')
    done = CliRunner().invoke(main, ["data", "--target", str(target), "-o", str(file)])
    assert (done.exit_code, file.exists()) == (2, False)
    return done.output
