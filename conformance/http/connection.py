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
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from .body import Body, decoded, forbidden, parts_of
from .head import PlainlyRead
from .identity import user_agent
from .spool import Spool, TooLarge

Header = tuple[str, str]

_CHUNK: Final = 65_536
_HEAD: Final = 256 * 1024
"""How many bytes of a head are read: status lines and headers, interim ones included."""
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
    body: bytes | Spool | None = None
    chunked: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """An answer.

    Attributes:
        content: the body; where `truncated`, only its beginning.
        spool: the whole body, where it is long, but not longer than is read.
        http: the version of HTTP that it is in, 10 or 11.
    """

    status: int
    reason: str
    headers: tuple[Header, ...]
    content: bytes
    seconds: float
    truncated: bool = False
    spool: Spool | None = None
    http: int = 11

    @property
    def size(self) -> int:
        """Of the body, as far as it was read, in bytes."""
        return len(self.content) if self.spool is None else self.spool.size

    @property
    def is_whole(self) -> bool:
        """Whether all of the body was read."""
        return self.spool is not None or not self.truncated

    def sampled(self) -> Received:
        """The same with a body in memory that has the form of the long one; as it is where that is too large.

        In JSON, long arrays of bytes have a single one.
        """
        if self.spool is None:
            return self
        kinds = [value for name, value in self.headers if name.lower() == "content-type"]
        try:
            content = self.spool.sample() if "json" in "".join(kinds[:1]).lower() else self.spool.whole()
        except TooLarge:
            return self
        return replace(self, content=content, truncated=False, spool=None)


class Patience:
    """How long may be waited: no single time longer than `read` seconds, and never past the deadline.

    Args:
        read: seconds of silence.
        deadline: an instant of `time.monotonic`.
        cancelled: set when the run is to stop.

    Attributes:
        began: when it began, as an instant of `time.monotonic`.
    """

    def __init__(self, read: float, deadline: float, cancelled: threading.Event | None = None) -> None:
        self.began = time.monotonic()
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
        self, request: Request, patience: Patience, limit: int, memory: int
    ) -> tuple[Received, bool]:
        """Send a request and read its answer.

        Args:
            request: what to send.
            patience: how long may be waited.
            limit: this many bytes of the body are read.
            memory: this many bytes of it may be in memory later.

        Returns:
            The answer, and whether the connection can be used again. A 101 comes where the request offers
            another protocol, and without a body, for what follows it cannot be read here.

        Raises:
            TimeoutError, Cancelled: no complete answer within the patience.
            NoRoom: the body cannot be stored.
            OddAnswer, http.client.HTTPException, ValueError, OSError: no complete answer at all.
        """
        self.count, self._patience, self._head_left = 0, patience, _HEAD
        self._write(request)
        return self._read(request, limit, memory, patience.began)

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
            body = b"".join(_chunks(body.whole() if isinstance(body, Spool) else body or b""))
        elif body is not None and "content-length" not in names:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        with suppress(BrokenPipeError, ConnectionResetError):
            # A server may answer before it has read everything; what it said may still be there.
            if isinstance(body, Spool):
                self._send_all(head)
                for part in body.parts():
                    self._send_all(part)
            else:
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

    def _read(self, request: Request, limit: int, memory: int, began: float) -> tuple[Received, bool]:
        method, response = request.method, self._final(request)
        # From here on only the body comes, which has a limit of its own.
        self._head_left = 1 << 62
        headers = tuple(response.headers.items())
        body = Body(limit, memory)
        if response.status == _SWITCHING:
            response.will_close = True  # nothing that comes now is HTTP/1.1
        elif response.status == 204:
            body.fill([forbidden(response, limit)])
        elif method != "HEAD" and response.status != 304:
            body.fill(parts_of(response, limit + 1))
            if response.length and not body.is_cut:
                raise OddAnswer(f"the connection was closed inside the body, after {body.size} bytes of it")
        reusable = not (response.will_close or body.is_cut or (body.size and response.status == 204))
        body = decoded(body, response.headers.get("Content-Encoding", ""))
        truncated = body.is_cut or body.spool is not None
        spool = None if body.is_cut else body.spool
        received = Received(
            response.status,
            response.reason,
            headers,
            body.begin,
            time.monotonic() - began,
            truncated,
            spool,
            response.version,
        )
        return received, reusable

    def _final(self, request: Request) -> http.client.HTTPResponse:
        """The head of the final answer, or of a 101; interim ones (RFC 9110, section 15.2) come before it."""
        readable = _Readable(self)
        offered = any(name.lower() == "upgrade" for name, _ in request.headers)
        for _ in range(_INTERIM):
            response = PlainlyRead(readable, method=request.method)  # type: ignore[arg-type]
            response.begin()
            if response.status == _SWITCHING and not offered:
                raise OddAnswer("the server switches to another protocol, which nobody asked for")
            if response.status >= 200 or response.status == _SWITCHING:
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


def _chunks(body: bytes) -> Iterator[bytes]:
    half = len(body) // 2
    for part in (body[:half], body[half:]):
        if part:
            yield b"%x\r\n%s\r\n" % (len(part), part)
    yield b"0\r\n\r\n"
