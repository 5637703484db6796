"""The way out: what is sent is noted for the journal, and a connection can be cut on purpose."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Message, Send

from ..journal import BODY_LIMIT, Headers


class Sender:
    """Sends a response and remembers its status, headers, the beginning of its body and its size.

    Attributes:
        status: 0 until the response has begun.
        cut: cut the connection in the middle of the body.
    """

    __slots__ = ("_closed", "_send", "body", "cut", "headers", "size", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._closed = False
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
        else:
            chunk = message.get("body", b"")
            self.size += len(chunk)
            if len(self.body) < BODY_LIMIT:
                self.body += chunk[: BODY_LIMIT - len(self.body)]
            if self.cut:
                await self._cut_off(chunk)
                return
        await self._send(message)

    async def _cut_off(self, chunk: bytes) -> None:
        self._closed = True
        if len(chunk) > 1:
            await self._send(
                {"type": "http.response.body", "body": chunk[: len(chunk) // 2], "more_body": True}
            )
        await self._hang_up(politely=True)

    async def drop(self) -> None:
        """Close the connection without an answer."""
        self._closed = True
        await self._hang_up(politely=False)

    async def _hang_up(self, *, politely: bool) -> None:
        # ASGI has no word for this; uvicorn's send is a method of the object that owns the connection.
        transport: Any = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is None:
            msg = "this server cannot cut a connection"
            raise ConnectionError(msg)
        if politely:
            transport.close()
        else:
            transport.abort()
        # The server learns of the loss in the next turns of the loop, and then expects no response any more.
        for _ in range(5):
            await asyncio.sleep(0)
