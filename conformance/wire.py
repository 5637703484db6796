"""HTTP/1.1 as bytes: one request, one answer, within a time and a size.

A client library would be more comfortable, but it tidies up what a check wants to send (odd headers, dot
segments, a broken chunk) and what it wants to see (a body behind a 204), and it waits for ever when a server
sends a byte a second. `http.client` parses the answers.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

from .identity import user_agent

Header = tuple[str, str]

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_CHUNK = 65_536


class NoAnswer(Exception):
    """The target was reached, but no complete answer came back; the message says what came instead."""


class _ClosedUnanswered(NoAnswer):
    """Not a byte came before the connection was closed."""


class Unreachable(Exception):
    """No connection could be made; the message says where to and why not.

    Attributes:
        origin: where to: scheme, host and port.
    """

    def __init__(self, origin: tuple[str, str, int], reason: str) -> None:
        scheme, host, port = origin
        super().__init__(f"{scheme}://{host}:{port}: {reason}")
        self.origin = origin


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much to wait for, in seconds and bytes."""

    connect: float = 5.0
    read: float = 30.0
    total: float = 60.0
    body: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire: the URL is percent-encoded already, the headers are sent as they stand.

    `Host` and `User-Agent` are added where they are missing.
    A body that is None sends no `Content-Length`; `chunked` sends it in two chunks without one.
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


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; two URLs of one origin may share credentials.

    Raises:
        ValueError: no absolute HTTP URL.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in {"http", "https"} or not host:
        message = f"{url!r} is no absolute http or https URL"
        raise ValueError(message)
    return parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80)


class Wire:
    """A pool of connections; several threads may use it at once."""

    def __init__(self, limits: Limits | None = None, *, ca_bundle: str | None = None) -> None:
        self.limits = limits or Limits()
        self._ca_bundle = ca_bundle
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[tuple[str, str, int], list[_Connection]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle = [connection for several in self._idle.values() for connection in several]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def send(self, request: Request, *, until: float | None = None) -> Received:
        """Send a request and read the answer.

        Args:
            request: what to send.
            until: an instant of `time.monotonic` that the exchange must not outlast.

        Raises:
            Unreachable: no connection.
            NoAnswer: no complete answer within the limits.
            ValueError: the URL is no HTTP URL.
        """
        origin = origin_of(request.url)
        started = time.monotonic()
        deadline = started + self.limits.total
        if until is not None:
            deadline = min(deadline, until)
        connection = self._take(origin)
        if connection is not None:
            try:
                return self._exchange(connection, request, started, deadline)
            except _ClosedUnanswered:
                # A server may close an idle connection at any time. What fails because of the
                # request itself fails again on a connection of its own.
                pass
        return self._exchange(self._connect(origin, deadline), request, started, deadline)

    def _take(self, origin: tuple[str, str, int]) -> _Connection | None:
        with self._lock:
            several = self._idle.get(origin, [])
            while several:
                connection = several.pop()
                if connection.is_quiet():
                    return connection
                connection.close()
        return None

    def _connect(self, origin: tuple[str, str, int], deadline: float) -> _Connection:
        scheme, host, port = origin
        timeout = max(0.01, min(self.limits.connect, deadline - time.monotonic()))
        plain: socket.socket | None = None
        try:
            plain = socket.create_connection((host, port), timeout=timeout)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if scheme == "https":
                plain = self._context().wrap_socket(plain, server_hostname=host)
        except (OSError, UnicodeError) as error:
            if plain is not None:
                plain.close()
            reason = "no connection in time" if isinstance(error, TimeoutError) else _reason(error)
            raise Unreachable(origin, reason) from error
        return _Connection(plain, origin)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._ca_bundle)
        return self._tls

    def _exchange(
        self, connection: _Connection, request: Request, started: float, deadline: float
    ) -> Received:
        connection.begin(self.limits.read, deadline)
        try:
            with _told_as_no_answer(self.limits, connection):
                connection.write(request)
                answer = connection.read(request.method, self.limits.body)
        except BaseException:
            connection.close()
            raise
        status, reason, headers, content, truncated, reusable = answer
        if reusable:
            with self._lock:
                self._idle.setdefault(connection.origin, []).append(connection)
        else:
            connection.close()
        return Received(status, reason, headers, content, time.monotonic() - started, truncated)


