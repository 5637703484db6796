"""Servers that share no code with the mock, as fixtures."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .running import Foreign, Judged, started


@pytest.fixture(scope="session")
def strict_server() -> Iterator[Foreign]:
    with started("strict", [sys.executable, "-m", "strict"]) as running:
        yield running


@pytest.fixture(scope="session")
def permissive_server() -> Iterator[Foreign]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    with started("permissive", [node, "permissive/main.mjs"]) as running:
        yield running


@pytest.fixture
def strict(strict_server: Foreign) -> Foreign:
    """The strict server, as it was at its start."""
    strict_server.administer("reset")
    return strict_server


@pytest.fixture
def permissive(permissive_server: Foreign) -> Foreign:
    """The permissive server, as it was at its start."""
    permissive_server.administer("reset")
    return permissive_server


@pytest.fixture(params=["strict", "permissive"])
def foreign(request: pytest.FixtureRequest) -> Foreign:
    """Each of the servers in turn."""
    server: Foreign = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., Judged]:
    """Judge a server: `judge(server, "--no-sweep", allow=["write"], hooks=["advance_clock"])`."""

    def run(server: Foreign, *options: str, **allowed: Any) -> Judged:
        return server.check(server.target_file(tmp_path / "target.toml", **allowed), *options)

    return run
