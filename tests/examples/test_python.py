"""The example in Python: a suite of somebody who has installed the package, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PLACE = "inventory-sync/python"


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[[Path], subprocess.CompletedProcess[str]]:
    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("pytest"), "--color=no"],
            cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip

    return run


def test_its_suite_passes(
    example: Callable[[str], Path], run: Callable[[Path], subprocess.CompletedProcess[str]]
) -> None:
    done = run(example(PLACE))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^=+ 20 passed in [\d.]+s =+$", done.stdout, re.MULTILINE), done.stdout


def test_its_suite_notices_a_broken_client_and_shows_what_was_asked(
    example: Callable[[str], Path], run: Callable[[Path], subprocess.CompletedProcess[str]]
) -> None:
    folder = example(PLACE)
    module = folder / "inventory_sync" / "inventory.py"
    code = module.read_text()
    broken = code.replace('answer.links.get("next", {}).get("url", "")', '""')
    assert broken != code
    module.write_text(broken)
    done = run(folder)
    assert done.returncode == 1
    assert "2 failed, 18 passed" in done.stdout
    assert "/records/?page_size=100 -> 200 (listRecords)" in done.stdout
