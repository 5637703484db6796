"""What goes over a connection, and how long one stays open that nothing comes on.

The loop's time is moved instead of waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from dbcontract.mockserver.sandbox.limits import Limits
from dbcontract.mockserver.server.http_protocol import PlainProtocol, protocol_with
from dbcontract.mockserver.web.responses import AT_ONCE

KEEP_ALIVE, HEAD = 30, 20
REQUEST = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"
LARGE = 32 * 1024 * 1024  # more than the system takes for a client that does not read


class Loop(asyncio.SelectorEventLoop):
    """A loop whose time is moved."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    async def move(self, seconds: float) -> None:
        """Let time pass, and what is due happen."""
        self.ahead += seconds
        for _ in range(10):
            await asyncio.sleep(0)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """As many bytes as the path says."""
    await Response(b"x" * int(Request(scope).url.path[1:]))(scope, receive, send)


async def in_pieces(scope: Scope, receive: Receive, send: Send) -> None:
    """The same, said to come at once, but each byte alone."""
    del receive
    size = int(Request(scope).url.path[1:])
    headers = [(b"content-length", b"%d" % size)]
    await send({"type": "http.response.start", "status": 200, "headers": headers, AT_ONCE: True})
    for left in reversed(range(size)):
        await send({"type": "http.response.body", "body": b"x", "more_body": left > 0})
    if not size:
        await send({"type": "http.response.body"})


@asynccontextmanager
async def connected(
    app: ASGIApp = app,
) -> AsyncIterator[tuple[PlainProtocol, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection from both sides."""
    made: list[PlainProtocol] = []
    limited = protocol_with(Limits(head_seconds=HEAD))
    config = uvicorn.Config(app, http=limited, log_config=None, timeout_keep_alive=KEEP_ALIVE)

    def make() -> PlainProtocol:
        made.append(limited(config, ServerState(), {}))
        return made[0]

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(REQUEST % 0)
        assert b"\r\n\r\n" in await reader.readuntil(b"\r\n\r\n")
        yield made[0], reader, writer
        writer.close()
        await writer.wait_closed()


def run(test: Callable[[Loop], Awaitable[None]]) -> None:
    with asyncio.Runner(loop_factory=Loop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Loop)
        runner.run(test(loop))  # type: ignore[arg-type]


def test_an_idle_connection_is_closed() -> None:
    async def test(loop: Loop) -> None:
        async with connected() as (_, reader, _writer):
            await loop.move(KEEP_ALIVE + 1)
            assert await reader.read() == b""

    run(test)


def test_each_answer_lets_it_stay_open_as_long_again() -> None:
    async def test(loop: Loop) -> None:
        async with connected() as (protocol, reader, writer):
            for _ in range(3):
                await loop.move(KEEP_ALIVE - 2)
                writer.write(REQUEST % 0)
                await reader.readuntil(b"\r\n\r\n")
            await loop.move(KEEP_ALIVE - 2)
            assert not protocol.transport.is_closing()
            await loop.move(4)
            assert await reader.read() == b""

    run(test)


def test_a_connection_that_is_being_closed_is_not_told_that_a_head_is_late() -> None:
    async def test(loop: Loop) -> None:
        async with connected() as (protocol, reader, writer):
            writer.write(REQUEST % LARGE + b"GET /")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            protocol.shutdown()  # as the server does when it stops; what is written goes out first
            assert protocol.transport.get_write_buffer_size() > 0
            await loop.move(HEAD + 1)
            assert len(await reader.read()) == LARGE

    run(test)


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
@pytest.mark.parametrize("answer", [app, in_pieces])
@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_head_goes_out_with_what_follows(answer: ASGIApp, method: bytes, size: int) -> None:
    async def test(_: Loop) -> None:
        async with connected(answer) as (_protocol, reader, writer):
            writer.write((REQUEST % size).replace(b"GET", method) + REQUEST % 2)
            for body in (b"" if method == b"HEAD" else b"x" * size, b"xx"):
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200 OK\r\n")
                assert await reader.readexactly(len(body)) == body

    run(test)
