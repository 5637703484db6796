"""What a new sandbox over the data set `bi` costs, and how long taking a sandbox out and in holds others up.

`python -m benchmarks.sandboxes`.
"""

from __future__ import annotations

import gc
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import click

from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy
from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.sandbox.registry import Sandboxes
from dbcontract.mockserver.sandbox.sandbox import Sandbox
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings

from .processes import BenchmarkError
from .report import judged, machine, median, milliseconds, say, show
from .watched import Watched, make_data

SANDBOX_GOAL = 0.005
PAUSE_GOAL = 0.02
ROUNDS = 3
KIB = 1024

T = TypeVar("T")


@click.command()
@click.option("--records", default=50_000, show_default=True, help="How many records the data set has.")
@click.option("--count", default=300, show_default=True, help="How many sandboxes are made.")
@click.option("--only", type=click.Choice(["cost", "state"]), help="Leave the other part out.")
def main(*, records: int, count: int, only: str | None) -> None:
    """Time and memory of new sandboxes; time and pauses of `GET state` and `PUT state`."""
    say(machine("orjson", "uvicorn", "uvloop"))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        try:
            file = make_data(records, Path(folder))
            if only != "state":
                report_cost(file, count)
                with Watched(file) as server:
                    report_requests(server, count)
            if only != "cost":
                with Watched(file) as server:
                    report_state(server)
        except BenchmarkError as error:
            raise click.ClickException(str(error)) from error


def report_cost(file: Path, count: int) -> None:
    """The CPU time and the memory that a sandbox takes, and its first write, which copies an index."""
    settings = Settings(data=str(file), clock=ClockSetting(frozen=True), max_sandboxes=2 * count)
    sandboxes = Sandboxes.load(settings)
    # as the server does: the collector need not walk the data set again and again
    gc.collect()
    gc.freeze()
    made = timed(sandboxes.sandbox, (f"timed-{number}" for number in range(count)))
    written = timed(write, [sandboxes.sandbox(f"timed-{number}") for number in range(20)])
    sandboxes.remove_all()
    grown = memory(sandboxes.sandbox, [f"weighed-{number}" for number in range(count)])
    sandboxes = [sandboxes.sandbox(f"weighed-{number}") for number in range(20)]
    first = memory(write, sandboxes)
    rows = [
        row("a new sandbox", made, grown, SANDBOX_GOAL),
        row("its first record", written, first, None),
    ]
    database = next(iter(sandboxes.default.pixiebrix.databases.values()))
    title = f"in the process, over {len(database.records):,} records"
    show(title, ("", "median ms", "longest ms", "KiB", ""), rows)


def row(name: str, seconds: list[float], size: float, goal: float | None) -> tuple[str, ...]:
    """One line of the table; the goal is for the longest."""
    text = "" if goal is None else judged("", (f"below {goal * 1000:.0f} ms", max(seconds) < goal)).strip()
    return (name, milliseconds(median(seconds)), milliseconds(max(seconds)), f"{size / KIB:,.0f}", text)


def timed(run: Callable[[T], object], inputs: Iterable[T]) -> list[float]:
    """The CPU seconds of each call; what the collector does on the way counts."""
    found = []
    for one in inputs:
        began = time.thread_time()
        run(one)
        found.append(time.thread_time() - began)
    return found


def memory(run: Callable[[T], object], inputs: list[T]) -> float:
    """The bytes that a call leaves behind, on average."""
    gc.collect()
    tracemalloc.start()
    for one in inputs:
        run(one)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(inputs)


def write(sandbox: Sandbox) -> None:
    """Write one record into the largest database."""
    database = max(state_of(sandbox).databases.values(), key=lambda one: len(one.records))
    state_of(sandbox).put_record(database.id, "new", {"a": 1}, MergeStrategy.REPLACE, sandbox.now())


def report_requests(server: Watched, count: int) -> None:
    """The same over HTTP: the first request to a sandbox, beside one to a sandbox that is there."""
    key = f"{server.records}order-0000001/"
    server.ask("GET", f"/~there{key}")
    first = [server.seconds("GET", f"/~new-{number}{key}") for number in range(count)]
    later = [server.seconds("GET", f"/~there{key}") for _ in range(count)]
    over = median(first) - median(later)
    rows = [
        ("the first request to a sandbox", milliseconds(median(first)), milliseconds(max(first))),
        ("the same to one that is there", milliseconds(median(later)), milliseconds(max(later))),
    ]
    show("over HTTP", ("", "median ms", "longest ms"), rows)
    goal = (f"below {SANDBOX_GOAL * 1000:.0f} ms", over < SANDBOX_GOAL)
    say(judged(f"{milliseconds(over)} ms more", goal))


def report_state(server: Watched) -> None:
    """The sandbox as one document, out and in: size, seconds, and the longest pause of the event loop."""
    document = server.ask("GET", "/_mock/state")
    calls: list[tuple[str, Callable[[], object]]] = [
        ("GET state", lambda: server.ask("GET", "/_mock/state")),
        ("PUT state", lambda: server.ask("PUT", "/_mock/state", document)),
        ("PUT state into a sandbox", lambda: server.ask("PUT", "/~other/_mock/state", document)),
    ]
    rows, worst = [], 0.0
    for name, call in calls:
        seconds: list[float] = []
        pauses = []
        for _ in range(ROUNDS):
            server.pause()
            began = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - began)
            pauses.append(server.pause())
        cpu = max(one.cpu for one in pauses)
        worst = max(worst, cpu)
        wall = max(one.wall for one in pauses)
        rows.append((name, f"{median(seconds):.2f}", f"{wall * 1000:.1f}", f"{cpu * 1000:.1f}"))
    title = f"a document of {len(document) / 2**20:.0f} MiB, {server.count:,} records"
    show(title, ("", "seconds", "longest pause: wall ms", "loop's CPU ms"), rows)
    if server.ask("GET", "/~other/_mock/state") != document:
        raise BenchmarkError("the document did not come back as it went in")
    goal = (f"at most {PAUSE_GOAL * 1000:.0f} ms of the loop's CPU", worst <= PAUSE_GOAL)
    say(judged(f"{milliseconds(worst)} ms", goal))


if __name__ == "__main__":
    main()
