"""The example in TypeScript: vitest through `dbcontract exec`, where Node and its packages can be had."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PLACE = "inventory-sync/typescript"
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")
COMMAND = str(Path(sys.executable).with_name("dbcontract"))

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run(example: Callable[[str], Path], environment: dict[str, str]) -> Run:
    """Run a command in the example, its packages installed; skips where Node or the packages are missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("needs Node (node and npm)")
    version = subprocess.run(
        [node, "--version"], capture_output=True, text=True, check=True, timeout=30
    ).stdout
    if int(version.lstrip("v").partition(".")[0]) < 20:
        pytest.skip(f"needs Node 20 or newer, not {version.strip()}")
    folder = example(PLACE)

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=100
        )

    version = run(node, "--version").stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < 20:
        pytest.skip(f"needs Node 20 or newer, not {version}")
    installed = run(npm, "install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund")
    offline = any(sign in installed.stderr for sign in OFFLINE)
    if installed.returncode and offline and not os.environ.get("CI"):
        pytest.skip("needs the packages of the example's package.json, and npm cannot reach them")
    assert installed.returncode == 0, installed.stderr
    return run


def test_its_suite_passes(run: Run) -> None:
    assert run("npm", "run", "check").returncode == 0
    done = run(COMMAND, "exec", "--", "npm", "test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Tests +9 passed \(9\)", done.stdout), done.stdout


def test_without_a_mock_it_says_what_to_do(run: Run) -> None:
    done = run("npm", "test")
    assert done.returncode == 1
    assert "there is no mock: run `dbcontract exec -- npm test`" in done.stdout + done.stderr


def test_its_versions_are_exact_and_no_lock_file_comes_along(example: Callable[[str], Path]) -> None:
    folder = example(PLACE)
    versions = json.loads((folder / "package.json").read_text())["devDependencies"].values()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    assert not (folder / "package-lock.json").exists()
    assert "package-lock=false" in (folder / ".npmrc").read_text().splitlines()
