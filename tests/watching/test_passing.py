"""What passes is the same on both sides: bytes, headers and their order, and when they come."""

import contextlib
import gzip
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from .watched import Raw, Watched, exchange, says

Through = Callable[..., tuple[Watched, Raw]]
PEM = Path(__file__).parents[1] / "conformance" / "foreign" / "tls"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_a_request_goes_on_as_it_came(through: Through) -> None:
    proxy, behind = through(says(OK))
    request = (
        b"GET /a%2Fb//c/..;x?q=%20&q=a+b&q=%C3%A4 HTTP/1.1\r\nHost: one\r\nX-Two: 1\r\nCookie: a=b\r\n"
        b"x-two: 2\r\nAccept-Encoding: br, gzip\r\nX-Secret-Hop: 1\r\nConnection: close, x-secret-hop\r\n\r\n"
    )
    exchange(proxy.base_url, request)
    line, *headers = behind.heads[0].split(b"\r\n")
    assert line == b"GET /a%2Fb//c/..;x?q=%20&q=a+b&q=%C3%A4 HTTP/1.1"
    assert [one.lower() for one in headers] == [
        b"host: " + behind.url.removeprefix("http://").encode(),
        b"x-two: 1",
        b"cookie: a=b",
        b"x-two: 2",
        b"accept-encoding: br, gzip",
    ]


def test_an_answer_comes_back_as_it_is(through: Through) -> None:
    packed = gzip.compress(b"[1, 2, 3]")
    headers = [
        b"Set-Cookie: a=1",
        b"X-Odd:  \xc3\xa4  ",
        b"Content-Type: application/json; version=2.0",
        b"set-cookie: b=2",
        b"Content-Encoding: gzip",
        b"Content-Length: %d" % len(packed),
        b"Location: http://elsewhere.example/x",
    ]
    proxy, _ = through(says(b"\r\n".join([b"HTTP/1.1 201 Created", *headers, b"", packed])))
    head, _, body = exchange(
        proxy.base_url, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    ).partition(b"\r\n\r\n")
    line, *got = head.split(b"\r\n")
    assert line.startswith(b"HTTP/1.1 201 ")
    assert [one for one in got if one.lower() != b"connection: close"] == [
        b"X-Odd: \xc3\xa4" if one.startswith(b"X-Odd") else one for one in headers
    ]
    assert body == packed


@pytest.mark.parametrize("host", ["own.example:81", "upstream"])
def test_the_host_is_the_one_that_is_wanted(through: Through, host: str) -> None:
    from dbcontract.conformance.proxy.app import Options

    proxy, behind = through(says(OK), options=Options(preserve_host=host != "upstream"))
    exchange(proxy.base_url, b"GET / HTTP/1.1\r\nHost: own.example:81\r\nConnection: close\r\n\r\n")
    expected = behind.url.removeprefix("http://") if host == "upstream" else host
    assert f"host: {expected}".encode() in behind.heads[0].lower()


def test_both_bodies_stream(through: Through) -> None:
    """The first part of an answer is read before the last one is sent, and so is that of a request."""
    arrived, goes_on = threading.Event(), threading.Event()

    def answer(connection: socket.socket, rest: bytes) -> None:
        while b"first" not in rest:
            rest += connection.recv(100)
        arrived.set()
        while b"0\r\n\r\n" not in rest:
            rest += connection.recv(100)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        assert goes_on.wait(20)
        connection.sendall(b"3\r\ntwo\r\n0\r\n\r\n")

    proxy, _ = through(answer)
    host, port = proxy.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert arrived.wait(20)
        client.sendall(b"4\r\nlast\r\n0\r\n\r\n")
        got = b""
        while b"one" not in got:
            got += client.recv(1_000)
        assert b"two" not in got
        goes_on.set()
        while b"0\r\n\r\n" not in got:
            got += client.recv(1_000)
    assert b"two" in got


def test_a_head_has_the_length_and_no_body(through: Through) -> None:
    proxy, behind = through(says(b"HTTP/1.1 200 OK\r\nContent-Length: 45917\r\nX-A: b\r\n\r\n"))
    got = exchange(proxy.base_url, b"HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 45917\r\n" in got
    assert got.endswith(b"\r\n\r\n")
    assert behind.heads[0].startswith(b"HEAD /a ")


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(through: Through) -> None:
    def answer(connection: socket.socket, rest: bytes) -> None:
        while b"body!" not in rest:
            rest += connection.recv(100)
        connection.sendall(OK)

    proxy, _ = through(answer)
    host, port = proxy.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"body!")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")


