"""Requests that no well-behaved client library sends, written to the socket as they are."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

Headers = Iterable[tuple[str, str | bytes]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip()


def literal(
    base_url: str, method: str, target: str | bytes, headers: Headers = (), body: bytes | None = None
) -> Answer:
    """Send method, target, headers and body to the letter; only Host and Content-Length are added."""
    address = urlsplit(base_url)
    lines = [method.encode() + b" " + _latin(target) + b" HTTP/1.1"]
    sent = {name.lower() for name, _ in headers}
    if "host" not in sent:
        lines.append(f"Host: {address.netloc}".encode())
    if body is not None and not sent & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}".encode())
    lines += [name.encode() + b": " + _latin(value) for name, value in headers]
    return exchange(base_url, b"\r\n".join([*lines, b"", body or b""]), method)


def chunked(base_url: str, method: str, target: str, headers: Headers, *chunks: bytes) -> Answer:
    """Send a body with `Transfer-Encoding: chunked`."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk) + b"0\r\n\r\n"
    return literal(base_url, method, target, [*headers, ("Transfer-Encoding", "chunked")], body)


def exchange(base_url: str, request: bytes, method: str = "GET") -> Answer:
    """Send bytes, read one answer; the server may close while the request is still being sent."""
    with connection(base_url) as sock:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(request)
        response = http.client.HTTPResponse(sock, method=method)
        try:
            response.begin()
            return Answer(response.status, response.headers, response.read())
        finally:
            response.close()


def connection(base_url: str) -> socket.socket:
    address = urlsplit(base_url)
    return socket.create_connection((address.hostname, address.port or 80), timeout=30)


def _latin(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
