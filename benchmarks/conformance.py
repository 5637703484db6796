"""How long `dbcontract check` takes on its embedded mock, both APIs, with and without generated calls.

`python -m benchmarks.conformance`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from .processes import BenchmarkError
from .report import judged, machine, median, say, show


@dataclass(frozen=True)
class Way:
    """A way to run the check: its name, its arguments, and the goal in seconds of wall time."""

    name: str
    arguments: tuple[str, ...]
    goal: float


@dataclass(frozen=True)
class Cost:
    """One run in seconds, the process from start to end, with the mock in it."""

    wall: float
    cpu: float
    rules: int
    requests: int


WAYS = (Way("with generated calls", (), 20.0), Way("without", ("--no-fuzzing",), 8.0))


def check(arguments: Sequence[str]) -> Cost:
    """Check the embedded mock once.

    Raises:
        BenchmarkError: not every rule passes, so that the time would be that of something else.
    """
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "dbcontract", "check", *arguments]
        command += ["--report", f"json={report}"]
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)  # noqa: S603 - our own
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        said = log.read().decode(errors="replace")
        if child.returncode or not report.exists():
            raise BenchmarkError(f"{' '.join(command)} ended with {child.returncode}:\n{said[-2_000:]}")
        found = json.loads(report.read_text(encoding="utf-8"))
    verdicts = {one["rule"]: one["verdict"] for one in found["results"]}
    # A few rules need the generated calls: without them they are not verified.
    fine = {"passed"} if found["run"]["fuzzed"] else {"passed", "not verified"}
    others = [rule for rule, verdict in verdicts.items() if verdict not in fine]
    if others:
        raise BenchmarkError(f"the mock does not pass {', '.join(others)}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, len(verdicts), found["run"]["requests"])


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each way is run.")
@click.option("--jobs", default=1, show_default=True, help="Checks at a time.")
def main(*, rounds: int, jobs: int) -> None:
    """The whole check (goals: 20 s with generated calls, 8 s without)."""
    say(machine("schemathesis", "hypothesis"))
    costs: dict[str, list[Cost]] = {way.name: [] for way in WAYS}
    try:
        for _ in range(rounds):
            for way in WAYS:
                costs[way.name].append(check(["--jobs", str(jobs), *way.arguments]))
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from error
    rows = [
        (
            way.name,
            *(f"{median(getattr(one, name) for one in costs[way.name]):.1f}" for name in ("wall", "cpu")),
            *(str(getattr(costs[way.name][0], name)) for name in ("rules", "requests")),
        )
        for way in WAYS
    ]
    show(f"the whole check, medians of {rounds}", ("", "wall s", "CPU s", "rules", "requests"), rows)
    for way in WAYS:
        value = median(one.wall for one in costs[way.name])
        say(f"{way.name}: {judged(f'{value:.1f} s', (f'under {way.goal:g} s', value < way.goal))}")


if __name__ == "__main__":
    main()
