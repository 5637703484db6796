"""One request and its answer on a connection: uvicorn's, with a shorter way for what most answers are."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

from ..web.responses import AT_ONCE

_FRAMING = frozenset({b"connection", b"transfer-encoding"})


class Cycle(RequestResponseCycle):
    """Writes an answer that says its length and comes in one piece; uvicorn writes every other one.

    Attributes:
        sent: a future that is done: what waits for it goes on at once.
    """

    sent: Future[None]
    _held: bytes = b""  # the head of an answer whose body comes next

    def send(self, message: Any) -> Awaitable[None]:  # type: ignore[override]  # no coroutine, but to be awaited
        """Send one message of the answer."""
        usual = self.keep_alive and not (self.disconnected or self.flow.write_paused or self.access_log)
        if usual and (self._go_on(message) if self.response_started else self._begin(message)):
            return self.sent
        if self._held and not self.disconnected:
            self.transport.write(self._held)
            self._held = b""
        return super().send(message)

    def _begin(self, message: Any) -> bool:
        """Write a head, or keep it for its body. False: nothing was done, and uvicorn has to."""
        if message["type"] != "http.response.start":
            return False
        length = None
        lines = [STATUS_LINE[message["status"]]]
        for name, value in (*self.default_headers, *message.get("headers", ())):
            field = _field(name)
            if field is None or HEADER_VALUE_RE.search(value):
                return False
            if field == b"content-length: ":
                if length is not None:
                    return False
                length = int(value)
            lines += field, value, b"\r\n"
        if length is None:
            return False
        lines.append(b"\r\n")
        self.response_started, self.waiting_for_100_continue = True, False
        self.chunked_encoding, self.expected_content_length = False, length
        if AT_ONCE in message:
            self._held = b"".join(lines)
        else:
            self.transport.write(b"".join(lines))
        return True

    def _go_on(self, message: Any) -> bool:
        """Write the whole body. False: nothing was done, and uvicorn has to."""
        body = message.get("body", b"")
        if (
            message["type"] != "http.response.body"
            or message.get("more_body", False)
            or self.response_complete
            or self.chunked_encoding
            or self.scope["method"] == "HEAD"
            or len(body) != self.expected_content_length
        ):
            return False
        self.transport.write(self._held + body)
        self._held = b""
        self.expected_content_length = 0
        self.response_complete = True
        self.message_event.set()
        self.on_response()
        return True


@lru_cache(maxsize=256)
def _field(name: bytes) -> bytes | None:
    """What stands before the value of a header; None for a name that uvicorn has to look at."""
    lower = name.lower()
    return None if lower in _FRAMING or HEADER_RE.search(lower) else lower + b": "
