from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pages.conftest import chrome, page

__all__ = ["chrome", "page"]  # fixtures

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LEFT_BEHIND = shutil.ignore_patterns("node_modules", "__pycache__", ".*_cache")


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Copies a folder of the examples, as somebody has it who has just checked it out."""

    def copy(name: str) -> Path:
        folder = tmp_path_factory.mktemp("examples") / "copy"
        shutil.copytree(EXAMPLES / name, folder, ignore=LEFT_BEHIND)
        return folder

    return copy


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """The surroundings without what is meant for the tests around."""
    ours = ("PYTEST_", "DBCONTRACT_", "PIECES_OS_", "PIXIEBRIX_", "FORCE_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "NO_COLOR": "1", "CI": os.environ.get("CI", "")}
