from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator

import pytest

from .client import Client, PixieBrix
from .mock import Running, Sandbox, ServerThread, settings
from .places import Environments, make_places


@pytest.fixture(autouse=True)
def nothing_goes_wrong_inside(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test sends, the server logs no error: no bug, no response other than described."""
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    errors = [record for record in records if record.levelno >= logging.ERROR]
    assert not errors, "\n".join(f"{record.getMessage()} {record.exc_info}" for record in errors)


@pytest.fixture(scope="session")
def shared() -> Iterator[Running]:
    """One server for all tests that need no settings of their own."""
    with ServerThread(settings()) as running:
        yield running


@pytest.fixture
def server(shared: Running) -> Running:
    """A server whose state, clock and ids are as at its start."""
    shared.sandboxes.default = Sandbox.make(shared.sandboxes.base, shared.settings)
    return shared


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Start a server of the test's own, with other settings."""
    with contextlib.ExitStack() as stack:
        yield lambda **changes: stack.enter_context(ServerThread(settings(**changes)))


@pytest.fixture(scope="module")
def module_start() -> Iterator[Callable[..., Running]]:
    """Start a server for all tests of a module."""
    with contextlib.ExitStack() as stack:
        yield lambda **changes: stack.enter_context(ServerThread(settings(**changes)))


@pytest.fixture
def connect() -> Iterator[Callable[[Running], PixieBrix]]:
    """A PixieBrix client of a server that the test started."""
    with contextlib.ExitStack() as stack:

        def make(running: Running) -> PixieBrix:
            client = PixieBrix(running)
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def pb(server: Running, connect: Callable[[Running], PixieBrix]) -> PixieBrix:
    """PixieBrix with a token, before anything has happened."""
    return connect(server)


@pytest.fixture
def pieces(server: Running) -> Iterator[Client]:
    """Pieces OS before anything has happened."""
    with contextlib.closing(Client(server.base_url)) as client:
        yield client


@pytest.fixture
def places(pb: PixieBrix) -> Environments:
    """A database with a record, an asset and a job, made through the API."""
    return make_places(pb)


@pytest.fixture
def untouched(pb: PixieBrix, pieces: Client, places: Environments) -> Iterator[None]:
    """Nothing that the test does changes anything."""
    before, export = pb.everything(places.database), pieces.get("/database/export").content
    yield
    assert pb.everything(places.database) == before
    assert pieces.get("/database/export").content == export
