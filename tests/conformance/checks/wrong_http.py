"""Makes the running mock wrong from outside: requests are changed before it sees them, answers afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from starlette.types import Message, Receive, Scope, Send

from dbcontract.mockserver.web.gateway import Gateway

_SANDBOX = re.compile(r"^(?:/~[^/]+)?")


@dataclass
class Ask:
    """A request; `path` is that of the API, without the sandbox. All of it may be changed."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as a value."""
        return json.loads(self.body)

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()


@dataclass
class Reply:
    """An answer. All of it may be changed."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body as a value."""
        return json.loads(self.body)

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()


OnAsk = Callable[[Ask], object]
"""Changes a request; where it gives a `Reply`, the mock is not asked."""
OnReply = Callable[[Ask, Reply], object]
"""Changes an answer; the request is the one that came."""


def as_json(status: int, value: Any, **headers: str) -> Reply:
    """An answer with a JSON body."""
    return Reply(status, {"content-type": "application/json", **headers}, json.dumps(value).encode())


def spoil(patch: pytest.MonkeyPatch, *, ask: OnAsk | None = None, reply: OnReply | None = None) -> None:
    """Change what the mock is asked (or answer in its place) and what it answers; never its control API."""
    original = Gateway.__call__

    async def spoiled(self: Gateway, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "/_mock" in scope["path"]:
            await original(self, scope, receive, send)
            return
        sandbox = _SANDBOX.match(scope["path"])
        assert sandbox is not None
        asked = await _asked(scope, receive, sandbox.end())
        untouched = replace(asked, query=dict(asked.query), headers=dict(asked.headers))
        answered = ask(asked) if ask is not None else None
        if not isinstance(answered, Reply):
            answered = await _answered(self, original, scope, sandbox[0], asked)
        if reply is not None:
            reply(untouched, answered)
        await _send(answered, send)

    patch.setattr(Gateway, "__call__", spoiled)


async def _asked(scope: Scope, receive: Receive, start: int) -> Ask:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    return Ask(scope["method"], scope["path"][start:], query, headers, body)


async def _answered(
    gateway: Gateway, original: Callable[..., Any], scope: Scope, sandbox: str, asked: Ask
) -> Reply:
    inner = {
        **scope,
        "method": asked.method,
        "path": sandbox + asked.path,
        "raw_path": quote(sandbox + asked.path, safe="/~%").encode(),
        "query_string": urlencode(asked.query).encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in asked.headers.items()],
    }
    got = Reply(0, {})

    async def receive() -> Message:
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            got.status = message["status"]
            got.headers = {
                name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]
            }
        else:
            got.body += message.get("body", b"")

    await original(gateway, inner, receive, send)
    return got


async def _send(answered: Reply, send: Send) -> None:
    headers = {**answered.headers}
    if answered.status != 204:
        headers["content-length"] = str(len(answered.body))
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answered.status, "headers": encoded})
    await send({"type": "http.response.body", "body": answered.body})
