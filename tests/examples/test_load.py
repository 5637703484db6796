"""The load test of the guide: a few users, a few seconds, a real mock."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import ServerThread

LOCUST = Path(sys.executable).with_name("locust")
pytestmark = pytest.mark.skipif(not LOCUST.exists(), reason="locust is not installed")


def command(text: str, url: str, example: Callable[[str], Path]) -> list[str]:
    """The guide's command, with what a reader has at hand in its place."""
    (line,) = re.findall(r"^locust (.*)$", text, re.MULTILINE)
    words = line.replace("examples/load", str(example("load"))).replace("http://127.0.0.1:5323", url).split()
    return [str(LOCUST), *words]


def run(
    words: list[str], folder: Path, environment: dict[str, str], **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*words, "--json", "--stop-timeout", "20"],
        cwd=folder, env={**environment, **more}, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip


def counts(done: subprocess.CompletedProcess[str], what: str) -> Counter[str]:
    """How many requests, or failures, by name."""
    found: Counter[str] = Counter()
    for one in json.loads(done.stdout):
        found[one["name"]] += one[what]
    return found


def test_it_ends_without_failures_and_leaves_no_sandbox(
    tmp_path: Path, example: Callable[[str], Path], environment: dict[str, str]
) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "load.md").read_text()
    with ServerThread(Settings(port=0)) as running:
        done = run(command(guide, running.base_url, example), tmp_path, environment)
        assert done.returncode == 0, done.stdout + done.stderr
        made = counts(done, "num_requests")
        assert {"records", "records?data__from", "export", "import"} <= made.keys()
        assert made["organizations"] == 5
        with MockClient(running.base_url) as mock:
            assert mock.count_requests() == 0


def test_a_mock_that_fails_is_noticed(
    tmp_path: Path, example: Callable[[str], Path], environment: dict[str, str]
) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "load.md").read_text()
    with ServerThread(Settings(port=0)) as running, MockClient(f"{running.base_url}/~shared") as mock:
        mock.faults.add("listRecords", status=500)
        words = command(guide, running.base_url, example)
        done = run(words, tmp_path, environment, LOAD_SANDBOX="shared")
        assert done.returncode == 1
        assert counts(done, "num_failures")["records"] > 0
        assert mock.count_requests(operation="listRecords") > 0
