"""One HTTP/1.1 connection: what is written on it, and one answer read from it, within a time and a size.

`http.client` parses the answers. What it would take without bounds is bounded here: interim answers, the
head, and memory for a body in many small chunks.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from .identity import user_agent

Header = tuple[str, str]

_CHUNK: Final = 65_536
_HEAD: Final = 256 * 1024
"""So many bytes of a head are read: status lines and headers, interim ones included."""
_INTERIM: Final = 20
_SLICE: Final = 0.25
"""No wait is longer without a look at whether the run was stopped, in seconds."""
_SWITCHING: Final = 101


class Cancelled(Exception):
    """The run was stopped while a request was due, or under way."""


class OddAnswer(Exception):
    """What came is HTTP, but no answer that can be waited for; the message says what."""


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire: the URL is percent-encoded already, the headers are sent as they stand.

    `Host` and `User-Agent` are added where they are missing. A body that is None sends no `Content-Length`;
    `chunked` sends it in two chunks without one.
    """

    method: str
    url: str
    headers: tuple[Header, ...] = ()
    body: bytes | None = None
    chunked: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """An answer, complete unless `truncated`: then the body is cut at the size limit."""

    status: int
    reason: str
    headers: tuple[Header, ...]
    content: bytes
    seconds: float
    truncated: bool = False


class Patience:
    """How long may be waited: no single time longer than `read` seconds, and never past the deadline.

    Args:
        read: seconds of silence.
        deadline: an instant of `time.monotonic`.
        cancelled: set when the run is to stop.
    """

    def __init__(self, read: float, deadline: float, cancelled: threading.Event | None = None) -> None:
        self.read = read
        self.deadline = deadline
        self._cancelled = cancelled

    def slices(self, longest: float | None = None) -> Iterator[float]:
        """Short waits, as long as there is patience: `longest` seconds, by default those of silence.

        Raises:
            TimeoutError: there is none left.
            Cancelled: the run was stopped.
        """
        until = min(time.monotonic() + (longest or self.read), self.deadline)
        while True:
            if self._cancelled is not None and self._cancelled.is_set():
                raise Cancelled
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            yield min(left, _SLICE)


class Connection:
    """One socket; the requests on it follow each other.

    Attributes:
        origin: scheme, host and port at the other end.
        count: how many bytes have come for the request under way.
    """

    def __init__(
        self,
        plain: socket.socket,
        origin: tuple[str, str, int],
        *,
        forwarded: tuple[Header, ...] | None = None,
    ) -> None:
        """Take a connected socket; `forwarded` are the headers for a proxy that passes requests on."""
        self.origin = origin
        self.count = 0
        self._socket = plain
        self._forwarded = forwarded
        self._patience: Patience | None = None
        self._head_left = 0

    @property
    def is_forwarded(self) -> bool:
        """Whether a proxy reads the requests, and may answer them itself."""
        return self._forwarded is not None

    def is_quiet(self) -> bool:
        """Whether an idle connection can be used: something to read is an end, or what nobody asked for."""
        try:
            return not select.select([self._socket], [], [], 0)[0]
        except (OSError, ValueError):
            return False

    def close(self) -> None:
        """Close the socket."""
        with suppress(OSError):
            self._socket.close()

    def exchange(
        self, request: Request, patience: Patience, limit: int
    ) -> tuple[int, str, tuple[Header, ...], bytes, bool, bool]:
        """Send a request and read its answer: at most `limit` bytes of the body.

        Returns:
            Status, reason, headers, body, whether it was cut, and whether the connection can be used again.

        Raises:
            TimeoutError, Cancelled: no complete answer within the patience.
            OddAnswer, http.client.HTTPException, ValueError, OSError: no complete answer at all.
        """
        self.count, self._patience, self._head_left = 0, patience, _HEAD
        self._write(request)
        return self._read(request.method, limit)

    def _write(self, request: Request) -> None:
        parts = urlsplit(request.url)
        headers = (*request.headers, *(self._forwarded or ()))
        lines = [f"{request.method} {self._target(parts)} HTTP/1.1"]
        names = {name.lower() for name, _ in headers}
        if "host" not in names:
            lines.append(f"Host: {parts.netloc.rpartition('@')[2]}")
        if "user-agent" not in names:
            lines.append(f"User-Agent: {user_agent()}")
        lines += [f"{name}: {value}" for name, value in headers]
        body = request.body
        if request.chunked:
            lines.append("Transfer-Encoding: chunked")
            body = b"".join(_chunks(body or b""))
        elif body is not None and "content-length" not in names:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        with suppress(BrokenPipeError, ConnectionResetError):
            # A server may answer before it has read everything; what it said may still be there.
            self._send_all(head + (body or b""))

    def _target(self, parts: SplitResult) -> str:
        target = parts.path or "/"
        if self._forwarded is not None:
            target = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{target}"
        return f"{target}?{parts.query}" if parts.query else target

    def _send_all(self, content: bytes) -> None:
        left = memoryview(content)
        assert self._patience is not None  # noqa: S101 (exchange sets it)
        while left:
            for seconds in self._patience.slices():
                self._socket.settimeout(seconds)
                with suppress(TimeoutError):
                    left = left[self._socket.send(left[: 16 * _CHUNK]) :]
                    break

    def receive_into(self, buffer: Any) -> int:
        """Read some bytes.

        Raises:
            TimeoutError, Cancelled: none came within the patience.
            OddAnswer: the head is too long.
        """
        assert self._patience is not None  # noqa: S101 (exchange sets it)
        for seconds in self._patience.slices():
            self._socket.settimeout(seconds)
            with suppress(TimeoutError):
                count = self._socket.recv_into(buffer)
                self.count += count
                self._head_left -= count
                if self._head_left < -_CHUNK:
                    raise OddAnswer(f"the head of the answer is longer than {_HEAD} bytes")
                return count
        raise TimeoutError

    def _read(self, method: str, limit: int) -> tuple[int, str, tuple[Header, ...], bytes, bool, bool]:
        response = self._final(method)
        # From here on only the body comes, which has a limit of its own.
        self._head_left = 1 << 62
        headers = tuple(response.headers.items())
        if method == "HEAD" or response.status == 304:
            content = b""
        elif response.status == 204:
            content = _forbidden_body(response, limit)
        else:
            content = _body(response, limit + 1)
        truncated = len(content) > limit
        missing = response.length or 0
        if missing and not truncated and method != "HEAD" and response.status != 204:
            raise http.client.IncompleteRead(content, missing)
        reusable = not (response.will_close or truncated or (content and response.status == 204))
        content, more = _decoded(content[:limit], response.headers.get("Content-Encoding", ""), limit)
        return response.status, response.reason, headers, content, truncated or more, reusable

    def _final(self, method: str) -> http.client.HTTPResponse:
        """The head of the final answer; interim ones (RFC 9110, section 15.2) come before it."""
        readable = _Readable(self)
        for _ in range(_INTERIM):
            response = http.client.HTTPResponse(readable, method=method)  # type: ignore[arg-type]
            response.begin()
            if response.status == _SWITCHING:
                raise OddAnswer("the server switches to another protocol, which nobody asked for")
            if response.status >= 200:
                return response
        raise OddAnswer(f"{_INTERIM} interim answers, and no final one")


