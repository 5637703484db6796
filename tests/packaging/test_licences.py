"""The half of `tox run -e audit` that needs no network: whose licences come with an installation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LICENCES = Path(__file__).resolve().parents[2] / "tools" / "licences.py"


def audit(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(LICENCES), *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_all_that_comes_with_an_installation_has_a_licence_that_is_taken() -> None:
    done = audit()
    assert done.returncode == 0, done.stderr
    listed = {line.split()[0].lower() for line in done.stdout.splitlines() if line.strip()}
    # what is needed, and what that needs in turn, but not what only the tests need
    assert {"starlette", "uvicorn", "anyio", "markupsafe", "prometheus_client"} <= listed
    assert not {"pandas", "mypy", "docutils"} & listed


@pytest.mark.parametrize(
    ("licence", "status"), [("MIT", 0), ("GPL-3.0-only", 1), ("AGPL-3.0-or-later", 1), ("", 1)]
)
def test_one_that_is_not_taken_is_found_behind_what_is(tmp_path: Path, licence: str, status: int) -> None:
    for name, more in (
        ("near-one", "License: MIT\nRequires-Dist: far-one\n"),
        ("far-one", f"License: {licence}\n"),
    ):
        folder = tmp_path / f"{name.replace('-', '_')}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{more}")
    done = audit("near-one", PYTHONPATH=str(tmp_path))
    assert done.returncode == status, done.stdout + done.stderr
    if status:
        assert "far-one" in done.stderr


def test_what_is_not_installed_is_told() -> None:
    done = audit("not-there-at-all")
    assert (done.returncode, done.stderr) == (2, "not-there-at-all is not installed\n")
