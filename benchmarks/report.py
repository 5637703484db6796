"""What the benchmarks print: the machine, and tables."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.table import Table

Goal = tuple[str, bool]
"""(what is asked for, whether it was reached)."""


def machine(*packages: str) -> str:
    """The machine, how busy it is with other things, and the versions of what is measured."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in _lines("/proc/cpuinfo")
            if line.startswith(("model name", "Model"))
        ),
        platform.machine(),
    )
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if "MemTotal" in line), 0)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    versions = ", ".join(f"{name} {_version(name)}" for name in packages)
    return (
        f"{cpu}, {len(os.sched_getaffinity(0))} CPUs, {memory / 2**20:.1f} GiB, {platform.system()}"
        f" {platform.release()}\n{platform.python_implementation()} {platform.python_version()}, {versions}\n"
        f"load average at the start: {load} (above 0.5: something else is running, trust CPU time more)\n"
        f"a fixed loop of Python takes {_calibration():.1f} ms of CPU now (to compare runs by)"
    )


def _calibration() -> float:
    """Milliseconds of CPU for a loop that is always the same: the median of five."""
    times = []
    for _ in range(5):
        began = time.process_time()
        sum(number % 7 for number in range(200_000))
        times.append(time.process_time() - began)
    return statistics.median(times) * 1000


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; all columns but the first are right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def say(text: str) -> None:
    """Print a line."""
    console().print(text, highlight=False, markup=False, soft_wrap=True)


def console() -> Console:
    """Where everything is printed; wide enough for the tables when it is not a terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=120)


def judged(value: str, goal: Goal | None) -> str:
    """A value and whether it reaches its goal."""
    if goal is None:
        return value
    text, reached = goal
    return f"{value}  {'reached' if reached else 'MISSED'}: {text}"


def median(values: Iterable[float]) -> float:
    """The median; NaN of nothing."""
    found = list(values)
    return statistics.median(found) if found else float("nan")


def milliseconds(seconds: float) -> str:
    """A time for a table."""
    return f"{seconds * 1000:.2f}" if seconds < 0.01 else f"{seconds * 1000:.1f}"