class _Readable:
    """What `HTTPResponse` asks of a socket; several answers are read through one buffer."""

    def __init__(self, connection: Connection) -> None:
        self._buffer = _Unclosed(_Raw(connection), _CHUNK)

    def makefile(self, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        return self._buffer


class _Unclosed(io.BufferedReader):
    """Stays open: an interim answer has no body, so that it is closed as soon as it is read."""

    def close(self) -> None:
        """Do nothing."""


class _Raw(io.RawIOBase):
    """The bytes of a connection as they come."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.receive_into(buffer)


def _body(response: http.client.HTTPResponse, limit: int) -> bytes:
    """At most so many bytes of a body; in parts, as a chunk of one byte takes fifty of memory."""
    content = bytearray()
    while len(content) < limit:
        part = response.read(min(_CHUNK, limit - len(content)))
        if not part:
            break
        content += part
    return bytes(content)


def _forbidden_body(response: http.client.HTTPResponse, limit: int) -> bytes:
    """What follows a 204, which has no body: all up to the end of the connection, or what is announced.

    Without either, nobody can tell where it would end; the connection is seen to be dirty when it is used
    again.
    """
    announced = response.headers.get("Content-Length", "")
    with suppress(OSError, ValueError, http.client.HTTPException):
        if response.chunked:
            return _body(response, limit)
        if response.will_close or announced.isdigit():
            length = limit if response.will_close else min(int(announced), limit)
            return bytes(response.fp.read(length))
    return b""


def _chunks(body: bytes) -> Iterator[bytes]:
    half = len(body) // 2
    for part in (body[:half], body[half:]):
        if part:
            yield b"%x\r\n%s\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def _decoded(content: bytes, encoding: str, limit: int) -> tuple[bytes, bool]:
    """Undo gzip and deflate, which nobody asked for; leave alone what cannot be undone.

    Returns:
        At most `limit` bytes, and whether there are more.
    """
    window = {"gzip": 31, "x-gzip": 31, "deflate": 15}.get(encoding.strip().lower())
    if window is None:
        return content, False
    unpacking = zlib.decompressobj(window)
    try:
        return unpacking.decompress(content, limit), bool(unpacking.unconsumed_tail)
    except zlib.error:
        return content, False
