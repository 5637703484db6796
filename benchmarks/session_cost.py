"""What it costs a test suite that the package is installed and not used: CPU time of whole pytest sessions.

`python -m benchmarks.session_cost`: three new environments, one with pytest alone, one with `dbcontract-mock`
beside it, one with `dbcontract`; the same single test in each. anyio, which Starlette stands on, brings a
pytest plugin of its own; a row shows what is left without it.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

import click

from .processes import BenchmarkError
from .report import judged, machine, median, say, show

ROOT = Path(__file__).resolve().parent.parent
GOAL = 1.3
PACKAGES = {"bare": (), "mock": (str(ROOT / "packaging" / "mock"),), "whole": (str(ROOT),)}
SESSIONS = {
    "pytest alone": ("bare",),
    "with dbcontract-mock": ("mock",),
    "the same, anyio's plugin off": ("mock", "-p", "no:anyio"),
    "with dbcontract": ("whole",),
}


def environment(folder: Path, packages: Sequence[str]) -> Path:
    """Make an environment with pytest and these packages; its pytest."""
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "pip"), "install", "--quiet", "pytest", *packages]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own command
    if done.returncode:
        raise BenchmarkError(f"pip: {done.stderr[-1_000:]}")
    return folder / "bin" / "pytest"


def session(pytest: Path, options: Sequence[str], folder: Path) -> float:
    """CPU seconds of one session of one test."""
    command = [str(pytest), "-q", "-p", "no:cacheprovider", *options, str(folder)]
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise BenchmarkError(f"{pytest} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime


@click.command()
@click.option("--rounds", default=9, show_default=True, help="Sessions of each kind.")
def main(*, rounds: int) -> None:
    """The CPU time of a session beside that of bare pytest (goal for the mock alone: under 1.3 times)."""
    say(machine("pytest"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tests = folder / "tests"
        tests.mkdir()
        (tests / "test_one.py").write_text("def test_one(): pass\n")
        try:
            commands = {kind: environment(folder / kind, packages) for kind, packages in PACKAGES.items()}
            seconds: dict[str, list[float]] = {kind: [] for kind in SESSIONS}
            for number in range(rounds + 1):  # the first one fills the caches
                for kind, (place, *options) in SESSIONS.items():
                    spent = session(commands[place], options, tests)
                    seconds[kind] += [spent] if number else []
        except BenchmarkError as error:
            raise click.ClickException(str(error)) from error
    bare, _, mock, _ = (median(times) for times in seconds.values())
    rows = [
        (kind, f"{median(times) * 1000:.0f}", f"{median(times) / bare:.2f}")
        for kind, times in seconds.items()
    ]
    show(f"one test, medians of {rounds}", ("session", "CPU ms", "times"), rows)
    say(judged(f"{mock / bare:.2f} times", (f"under {GOAL:g} times", mock / bare < GOAL)))


if __name__ == "__main__":
    main()
