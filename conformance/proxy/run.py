"""Runs the proxy under uvicorn until it is told to stop: in the foreground, or in a thread for tests."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

import uvicorn

from .app import Proxy

_PATIENCE: Final = 1.0
_HEAD: Final = 128 * 1024


class StartError(Exception):
    """The proxy cannot listen; the message says what stands in its way and what helps."""


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: who runs it decides how it stops."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; what is still under way after a second is broken off."""
        asyncio.get_running_loop().call_later(_PATIENCE, self._cut_off)
        await super().shutdown(sockets)

    def _cut_off(self) -> None:
        for task in self.server_state.tasks:
            task.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals alone."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        StartError: the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise StartError(f"port {port} on {host} is in use; choose another --port (0: any)") from error
        raise StartError(
            f"cannot listen on {host}:{port}: {error}; choose another --host or --port"
        ) from error
    bound.listen(2048)
    return bound


def server_of(proxy: Proxy) -> Server:
    """The server of a proxy: heads are bounded, and nothing is added to what passes."""
    return Server(
        uvicorn.Config(
            proxy,
            http="h11",
            h11_max_incomplete_event_size=_HEAD,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=10,  # see _PATIENCE
            timeout_keep_alive=30,
        )
    )


def serve(
    proxy: Proxy,
    bound: socket.socket,
    *,
    stop: threading.Event,
    seconds: float | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until `stop` is set, or this many seconds have passed."""
    server = server_of(proxy)

    async def main() -> None:
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.001)
        ready()
        waiting = asyncio.create_task(asyncio.to_thread(stop.wait, seconds))
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        server.should_exit = True
        await serving
        await waiting

    with contextlib.closing(bound), asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(main())


class ProxyThread:
    """A proxy in a thread of its own, for tests and benchmarks: a context manager.

    Attributes:
        base_url: where it is.
    """

    def __init__(self, proxy: Proxy) -> None:
        self._bound = bind("127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{self._bound.getsockname()[1]}"
        self._stop, ready = threading.Event(), threading.Event()
        self._ready = ready
        self._thread = threading.Thread(
            target=serve,
            args=(proxy, self._bound),
            kwargs={"stop": self._stop, "ready": ready.set},
            daemon=True,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=15)
