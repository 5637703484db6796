"""Unusual answers on the wire."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.types import Message, Scope, Send

from ....variants.conforming_variant import conforming
from ....web.call import Exchange
from ....web.wire_policy import WirePolicy

_HEADERS = ((b"Server", b"nginx/1.27.3"), (b"Vary", b"Accept, Origin"), (b"X-Frame-Options", b"DENY"))
_PIECE = 7

Headers = list[tuple[bytes, bytes]]


class _Reheaded(WirePolicy):
    """Sends every answer with other headers."""

    def headers(self, headers: Headers) -> Headers:
        """The headers that are sent."""
        return headers

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self.headers([*message["headers"]])}
            await further(message)

        further = super().sending(send, exchange, scope)
        return sending


@conforming()
class ServerHeaders(_Reheaded):
    """Adds the headers of another server software to every answer."""

    def headers(self, headers: Headers) -> Headers:
        return [*headers, *_HEADERS]


@conforming()
class HeadersInCapitals(_Reheaded):
    """Writes the names of all headers in capitals, the last one first."""

    def headers(self, headers: Headers) -> Headers:
        return [(name.upper(), value) for name, value in reversed(headers)]


@conforming()
class MediaTypesInOtherLetters(_Reheaded):
    """Writes media types with capitals and spaces, and the version in quotes after the charset."""

    def headers(self, headers: Headers) -> Headers:
        return [
            (name, _respelled(value) if name.lower() == b"content-type" else value) for name, value in headers
        ]


def _respelled(value: bytes) -> bytes:
    media_type, *parameters = [part.strip() for part in value.decode("latin-1").split(";")]
    found = dict(part.partition("=")[::2] for part in parameters)
    named = [f'{name.title()}="{found[name].strip(chr(34))}"' for name in sorted(found)]
    return " ; ".join([media_type.title(), *named]).encode("latin-1")


@conforming()
class AnswersInPieces(_Reheaded):
    """Sends bodies in small pieces, and does not say how long they are."""

    def headers(self, headers: Headers) -> Headers:
        return [(name, value) for name, value in headers if name.lower() != b"content-length"]

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        further = super().sending(send, exchange, scope)

        async def sending(message: Message) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or not 0 < len(body) < _PIECE * 1_000:
                await further(message)
                return
            for start in range(0, len(body), _PIECE):
                await further({**message, "body": body[start : start + _PIECE], "more_body": True})
            await further({**message, "body": b""})

        return sending


@conforming()
class ChallengeWithRealm(_Reheaded):
    """Names a realm in the challenge of a 401."""

    def headers(self, headers: Headers) -> Headers:
        challenge = re.compile(rb"^\S+$")
        return [
            (
                name,
                challenge.sub(rb'\g<0> realm="api"', value) if name.lower() == b"www-authenticate" else value,
            )
            for name, value in headers
        ]


def once_whole(send: Send, change: Callable[[Headers, bytes], bytes]) -> Send:
    """What takes an answer, and sends it on with another body once all of it has come."""
    start: Message = {}
    content = bytearray()

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        if message["type"] != "http.response.body":
            await send(message)
            return
        content.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        headers = [(name.lower(), value) for name, value in start["headers"]]
        body = change(headers, bytes(content))
        if body != content:
            headers = [(name, value) for name, value in headers if name != b"content-length"]
            headers.append((b"content-length", str(len(body)).encode()))
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return sending
