"""The wire: whatever a server does, an answer within the limits or one of two errors."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from dbcontract.conformance.http.identity import user_agent
from dbcontract.conformance.http.wire import Limits, NoAnswer, Request, Unreachable, Wire, origin_of

Raw = Callable[[Callable[[socket.socket, threading.Event], None]], str]
PATIENT = Limits(connect=1, read=30, total=60, body=10_000)


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(PATIENT) as made:
        yield made


@pytest.fixture
def hasty() -> Iterator[Wire]:
    """For what never ends by itself."""
    with Wire(replace(PATIENT, total=1)) as made:
        yield made


def answering(*parts: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def answer(connection: socket.socket, _over: threading.Event) -> None:
        for part in parts:
            connection.sendall(part)

    return answer


def test_an_answer_comes_whole(wire: Wire, raw: Raw) -> None:
    url = raw(answering(b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-A: 1\r\nX-A: 2\r\n\r\nhello"))
    received = wire.send(Request("GET", f"{url}/"))
    assert (received.status, received.reason, received.content) == (200, "Fine", b"hello")
    assert [value for name, value in received.headers if name == "X-A"] == ["1", "2"]
    assert not received.truncated


def test_headers_and_target_go_out_as_they_stand(wire: Wire) -> None:
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def accept() -> None:
            connection, _ = server.accept()
            heads.append(connection.recv(65_536))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        request = Request("GET", f"http://127.0.0.1:{port}/a/../%2e%2E/b?x=%20", (("A", "1"), ("A", "2")))
        wire.send(request)
        thread.join()
    assert heads[0].split(b"\r\n") == [
        b"GET /a/../%2e%2E/b?x=%20 HTTP/1.1",
        f"Host: 127.0.0.1:{port}".encode(),
        f"User-Agent: {user_agent()}".encode(),
        b"A: 1",
        b"A: 2",
        b"",
        b"",
    ]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((), "closed without an answer"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf",), "closed inside the body, after 4 bytes"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",), "closed"),
        (
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",),
            "no HTTP|closed",
        ),
        ((b"SSH-2.0-OpenSSH_9.6\r\n",), "not HTTP"),
        ((b"HTTP/1.1 abc OK\r\n\r\n",), "not HTTP"),
        ((b"\x00\xff" * 50_000,), "not HTTP"),
        ((b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",), "not HTTP"),
    ],
)
def test_half_an_answer_is_none(wire: Wire, raw: Raw, parts: tuple[bytes, ...], words: str) -> None:
    with pytest.raises(NoAnswer, match=words):
        wire.send(Request("GET", f"{raw(answering(*parts))}/"))


@pytest.mark.parametrize("limits", [replace(PATIENT, read=0.2), replace(PATIENT, total=0.2)])
def test_silence_ends(raw: Raw, limits: Limits) -> None:
    spoken = threading.Event()

    def wait(connection: socket.socket, over: threading.Event) -> None:
        if not over.wait(PATIENT.read - 1):
            spoken.set()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with Wire(limits) as hasty, pytest.raises(NoAnswer, match="no answer in time"):
        hasty.send(Request("GET", f"{raw(wait)}/"))
    assert not spoken.is_set()


def test_a_byte_at_a_time_ends(hasty: Wire, raw: Raw) -> None:
    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not over.wait(0.02):
            connection.sendall(b"x")

    with pytest.raises(NoAnswer, match="did not end in time"):
        hasty.send(Request("GET", f"{raw(drip)}/"))


def test_a_head_without_end_ends(hasty: Wire, raw: Raw) -> None:
    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.02):
            connection.sendall(b"X-A: y\r\n")

    with pytest.raises(NoAnswer):
        hasty.send(Request("GET", f"{raw(drip)}/"))


def test_a_body_without_end_is_cut(wire: Wire, raw: Raw) -> None:
    def pour(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not over.is_set():
            connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    received = wire.send(Request("GET", f"{raw(pour)}/"))
    assert not received.is_whole
    assert len(received.content) == PATIENT.body


def test_a_packed_body_is_unpacked_only_up_to_the_limit(wire: Wire, raw: Raw) -> None:
    packed = gzip.compress(b"x" * 5_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    received = wire.send(Request("GET", f"{raw(answering(head, packed))}/"))
    assert len(received.content) <= PATIENT.body


def test_a_body_behind_204_is_seen(wire: Wire, raw: Raw) -> None:
    url = raw(answering(b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nnope"))
    for _ in range(2):
        received = wire.send(Request("POST", f"{url}/", body=b"{}"))
        assert (received.status, received.content) == (204, b"nope")


def test_an_answer_before_the_body_was_read_is_an_answer(wire: Wire, raw: Raw) -> None:
    url = raw(answering(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
    assert wire.send(Request("POST", f"{url}/", body=b"x" * 20_000_000)).status == 413


def test_nobody_there_is_unreachable(wire: Wire) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port}: connection refused"):
        wire.send(Request("GET", f"http://127.0.0.1:{port}/"))


def test_plain_text_where_tls_is_spoken_is_unreachable(wire: Wire, raw: Raw) -> None:
    url = raw(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")).replace("http:", "https:")
    with pytest.raises(Unreachable):
        wire.send(Request("GET", f"{url}/"))


@pytest.mark.parametrize("url", ["ftp://a/b", "//a/b", "", "http://", "mailto:a@b"])
def test_what_is_not_an_http_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not an absolute http"):
        origin_of(url)


def test_a_connection_is_used_again(wire: Wire, raw: Raw) -> None:
    accepted: list[int] = []

    def twice(connection: socket.socket, _over: threading.Event) -> None:
        accepted.append(1)
        for _ in range(3):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            if not connection.recv(65_536):
                return

    url = raw(twice)
    assert [wire.send(Request("GET", f"{url}/")).content for _ in range(3)] == [b"ok"] * 3
    assert accepted == [1]


def test_a_connection_that_was_closed_meanwhile_is_not(wire: Wire, raw: Raw) -> None:
    def once(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    url = raw(once)
    assert [wire.send(Request("POST", f"{url}/", body=b"{}")).status for _ in range(3)] == [200] * 3


def test_another_protocol_is_an_answer_only_to_who_offers_it(wire: Wire, raw: Raw) -> None:
    frames = b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"
    url = raw(answering(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", frames))
    offer = (("Connection", "Upgrade"), ("Upgrade", "h2c"))
    for _ in range(2):  # a connection that goes on in it is not used again
        received = wire.send(Request("GET", f"{url}/", offer))
        assert (received.status, received.content) == (101, b"")
    with pytest.raises(NoAnswer, match="another protocol"):
        wire.send(Request("GET", f"{url}/"))
