"""Server-sent events: what comes to a sandbox, as it comes (WHATWG HTML, Server-sent events)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..sandbox.journal import Journal
from ..state import jsonio
from ..web.responses import EVENT_STREAM
from ..web.sending import until_gone

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment is sent, so that proxies keep the connection."""


class JournalEvents(Response):
    """Sends each exchange that the journal takes in, as an event `request`, until the client goes away.

    Args:
        journal: of the sandbox.
        after: the number of the last exchange that the client has seen.
    """

    def __init__(self, journal: Journal, after: int) -> None:
        super().__init__(None, 200, {"Cache-Control": "no-store"}, EVENT_STREAM)
        del self.headers["content-length"]
        self._journal = journal
        self._seen = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream the events."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body"})
            return
        gone = asyncio.create_task(until_gone(receive))
        with self._journal.watched() as added:
            try:
                await self._stream(send, gone, added)
                await send({"type": "http.response.body"})
            finally:
                gone.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await gone

    async def _stream(self, send: Send, gone: asyncio.Task[None], added: asyncio.Event) -> None:
        while not gone.done() and not self._journal.ended:
            added.clear()
            chunk = b"".join(self._new()) or b": still here\n\n"
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            waiting = asyncio.create_task(added.wait())
            await asyncio.wait({gone, waiting}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    def _new(self) -> list[bytes]:
        entries = self._journal.after(self._seen)
        if entries:
            self._seen = entries[-1].number
        return [
            b"event: request\nid: %d\ndata: %s\n\n" % (entry.number, jsonio.dumps(entry.describe()))
            for entry in entries
        ]
