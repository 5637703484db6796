"""HTTP/1.1 as bytes: one request, one answer, within a time and a size.

A client library would be more comfortable, but it tidies up what a check wants to send (odd headers, dot
segments, a broken chunk) and what it wants to see (a body behind a 204), and it waits for ever when a server
sends a byte a second. `http.client` parses the answers.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Self
from urllib.parse import urlsplit

from .connection import Cancelled, Connection, Header, OddAnswer, Patience, Received, Request
from .destinations import Guard, Refused
from .dialing import NoTunnel, dial, tunnel
from .proxy import Proxy
from .spool import NoRoom

__all__ = [
    "REDIRECTS",
    "Cancelled",
    "Header",
    "Limits",
    "NoAnswer",
    "OwnLimit",
    "Received",
    "Request",
    "Unreachable",
    "Wire",
    "origin_of",
]

REDIRECTS = frozenset({301, 302, 303, 307, 308})

Origin = tuple[str, str, int]


class NoAnswer(Exception):
    """The target was reached, but no complete answer came back; the message says what came instead."""


class OwnLimit(NoAnswer):
    """A limit of the kit was met before the answer was complete, which says nothing against the target.

    The time that the pace gives was over, or the temporary folder is full.
    """


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
    """How long and how much to wait for, in seconds and bytes.

    Attributes:
        body: so much of one is read.
        memory: so much of a body is held in memory at once.
    """

    connect: float = 5.0
    read: float = 30.0
    total: float = 60.0
    body: int = 256 * 1024 * 1024
    memory: int = 32 * 1024 * 1024


@lru_cache(maxsize=256)  # of each request several ask
def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; two URLs of one origin may share credentials.

    Raises:
        ValueError: no absolute HTTP URL.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in {"http", "https"} or not host:
        message = f"{url!r} is not an absolute http or https URL"
        raise ValueError(message)
    return parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80)


class Wire:
    """A pool of connections; several threads may use it at once.

    Args:
        limits: of each exchange.
        ca_bundle: a PEM file of authorities to trust instead of the system's.
        proxy: what requests are handed to, but for those to this machine.
        guard: says where requests may go; by default everywhere.
        cancelled: ends what is sent with no event of its own.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        ca_bundle: str | None = None,
        proxy: Proxy | None = None,
        guard: Guard | None = None,
        cancelled: threading.Event | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._ca_bundle = ca_bundle
        self._proxy = proxy
        self._guard = guard
        self._cancelled = cancelled
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[Origin, list[Connection]] = {}
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

    def send(
        self,
        request: Request,
        *,
        until: float | None = None,
        cancelled: threading.Event | None = None,
        trusted: bool = False,
    ) -> Received:
        """Send a request and read the answer.

        Args:
            request: what to send.
            until: an instant of `time.monotonic` that the exchange must not outlast.
            cancelled: set when the run is to stop.
            trusted: the user named the address, no answer of the target did.

        Raises:
            Unreachable: no connection, or none that may be made.
            NoAnswer: no complete answer within the limits.
            Cancelled: the run was stopped meanwhile.
            ValueError: the URL is not an HTTP URL.
        """
        origin = origin_of(request.url)
        deadline = time.monotonic() + self.limits.total
        if until is not None:
            deadline = min(deadline, until)
        patience = Patience(self.limits.read, deadline, cancelled or self._cancelled)
        guard = None if trusted else self._guard
        if guard is not None:
            self._vet(guard, origin, request.url)
        connection = self._take(origin)
        if connection is not None:
            try:
                return self._exchange(connection, request, patience)
            except _ClosedUnanswered:
                # A server may close an idle connection at any time. What fails because of the
                # request itself fails again on a connection of its own.
                pass
        return self._exchange(self._connect(origin, patience, guard), request, patience)

    @staticmethod
    def _vet(guard: Guard, origin: Origin, url: str) -> None:
        try:
            guard.vet_url(origin[1], origin[2], url)
        except Refused as error:
            raise Unreachable(origin, str(error)) from None

    def _take(self, origin: Origin) -> Connection | None:
        with self._lock:
            several = self._idle.get(origin, [])
            while several:
                connection = several.pop()
                if connection.is_quiet():
                    return connection
                connection.close()
        return None

    def _connect(self, origin: Origin, patience: Patience, guard: Guard | None) -> Connection:
        scheme, host, port = origin
        proxy = self._proxy if self._proxy is not None and self._proxy.serves(host, port) else None
        plain: socket.socket | None = None
        try:
            if proxy is None:
                plain = dial(host, port, patience, self.limits.connect, guard)
            else:
                if guard is not None:
                    guard.vet_literal(host, port)
                plain = dial(proxy.host, proxy.port, patience, self.limits.connect)
                if scheme == "https":
                    tunnel(plain, proxy, host, port, patience)
            if scheme == "https":
                plain.settimeout(self.limits.connect)
                plain = self._context().wrap_socket(plain, server_hostname=host)
        except (OSError, UnicodeError, NoTunnel, Refused) as error:
            if plain is not None:
                plain.close()
            through = f"through the proxy {proxy.name}: " if proxy is not None else ""
            raise Unreachable(origin, through + _reason(error)) from error
        except BaseException:
            if plain is not None:
                plain.close()
            raise
        forwarded = proxy.headers if proxy is not None and scheme == "http" else None
        return Connection(plain, origin, forwarded=forwarded)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._ca_bundle)
        return self._tls

    def _exchange(self, connection: Connection, request: Request, patience: Patience) -> Received:
        try:
            with _told_as_no_answer(self.limits, connection):
                received, reusable = connection.exchange(
                    request, patience, self.limits.body, self.limits.memory
                )
        except BaseException:
            connection.close()
            raise
        if reusable:
            with self._lock:
                self._idle.setdefault(connection.origin, []).append(connection)
        else:
            connection.close()
        if connection.is_forwarded and _is_of_the_proxy(received.status, received.headers):
            told = f"{received.status} {received.reason}"
            raise Unreachable(connection.origin, f"the proxy answered in its place: {told}")
        return received


