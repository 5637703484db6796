"""Who may use the control API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import requests

from dbcontract.mockserver.sandbox.errors import SettingsError

from .mock import Mock, Running, ServerThread, settings

ELSEWHERE = ("192.0.2.1", 40_000)


class Direct:
    """Calls an ASGI application as a server would, for a client at any address."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def _call(self, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])

    async def _lifespan(self) -> None:
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive() -> dict[str, Any]:
            return next(messages)

        async def send(_: dict[str, Any]) -> None:
            """Nobody listens."""

        await self._app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)

    def start(self) -> None:
        asyncio.run(self._lifespan())

    def call(
        self,
        method: str,
        path: str,
        client: tuple[str, int] | None = ELSEWHERE,
        body: bytes = b"",
        **headers: str,
    ) -> tuple[int, bytes]:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": client,
            "server": ("127.0.0.1", 80),
        }
        return asyncio.run(self._call(scope, body))


@pytest.fixture(scope="module")
def make() -> Callable[..., Direct]:
    from dbcontract.mockserver.server.application import create_app

    def make(**changes: object) -> Direct:
        direct = Direct(create_app(settings(**changes)))
        direct.start()
        return direct

    return make


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", "fe80::1%eth0", "testclient", ""]
)
def test_clients_on_other_machines_are_refused(make: Callable[..., Direct], address: str) -> None:
    app = make()
    for method, path, body in (
        ("GET", "/_mock/health", b""),
        ("POST", "/_mock/reset", b""),
        ("PATCH", "/_mock/settings", b'{"record_limit": 1}'),
        ("GET", "/~one/_mock/state", b""),
        ("GET", "/_mock/nowhere", b""),
    ):
        status, answer = app.call(method, path, (address, 1), body)
        assert status == 403
        assert b"detail" in answer
    assert b'"record_limit":500000' in app.call("GET", "/_mock/settings", ("127.0.0.1", 1))[1]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "127.255.255.254", "::1", "::ffff:127.0.0.1"])
def test_clients_on_this_machine_are_let_in(make: Callable[..., Direct], address: str) -> None:
    for app in (make(), make(control_token="secret")):
        assert app.call("GET", "/_mock/health", (address, 1))[0] == 200


def test_the_two_apis_are_for_everybody(make: Callable[..., Direct]) -> None:
    app = make()
    assert app.call("GET", "/database/export")[0] == 200
    assert app.call("GET", "/~one/database/export")[0] == 200
    assert app.call("GET", "/api/nowhere/")[0] == 404


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_with_the_control_token_any_client_is_let_in(make: Callable[..., Direct], scheme: str) -> None:
    app = make(control_token="secret")
    assert app.call("GET", "/_mock/health", Authorization=f"{scheme} secret")[0] == 200
    status, answer = app.call(
        "PATCH", "/_mock/settings", body=b'{"record_limit": 1}', Authorization="Bearer secret"
    )
    assert (status, b'"record_limit":1' in answer) == (200, True)


@pytest.mark.parametrize(
    "given",
    ["Bearer wrong", "Bearer", "Bearer ", "Token secret", "secret", "Bearer secretsecret", "Bearer \xff"],
)
def test_with_anything_else_it_is_not(make: Callable[..., Direct], given: str) -> None:
    status, answer = make(control_token="secret").call("GET", "/_mock/health", Authorization=given)
    assert status == 403
    assert b"secret" not in answer


def test_a_client_without_an_address_is_not_taken_for_a_near_one(make: Callable[..., Direct]) -> None:
    assert make().call("GET", "/_mock/health", None)[0] == 403


@pytest.mark.parametrize("token", ["", " ", "a b", "ü", "a\n"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(SettingsError, match="control token") as caught:
        settings(control_token=token)
    assert not token.strip() or token not in str(caught.value)


NEAR = ("127.0.0.1", 1)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5323", "a.localhost", "127.0.0.1:1", "[::1]:1", "192.0.2.7"]
)
def test_a_host_that_no_other_site_can_be_is_let_in(make: Callable[..., Direct], host: str) -> None:
    assert make().call("GET", "/_mock/state", NEAR, Host=host)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:5323",
        "localhost.evil.example",
        "",
        "[",
        "a b",
        "[::1].evil.example",
        "a@localhost",
        "localhost/evil.example",
        "localhost#evil.example",
        "localhost:80:evil.example",
        "127.1",
        "2130706433",
    ],
)
def test_a_name_that_leads_here_is_refused(make: Callable[..., Direct], host: str) -> None:
    app = make(control_token="secret")
    status, answer = app.call("GET", "/_mock/state", NEAR, Host=host)
    assert (status, b"--control-token" in answer) == (403, True)
    assert app.call("GET", "/_mock/state", NEAR, Host=host, Authorization="Bearer secret")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
