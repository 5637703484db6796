"""The way out: what is sent is noted for the journal, and a connection can be cut on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..sandbox.journal import Headers
from .fields import FIELDS, fields_of
from .origin import ORIGIN, PublicOrigin
from .receiving import Receiver

TRANSPORT = "dbcontract.transport"
"""Key of the ASGI scope: the connection, as asyncio knows it."""


class Outermost:
    """Notes what only the outermost layer knows, and mends HTTP/1.0.

    That is the connection, before other layers put their own `send` in its place, where the server is, and
    the header fields by their names.
    """

    def __init__(self, app: ASGIApp, origin: PublicOrigin) -> None:
        self._app = app
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on."""
        if scope["type"] == "http":
            scope[ORIGIN] = self._origin
            scope[FIELDS] = fields_of(scope["headers"])
            scope[TRANSPORT] = transport = _transport(send)
            try:
                if scope["http_version"] == "1.0":
                    with _Whole(send) as whole:
                        await self._app(scope, receive, whole)
                else:
                    await self._app(scope, receive, send)
            except asyncio.CancelledError:
                if transport is None:
                    raise
                # The server stops. No answer is left to give, and nothing went wrong.
                transport.abort()
                await until_gone(receive)
            except RuntimeError as error:
                # uvloop's word for a client that has gone before uvicorn hears of it.
                if transport is None or not (transport.is_closing() and "closed" in str(error)):
                    raise
                await until_gone(receive)
            return
        await self._app(scope, receive, send)


class _Whole:
    """Sends an answer whose length is not known only when it is: HTTP/1.0 knows no chunks (RFC 9112, 6.1)."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Send:
        return self._message

    def __exit__(self, *_: object) -> None:
        self._body.close()

    async def _message(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if any(name.lower() == b"content-length" for name, _ in message.get("headers", [])):
                await self._send(message)
            else:
                self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._body.write(message.get("body", b""))
        if message.get("more_body", False):
            return
        start, size = self._start, self._body.tell()
        # 204 and 304 have no length, and no body.
        length = [] if start["status"] in {204, 304} else [(b"content-length", b"%d" % size)]
        await self._send({**start, "headers": [*start.get("headers", []), *length]})
        self._body.seek(0)
        while chunk := self._body.read(_A_TIME):
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


_IN_MEMORY = 16 * 1024 * 1024  # what is longer waits in a temporary file
_A_TIME = 256 * 1024


async def until_gone(receive: Receive) -> None:
    """Wait until the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _nothing() -> None:
    pass


def _transport(send: Send) -> Any:
    # ASGI has no word for cutting a connection; uvicorn's `send` is a method of the object that owns it.
    return getattr(getattr(send, "__self__", None), "transport", None)


def adding(send: Send, headers: Headers) -> Send:
    """Sends answers with these headers, too."""

    def sending(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        return send(message)

    return sending


class Sender:
    """Sends a response and remembers its status, headers, the beginning of its body and its size.

    Attributes:
        status: 0 until the response has begun.
        headers: without those that every answer gets.
        cut: cut the connection in the middle of the body, or before the answer if that has none.
    """

    __slots__ = (
        "_added",
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

    def __init__(self, send: Send, receiver: Receiver, scope: Scope, added: Headers) -> None:
        """Take what the messages go to, and the headers that every answer gets."""
        self._send = send
        self._added = added
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

    def __call__(self, message: Message) -> Awaitable[None]:
        """Send one message of the response, or cut the connection.

        Like all that passes every message on: a function that gives what is to be awaited is a frame less.
        """
        if self._closed:
            return _nothing()
        if message["type"] == "http.response.start":
            self.status = int(message["status"])  # a member of an enumeration is not kept as it is
            self.headers = message.get("headers", [])
            message["headers"] = [*self.headers, *self._added]
            if self.cut:
                self._start = message
                return _nothing()
        else:
            chunk = message.get("body", b"")
            if self.cut:
                return self._cut_off(chunk, more=message.get("more_body", False))
            self._note(chunk)
        return self._send(message)

    def _note(self, chunk: bytes) -> None:
        room = self._receiver.kept - self.size
        self.size += len(chunk)
        if room > 0:
            self.body += chunk[:room]

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
