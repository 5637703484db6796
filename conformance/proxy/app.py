"""The proxy as an ASGI application: one request in, the same request out, and the answer back in streams."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import httpcore

from ..http.body import Body
from ..http.wire import Received, Request
from ..watching.observer import MEMORY, Observer, Watched
from .bodies import ClientGone, Incoming, Receive, keep
from .heads import BadHead, Raw, as_text, back, length_of, onward
from .links import LONGEST, Links
from .sockets import PlainBackend
from .upstreams import Upstream, Upstreams, tls

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

KEPT: Final = 64 * 1024 * 1024
_HOST = re.compile(rb"[A-Za-z0-9.\-_]+(?::\d+)?|\[[0-9A-Fa-f:.]+\](?::\d+)?")
_KEPT_OPEN: Final = 100
_IDLE: Final = 2.0
"""Seconds that a connection is kept for the next request: less than most servers do."""
_MESSAGES: Final = (
    (httpcore.ConnectTimeout, 504, "no connection could be made in time"),
    (httpcore.ConnectError, 502, "no connection could be made"),
    (httpcore.ReadTimeout, 504, "no answer came in time"),
    (httpcore.TimeoutException, 504, "it took nothing more in time"),
    (httpcore.RemoteProtocolError, 502, "what came back is not HTTP, or breaks off"),
    (httpcore.LocalProtocolError, 502, "the request cannot be said in HTTP/1.1"),
    (httpcore.NetworkError, 502, "the connection broke"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """How to pass things on.

    Attributes:
        timeout: seconds of silence that are borne.
        connect: seconds to make a connection in.
        kept: this many bytes of a body are kept to be judged; the whole always passes.
        preserve_host: send the client's `Host`, and not that of what is behind.
        rewrite_links: let absolute links lead through the proxy.
        ca_bundle: a PEM file of authorities to trust instead of the system's.
    """

    timeout: float = 300.0
    connect: float = 10.0
    kept: int = KEPT
    preserve_host: bool = False
    rewrite_links: bool = False
    ca_bundle: str | None = None


class Proxy:
    """Passes requests on to what is behind it, and nowhere else.

    Args:
        upstreams: what is behind.
        observer: is handed every exchange.
        options: how.
    """

    def __init__(self, upstreams: Upstreams, observer: Observer, options: Options | None = None) -> None:
        self._upstreams = upstreams
        self._observer = observer
        self._options = options or Options()
        backends = {"http": PlainBackend(), "https": None}
        self._pools = {
            (scheme, kept): httpcore.AsyncConnectionPool(
                ssl_context=tls(self._options.ca_bundle),
                network_backend=backend,
                max_connections=None,
                max_keepalive_connections=kept,
                keepalive_expiry=_IDLE,
            )
            for scheme, backend in backends.items()
            for kept in (0, _KEPT_OPEN)
        }
        self._links = lru_cache(16)(lambda own: Links(upstreams, own))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the beginning and the end of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            try:
                await self._serve(scope, receive, send)
            except asyncio.CancelledError:
                # ASGI has no word for cutting a connection; uvicorn's `send` belongs to what owns it.
                transport = getattr(getattr(send, "__self__", None), "transport", None)
                if transport is None:
                    raise
                # The proxy stops. No answer is left to give, and nothing went wrong.
                transport.abort()
                while (await receive())["type"] != "http.disconnect":
                    pass

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                for pool in self._pools.values():
                    await pool.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return
            await send({"type": "lifespan.startup.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._observer.room()
        headers: list[Raw] = list(scope["headers"])
        if any(name == b"upgrade" and b"websocket" in value.lower() for name, value in headers):
            await _refuse(send, 501, "This proxy passes HTTP on, and no WebSocket.")
            return
        if scope["method"] == "CONNECT":
            await _refuse(send, 501, "This proxy makes no tunnels.")
            return
        found = self._upstreams.of(_target(scope))
        if found is None:
            await _refuse(send, 404, "No such storage was named (--storage).")
            return
        upstream, target = found
        host = (
            b""
            if self._options.preserve_host and upstream is self._upstreams.main
            else upstream.netloc.encode()
        )
        without = frozenset({b"accept-encoding"}) if self._options.rewrite_links else frozenset()
        try:
            onwards = onward(headers, host, without=without)
        except BadHead as error:
            await _refuse(send, 400, f"This request is not passed on: {error}.")
            return
        passing = _Passing(
            self,
            upstream=upstream,
            target=target,
            method=scope["method"],
            headers=onwards,
            incoming=Incoming(receive, self._options.kept),
            send=send,
        )
        own = next((value for name, value in headers if name == b"host"), b"")
        await passing.run(self._links(f"http://{own.decode()}") if self._rewrites(own) else None)

    def _rewrites(self, own: bytes) -> bool:
        return self._options.rewrite_links and _HOST.fullmatch(own) is not None

    @property
    def options(self) -> Options:
        """How things are passed on."""
        return self._options

    @property
    def observer(self) -> Observer:
        """Who is handed every exchange."""
        return self._observer

    def pool(self, scheme: str, *, again: bool) -> httpcore.AsyncConnectionPool:
        """The connections to what is behind; kept ones only for what may be sent again."""
        return self._pools[scheme, _KEPT_OPEN if again else 0]


class _Passing:
    """One request on its way."""

    def __init__(
        self,
        proxy: Proxy,
        *,
        upstream: Upstream,
        target: bytes,
        method: str,
        headers: list[Raw],
        incoming: Incoming,
        send: Send,
    ) -> None:
        self._proxy = proxy
        self._observer = proxy.observer
        self._upstream = upstream
        self._target = target
        self._method = method
        self._headers = headers
        self._incoming = incoming
        self._send = send
        self._started = False
        self._answer: Received | None = None
        url = f"{upstream.origin}{target.decode('latin-1')}"
        self._watched: Watched = self._observer.begin(Request(method, url, as_text(headers)))

    async def run(self, links: Links | None) -> None:
        """Pass it on; a client that goes takes its request with it."""
        forwarding = asyncio.create_task(self._forward(links))
        leaving = asyncio.create_task(self._incoming.gone())
        try:
            await asyncio.wait({forwarding, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not forwarding.done():
                self._over(None, "the client did not wait for the answer")
        finally:
            for task in (forwarding, leaving):
                task.cancel()
            await asyncio.gather(forwarding, leaving, return_exceptions=True)
            self._over(None, "the proxy was stopped")
        if not forwarding.cancelled() and (error := forwarding.exception()) is not None:
            raise error

    def _over(self, body: Body | None, problem: str | None) -> None:
        """Hand the exchange over; what is cut short by anybody is not judged."""
        answer = self._answer if problem is None else None
        self._observer.end(self._watched, self._incoming.body, answer, body, problem)

    async def _forward(self, links: Links | None) -> None:
        try:
            await self._exchange(links)
        except ClientGone:
            self._over(None, "the client did not wait for the answer")
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            status, told = next((code, text) for kind, code, text in _MESSAGES if isinstance(error, kind))
            self._over(None, f"{self._upstream.origin}: {told}")
            if self._started:
                raise  # what was begun cannot be ended well: the server closes the connection
            reason = " ".join(str(error).split())[:200]
            if "CERTIFICATE_VERIFY_FAILED" in reason:
                reason += "; --ca-bundle FILE names other authorities to trust"
            await _refuse(
                self._send, status, f"{self._upstream.origin}: {told}{f' ({reason})' if reason else ''}."
            )

    async def _exchange(self, links: Links | None) -> None:
        response = await self._sent()
        try:
            headers = list(response.headers)
            self._answer = Received(response.status, _reason(response), as_text(headers), b"", 0.0)
            back_to_client = back(headers)
            if links is not None:
                back_to_client = links.headers(back_to_client)
                if await self._rewritten(response, back_to_client, links):
                    return
            await self._streamed(response, back_to_client)
        finally:
            with suppress(Exception):
                await response.aclose()

    async def _sent(self) -> httpcore.Response:
        """The request as it goes on; one that only reads, and has no body, a second time.

        That is where the connection, kept from an earlier request, was closed meanwhile.
        """
        has_body = any(
            name in {b"content-length", b"transfer-encoding"} and value != b"0"
            for name, value in self._headers
        )
        if not has_body:
            self._incoming.is_empty()
        for again in (self._method in {"GET", "HEAD"} and not has_body, False):
            request = httpcore.Request(
                self._method,
                httpcore.URL(
                    scheme=self._upstream.scheme.encode(),
                    host=self._upstream.host.encode(),
                    port=self._upstream.port,
                    target=self._target,
                ),
                headers=self._headers,
                content=self._incoming.parts() if has_body else b"",
                extensions={"timeout": self._timeouts()},
            )
            try:
                pool = self._proxy.pool(self._upstream.scheme, again=again)
                return await pool.handle_async_request(request)
            except (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError) as error:
                closed = isinstance(error, httpcore.NetworkError) or "without sending" in str(error)
                if not again or not closed:
                    raise
        raise AssertionError

    def _timeouts(self) -> dict[str, float]:
        options = self._proxy.options
        return {"connect": options.connect, "read": options.timeout, "write": options.timeout}

    async def _streamed(self, response: httpcore.Response, headers: list[Raw]) -> None:
        bodiless = self._method == "HEAD" or response.status in {204, 304}
        length = 0 if bodiless else length_of(response.headers)
        body = Body(self._proxy.options.kept, MEMORY)
        # The client must not know the end before it is noted, or its next request would seem to overlap.
        if length == 0:
            await self._drained(response)
            self._over(body, None)
        await self._start(response.status, headers)
        if length != 0:
            await self._parts_of(response, body, length)
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _parts_of(self, response: httpcore.Response, body: Body, length: int | None) -> None:
        size = 0
        async with aclosing(_parts(response)) as parts:
            async for part in parts:
                size += len(part)
                keep(body, part)
                if length is not None and size >= length:
                    self._over(body, None)
                await self._send({"type": "http.response.body", "body": part, "more_body": True})
        self._over(body, None)

    @staticmethod
    async def _drained(response: httpcore.Response) -> None:
        async for _ in _parts(response):
            pass

    async def _start(self, status: int, headers: list[Raw]) -> None:
        self._started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _rewritten(self, response: httpcore.Response, headers: list[Raw], links: Links) -> bool:
        """Pass a JSON body on with its links changed, if it is short and as it is; whether that was done."""
        said = {name.lower(): value.lower() for name, value in response.headers}
        length = length_of(response.headers)
        if b"json" not in said.get(b"content-type", b"") or b"content-encoding" in said:
            return False
        if self._method == "HEAD" or (length or 0) > LONGEST or response.status in {204, 304}:
            return False
        body = Body(max(LONGEST, self._proxy.options.kept), MEMORY)
        async with aclosing(_parts(response)) as parts:
            async for part in parts:
                keep(body, part)
                if body.size > LONGEST:  # only where no length was told: the rest goes on as it is
                    await self._start(response.status, headers)
                    for begun in body.parts():
                        await self._send({"type": "http.response.body", "body": begun, "more_body": True})
                    async for more in parts:
                        keep(body, more)
                        await self._send({"type": "http.response.body", "body": more, "more_body": True})
                    self._over(body, None)
                    await self._send({"type": "http.response.body", "body": b"", "more_body": False})
                    return True
        self._over(body, None)
        content = links.body(b"".join(body.parts()))
        framed = [
            (name, str(len(content)).encode() if name.lower() == b"content-length" else value)
            for name, value in headers
        ]
        await self._start(response.status, framed)
        await self._send({"type": "http.response.body", "body": content, "more_body": False})
        return True


async def _parts(response: httpcore.Response) -> AsyncGenerator[bytes, None]:
    async for part in response.stream:  # type: ignore[union-attr]
        yield part


def _reason(response: httpcore.Response) -> str:
    reason: bytes = response.extensions.get("reason_phrase", b"")
    return reason.decode("latin-1")


def _target(scope: Scope) -> bytes:
    """Path and query as they came; of a request for another host, its path at this one."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    if not path.startswith(b"/") and path != b"*":
        found = re.match(rb"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*", path)
        path = path[found.end() :] if found else b""
        path = path if path.startswith(b"/") else b"/" + path
    return path + (b"?" + query if query else b"")


async def _refuse(send: Send, status: int, text: str) -> None:
    """Answer in the proxy's own name; `Via` tells the client that this is not from behind it."""
    content = text.encode("utf-8", "replace")
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(content)).encode()),
        (b"via", b"1.1 dbcontract"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})
