"""Whole TypeScript clients, from the generators that are used most, compile and say what is meant."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.sandbox.journal import JournalFilter
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import Running, ServerThread

from .documents import VENDORS

Tools = Callable[..., subprocess.CompletedProcess[str]]

STRICTLY = (
    "tsc", "--strict", "--skipLibCheck", "--target", "es2022", "--lib", "es2022,dom,dom.iterable",
    "--module", "commonjs", "--moduleResolution", "node10",
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with ServerThread(Settings(port=0, clock=ClockSetting.parse("frozen"))) as running:
        yield running


@pytest.mark.parametrize("name", VENDORS)
def test_what_orval_makes_compiles(node_tools: Tools, name: str) -> None:
    file = f"orval/{name}.ts"
    made = node_tools("orval", "--input", f"{name}.yaml", "--output", file, "--client", "fetch")
    assert made.returncode == 0, made.stderr
    compiled = node_tools(*STRICTLY, "--noEmit", file)
    assert compiled.returncode == 0, compiled.stdout


def test_what_hey_api_makes_calls_the_mock(server: Running, node_tools: Tools, tmp_path: Path) -> None:
    """The token is sent as it is, an array as the body, and each filter as a parameter of its own."""
    made = node_tools("openapi-ts", "--input", "pixiebrix.yaml", "--output", "heyapi")
    assert made.returncode == 0, made.stderr
    compiled = node_tools(*STRICTLY, "--outDir", str(tmp_path), "heyapi.ts")
    assert compiled.returncode == 0, compiled.stdout
    node = shutil.which("node")
    assert node is not None
    database = next(iter(state_of(server.sandbox).databases))
    done = subprocess.run(
        [node, str(tmp_path / "heyapi.js"), server.urls["pixiebrix"], database],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"made": 1, "found": ["typed"]}
    (listed,) = server.sandbox.journal.select(JournalFilter(operation="listRecords"))
    assert parse_qsl(listed.query.decode()) == [("page_size", "2"), ("data__user email", "a&b@x")]