def _is_of_the_proxy(status: int, headers: tuple[Header, ...]) -> bool:
    """Whether an answer that came through a proxy is its own: it says so, or it wants credentials."""
    told = {name.lower(): value for name, value in headers}
    in_error = "error" in told.get("proxy-status", "").lower() or "x-squid-error" in told
    return status == 407 or (status >= 400 and in_error)


@contextmanager
def _told_as_no_answer(limits: Limits, connection: Connection) -> Iterator[None]:
    """Turn what sockets and the parser raise into one sentence."""
    try:
        yield
    except TimeoutError as error:
        message = f"no answer in time ({limits.read:g} s of silence, {limits.total:g} s in all)"
        if connection.count:
            message = f"the answer did not end in time; {connection.count} bytes had come"
        raise OwnLimit(f"{message}; raise pace.read_seconds or pace.total_seconds") from error
    except NoRoom as error:
        raise OwnLimit(str(error)) from error
    except http.client.IncompleteRead as error:
        message = f"the connection was closed inside the body, after {len(error.partial)} bytes of it"
        raise NoAnswer(message) from error
    except (http.client.RemoteDisconnected, ConnectionError) as error:
        if not connection.count:
            raise _ClosedUnanswered("the connection was closed without an answer") from error
        raise NoAnswer(f"the connection was closed after {connection.count} bytes") from error
    except OddAnswer as error:
        raise NoAnswer(str(error)) from error
    except (http.client.HTTPException, ValueError, OSError) as error:
        message = f"what came is not HTTP: {_reason(error)}"
        raise NoAnswer(message) from error


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message
        return f"its certificate is not trusted: {why}; target.ca_bundle names authorities to trust"
    if isinstance(error, TimeoutError):
        return "no connection in time"
    if isinstance(error, NoTunnel | Refused):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
