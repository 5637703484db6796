"""The way out: what is sent is noted for the journal, and a connection can be cut on purpose."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..journal import BODY_LIMIT, Headers
from .receiving import Receiver

TRANSPORT = "dbcontract.transport"
"""Key of the ASGI scope: the connection, as asyncio knows it."""


class Outermost:
    """Notes the connection before layers such as CORS put their own `send` in its place."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on."""
        await self._app({**scope, TRANSPORT: _transport(send)}, receive, send)


def _transport(send: Send) -> Any:
    # ASGI has no word for cutting a connection; uvicorn's `send` is a method of the object that owns it.
    return getattr(getattr(send, "__self__", None), "transport", None)


class Sender:
    """Sends a response and remembers its status, headers, the beginning of its body and its size.

    Attributes:
        status: 0 until the response has begun.
        cut: cut the connection in the middle of the body, or before the answer if that has none.
    """

    __slots__ = (
        "_closed",
        "_held",
        "_receiver",
        "_send",
        "_start",
        "_transport",
        "body",
        "cut",
        "headers",
        "size",
        "status",
    )

    def __init__(self, send: Send, receiver: Receiver, scope: Scope) -> None:
        self._send = send
        self._receiver = receiver
        self._transport: Any = scope[TRANSPORT] if TRANSPORT in scope else _transport(send)
        self._closed = False
        self._start: Message | None = None
        self._held = b""
        self.status = 0
        self.headers: Headers = []
        self.body = b""
        self.size = 0
        self.cut = False

    async def __call__(self, message: Message) -> None:
        """Send one message of the response, or cut the connection."""
        if self._closed:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = message.get("headers", [])
            if self.cut:
                self._start = message
                return
        else:
            chunk = message.get("body", b"")
            if self.cut:
                await self._cut_off(chunk, more=message.get("more_body", False))
                return
            self._note(chunk)
        await self._send(message)

    def _note(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if len(self.body) < BODY_LIMIT:
            self.body += chunk[: BODY_LIMIT - len(self.body)]

    async def _cut_off(self, chunk: bytes, *, more: bool) -> None:
        """Send half of what there is of the body, which takes two bytes at least, and hang up."""
        self._held += chunk
        if len(self._held) < 2 and more:
            return
        if len(self._held) < 2 or self._start is None:
            await self.drop()
            return
        half = self._held[: len(self._held) // 2]
        self._closed = True
        self._note(half)
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": half, "more_body": True})
        self._connection().close()
        await self._receiver.gone()

    async def drop(self) -> None:
        """Close the connection without an answer."""
        self._closed = True
        self.status, self.headers = 0, []
        self._connection().abort()
        await self._receiver.gone()

    def _connection(self) -> Any:
        if self._transport is None:
            msg = "this server cannot cut a connection"
            raise ConnectionError(msg)
        return self._transport
