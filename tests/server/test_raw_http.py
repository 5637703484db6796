"""Below HTTP: bytes that are not a request, or too much of one, change nothing and hold nobody up."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
import requests

from dbcontract.mockserver.sandbox.limits import Limits

from .asking import AUTH
from .client import PixieBrix
from .mock import Running
from .raw import connection, exchange, literal

MAX_HEAD, MAX_URL = Limits().head, Limits().url
HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
CHUNKED = b"POST /database/import HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def base(server: Running) -> Iterator[str]:
    """A server that afterwards is as it was."""
    before = requests.get(f"{server.base_url}/_mock/state", timeout=10).content
    yield server.base_url
    assert requests.get(f"{server.base_url}/_mock/state", timeout=10).content == before


def answers(base: str, sent: bytes) -> list[int]:
    """The status of each answer that comes until the server closes."""
    with connection(base) as sock:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(sent)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while part := sock.recv(65_536):
                received += part
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"", 400),
        (b"Host: a\r\nHost: a\r\n", 400),
        (b"Host: a\r\nHost: b\r\n", 400),
        (b"Host: a\r\nAccept: " + b"x" * MAX_HEAD + b"\r\n", 431),
        (b"Accept: " + b"x" * MAX_HEAD + b"\r\nHost: a\r\n", 431),
        (HOST + b"Accept: text/html\r\n" * (MAX_HEAD // 16), 431),
        (HOST + b"X: y\r\n" * (MAX_HEAD // 6), 431),
        (HOST + b"Accept: */*\r\n" * 1_000, 200),
    ],
)
def test_a_head_has_one_host_and_a_bounded_size(base: str, lines: bytes, status: int) -> None:
    answer = exchange(base, b"GET /database/export HTTP/1.1\r\n" + lines + CLOSE + b"\r\n")
    assert answer.status == status
    if status != 200:
        assert answer.headers["Connection"] == "close"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.text.endswith((".", "together."))


def test_http_1_0_needs_no_host(base: str) -> None:
    assert exchange(base, b"GET /database/export HTTP/1.0\r\n\r\n").status == 200
    assert exchange(base, b"GET /database/export HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n").status == 400


@pytest.mark.parametrize(("length", "status"), [(MAX_URL, 404), (MAX_URL + 1, 414), (10 * MAX_URL, 414)])
def test_a_url_has_a_bounded_length(base: str, length: int, status: int) -> None:
    assert literal(base, "GET", "/" + "a" * (length - 1)).status == status


@pytest.mark.parametrize(
    "flood",
    [
        b"GET /database/export HTTP/1.1\r\nHost: a\r\nAccept: %b",
        b"GET /database/export HTTP/1.1\r\n%b",
        b"GET /%b",
        CHUNKED + b"2;%b",
        CHUNKED + b"1\r\n{\r\n0\r\nX: %b",
        CHUNKED + b"0\r\nX: %b",
    ],
)
def test_a_flood_is_cut_off(base: str, flood: bytes) -> None:
    """What never ends is not read for ever: the server answers, and closes, after a bounded part."""
    head, _, _ = flood.partition(b"%b")
    part, sent = b"x: y\r\n" * 10_000 if head.endswith(b"1.1\r\n") else b"x" * 60_000, 0
    with connection(base) as sock:
        sock.sendall(head)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while sent < 200 * len(part):
                sock.sendall(part)
                sent += len(part)
    assert sent < 200 * len(part)


def test_a_trailer_is_not_a_header(server: Running, pb: PixieBrix) -> None:
    body = b"0\r\nAuthorization: Token any\r\n\r\n"
    path = f"/api/databases/{pb.new_database('x')}/records/"
    answer = literal(server.base_url, "POST", path, [("Transfer-Encoding", "chunked")], body)
    assert answer.status == 401


def test_what_follows_garbage_is_not_answered_and_the_answer_before_it_is(base: str) -> None:
    get = b"GET /database/export HTTP/1.1\r\n" + HOST + b"\r\n"
    last = get.replace(HOST, HOST + CLOSE)
    assert answers(base, get + get + last) == [200, 200, 200]
    assert answers(base, get + b"GARBAGE\r\n\r\n") in ([200], [200, 400])
    assert answers(base, b"GARBAGE\r\n\r\n" + get) == [400]


CONFLICTS = [
    b"Content-Length: 2\r\nContent-Length: 3\r\n",
    b"Content-Length: 2, 3\r\n",
    b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: +2\r\n",
    b"Content-Length: 0x2\r\n",
    b"Content-Length: 99999999999999999999999\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Content-Length : 2\r\n",
    b"X: a\r\n folded: b\r\n",
    b"X: a\x00b\r\n",
    b"X\x00: a\r\n",
    b": nameless\r\n",
    b"no colon\r\n",
    b"X: a\rY: b\r\n",
]


@pytest.mark.parametrize("lines", CONFLICTS)
def test_ambiguous_heads_change_nothing(base: str, lines: bytes) -> None:
    smuggled = b"POST /_mock/reset HTTP/1.1\r\n" + HOST + b"\r\n"
    sent = b"DELETE /_mock/requests HTTP/1.1\r\n" + HOST + lines + b"\r\n{}" + smuggled
    found = answers(base, sent)
    assert found[:1] == [400] or found == [], found


@pytest.mark.parametrize("size", [b"g", b"-1", b"0x2", b"2 2", b"", b"f" * 17, b"\x00"])
def test_bad_chunk_sizes(base: str, size: bytes) -> None:
    assert answers(base, CHUNKED + size + b"\r\n{}\r\n0\r\n\r\n") == [400]


@pytest.mark.parametrize(
    ("line", "statuses"),
    [
        (b"OPTIONS * HTTP/1.1", {400, 404, 405}),
        (b"GET * HTTP/1.1", {400, 404}),
        (b"GET http://elsewhere.example/database/export HTTP/1.1", {200}),
        (b"GET http://elsewhere.example HTTP/1.1", {200}),
        (b"GET http://elsewhere.example/_mock/state HTTP/1.1", {403}),
        (b"GET http://localhost@elsewhere.example/_mock/state HTTP/1.1", {400}),
        (b"GET //database/export HTTP/1.1", {404}),
        (b"GET /../database/export HTTP/1.1", {404}),
        (b"GET /%2e%2e/database/export HTTP/1.1", {404}),
        (b"GET /database%2Fexport HTTP/1.1", {404}),
        (b"GET /_pages/..%2f..%2fpeople.py HTTP/1.1", {404}),
        (b"GET /_pages/../people.py HTTP/1.1", {404}),
        (b"GET /_storage/../../etc/passwd HTTP/1.1", {403}),
        (b"GET /~..%2F..%2Fx/database/export HTTP/1.1", {400}),
        (b"GET /~%00/database/export HTTP/1.1", {400}),
        (b"GET /%00 HTTP/1.1", {404}),
        (b"GET /%ff HTTP/1.1", {404}),
        (b"GET /\xff HTTP/1.1", {400, 404}),
        (b"GET / HTTP/9.9", {400}),
        (b"GET / HTTP/2.0", {400}),
        (b"GET /", {400}),
        (b"get / HTTP/1.1", {400}),
        (b"BREW /pot HTTP/1.1", {400}),
        (b"CONNECT elsewhere.example:443 HTTP/1.1", {400}),
        (b"TRACE / HTTP/1.1", {404, 405}),
        (b"PRI * HTTP/2.0", {400}),
        (b"GET  /  HTTP/1.1", {200, 400}),
        (b"GET /a b HTTP/1.1", {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", {400}),
    ],
)
def test_odd_request_lines(base: str, line: bytes, statuses: set[int]) -> None:
    found = answers(base, line + b"\r\n" + HOST + CLOSE + b"\r\n")
    assert len(found) == 1
    assert set(found) <= statuses


def test_slow_and_half_closed_clients_hold_nobody_up(base: str) -> None:
    begun = b"POST /database/import HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n\r\n{"
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connection(base)) for _ in range(50)]
        for number, sock in enumerate(waiting):
            sock.sendall(begun[: 1 + number * 2])
        for sock in waiting[::2]:
            sock.shutdown(socket.SHUT_WR)
        assert requests.get(f"{base}/database/export", timeout=10).status_code == 200


def test_a_body_byte_by_byte_is_a_body(base: str) -> None:
    body = json.dumps({"count": 1}).encode()
    head = b"POST /_mock/requests/count HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body)
    with connection(base) as sock:
        for number in range(len(head + body)):
            sock.sendall((head + body)[number : number + 1])
        assert sock.recv(65_536).startswith(b"HTTP/1.1 400")  # `count` is not a filter


def test_many_connections_at_once_are_all_answered(base: str) -> None:
    request = b"GET /database/export HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    found: list[list[int]] = []
    threads = [threading.Thread(target=lambda: found.append(answers(base, request))) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[200]] * 64


def test_the_longest_head_that_is_allowed_is_read_quickly(pb: PixieBrix, server: Running) -> None:
    """Repeated lines are joined once: the work grows with the size, not with its square."""
    before = [("Accept", "a/b")] * ((MAX_HEAD - 500) // 20)
    path = f"/api/databases/{pb.new_database('x')}/records/"
    assert literal(server.base_url, "GET", path, [AUTH, *before]).status == 406


@pytest.mark.parametrize("last", [b"", b"GARBAGE\r\n\r\n", CHUNKED + b"zz\r\n", CHUNKED + b"2\r\n{"])
def test_a_client_that_goes_while_several_requests_wait_is_no_error(base: str, last: bytes) -> None:
    """The log stays clean (see the fixture of this folder), and nobody waits for ever."""
    get = b"GET /database/export HTTP/1.1\r\n" + HOST + b"\r\n"
    for count in range(1, 11):
        with connection(base) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.sendall(get * count + last)
        assert requests.get(f"{base}/database/export", timeout=10).status_code == 200
