"""A real server, and clients of sandboxes on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import Running, ServerThread


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    settings = Settings(port=0, clock=ClockSetting(frozen=True), validate_responses=True)
    with ServerThread(settings) as running:
        yield running


@pytest.fixture(scope="session")
def server(running: Running) -> Iterator[MockClient]:
    """The default sandbox of a server whose clock stands where its data ends."""
    with MockClient(running.base_url) as client:
        yield client


@pytest.fixture
def mock(server: MockClient) -> Iterator[MockClient]:
    """A sandbox of the test's own."""
    with server.sandbox() as client:
        yield client
