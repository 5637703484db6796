"""A forwarder between a client and a server that counts what passes it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

_HEAD = b" HTTP/1.1\r\n"


@dataclass(slots=True)
class Traffic:
    """What passed: requests, and the bytes of both directions, heads included."""

    requests: int = 0
    sent: int = 0
    received: int = 0


@contextlib.contextmanager
def counting(port: int) -> Iterator[tuple[int, Traffic]]:
    """Forward to a port of this machine while the block lasts: the port to use instead, and the counts."""
    traffic = Traffic()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="forwarder")
    thread.start()
    stack = contextlib.AsyncExitStack()
    try:
        opened = asyncio.run_coroutine_threadsafe(stack.enter_async_context(_forwarder(port, traffic)), loop)
        yield opened.result(timeout=10), traffic
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextlib.asynccontextmanager
async def _forwarder(port: int, traffic: Traffic) -> AsyncIterator[int]:
    open_now: set[asyncio.Task[None]] = set()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (it runs in one)
        open_now.add(task)
        try:
            onward_reader, onward = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.closing(onward):
                there = asyncio.ensure_future(_upwards(reader, onward, traffic))
                await _downwards(onward_reader, writer, traffic)
                there.cancel()
                await asyncio.gather(there, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # a client or the server that leaves is none of the forwarder's business
        finally:
            open_now.discard(task)
            writer.close()

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(open_now):
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)


async def _upwards(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, traffic: Traffic) -> None:
    tail = b""
    while part := await reader.read(65_536):
        traffic.sent += len(part)
        # A head may lie across two parts; the tail is too short to be counted twice.
        traffic.requests += (tail + part).count(_HEAD)
        tail = (tail + part)[-len(_HEAD) + 1 :]
        writer.write(part)
        await writer.drain()
    writer.write_eof()


async def _downwards(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, traffic: Traffic) -> None:
    while part := await reader.read(65_536):
        traffic.received += len(part)
        writer.write(part)
        await writer.drain()
