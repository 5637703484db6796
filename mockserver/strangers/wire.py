"""Unusual answers on the wire."""

from __future__ import annotations

from starlette.types import Message, Scope, Send

from ..web.call import Exchange
from ..web.surface import Surface
from .base import stranger

_HEADERS = ((b"Server", b"nginx/1.27.3"), (b"Vary", b"Accept, Origin"), (b"X-Frame-Options", b"DENY"))


@stranger()
class ServerHeaders(Surface):
    """Adds the headers of another server software to every answer."""

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await super_sending(message)

        super_sending = super().sending(send, exchange, scope)
        return sending
