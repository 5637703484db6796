"""The body of a request on its way, and what is kept of bodies to be judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from ..http.body import Body
from ..http.spool import NoRoom
from ..watching.observer import MEMORY

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientGone(Exception):
    """The client did not wait for the end."""


class Incoming:
    """The body of a request as it comes, kept on the way as far as it is judged."""

    def __init__(self, receive: Receive, kept: int) -> None:
        self._receive = receive
        self.body = Body(kept, MEMORY)
        self._over = asyncio.Event()

    async def parts(self) -> AsyncIterator[bytes]:
        """Its parts.

        Raises:
            ClientGone: the client has closed the connection.
        """
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            part = message.get("body", b"")
            more = message.get("more_body", False)
            if part:
                keep(self.body, part)
                yield part
        self._over.set()

    def is_empty(self) -> None:
        """There is no body to be read."""
        self._over.set()

    async def gone(self) -> None:
        """Wait until the client is gone; it is listened to once its body is over."""
        await self._over.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


def keep(body: Body, part: bytes) -> None:
    """Keep a part to be judged, unless it is too much."""
    try:
        if not body.is_cut:
            body.fill((part,))
    except NoRoom:
        body.is_cut = True
