"""Whether a server's memory stays flat: sandboxes that are made, filled and deleted, and then small requests.

`python -m benchmarks.soak`.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from .processes import BenchmarkError
from .report import judged, machine, say, show
from .watched import Watched, make_data

RECORDS = 5_000
IMPORT = 1_000_000
GOAL = 1.1
MIB = 2**20


@click.command()
@click.option("--rounds", default=100, show_default=True, help="How many sandboxes are made and deleted.")
@click.option("--requests", default=100_000, show_default=True, help="How many small requests follow.")
def main(*, rounds: int, requests: int) -> None:
    """Memory after each tenth of the rounds, and of the requests."""
    say(machine("orjson", "uvicorn", "uvloop"))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        try:
            with Watched(make_data(1_000, Path(folder))) as server:
                sizes = soak(server, rounds)
                title = (
                    f"a sandbox with {RECORDS:,} records and an import of {IMPORT:,} bytes, made and deleted"
                )
                report(title, "rounds", sizes)
                report("GET of a record", "requests", ask(server, requests))
        except BenchmarkError as error:
            raise click.ClickException(str(error)) from error


def soak(server: Watched, rounds: int) -> dict[int, int]:
    """The resident bytes of the server after each tenth of the rounds, by how many these are."""
    records = [
        {"id": f"k{number}", "data": {"number": number, "text": "x" * 40}} for number in range(RECORDS)
    ]
    written = json.dumps(records).encode()
    export = json.loads(server.ask("GET", "/database/export"))
    raw = [number % 256 for number in range(IMPORT // 4)]
    imported = json.dumps({**export, "values": {"iterable": [{"id": "soak", "raw": raw}]}}).encode()
    sizes = {}
    for number in range(1, rounds + 1):
        name = f"soak-{number}"
        server.ask("PUT", f"/_mock/sandboxes/{name}")
        server.ask("POST", f"/~{name}{server.records}", written)
        server.ask("POST", f"/~{name}/database/import", imported)
        server.ask("DELETE", f"/_mock/sandboxes/{name}")
        if number % max(1, rounds // 10) == 0:
            sizes[number] = server.memory()
    return sizes


def ask(server: Watched, requests: int) -> dict[int, int]:
    """The resident bytes of the server after each tenth of the requests."""
    sizes = {}
    for number in range(1, requests + 1):
        server.ask("GET", f"{server.records}order-0000001/")
        if number % max(1, requests // 10) == 0:
            sizes[number] = server.memory()
    return sizes


def report(title: str, what: str, sizes: dict[int, int]) -> None:
    """The table, and whether the end is as the second tenth was; the first is warming up."""
    show(title, (what, "MiB"), [(f"{number:,}", f"{size / MIB:.1f}") for number, size in sizes.items()])
    _, second, *_, last = sizes.values()
    growth = last / second
    say(judged(f"{growth:.2f} times the second tenth", (f"at most {GOAL} times", growth <= GOAL)))


if __name__ == "__main__":
    main()
