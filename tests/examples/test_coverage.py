"""The coverage of the example's suite, before and after the tests that it led to, is what the page shows."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


@pytest.mark.parametrize(("place", "arguments"), [(0, ["--ignore", "tests/test_rare.py"]), (1, [])])
def test_the_page_shows_what_the_suite_met(
    example: Callable[[str], Path], environment: dict[str, str], place: int, arguments: list[str]
) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("pytest"), "--color=no", "--dbcontract-coverage", *arguments],
        cwd=example("inventory-sync/python"), env=environment, capture_output=True, text=True, check=False,
        timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    shown = re.findall(r"^```text\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert shown[place] in done.stdout