@pytest.mark.parametrize("cors", [(), ("*",)])
def test_a_page_of_another_origin_is_refused(
    make: Callable[..., Direct], headers: dict[str, str], cors: tuple[str, ...]
) -> None:
    app = make(control_token="secret", cors=cors)
    for method, path in (("POST", "/_mock/reset"), ("GET", "/_mock/state"), ("POST", "/~one/_mock/reset")):
        sent = {"Host": "localhost:5323", "Content-Type": "text/plain", **headers}
        assert app.call(method, path, NEAR, b"", **sent)[0] == 403
        assert app.call(method, path, NEAR, b"", **sent, Authorization="Bearer secret")[0] != 403


def test_a_page_of_the_mock_itself_is_let_in(make: Callable[..., Direct]) -> None:
    sent = {"Host": "localhost:5323", "Origin": "http://localhost:5323", "Sec-Fetch-Site": "same-origin"}
    assert make().call("POST", "/_mock/reset", NEAR, b"", **sent)[0] != 403


@pytest.mark.parametrize("origin", ["ftp://localhost:5323", "//localhost:5323", "localhost:5323"])
def test_what_no_page_of_the_mock_has_as_its_origin_is_refused(
    make: Callable[..., Direct], origin: str
) -> None:
    assert make().call("GET", "/_mock/state", NEAR, Host="localhost:5323", Origin=origin)[0] == 403


FOREIGN = ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_page_of_another_site_makes_no_sandbox_and_so_pushes_none_out(
    make: Callable[..., Direct], headers: dict[str, str]
) -> None:
    app = make(max_sandboxes=1)
    assert app.call("GET", "/~mine/database/export", NEAR)[0] == 200
    for path in ("/~other/database/export", "/~other/", "/~other/_mock/health", "/~other/_mock/ui/"):
        assert app.call("GET", path, NEAR, b"", Host="localhost", **headers)[0] == 403
    assert b'"name":"mine"' in app.call("GET", "/_mock/sandboxes", NEAR)[1]
    assert app.call("GET", "/~mine/database/export", NEAR, b"", Host="localhost", **headers)[0] == 200


def test_a_page_that_may_call_makes_a_sandbox(make: Callable[..., Direct]) -> None:
    app = make(cors=("http://localhost:3000",))
    own = {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"}
    assert app.call("GET", "/~one/database/export", NEAR, b"", Host="localhost:5323", **own)[0] == 200
    other = {"Origin": "http://localhost:4000", "Sec-Fetch-Site": "same-site"}
    assert app.call("GET", "/~two/database/export", NEAR, b"", Host="localhost:5323", **other)[0] == 403


def test_a_refused_use_of_the_control_api_makes_no_sandbox(make: Callable[..., Direct]) -> None:
    app = make()
    assert app.call("GET", "/~one/_mock/state", NEAR, Host="evil.example")[0] == 403
    assert app.call("GET", "/_mock/sandboxes", NEAR)[1] == b"[]"


def test_a_link_on_another_page_may_be_followed_but_posts_nothing(make: Callable[..., Direct]) -> None:
    visit = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert make().call("GET", "/_mock/health", NEAR, b"", **visit)[0] == 200
    assert make().call("POST", "/_mock/reset", NEAR, b"", **visit)[0] == 403


@pytest.mark.parametrize(
    "name",
    [
        "Forwarded",
        "X-Forwarded-For",
        "X_Forwarded_Server",
        "X-Original-Host",
        "X-Real-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "X-Azure-ClientIP",
        "Via",
    ],
)
def test_what_a_proxy_forwards_is_never_taken_for_near(make: Callable[..., Direct], name: str) -> None:
    assert make().call("GET", "/_mock/health", NEAR, b"", **{name: "127.0.0.1"})[0] == 403


def test_without_the_control_api_there_is_nothing_there(start: Callable[..., Mock]) -> None:
    mock = start(control=False)
    for base in (mock.base, f"{mock.base}/~one"):
        for path in ("/health", "/state", "/reset", "/ui/", "/openapi.json", "/sandboxes"):
            for method in ("GET", "POST", "PUT"):
                assert mock.send(method, f"{base}/_mock{path}").status_code == 404
    assert mock.send("GET", "/database/export").status_code == 200


def test_sandboxes_and_forced_answers_work_without_the_control_api(start: Callable[..., Mock]) -> None:
    mock = start(control=False)
    one = Mock(f"{mock.base}/~one")
    assert one.merge({**one.export(), "values": {"iterable": [{"id": "x", "raw": [1]}]}}).status_code == 204
    assert one.export() != mock.export()
    assert mock.send("POST", "/database/import", headers={"Prefer": "code=505"}).status_code == 505


def test_every_loopback_address_of_this_machine_counts() -> None:
    running: Running
    with ServerThread(settings(host="0.0.0.0", control_token="secret")) as running:
        port = running.base_url.rpartition(":")[2]
        # on Linux every 127.x.y.z is this machine; the client then comes from that address, too
        assert requests.get(f"http://127.0.0.1:{port}/_mock/health", timeout=10).status_code == 200
