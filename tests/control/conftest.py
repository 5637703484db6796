from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable, Iterator

import pytest

from .mock import Mock, Running, ServerThread, settings


@pytest.fixture(autouse=True)
def nothing_goes_wrong_inside(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test sends, the server logs no error: no bug, no response other than described."""
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    errors = [record for record in records if record.levelno >= logging.ERROR]
    assert not errors, "\n".join(f"{record.getMessage()} {record.exc_info}" for record in errors)


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """One server for all tests that need no settings of their own."""
    with ServerThread(settings()) as running:
        yield running


@pytest.fixture(scope="session")
def sandbox_numbers() -> Iterator[int]:
    """Never the same twice."""
    return itertools.count(1)


@pytest.fixture
def sandbox(server: Running, sandbox_numbers: Iterator[int]) -> Iterator[Callable[[], Mock]]:
    """Make sandboxes that no other test has touched."""
    with contextlib.ExitStack() as stack:

        def make() -> Mock:
            mock = Mock(f"{server.base_url}/~test-{next(sandbox_numbers)}")
            stack.callback(mock.close)
            return mock

        yield make


@pytest.fixture
def mock(sandbox: Callable[[], Mock]) -> Mock:
    """A sandbox as at its start."""
    return sandbox()


@pytest.fixture
def start() -> Iterator[Callable[..., Mock]]:
    """Start a server of the test's own, with other settings; gives its default sandbox."""
    with contextlib.ExitStack() as stack:

        def make(**changes: object) -> Mock:
            running = stack.enter_context(ServerThread(settings(**changes)))
            mock = Mock(running.base_url)
            stack.callback(mock.close)
            return mock

        yield make
