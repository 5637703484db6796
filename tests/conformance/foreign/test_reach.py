"""Where a target can lead the kit: never to what only the user's machine reaches, never with a secret."""

import base64
import socket
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

import pytest

from dbcontract.conformance.environment.network import open_wire
from dbcontract.conformance.environment.session import redirected
from dbcontract.conformance.http.destinations import Guard, Nearness, Refused, nearness
from dbcontract.conformance.http.proxy import proxy_of
from dbcontract.conformance.http.wire import Limits, Received, Request, Unreachable
from dbcontract.conformance.target import discovery as recognition
from dbcontract.conformance.target.target import GENTLE, Endpoint, Pace, Target

from .forwarding import forwarding

Start = Callable[..., Any]
TOKEN = "0123456789abcdef-token"
PACE = Pace(wire=Limits(connect=1, read=20, total=40))
HERE, INSIDE, OUTSIDE, METADATA = "127.0.0.1", "10.1.2.3", "93.184.216.34", "169.254.169.254"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (OUTSIDE, Nearness.PUBLIC),
        ("2606:2800:220:1::1", Nearness.PUBLIC),
        (INSIDE, Nearness.PRIVATE),
        ("192.168.0.1", Nearness.PRIVATE),
        ("100.64.0.1", Nearness.PRIVATE),
        ("fd00::1", Nearness.PRIVATE),
        ("224.0.0.1", Nearness.PRIVATE),
        (METADATA, Nearness.LINK_LOCAL),
        ("fe80::1", Nearness.LINK_LOCAL),
        (HERE, Nearness.LOOPBACK),
        ("127.9.9.9", Nearness.LOOPBACK),
        ("0.0.0.0", Nearness.LOOPBACK),
        ("::1", Nearness.LOOPBACK),
        ("::", Nearness.LOOPBACK),
        ("::ffff:127.0.0.1", Nearness.LOOPBACK),
        ("::ffff:10.0.0.1", Nearness.PRIVATE),
        ("64:ff9b::7f00:1", Nearness.LOOPBACK),
        ("2002:7f00:1::", Nearness.LOOPBACK),
    ],
)
def test_who_reaches_an_address(address: str, expected: Nearness) -> None:
    assert nearness(ip_address(address)) is expected


def opens(target: str, link: str, **options: Any) -> bool:
    """Whether a target at an address may lead to another one."""
    guard = Guard(["http://target.test"], **options)
    guard.vet("target.test", 80, [ip_address(target)])
    try:
        guard.vet("link.test", 80, [ip_address(link)])
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("target", "opened"),
    [
        (OUTSIDE, [OUTSIDE]),
        (INSIDE, [OUTSIDE, INSIDE]),
        (HERE, [OUTSIDE, INSIDE, HERE]),
        (METADATA, [OUTSIDE, METADATA]),
    ],
)
def test_a_target_leads_to_what_is_no_nearer(target: str, opened: list[str]) -> None:
    assert [link for link in (OUTSIDE, INSIDE, HERE, METADATA) if opens(target, link)] == opened
    assert all(opens(target, link, open_links=True) for link in (OUTSIDE, INSIDE, HERE, METADATA))


def test_one_near_address_of_a_name_is_enough_to_refuse_it() -> None:
    with pytest.raises(Refused, match="a loopback address"):
        Guard().vet("link.test", 80, [ip_address(OUTSIDE), ip_address(HERE)])


def through_a_proxy(url: str, **more: Any) -> Target:
    """A target somewhere outside, of which only a proxy knows where."""
    endpoint = Endpoint("http://target.test", TOKEN)
    return Target("t", endpoints={"pixiebrix": endpoint}, pace=PACE, proxy=proxy_of(url, {}), **more)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0", "[::1]", socket.gethostname()])
