"""The progress bar, in a real terminal."""

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from dbcontract.cli.check_progress import listening

DIGITS = str.maketrans("0123456789", "#" * 10)


def terminal_output(command: str, folder: Path, *arguments: str) -> bytes:
    """Run the command with stderr on a terminal, and read what appears there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [command, *arguments], cwd=folder, env=environment, stderr=theirs, stdout=subprocess.DEVNULL
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
    seen = terminal_output(command, tmp_path, "data", "bi", "--records", "60000", "-o", "bi.jsonl")
    assert b"/60000" in seen


@pytest.mark.parametrize("name", ["small", "edge"])
def test_a_small_set_shows_nothing(tmp_path: Path, command: str, name: str) -> None:
    assert terminal_output(command, tmp_path, "data", name, "-o", "out.json") == b""


def test_the_bar_of_a_check_keeps_its_place_and_says_what_it_is_at(tmp_path: Path, command: str) -> None:
    only = ("--only", "PB-ERR-0[1-4]", "--no-fuzzing")
    seen = terminal_output(command, tmp_path, "check", *only).decode()
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)
    frames = [line for line in re.split(r"[\r\n]+", plain) if "/4 " in line]
    assert {re.sub(r"[0-9]", "#", line[24:42]) for line in frames} == {frames[0][24:42].translate(DIGITS)}
    assert any(re.search(r"PB-ERR-0[1-4] \w", line) for line in frames)
    assert all(len(line) <= 100 for line in frames)


def test_the_bar_of_a_check_says_that_it_cleans_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with listening(quiet=False) as listener:
        listener.started(5)
        listener.cleaning(37)
    assert "cleaning up, 37 left to remove" in capsys.readouterr().err


def test_the_bar_of_a_proof_names_what_runs(tmp_path: Path, command: str) -> None:
    seen = terminal_output(command, tmp_path, "prove", "--only", "errors-are-json").decode()
    assert "errors-are-json" in seen
