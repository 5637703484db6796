"""From the start of the process to the first answer, and what the imports have of it.

`python -m benchmarks.startup`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

import click

from .processes import BenchmarkError, Mock, get
from .report import judged, machine, median, say, show

GOAL = 1.0
IMPORTS = "import dbcontract.mockserver.server.run, dbcontract.cli.serve, dbcontract.cli.banner"
SHOWN = 12


def start(arguments: Sequence[str]) -> tuple[float, float]:
    """Start a server: wall seconds until its first answer, and the CPU seconds that it had used by then."""
    began = time.perf_counter()
    with Mock(*arguments) as mock:
        status, _ = get(f"{mock.base_url}/_mock/health")
        seconds = time.perf_counter() - began
        if status != 200:
            raise BenchmarkError(f"the first answer is {status}")
        return seconds, mock.cpu_seconds()


def run(code: str, *options: str) -> tuple[float, float, str]:
    """Run Python code in a process of its own: wall seconds, CPU seconds, and what it wrote to stderr."""
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [sys.executable, *options, "-c", code]
        child = subprocess.Popen(command, stderr=errors, cwd=folder)  # noqa: S603 - our own command
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = errors.read().decode()
    if child.returncode:
        raise BenchmarkError(f"{code}: {text[-1_000:]}")
    return seconds, usage.ru_utime + usage.ru_stime, text


def packages(text: str) -> list[tuple[str, float]]:
    """What `-X importtime` wrote, as milliseconds of each top-level package, the slowest first.

    A package's time is that of its own modules, without what they import from elsewhere.
    """
    times: dict[str, float] = {}
    for match in re.finditer(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", text, re.MULTILINE):
        name = match[2].partition(".")[0]
        if match[2].startswith("dbcontract."):
            name = "dbcontract"
        elif name in sys.stdlib_module_names:
            name = "(standard library)"
        times[name] = times.get(name, 0.0) + int(match[1]) / 1000
    return sorted(times.items(), key=lambda item: -item[1])


@click.command()
@click.option("--rounds", default=9, show_default=True, help="How often the server is started.")
@click.option("--data", default="small", show_default=True, help="The data set.")
def main(*, rounds: int, data: str) -> None:
    """The time until the first answer (goal: under 1 s), and what of it is spent importing."""
    say(machine("connexion", "uvicorn", "starlette"))
    try:
        start(["--data", data])  # once for the disk's cache and the compiled modules
        starts, imports, empty = [], [], []
        for _ in range(rounds):
            starts.append(start(["--data", data]))
            imports.append(run(IMPORTS)[:2])
            empty.append(run("pass")[:2])
        slowest = packages(run(IMPORTS, "-X", "importtime")[2])
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from error
    rows = [
        (name, *(f"{median(one[index] for one in measured) * 1000:.0f}" for index in (0, 1)))
        for name, measured in (
            ("process start to first answer", starts),
            ("of it: Python itself and all imports", imports),
            ("of it: Python itself", empty),
        )
    ]
    show(f"start with the data set {data}, medians of {rounds}", ("", "wall ms", "CPU ms"), rows)
    show(
        "importing, by package",
        ("package", "ms"),
        [(name, f"{milliseconds:.0f}") for name, milliseconds in slowest[:SHOWN]],
    )
    for index, kind in enumerate(("wall", "CPU")):
        value = median(one[index] for one in starts)
        say(f"{kind}: {judged(f'{value:.2f} s', (f'under {GOAL:g} s', value < GOAL))}")


if __name__ == "__main__":
    main()
