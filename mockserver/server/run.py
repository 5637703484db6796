"""Runs the application under uvicorn: in the foreground for people, in a thread for tests."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

import uvicorn
from starlette.types import ASGIApp

from ..apis.base import served_apis
from ..sandbox.registry import Sandboxes
from ..sandbox.sandbox import Sandbox
from ..sandbox.settings import Settings
from ..store.keeping import StoredSandboxes
from ..store.redis_store import RedisStore, StoreError
from ..variants.registry import classes_of
from .application import create_app, operations_of
from .collecting import spare_what_lives
from .http_protocol import protocol_with

logger = logging.getLogger("dbcontract.mockserver")


_PATIENCE = 1.0
"""Seconds that requests have to be answered when the server stops."""


class StartError(Exception):
    """The server cannot start; the message says what stands in its way and what helps."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Attributes:
        base_url: scheme, host and port, without a trailing slash.
    """

    base_url: str
    settings: Settings
    sandboxes: Sandboxes

    @property
    def sandbox(self) -> Sandbox:
        """The default sandbox."""
        return self.sandboxes.default

    @property
    def urls(self) -> Mapping[str, str]:
        """The base URL of each API that is served, by its name, without a trailing slash."""
        apis = sorted(served_apis().items())
        return {name: self.base_url + api.base_path for name, api in apis if name in self.settings.apis}


class Keeper(Protocol):
    """Keeps the default sandbox beyond the life of a server."""

    def load(self, running: Running) -> None:
        """Make the default sandbox what was kept; called before anything is served."""

    def save(self, running: Running) -> Iterator[None]:
        """Keep the default sandbox as it is now, in short steps."""


class _Uvicorn(uvicorn.Server):
    """uvicorn without its own signal handling: who runs it decides how it stops.

    `sandboxes` are told of the stop before uvicorn waits for open connections: streams of events never end
    by themselves.
    """

    def __init__(self, config: uvicorn.Config, sandboxes: Sandboxes) -> None:
        super().__init__(config)
        self._sandboxes = sandboxes

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to keep sandboxes, then start as uvicorn does."""
        if self._sandboxes.keeping is not None:
            await self._sandboxes.keeping.begin()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would not end, then stop as uvicorn does."""
        self._sandboxes.end_watching()
        asyncio.get_running_loop().call_later(_PATIENCE, self._cut_off)
        await super().shutdown(sockets)
        if self._sandboxes.keeping is not None:
            await self._sandboxes.keeping.end()

    def _cut_off(self) -> None:
        """Break off what is still being answered, before uvicorn does and calls it an error."""
        for task in self.server_state.tasks:
            task.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals alone."""
        yield


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host, settings.port))
    except (OSError, OverflowError) as error:
        bound.close()
        where = f"{settings.host}:{settings.port}"
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            msg = f"port {settings.port} on {settings.host} is in use; choose another --port (0: any)"
        elif getattr(error, "errno", None) == errno.EACCES:
            msg = f"port {settings.port} on {settings.host} needs more rights; choose a --port above 1023"
        else:
            msg = f"cannot listen on {where}: {error}; choose another --host or --port"
        raise StartError(msg) from error
    bound.listen(2048)
    return bound


def _url(settings: Settings, bound: socket.socket) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - not a bind
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{bound.getsockname()[1]}"


def _stored(settings: Settings, url: str, sandboxes: Sandboxes) -> StoredSandboxes:
    try:
        store = RedisStore(url, settings.store_ttl)
    except StoreError as error:
        raise StartError(f"store {error}") from error
    return StoredSandboxes(store, sandboxes, every=settings.store_every, operations=operations_of(settings))


def _prepare(settings: Settings, keeper: Keeper | None) -> tuple[_Uvicorn, socket.socket, Running]:
    """Bind before loading: a taken port is told at once, whatever the data set's size."""
    bound = _bind(settings)
    try:
        sandboxes = Sandboxes.load(settings, classes_of(settings.variants))
        if settings.store is not None:
            sandboxes.keeping = _stored(settings, settings.store, sandboxes)
        running = Running(_url(settings, bound), settings, sandboxes)
        if keeper is not None:
            keeper.load(running)
        app: ASGIApp = create_app(settings, running.sandboxes)
    except BaseException:
        bound.close()
        raise
    config = uvicorn.Config(
        app,
        http=protocol_with(settings.limits),
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # see web/origin.py
        ws="none",
        timeout_graceful_shutdown=10,  # see _PATIENCE
        timeout_keep_alive=30,
    )
    return _Uvicorn(config, running.sandboxes), bound, running


