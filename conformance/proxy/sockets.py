"""The plain connections to what is behind the proxy, for httpcore.

A server may answer, and close, before it has read all of a request. What it said can still be read then: the
transports of asyncio give up a connection with the first write that fails, and its answer with it.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Iterable
from typing import Any

import httpcore

_Options = Iterable[tuple[Any, ...]]


class PlainBackend(httpcore.AsyncNetworkBackend):
    """Connects to servers without TLS."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's signature)
        local_address: str | None = None,  # noqa: ARG002 (the same)
        socket_options: _Options | None = None,  # noqa: ARG002 (the same)
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that takes it."""
        try:
            async with asyncio.timeout(timeout):
                return await _connected(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(error.strerror or str(error)) from error

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


async def _connected(host: str, port: int) -> httpcore.AsyncNetworkStream:
    loop = asyncio.get_running_loop()
    problem: OSError = OSError("the host has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        plain = socket.socket(family, kind, protocol)
        try:
            plain.setblocking(False)  # noqa: FBT003 (the socket's own signature)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(plain, address)
        except OSError as error:
            plain.close()
            problem = error
        except BaseException:
            plain.close()
            raise
        else:
            return _PlainStream(plain)
    raise problem


class _PlainStream(httpcore.AsyncNetworkStream):
    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 (httpcore's)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.get_running_loop().sock_recv(self._plain, max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(error.strerror or str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 (httpcore's)
        try:
            async with asyncio.timeout(timeout):
                await asyncio.get_running_loop().sock_sendall(self._plain, buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(error.strerror or str(error)) from error

    async def aclose(self) -> None:
        self._plain.close()

    def get_extra_info(self, info: str) -> Any:
        if info != "is_readable":
            return None
        if not hasattr(select, "poll"):
            return bool(select.select([self._plain], [], [], 0)[0])
        ready = select.poll()
        ready.register(self._plain, select.POLLIN)
        return bool(ready.poll(0))
