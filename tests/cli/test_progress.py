"""The progress bar, in a real terminal."""

import os
import pty
import subprocess
from pathlib import Path

import pytest


def terminal_output(command: str, folder: Path, *arguments: str) -> bytes:
    """Run the command with stderr on a terminal, and read what appears there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [command, "data", *arguments], cwd=folder, env=environment, stderr=theirs, stdout=subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 65_536)
            except OSError:  # Linux: the other side has closed
                break
            if not piece:
                break
            seen += piece
    os.close(ours)
    assert process.returncode == 0
    return seen


def test_a_large_set_shows_how_far_it_is(tmp_path: Path, command: str) -> None:
    seen = terminal_output(command, tmp_path, "bi", "--records", "60000", "-o", "bi.jsonl")
    assert b"/60000" in seen


@pytest.mark.parametrize("name", ["small", "edge"])
def test_a_small_set_shows_nothing(tmp_path: Path, command: str, name: str) -> None:
    assert terminal_output(command, tmp_path, name, "-o", "out.json") == b""
