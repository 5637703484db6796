from __future__ import annotations

from collections.abc import Iterator

import pytest

from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import ServerThread


@pytest.fixture(scope="module")
def server() -> Iterator[MockClient]:
    settings = Settings(port=0, clock=ClockSetting(frozen=True), job_seconds=0, max_sandboxes=5_000)
    with ServerThread(settings) as running, MockClient(running.base_url) as client:
        yield client


@pytest.fixture
def mock(server: MockClient) -> Iterator[MockClient]:
    """A sandbox in which everything counts from the first request on."""
    with server.sandbox() as mock:
        mock.coverage.clear()
        yield mock
