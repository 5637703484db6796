"""How small requests fare while something long runs beside: exports, and many filters.

`python -m benchmarks.meanwhile`.
"""

from __future__ import annotations

import http.client
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import click

from .processes import BenchmarkError
from .report import judged, machine, milliseconds, say, show
from .watched import Watched, make_data

MIB = 2**20
PACE_GOAL = 60
WORKBOOK_GOAL = 8.0
WORKBOOK = 100_000
FILTERED = 60_000
FILTERS = 990
WAIT_GOAL = 0.025


@dataclass(frozen=True)
class Beside:
    """What a long request took, and what small ones took meanwhile.

    Attributes:
        size: bytes of its answer.
        wall: seconds that it took.
        cpu: seconds that the server computed meanwhile, the small requests included.
        grown: bytes that the server's memory was higher at its highest than before.
        waits: seconds of each small request, the shortest first.
        pause: the longest that the loop's thread computed without a turn for others, in seconds.
    """

    size: int
    wall: float
    cpu: float
    grown: int
    waits: list[float]
    pause: float


@click.command()
@click.option("--records", default=500_000, show_default=True, help="Records of the large database.")
def main(*, records: int) -> None:
    """Measure exports and many filters, with small requests beside."""
    say(machine("orjson", "uvicorn", "uvloop"))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        try:
            rows = []
            with Watched(make_data(records, Path(folder))) as server:
                rows += [
                    (f"{kind} of {server.count:,}", beside(server, exported(server, kind)))
                    for kind in ("application/json", "text/csv")
                ]
            with Watched(make_data(WORKBOOK, Path(folder))) as server:
                rows.append((f"XLSX of {WORKBOOK:,}", beside(server, exported(server, "application/xlsx"))))
            with Watched(make_data(FILTERED, Path(folder))) as server:
                rows.append((f"{FILTERS} filters over {FILTERED:,}", beside(server, filtered(server))))
        except BenchmarkError as error:
            raise click.ClickException(str(error)) from error
    report(rows)


def report(rows: list[tuple[str, Beside]]) -> None:
    """Print what was measured, and which goals it reaches."""
    columns = (
        "long request",
        "MiB",
        "wall s",
        "CPU s",
        "MB a CPU s",
        "memory + MiB",
        "p50 ms",
        "p99 ms",
        "pause ms",
    )
    show(
        "small requests beside long ones; the CPU has both in it",
        columns,
        [
            (
                name,
                f"{one.size / MIB:.0f}",
                f"{one.wall:.1f}",
                f"{one.cpu:.1f}",
                f"{one.size / one.cpu / 1e6:.0f}",
                f"{one.grown / MIB:.0f}",
                milliseconds(part(one.waits, 0.5)),
                milliseconds(part(one.waits, 0.99)),
                milliseconds(one.pause),
            )
            for name, one in rows
        ],
    )
    for name, one in rows[:2]:
        pace = one.size / one.cpu / 1e6
        say(f"{name}: " + judged(f"{pace:.0f}", (f"{PACE_GOAL} MB a CPU second or more", pace >= PACE_GOAL)))
    book = rows[2][1].cpu
    say("XLSX: " + judged(f"{book:.1f}", (f"under {WORKBOOK_GOAL:g} s of CPU", book < WORKBOOK_GOAL)))
    worst = max(part(one.waits, 0.99) for _, one in rows)
    goal = (f"p99 under {milliseconds(WAIT_GOAL)} ms", worst < WAIT_GOAL)
    say("small requests: " + judged(f"{milliseconds(worst)} ms", goal))


def part(values: list[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return values[min(len(values) - 1, int(len(values) * share))]


def exported(server: Watched, media_type: str) -> str:
    """The path of a finished job's data: everything, in that format."""
    order = {"name": "x", "databases": [server.database], "media_type": media_type}
    started = server.json("POST", "/api/databases/records/jobs/", order)
    link = urlsplit(server.json("GET", f"/api/databases/records/jobs/{started['id']}/")["data"])
    return f"{link.path}?{link.query}"


def filtered(server: Watched) -> str:
    """The path of a list with many filters that all records pass, and a last one that fits none."""
    pairs = [(f"data__absent_{number}__isnull", "true") for number in range(FILTERS - 1)]
    return f"{server.records}?{urlencode([*pairs, ('data__region', 'nowhere')])}"


def beside(server: Watched, path: str) -> Beside:
    """Ask for something long from a process of its own, and for a single key again and again meanwhile."""
    small = f"{server.records}order-0000001/"
    server.ask("GET", small)
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    asking = context.Process(target=ask, args=(str(server.address.netloc), path, theirs.send))
    memory, cpu, began = server.memory(), server.cpu_seconds(), time.perf_counter()
    server.pause()
    asking.start()
    theirs.close()
    waits = []
    while not ours.poll(0.002):
        waits.append(server.seconds("GET", small))
    try:
        status, size = ours.recv()
    except EOFError:
        raise BenchmarkError(f"{path[:80]}: no answer") from None
    finally:
        asking.join()
    wall, cpu, pause = time.perf_counter() - began, server.cpu_seconds() - cpu, server.pause()
    if status != 200:
        raise BenchmarkError(f"{path[:80]}: {status}")
    grown = max(0, server.peak_memory() - memory)
    return Beside(size, wall, max(cpu, 0.01), grown, sorted(waits or [0.0]), pause.cpu)


def ask(address: str, path: str, told: Callable[[tuple[int, int]], None]) -> None:
    """Read an answer into nothing; tell its status and size."""
    connection = http.client.HTTPConnection(address, timeout=600)
    token = {} if path.startswith("/_storage") else {"Authorization": "Token any"}
    connection.request("GET", path, headers={**token, "Accept": "application/json; version=2.0"})
    answer = connection.getresponse()
    size = 0
    while piece := answer.read(MIB):
        size += len(piece)
    told((answer.status, size))


if __name__ == "__main__":
    main()
