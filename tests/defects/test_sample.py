"""A part of the proof with every run of the tests: which part depends on the code, and changes with it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import dbcontract.conformance
import dbcontract.mockserver

COUNT = 24


def _digest() -> str:
    """A text that is another one after any change of the mock or the kit."""
    digest = hashlib.sha256()
    for package in (dbcontract.conformance, dbcontract.mockserver):
        folder = Path(next(iter(package.__path__)))
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


@pytest.mark.timeout(600)
def test_some_defects_are_caught_and_some_conforming_variants_accepted(tmp_path: Path) -> None:
    report = tmp_path / "proof.json"
    command = [str(Path(sys.executable).with_name("dbcontract")), "prove", "--sample", str(COUNT)]
    command += ["--seed", _digest(), "--report", f"json={report}"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=590)
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(report.read_text())
    assert len(document["defects"]) + len(document["conforming"]) == COUNT
    assert len(document["rules"]) > 350  # the mock as it is was judged, too