class _Saving:
    """Lets a keeper save while the server goes on; wishes that come meanwhile are one more saving."""

    def __init__(self, keeper: Keeper, running: Running) -> None:
        self._keeper = keeper
        self._running = running
        self._wanted = False
        self._task: asyncio.Task[None] | None = None

    def want(self) -> None:
        """Save soon."""
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._save())

    async def _save(self) -> None:
        while self._wanted:
            self._wanted = False
            try:
                await self._running.sandbox.turn.free()
                for _ in self._keeper.save(self._running):
                    await asyncio.sleep(0)
            except Exception as error:  # noqa: BLE001 - told; the server goes on, and saves again at its end
                logger.error("the sandbox was not saved: %s", error)  # noqa: TRY400 - no traceback for a full disk

    async def finish(self) -> None:
        """Wait until nothing is being saved."""
        if self._task is not None:
            await self._task


def _save(keeper: Keeper, running: Running) -> None:
    for _ in keeper.save(running):
        pass


def serve_forever(
    settings: Settings, on_ready: Callable[[Running], None], keeper: Keeper | None = None
) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP, then stop within a second.

    Args:
        settings: what to serve and where.
        on_ready: called once, as soon as requests are answered.
        keeper: where the default sandbox comes from, and goes to at the end and on SIGUSR1.

    Raises:
        StartError: the address cannot be used.
        DataError: the data set cannot be loaded.
    """
    server, bound, running = _prepare(settings, keeper)
    # Not in a thread of somebody else's process, whose objects would be kept from the collector, too.
    spare_what_lives()

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def stop() -> None:
            # A second signal does not wait for open connections.
            server.force_exit = server.should_exit
            server.should_exit = True

        for number in _ends():
            loop.add_signal_handler(number, stop)
        saving = None if keeper is None else _Saving(keeper, running)
        if saving is not None and hasattr(signal, "SIGUSR1"):
            loop.add_signal_handler(signal.SIGUSR1, saving.want)
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.001)
        try:
            if server.started:
                on_ready(running)
        except BaseException:
            server.should_exit = True
            await serving
            raise
        await serving
        if saving is not None:
            await saving.finish()

    with contextlib.closing(bound):
        _runner(server)(main())
    if keeper is not None and server.started:
        _save(keeper, running)


def _ends() -> list[signal.Signals]:
    """The signals that end the server; a hangup that is to be ignored (nohup) stays ignored."""
    found = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        found.append(signal.SIGHUP)
    return found


def _runner(server: _Uvicorn) -> Callable[..., None]:
    factory = server.config.get_loop_factory()

    def run(main: object) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(main)  # type: ignore[arg-type]

    return run


class ServerThread:
    """A server in a thread of its own, for tests: a context manager that gives a `Running`.

    Args:
        settings: what to serve and where.
        keeper: where the default sandbox comes from, and goes to at the end.

    Raises (on entering):
        StartError: the address cannot be used.
        DataError: the data set cannot be loaded.
    """

    def __init__(self, settings: Settings, keeper: Keeper | None = None) -> None:
        self._settings = settings
        self._keeper = keeper
        self._running: Running | None = None
        self._server: _Uvicorn | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Running:
        server, bound, running = _prepare(self._settings, self._keeper)
        ready = threading.Event()

        async def main() -> None:
            serving = asyncio.create_task(server.serve(sockets=[bound]))
            while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event
                await asyncio.sleep(0.001)
            ready.set()
            await serving

        def run() -> None:
            with contextlib.closing(bound):
                try:
                    _runner(server)(main())
                finally:
                    ready.set()

        self._server = server
        self._thread = threading.Thread(target=run, name="dbcontract-server", daemon=True)
        self._thread.start()
        ready.wait()
        if not server.started:
            msg = "the server did not start; its log says why"
            raise StartError(msg)
        self._running = running
        return running

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=10)
        if self._keeper is not None and self._running is not None:
            _save(self._keeper, self._running)
