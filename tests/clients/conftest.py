"""Servers for real client libraries: responses are held against the descriptions all the time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import Running, ServerThread


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    settings = Settings(port=0, clock=ClockSetting(frozen=True), job_seconds=0, validate_responses=True)
    with ServerThread(settings) as running:
        yield running


@pytest.fixture
def api() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = "Token anything"
        session.headers["Accept"] = "application/json; version=2.0"
        yield session


@pytest.fixture
def customers(server: Running) -> str:
    """The id of a database with records."""
    return next(iter(state_of(server.sandbox).databases))
