"""A forward proxy that the user names: what goes through it, what does not, and whose answer an answer is."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbcontract.conformance.environment.network import open_wire
from dbcontract.conformance.http.proxy import ProxyError, proxy_of
from dbcontract.conformance.http.redaction import Redactor
from dbcontract.conformance.http.wire import Limits, Request, Unreachable
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.target.target import Endpoint, Pace, Target

from .forwarding import forwarding
from .large import COLLECTIONS

Start = Callable[..., Any]
Examine = Callable[..., RunResult]
PEM = Path(__file__).with_name("tls")
PACE = Pace(requests_per_second=1000, check=20, wire=Limits(connect=1, read=20, total=40))
CREDENTIALS = "someone:password-of-the-proxy"


def pieces(url: str, proxy: str, environment: dict[str, str] | None = None, **more: Any) -> Target:
    return Target(
        "t", endpoints={"pieces": Endpoint(url)}, pace=PACE, proxy=proxy_of(proxy, environment or {}), **more
    )


def exporting(_: Any) -> tuple[int, dict[str, str], bytes]:
    return 500, {"Content-Type": "text/plain"}, b"not now"


def exported(_: Any) -> tuple[int, dict[str, str], bytes]:
    whole = {"version": "9.0.0", "values": {"iterable": []}, **{name: [] for name in COLLECTIONS}}
    return 200, {"Content-Type": "application/json"}, json.dumps(whole).encode()


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


@pytest.mark.parametrize("credentials", [None, CREDENTIALS])
def test_a_target_that_only_the_proxy_reaches_is_judged(
    examine: Examine, web: Start, credentials: str | None
) -> None:
    server = web(exported)
    environment = ("127.0.0.1", port_of(server.url))
    with forwarding({"pieces.test": environment}, credentials) as proxy:
        result = examine(pieces("http://pieces.test", proxy.url), "PI-DESC-04", "PI-EXP-07")
    assert result.stopped is None
    assert {one.rule.id: one.verdict for one in result.results}["PI-DESC-04"] is Verdict.PASSED
    assert len(proxy.heads) == len(server.seen) > 3
    assert all(head.startswith("GET http://pieces.test/") for head in proxy.heads)
    assert "/database/export" in {seen.path for seen in server.seen}


def test_https_goes_through_a_tunnel_that_reads_nothing(examine: Examine, web: Start) -> None:
    server = web(exporting, tls=PEM / "server.pem")
    environment = ("127.0.0.1", port_of(server.url))
    with forwarding({"pieces.localdomain:443": environment}, CREDENTIALS) as proxy:
        target = pieces("https://pieces.localdomain", proxy.url, ca_bundle=str(PEM / "ca.pem"))
        result = examine(target, "PI-DESC-04")
    # The certificate is for another name, which only a handshake with the server itself could tell.
    assert result.stopped == "unreachable"
    assert "certificate is not trusted: Hostname mismatch" in result.notes[0]
    assert proxy.heads[0].startswith("CONNECT pieces.localdomain:443 HTTP/1.1\r\n")


def test_loopback_is_reached_without_it(web: Start) -> None:
    server = web(exporting)
    with forwarding({}) as proxy:
        for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
            with open_wire(pieces(url, proxy.url)) as wire:
                assert wire.send(Request("GET", f"{url}/")).status == 500
    assert proxy.heads == []
    assert len(server.seen) == 2


def test_an_exception_is_reached_without_it() -> None:
    with (
        forwarding({}) as proxy,
        open_wire(pieces("http://a.nip.test", proxy.url, {"no_proxy": "other.test, .nip.test"})) as wire,
        pytest.raises(Unreachable) as told,
    ):
        wire.send(Request("GET", "http://a.nip.test/"))
    assert "proxy" not in str(told.value)
    assert proxy.heads == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "407"),
        (b"HTTP/1.1 503 No\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\nContent-Length: 0\r\n\r\n", "503 No"),
        (b"HTTP/1.1 502 No\r\nProxy-Status: a; error=dns_error\r\nContent-Length: 0\r\n\r\n", "502 No"),
    ],
)
def test_an_answer_of_the_proxy_is_none_of_the_target(examine: Examine, answer: bytes, words: str) -> None:
    with forwarding({}, problem=answer) as proxy:
        result = examine(pieces("http://pieces.test", proxy.url), "PI-DESC-04")
    assert result.stopped == "unreachable"
    assert words in result.notes[0]
    assert {one.verdict for one in result.results} == {Verdict.NOT_VERIFIED}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "does not connect to pieces.test:443: 403 Forbidden"),
        (b"SSH-2.0-nope\r\n\r\n", "does not connect to pieces.test:443: no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000, "the head of its answer is longer"),
        (b"", "it closed the connection"),
    ],
)
def test_a_proxy_that_does_not_connect_is_told(answer: bytes, words: str) -> None:
    with (
        forwarding({}, problem=answer) as proxy,
        open_wire(pieces("https://pieces.test", proxy.url)) as wire,
        pytest.raises(Unreachable, match=words) as told,
    ):
        wire.send(Request("GET", "https://pieces.test/"))
    assert f"through the proxy {proxy.url}" in str(told.value)


def test_its_password_is_told_to_nobody_else(examine: Examine, web: Start) -> None:
    server = web(exporting)
    with forwarding({"pieces.test": ("127.0.0.1", port_of(server.url))}, CREDENTIALS) as proxy:
        target = pieces("http://pieces.test", proxy.url)
        result = examine(target, "PI-EXP-01")
    shown = repr((result, target))
    redactor = Redactor(target.secrets)
    assert target.proxy is not None
    for secret in (CREDENTIALS.partition(":")[2], target.proxy.encoded):
        assert secret not in shown
        assert secret not in redactor.text(f"a {secret} b")


@pytest.mark.parametrize(
    ("exceptions", "host", "through"),
    [
        ("", "pieces.test", True),
        ("*", "pieces.test", False),
        ("pieces.test", "pieces.test", False),
        ("pieces.test", "a.pieces.test", False),
        (".pieces.test", "a.pieces.test", False),
        ("*.pieces.test", "a.pieces.test", False),
        ("pieces.test", "otherpieces.test", True),
        ("pieces.test:443", "pieces.test", True),
        ("pieces.test:80", "pieces.test", False),
        ("10.0.0.0/8", "10.1.2.3", False),
        ("10.0.0.0/8", "11.1.2.3", True),
        ("10.1.2.3", "10.1.2.3", False),
        ("[fd00::1]:80", "fd00::1", False),
        ("fd00::/8", "fd00::1", False),
        ("other.test, PIECES.test", "pieces.TEST", False),
        ("", "localhost", False),
        ("", "127.8.8.8", False),
        ("", "::1", False),
    ],
)
def test_what_no_proxy_names(exceptions: str, host: str, through: bool) -> None:
    proxy = proxy_of("http://proxy.test:3128", {"NO_PROXY": exceptions})
    assert proxy.serves(host, 80) is through


@pytest.mark.parametrize(
    "url",
    ["proxy.test:3128", "https://proxy.test", "socks5://proxy.test", "http://", "http://a:b/c", "http://a/p"],
)
def test_what_is_not_a_proxy_is_refused(url: str) -> None:
    with pytest.raises(ProxyError, match=re.escape("write e.g. http://proxy.example:3128")):
        proxy_of(url, {})


def test_an_error_does_not_show_the_password() -> None:
    with pytest.raises(ProxyError) as told:
        proxy_of("https://user:hidden-word@proxy.test:3128", {})
    assert "hidden-word" not in str(told.value)