class _Connection:
    """One socket, read under a deadline."""

    def __init__(self, plain: socket.socket, origin: tuple[str, str, int]) -> None:
        self.origin = origin
        self._socket = plain
        self._reader: _DeadlineReader | None = None

    @property
    def count(self) -> int:
        """How many bytes have come for the request under way."""
        return 0 if self._reader is None else self._reader.count

    def is_quiet(self) -> bool:
        """Whether an idle connection can be used: something to read is an end, or what nobody asked for."""
        try:
            return not select.select([self._socket], [], [], 0)[0]
        except (OSError, ValueError):
            return False

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()

    def begin(self, read: float, deadline: float) -> None:
        self._reader = _DeadlineReader(self._socket, read, deadline)

    def write(self, request: Request) -> None:
        parts = urlsplit(request.url)
        lines = [f"{request.method} {_target(parts)} HTTP/1.1"]
        names = {name.lower() for name, _ in request.headers}
        if "host" not in names:
            lines.append(f"Host: {parts.netloc.rpartition('@')[2]}")
        if "user-agent" not in names:
            lines.append(f"User-Agent: {user_agent()}")
        lines += [f"{name}: {value}" for name, value in request.headers]
        body = request.body
        if request.chunked:
            lines.append("Transfer-Encoding: chunked")
            body = b"".join(_chunks(body or b""))
        elif body is not None and "content-length" not in names:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        self._socket.settimeout(self._remaining())
        try:
            self._socket.sendall(head + (body or b""))
        except (BrokenPipeError, ConnectionResetError):
            # A server may answer before it has read everything; what it said may still be there.
            return

    def _remaining(self) -> float:
        assert self._reader is not None  # noqa: S101 (begin comes first)
        return self._reader.remaining()

    def read(self, method: str, limit: int) -> tuple[int, str, tuple[Header, ...], bytes, bool, bool]:
        assert self._reader is not None  # noqa: S101 (begin comes first)
        response = http.client.HTTPResponse(_Readable(self._reader), method=method)  # type: ignore[arg-type]
        response.begin()
        headers = tuple(response.headers.items())
        if method == "HEAD" or response.status == 304:
            content = b""
        elif response.status == 204:
            content = _forbidden_body(response, limit)
        else:
            content = response.read(limit + 1)
        truncated = len(content) > limit
        missing = response.length or 0
        if missing and not truncated and method != "HEAD" and response.status != 204:
            raise http.client.IncompleteRead(content, missing)
        reusable = not (response.will_close or truncated or (content and response.status == 204))
        content = _decoded(content[:limit], response.headers.get("Content-Encoding", ""), limit)
        return response.status, response.reason, headers, content, truncated, reusable


class _Readable:
    """What `HTTPResponse` asks of a socket."""

    def __init__(self, reader: _DeadlineReader) -> None:
        self._reader = reader

    def makefile(self, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(self._reader, _CHUNK)


class _DeadlineReader(io.RawIOBase):
    """Reads a socket; no single wait is longer than `read` seconds, and none outlasts the deadline."""

    def __init__(self, plain: socket.socket, read: float, deadline: float) -> None:
        super().__init__()
        self._socket = plain
        self._read = read
        self._deadline = deadline
        self.count = 0

    def readable(self) -> bool:
        return True

    def remaining(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(self._read, left)

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self.remaining())
        count = self._socket.recv_into(buffer)
        self.count += count
        return count


@contextmanager
def _told_as_no_answer(limits: Limits, connection: _Connection) -> Iterator[None]:
    """Turn what sockets and the parser raise into one sentence."""
    try:
        yield
    except TimeoutError as error:
        message = f"no answer in time ({limits.read:g} s of silence, {limits.total:g} s in all)"
        if connection.count:
            message = f"the answer did not end in time; {connection.count} bytes had come"
        raise NoAnswer(message) from error
    except http.client.IncompleteRead as error:
        message = f"the connection was closed inside the body, after {len(error.partial)} bytes of it"
        raise NoAnswer(message) from error
    except (http.client.RemoteDisconnected, ConnectionError) as error:
        if not connection.count:
            raise _ClosedUnanswered("the connection was closed without an answer") from error
        raise NoAnswer(f"the connection was closed after {connection.count} bytes") from error
    except (http.client.HTTPException, ValueError, OSError) as error:
        message = f"what came is no HTTP: {_reason(error)}"
        raise NoAnswer(message) from error


def _forbidden_body(response: http.client.HTTPResponse, limit: int) -> bytes:
    """What follows a 204, which has no body: all up to the end of the connection, or what is announced.

    Without either, nobody can tell where it would end; the connection is seen to be dirty when it is used
    again.
    """
    announced = response.headers.get("Content-Length", "")
    with suppress(OSError, http.client.HTTPException):
        if response.chunked:
            return response.read(limit)
        if response.will_close or announced.isdigit():
            length = limit if response.will_close else min(int(announced), limit)
            return bytes(response.fp.read(length))
    return b""


def _target(parts: SplitResult) -> str:
    target = parts.path or "/"
    return f"{target}?{parts.query}" if parts.query else target


def _chunks(body: bytes) -> Iterator[bytes]:
    half = len(body) // 2
    for part in (body[:half], body[half:]):
        if part:
            yield b"%x\r\n%s\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def _decoded(content: bytes, encoding: str, limit: int) -> bytes:
    """Undo gzip and deflate, which nobody asked for, up to the limit; leave alone what cannot be undone."""
    window = {"gzip": 31, "x-gzip": 31, "deflate": 15}.get(encoding.strip().lower())
    if window is None:
        return content
    try:
        return zlib.decompressobj(window).decompress(content, limit)
    except zlib.error:
        return content


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message
        return f"its certificate is not trusted: {why}; target.ca_bundle names authorities to trust"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
