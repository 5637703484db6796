"""The few shapes of response that both APIs use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..state import jsonio
from .negotiated import Negotiated

EVENT_STREAM: Final = "text/event-stream"
AT_ONCE: Final = "dbcontract.at_once"
"""Key of a message that begins an answer: its body comes next, before anything is waited for.

A server may write both together: one call of the system instead of two, and one packet.
"""


def json_response(
    value: Any, answer: Negotiated, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON body with the negotiated Content-Type."""
    if headers:
        return Response(jsonio.dumps(value), status, headers, answer.content_type)
    return _Plain(jsonio.dumps(value), status, answer.encoded)


def error_body(detail: str) -> bytes:
    """The usual JSON body of an error."""
    return jsonio.dumps({"detail": detail})


def json_error(status: int, detail: str) -> Response:
    """An error that belongs to no version of an API."""
    return Response(error_body(detail), status, None, "application/json")


def text_response(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A plain text body."""
    return Response(text, status, headers, "text/plain; charset=utf-8")


class _Plain(Response):
    """A body and its Content-Type; what Starlette finds out of the headers of each answer is known here."""

    def __init__(self, body: bytes, status: int, content_type: bytes) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [(b"content-length", b"%d" % len(body)), (b"content-type", content_type)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send head and body."""
        del scope, receive
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
                AT_ONCE: True,
            }
        )
        await send({"type": "http.response.body", "body": self.body})


class ChunkedResponse(Response):
    """A long body sent chunk by chunk; other requests get their turn between two chunks."""

    def __init__(
        self,
        chunks: Iterable[bytes],
        content_type: str,
        headers: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> None:
        super().__init__(None, status, headers, content_type)
        del self.headers["content-length"]
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the chunks."""
        del receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            for chunk in self._chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