def test_a_redirect_from_outside_does_not_reach_this_machine(web: Start, host: str) -> None:
    inner = web(lambda _: (200, {}, b"internal"))
    location = f"http://{host}:{inner.url.rpartition(':')[2]}/secret"
    server = web(lambda _: (302, {"Location": location}, b""))
    with (
        forwarding({"target.test": ("127.0.0.1", int(server.url.rpartition(":")[2]))}) as proxy,
        open_wire(through_a_proxy(proxy.url)) as wire,
    ):
        first = Request("GET", "http://target.test/file")
        following = redirected(first, wire.send(first))
        assert following is not None
        assert following.url == location
        with pytest.raises(Unreachable):
            wire.send(following)
    assert inner.seen == []


def test_a_target_on_this_machine_may_have_its_storage_here(web: Start) -> None:
    storage = web(lambda _: (200, {}, b"file"))
    server = web(lambda _: (302, {"Location": f"{storage.url}/file"}, b""))
    with open_wire(Target("t", endpoints={"pixiebrix": Endpoint(server.url, TOKEN)}, pace=PACE)) as wire:
        first = Request("GET", f"{server.url}/file")
        following = redirected(first, wire.send(first))
        assert following is not None
        assert wire.send(following).content == b"file"


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://a/b", "gopher://a", "data:,x", "javascript:1"]
)
def test_other_schemes_are_never_followed(location: str) -> None:
    answer = Received(302, "Found", (("Location", location),), b"", 0.0)
    assert redirected(Request("GET", "https://target.test/"), answer) is None


@pytest.mark.parametrize(
    "spelled",
    [
        TOKEN,
        TOKEN.upper(),
        quote(quote(TOKEN.replace("-", "%2D"))),
        TOKEN.encode().hex(),
        base64.b64encode(TOKEN.encode()).decode(),
        base64.urlsafe_b64encode(b"Token " + TOKEN.encode()).decode(),
        base64.b64encode(b"a:" + TOKEN.encode()).decode(),
    ],
)
def test_no_address_elsewhere_tells_the_token(web: Start, spelled: str) -> None:
    elsewhere = web(lambda _: (200, {}, b""))
    server = web(lambda _: (200, {}, b""))
    with open_wire(Target("t", endpoints={"pixiebrix": Endpoint(server.url, TOKEN)}, pace=PACE)) as wire:
        assert wire.send(Request("GET", f"{server.url}/?back={spelled}")).status == 200
        with pytest.raises(Unreachable, match="holds a secret of the run"):
            wire.send(Request("GET", f"{elsewhere.url}/x?stolen={spelled}"))
    assert elsewhere.seen == []


def test_a_link_of_the_usual_kind_is_not_a_secret(web: Start) -> None:
    elsewhere = web(lambda _: (200, {}, b""))
    server = web(lambda _: (200, {}, b""))
    with open_wire(Target("t", endpoints={"pixiebrix": Endpoint(server.url, TOKEN)}, pace=PACE)) as wire:
        wire.send(Request("GET", f"{server.url}/"))
        url = f"{elsewhere.url}/x?X-Amz-Signature={'0123456789abcdef' * 4}&token={TOKEN[:10]}"
        assert wire.send(Request("GET", url)).status == 200


@pytest.mark.parametrize(
    ("url", "rate"),
    [
        ("http://127.0.0.1:9", None),
        ("http://localhost:9", None),
        ("http://[::1]:9", None),
        ("http://192.0.2.1:9", GENTLE),
        ("http://no-such-host.invalid", GENTLE),
    ],
)
def test_what_is_not_on_this_machine_is_asked_gently(url: str, rate: float | None) -> None:
    quick = Pace(wire=Limits(connect=0.1, read=0.1, total=0.2))
    target = Target("t", endpoints={"pieces": Endpoint(url)}, pace=quick)
    assert recognition.resolve(target, guess=False).pace.requests_per_second == rate
    told = replace(target, pace=replace(quick, requests_per_second=3.0))
    assert recognition.resolve(told, guess=False).pace.requests_per_second == 3.0