def test_offers_of_other_protocols_are_ignored_and_websockets_declined(through: Through) -> None:
    proxy, behind = through(says(OK))
    offer = (
        b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: %b\r\nHTTP2-Settings: AAMAAABkAAQ\r\n\r\n"
    )
    start = b"GET / HTTP/1.1\r\nHost: x\r\n"
    assert exchange(proxy.base_url, start + offer % b"h2c", until=b"ok").startswith(b"HTTP/1.1 200 ")
    assert b"upgrade" not in behind.heads[0].lower()
    assert b"http2" not in behind.heads[0].lower()
    assert exchange(proxy.base_url, start + offer % b"websocket", until=b"WebSocket").startswith(
        b"HTTP/1.1 501 "
    )
    assert len(behind.heads) == 1


def test_a_client_that_goes_takes_its_request_with_it(through: Through) -> None:
    asked, ended = threading.Event(), threading.Event()

    def answer(connection: socket.socket, _: bytes) -> None:
        asked.set()
        connection.settimeout(20)
        if connection.recv(1) == b"":
            ended.set()

    proxy, _ = through(answer)
    host, port = proxy.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(b"GET /database/export HTTP/1.1\r\nHost: x\r\n\r\n")
        assert asked.wait(20)
    assert ended.wait(20)
    assert proxy.bad() == {}
    assert proxy.observer.hindered.total() == 1


def test_a_dead_upstream_is_a_hindrance_and_not_a_finding(watching: Callable[..., object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with watching(url) as proxy:  # type: ignore[attr-defined]
        got = exchange(
            proxy.base_url, b"GET /database/export HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        assert got.startswith(b"HTTP/1.1 502 ")
        assert url.encode() in got
        result = proxy.result()
    assert result.stopped == "unreachable"
    assert any("no connection could be made" in note for note in result.notes)


@pytest.mark.parametrize("trusted", [True, False])
def test_what_is_behind_may_speak_tls(watching: Callable[..., object], trusted: bool) -> None:
    """Where its authority is named; else the client is told which option does that."""
    from dbcontract.conformance.proxy.app import Options

    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured.load_cert_chain(PEM / "server.pem")
    behind = Raw(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), secured)
    options = Options(ca_bundle=str(PEM / "ca.pem") if trusted else None)
    with contextlib.closing(behind), watching(behind.url, options=options) as proxy:  # type: ignore[attr-defined]
        got = exchange(proxy.base_url, b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 " if trusted else b"HTTP/1.1 502 ")
    assert got.endswith(b"ok") is trusted
    assert (b"--ca-bundle" in got) is not trusted
    assert len(behind.heads) == trusted


def test_a_silent_upstream_is_given_up(through: Through) -> None:
    from dbcontract.conformance.proxy.app import Options

    waits = threading.Event()
    proxy, _ = through(lambda _connection, _rest: waits.wait(20), options=Options(timeout=0.2))
    got = exchange(proxy.base_url, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    waits.set()
    assert got.startswith(b"HTTP/1.1 504 ")


def test_links_lead_through_the_proxy_where_that_is_wanted(through: Through) -> None:
    from dbcontract.conformance.proxy.app import Options

    def answer(connection: socket.socket, _: bytes) -> None:
        url = behind.url.encode()
        body = b'{"file": "%b/x?sig=1", "text": "see %b/x", "other": "http:\\/\\/files.example\\/y"}' % (
            url,
            url,
        )
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLocation: %b/z\r\n"
            b"Link: <%b/?page=2>; rel=next, <http://elsewhere.example/>; rel=help\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (url, url, len(body), body)
        )

    proxy, behind = through(answer, options=Options(rewrite_links=True), storages=("http://files.example",))
    own = proxy.base_url.encode()
    request = b"GET / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % own.removeprefix(b"http://")
    head, _, body = exchange(proxy.base_url, request).partition(b"\r\n\r\n")
    assert b"Location: %b/z\r\n" % own in head
    assert b"Link: <%b/?page=2>; rel=next, <http://elsewhere.example/>; rel=help" % own in head
    old = behind.url.encode()
    assert (
        body
        == b'{"file": "%b/x?sig=1", "text": "see %b/x", "other": "%b/_storage-at/files.example\\/y"}'
        % (
            own,
            old,
            own,
        )
    )
    assert b"content-length: %d\r\n" % len(body) in head.lower() + b"\r\n"


@pytest.mark.parametrize("size", [10, 9_000_000])
def test_links_are_found_where_no_length_is_told_unless_the_body_is_long(through: Through, size: int) -> None:
    from dbcontract.conformance.proxy.app import Options

    def answer(connection: socket.socket, _: bytes) -> None:
        body = b'{"file": "%b/x", "more": "%b"}' % (behind.url.encode(), b"y" * size)
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body)

    proxy, behind = through(answer, options=Options(rewrite_links=True))
    own = proxy.base_url.removeprefix("http://").encode()
    got = exchange(proxy.base_url, b"GET / HTTP/1.0\r\nHost: %b\r\n\r\n" % own)
    expected = proxy.base_url if size < 1_000 else behind.url
    assert got.endswith(b'{"file": "%b/x", "more": "%b"}' % (expected.encode(), b"y" * size))
