"""Half a million records in one database: memory, times beside those at 1,000, pauses of the event loop.

`python -m benchmarks.large_database`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from .pauses import measure_pauses
from .processes import BenchmarkError
from .report import judged, machine, median, milliseconds, say, show
from .watched import Watched, make_data

FEW = 1_000
MEMORY_GOAL = 1.6
PACE_GOAL = 100_000
RATIO_GOAL = 1.5
ANSWER_GOAL = 0.1
ANSWER = 10_000
MIB = 2**20


@click.command()
@click.option(
    "--records",
    type=click.IntRange(min=2 * ANSWER),
    default=500_000,
    show_default=True,
    help="Records of the large database.",
)
@click.option("--rounds", default=300, show_default=True, help="How often each small request is sent.")
@click.option("--only", type=click.Choice(["memory", "times", "pauses"]), help="Leave the other parts out.")
def main(*, records: int, rounds: int, only: str | None) -> None:
    """Memory, load time, request times and the longest pauses of the event loop."""
    say(machine("orjson", "uvicorn", "uvloop"))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        try:
            large_file = make_data(records, Path(folder))
            with Watched(make_data(FEW, Path(folder))) as small, Watched(large_file) as large:
                # In this order: the memory is that after loading, before anything was asked.
                if only in {None, "memory"}:
                    report_memory(small, large, large_file)
                if only in {None, "times"}:
                    report_times(small, large, rounds)
                    report_answer(large)
                if only in {None, "pauses"}:
                    measure_pauses(large)
        except BenchmarkError as error:
            raise click.ClickException(str(error)) from error


def report_memory(small: Watched, large: Watched, file: Path) -> None:
    """The memory that the records take, against their size as JSON, and the time to load them."""
    memory, peak = large.memory() - small.memory(), large.peak_memory() - small.memory()
    pages = -(-large.count // ANSWER)
    listed = sum(
        len(large.ask("GET", f"{large.records}?page_size={ANSWER}&page={page}"))
        for page in range(1, pages + 1)
    )
    seconds, cpu = large.load_seconds - small.load_seconds, large.load_cpu - small.load_cpu
    rows = [
        (f"JSON of {large.count:,} records, as listed", f"{listed / MIB:.0f} MiB", ""),
        ("the data file (JSON Lines)", f"{file.stat().st_size / MIB:.0f} MiB", ""),
        ("memory after loading", f"{memory / MIB:.0f} MiB", f"{memory / listed:.2f} x the JSON"),
        ("memory at its highest, while loading", f"{peak / MIB:.0f} MiB", f"{peak / listed:.2f} x the JSON"),
        ("loading", f"{seconds:.1f} s", f"{seconds / large.count * 1e6:.1f} µs a record"),
        ("loading, CPU", f"{cpu:.1f} s", f"{cpu / large.count * 1e6:.1f} µs a record"),
    ]
    show(f"memory of the server beyond that with {small.count:,} records", ("", "", ""), rows)
    ratio = memory / listed
    say(judged(f"{ratio:.2f}", (f"at most {MEMORY_GOAL:g} times the JSON", ratio <= MEMORY_GOAL)))
    pace = large.count / cpu
    say(judged(f"{pace:,.0f}", (f"{PACE_GOAL:,} records a CPU second or more", pace >= PACE_GOAL)))


def report_times(small: Watched, large: Watched, rounds: int) -> None:
    """The same small requests to both servers in turn."""
    key = {one: one.json("GET", f"{one.records}?page={_middle(one)}")[0] for one in (small, large)}
    days = {one: f"start_date={_day(one, 1 / 3)}&end_date={_day(one, 2 / 3)}" for one in (small, large)}
    requests: list[tuple[str, Callable[[Watched], str]]] = [
        ("first page", lambda one: one.records),
        ("page in the middle", lambda one: f"{one.records}?page={_middle(one)}"),
        ("last page", lambda one: f"{one.records}?page={one.count // 100}"),
        ("page within two dates", lambda one: f"{one.records}?{days[one]}"),
        ("single key", lambda one: f"{one.records}{key[one]['id']}/"),
    ]
    rows, reached = [], True
    for name, path in requests:
        times: dict[Watched, list[float]] = {small: [], large: []}
        for _ in range(rounds):
            for one, found in times.items():
                found.append(one.seconds("GET", path(one)))
        few, many = times.values()
        ratio = median(many) / median(few)
        reached &= ratio <= RATIO_GOAL
        best = f"{milliseconds(min(few))} / {milliseconds(min(many))}"
        rows.append((name, milliseconds(median(few)), milliseconds(median(many)), f"{ratio:.2f}", best))
    columns = ("request", f"ms at {small.count:,}", f"ms at {large.count:,}", "ratio", "best of each, ms")
    show(f"100 records or one, over HTTP, medians of {rounds}", columns, rows)
    say(judged("all", (f"at most {RATIO_GOAL:g} times as long", reached)))


def report_answer(large: Watched, rounds: int = 21) -> None:
    """The largest answer."""
    path = f"{large.records}?page_size={ANSWER}&page=2"
    size = len(large.ask("GET", path))
    before = large.cpu_seconds()
    times = [large.seconds("GET", path) for _ in range(rounds)]
    cpu = (large.cpu_seconds() - before) / rounds
    row = (milliseconds(median(times)), milliseconds(min(times)), milliseconds(cpu), f"{size / MIB:.1f} MiB")
    show(f"{ANSWER:,} records in one answer, {rounds} times", ("median ms", "best", "CPU", "size"), [row])
    for name, value in (("wall", median(times)), ("CPU", cpu)):
        goal = (f"under {ANSWER_GOAL * 1000:.0f} ms", value < ANSWER_GOAL)
        say(f"{name}: {judged(milliseconds(value), goal)}")


def _middle(one: Watched) -> int:
    return one.count // 200


def _day(one: Watched, part: float) -> str:
    """The creation date of the record at that part of the list."""
    page = max(1, round(one.count * part / 100))
    created: str = one.json("GET", f"{one.records}?page={page}")[0]["created_at"]
    return created[:10]


if __name__ == "__main__":
    main()
