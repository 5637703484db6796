"""The environment does not steer a run: no proxy, no netrc, no certificates but the target file's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.http.identity import user_agent
from dbcontract.conformance.http.wire import Limits
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.target.target import Endpoint, Pace, Target

Start = Callable[..., Any]
"""What the fixture `web` gives: starts a server that answers as a function says."""

TOKEN = "0123456789-token-of-the-surroundings"
ORGANIZATION = "7d2a86e5-0d0c-4b5f-9c43-1d1b8a8a0f11"
DATABASE = "52b9d1a4-7b58-4b0e-8a53-6f0f5f0b9d22"
PEM = Path(__file__).with_name("tls")
PACE = Pace(check=20, throttled=0.2, wire=Limits(connect=1, read=20, total=40))
JSON_2 = {"Content-Type": "application/json; version=2.0"}
LISTED = {"id": DATABASE, "name": "Scratch"}
REFUSED = 401, {**JSON_2, "WWW-Authenticate": "Token"}, b'{"detail": "Invalid token."}'

Examine = Callable[..., RunResult]


def of(url: str, **more: Any) -> Target:
    """A PixieBrix that is only read."""
    return Target(
        "t",
        endpoints={"pixiebrix": Endpoint(url, TOKEN)},
        pace=PACE,
        own=(Scratch(ORGANIZATION, (DATABASE,)),),
        **more,
    )


def reading(seen: Any) -> tuple[int, dict[str, str], bytes]:
    """One database, in which there is nothing; the rest is unknown. Without the token nothing is shown."""
    if seen.headers.get("authorization") != f"Token {TOKEN}":
        return REFUSED
    shown = {
        f"/organizations/{ORGANIZATION}/databases/": [LISTED],
        f"/organizations/{ORGANIZATION}/databases/{DATABASE}/record-archives/": [],
        f"/databases/{DATABASE}/records/": [],
    }.get(seen.path.partition("?")[0])
    if seen.method != "GET" or shown is None:
        return 404, JSON_2, b'{"detail": "Not found."}'
    return 200, JSON_2, json.dumps(shown).encode()


@pytest.fixture
def spoiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, web: Start) -> Any:
    """An environment that would lead a client of the usual kind astray; gives the proxy that it names."""
    proxy = web(lambda _: (403, {"Content-Type": "text/html"}, b"<h1>blocked</h1>"))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login user password of-the-netrc\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(PEM / "ca.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(PEM / "ca.pem"))
    return proxy


def test_proxy_and_netrc_of_the_environment_play_no_part(examine: Examine, web: Start, spoiled: Any) -> None:
    server = web(reading)
    result = examine(of(server.url), "PB-DESC-03", "PB-PAGE-01", "PB-DB-01")
    assert spoiled.seen == []
    assert len(server.seen) > 30
    sent = [seen.headers["authorization"] for seen in server.seen if "authorization" in seen.headers]
    assert set(sent) == {f"Token {TOKEN}"}
    assert "blocked" not in repr(result)


def test_every_request_names_the_kit_and_where_it_comes_from(examine: Examine, web: Start) -> None:
    server = web(reading)
    examine(of(server.url), "PB-DESC-03", "PB-AUTH-01", "PB-DB-01")
    assert {seen.headers["user-agent"] for seen in server.seen} == {user_agent()}
    assert user_agent().startswith("dbcontract/")
    assert "+https://" in user_agent()
    assert not [name for seen in server.seen for name in seen.headers if "schemathesis" in name]


@pytest.fixture
def secured(web: Start) -> Any:
    """The same over TLS, with a certificate of an authority that no system knows."""
    server = web(reading, tls=PEM / "server.pem")
    assert server.url.startswith("https://")
    return server


def test_checks_and_fuzzing_trust_the_authority_of_the_target_file(examine: Examine, secured: Any) -> None:
    result = examine(of(secured.url, ca_bundle=str(PEM / "ca.pem")), "PB-DESC-03")
    assert result.stopped is None
    assert result.results[0].verdict is Verdict.PASSED
    assert not result.notes
    assert len(secured.seen) > 30


def test_an_authority_of_the_environment_is_not_trusted(examine: Examine, secured: Any, spoiled: Any) -> None:
    result = examine(of(secured.url), "PB-DESC-03")
    assert result.stopped == "unreachable"
    assert secured.seen == spoiled.seen == []
    assert "its certificate is not trusted: unable to get local issuer certificate" in result.notes[0]


def test_where_every_generated_call_is_refused_nothing_is_verified(examine: Examine, web: Start) -> None:
    """The token is taken until something is to be written, and from then on no more."""
    revoked = False

    def answer(seen: Any) -> tuple[int, dict[str, str], bytes]:
        nonlocal revoked
        revoked = revoked or seen.method != "GET"
        return REFUSED if revoked else reading(seen)

    server = web(answer)
    result = examine(of(server.url).with_capabilities("write"), "PB-DESC-08", "PB-DESC-09", "PB-DESC-12")
    assert {one.verdict for one in result.results} == {Verdict.NOT_VERIFIED}


def test_a_wrong_call_proves_nothing_where_no_right_one_is_accepted(examine: Examine, web: Start) -> None:
    def answer(seen: Any) -> tuple[int, dict[str, str], bytes]:
        if seen.method == "GET":
            return reading(seen)
        return 400, JSON_2, json.dumps({"name": ["No."]}).encode()

    result = examine(of(web(answer).url).with_capabilities("write"), "PB-DESC-09")
    assert result.results[0].verdict is Verdict.NOT_VERIFIED


def test_a_fuzzing_that_does_not_arrive_verifies_nothing(examine: Examine, web: Start) -> None:
    """The server answers what is only read, and closes the connection on everything else."""

    def answer(seen: Any) -> tuple[int, dict[str, str], bytes]:
        server.dead = server.dead or seen.method != "GET"
        return reading(seen)

    server = web(answer)
    result = examine(of(server.url).with_capabilities("write"), "PB-DESC-07", "PB-DESC-08", "PB-DESC-09")
    verdicts = {one.rule.id: one.verdict for one in result.results}
    assert verdicts == {
        "PB-DESC-07": Verdict.WARNED,
        "PB-DESC-08": Verdict.NOT_VERIFIED,
        "PB-DESC-09": Verdict.NOT_VERIFIED,
    }
