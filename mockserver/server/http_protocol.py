"""HTTP/1.1 by uvicorn and httptools: offers of other protocols are ignored, heads are bounded."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote, urlsplit, urlunsplit

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ..sandbox.limits import Limits
from .http_cycle import Cycle

_OF_THE_OFFER = frozenset({b"upgrade", b"http2-settings"})
_LINE = b"%b %b HTTP/%b\r\n"


class _Refused(Exception):
    """A head that no application is to see; raised through the parser."""


class PlainProtocol(HttpToolsProtocol):
    """Ignores every offer to go on in another protocol, and reads the request to its end.

    Java's HttpClient and `curl --http2` offer HTTP/2 with `Upgrade: h2c`, browsers WebSocket; a server may go
    on as if they had not (RFC 9110, 7.8). httptools stops after the head of such a request, body or not. What
    it has read is put before it once more, with a `Connection` that names no offer.

    What is refused here reaches no application and no journal: a head that is too long (431, its URL alone:
    414) or takes too long (408), none or several `Host` in HTTP/1.1 (400; RFC 9112, 3.2), and what is not
    HTTP (400).
    """

    limits = Limits()
    _waiting: asyncio.TimerHandle | None = None  # for the rest of a head
    _fed = 0  # bytes of a head, of chunk sizes or trailers since there was any of a body; rather too many
    _idle_since: float | None = None  # an instant of the loop's; None while there is something to do
    _idle_timer: asyncio.TimerHandle | None = None  # one for many requests: to arm one for each takes longer
    _answering: RequestResponseCycle | None = None
    _refusal = (HTTPStatus.BAD_REQUEST, "Invalid HTTP request received.")

    def data_received(self, data: bytes) -> None:
        """Take in what came over the connection."""
        self._idle_since = None
        self._fed += len(data)
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                if self.scope["method"] == "CONNECT":  # asks for nothing else than another protocol
                    self._refuse()
                    return
                data = self._without_offer() + data[offer.args[0] :]
                self.parser = _parser(self)
            except httptools.HttpParserError:
                self._refuse()
                return
            else:
                if self._is_between_messages():
                    self._fed = 0
                elif self._fed > self.limits.head:
                    self._too_long()
                    self._refuse()
                elif self._waiting is None and not self._has_head():
                    self._wait()
                return

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there, and has to say what it wants."""
        super().connection_made(transport)
        self._sent = self.loop.create_future()
        self._sent.set_result(None)
        self._wait()

    def on_headers_complete(self) -> None:
        """Look at the head as a whole before an application does."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        most = self.limits.head
        if len(self.url) > self.limits.url or (self._fed > most and self._head_size() > most):
            self._too_long()
            raise _Refused
        version = self.parser.get_http_version()
        if version not in {"1.1", "1.0"}:
            self._refusal = (HTTPStatus.BAD_REQUEST, "This server speaks HTTP/1.1 and HTTP/1.0.")
            raise _Refused
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) != 1 and (hosts or version == "1.1"):
            self._refusal = (HTTPStatus.BAD_REQUEST, "A request names exactly one Host.")
            raise _Refused
        if self.url[:1] not in b"/*":
            self._address()
        self._take_up(version)
        if "path" in self.scope:
            self.headers = []  # what a trailer says is not told as if the head had said it

    def _address(self) -> None:
        """Take the host of a URL in absolute form for that of the request (RFC 9112, 3.2.2).

        Who decides by the host must not see another one than who wrote the URL. An empty path is the root.
        """
        parts = urlsplit(self.url)
        if b"@" in parts.netloc:
            self._refusal = (HTTPStatus.BAD_REQUEST, "The URL of a request names no user.")
            raise _Refused
        self.headers[:] = [(b"host", parts.netloc), *(one for one in self.headers if one[0] != b"host")]
        self.url = urlunsplit(parts._replace(path=parts.path or b"/"))

    def _take_up(self, version: str) -> None:
        """Have a request answered, after those that came before it; not one that offers another protocol."""
        parser, scope = self.parser, cast("dict[str, Any]", self.scope)
        scope["method"] = parser.get_method().decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
        if parser.should_upgrade():
            return
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""
        before: RequestResponseCycle | None = self.cycle
        self.cycle = cycle = Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        cycle.sent = self._sent
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for it."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._close_if_idle)

    def _close_if_idle(self) -> None:
        """End a connection on which nothing has come for long; look once more when it may be so."""
        self._idle_timer = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._idle_timer = self.loop.call_later(left, self._close_if_idle)
        else:
            self.timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever answers that the client has gone; uvicorn tells the request that came last."""
        cycle = self._answering
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        self.pipeline.clear()
        for timer in (self._waiting, self._idle_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Take in a piece of the body."""
        super().on_body(body)
        self._fed = 0

    def _is_between_messages(self) -> bool:
        scope: Any = self.scope  # None before the first request; with a path from its last header on
        return scope is None or ("path" in scope and not self.cycle.more_body)

    def _has_head(self) -> bool:
        scope: Any = self.scope
        return "path" in scope

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _too_long(self) -> None:
        if len(self.url) > self.limits.url:
            message = f"A URL has {self.limits.url} bytes at most."
            self._refusal = (HTTPStatus.REQUEST_URI_TOO_LONG, message)
        else:
            message = f"URL and header fields have {self.limits.head} bytes at most, together."
            self._refusal = (HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, message)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.limits.head_seconds, self._too_late)

    def _too_late(self) -> None:
        if self.transport.is_closing():
            return  # the answer to an earlier request is still going out, and was the last one
        message = f"The head of a request comes within {self.limits.head_seconds} seconds."
        self._refusal = (HTTPStatus.REQUEST_TIMEOUT, message)
        self._refuse()

    def _should_upgrade(self) -> bool:
        """Whether a request that offers another protocol is to be left alone until it comes once more."""
        return True

    def _without_offer(self) -> bytes:
        lines = [_LINE % (self.scope["method"].encode(), self.url, self.parser.get_http_version().encode())]
        for name, value in self.headers:
            if name == b"connection":
                kept = [word for word in value.split(b",") if word.strip().lower() not in _OF_THE_OFFER]
                lines += [b"connection: %b\r\n" % b",".join(kept)] if kept else []
            else:  # `Upgrade` without that word asks for nothing, and the journal has what was sent
                lines.append(b"%b: %b\r\n" % (name, value))
        return b"".join([*lines, b"\r\n"])

    def _refuse(self) -> None:
        status, message = self._refusal
        cycle = self._answering
        is_under_way = cycle is not None and not cycle.response_complete
        if cycle is not None and is_under_way and (cycle is not self.cycle or not cycle.more_body):
            # An earlier request is still being answered: that is the last answer, and this is not sent in its
            # place.
            cycle.keep_alive = False
            self.pipeline.clear()
            self.flow.pause_reading()
            return
        if cycle is not None and is_under_way:
            # Who reads the body of this one is told that the client is gone, and answers nobody.
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.close()
                return
        text = message.encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + text)
        self.transport.close()


def protocol_with(limits: Limits) -> type[PlainProtocol]:
    """The protocol of a server with these limits; uvicorn makes an object of it for each connection."""
    return type("LimitedProtocol", (PlainProtocol,), {"limits": limits})


def _parser(protocol: HttpToolsProtocol) -> Any:
    parser = httptools.HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn sets it
    return parser
