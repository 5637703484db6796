"""The way in: what a client sends is noted for the journal, whoever reads it."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive, Scope

from .fields import FIELDS

_PATIENCE = 1.0
"""Seconds that a client has to send the body that it announced, when nobody needs it but the journal."""


class Receiver:
    """Hands the request's body on and remembers its beginning and its size.

    Attributes:
        body: its first bytes, `kept` at most.
    """

    __slots__ = ("_fields", "_more", "_receive", "_size", "body", "kept")

    def __init__(self, receive: Receive, scope: Scope, kept: int) -> None:
        self.kept = kept
        self._receive = receive
        self._fields = scope[FIELDS]
        self._more = True
        self._size = 0
        self.body = b""

    @property
    def size(self) -> int:
        """How long the body is: as announced, or else as far as it was read."""
        return max(self._announced(), self._size) if self._more else self._size

    def _announced(self) -> int:
        length: bytes = self._fields.get(b"content-length", b"")
        return int(length) if length.isdigit() and len(length) < 19 else 0

    async def __call__(self) -> Message:
        """The next message of the request."""
        message = await self._receive()
        if message["type"] != "http.request":
            self._more = False
            return message
        chunk = message.get("body", b"")
        self._size += len(chunk)
        if len(self.body) < self.kept:
            self.body += chunk[: self.kept - len(self.body)]
        self._more = message.get("more_body", False)
        return message

    async def look(self) -> None:
        """Read what the journal keeps of a body that nobody has read, before the answer ends the request."""
        if not self._announced() and b"transfer-encoding" not in self._fields:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                while self._wanting():
                    await self()
        except TimeoutError:
            return

    def _wanting(self) -> bool:
        return self._more and len(self.body) < self.kept

    async def gone(self) -> None:
        """Wait until the connection is closed."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
