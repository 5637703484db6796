"""How memory, loading and requests grow with the records of a database: tables, and plots of them.

`python -m benchmarks.growth --write` puts both into docs/growth.md and docs/pictures
(needs the group `bench`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import click

from .processes import BenchmarkError
from .report import machine, milliseconds, say, show
from .watched import Watched, make_data

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "growth.md"
PICTURES = ROOT / "docs" / "pictures"
SIZES = (1_000, 10_000, 100_000, 500_000, 2_000_000)
NOTABLE = 100_000
"""From here on what the records take stands out from what a server takes in any case."""
MIB = 2**20
GREY = "#767676"
"""Can be read on white and on black alike."""

Path_ = Callable[[Watched], str]


def _middle(one: Watched) -> str:
    return f"{one.records}?page={max(1, one.count // 200)}"


def _key(one: Watched) -> str:
    return f"{one.records}{one.json('GET', _middle(one))[0]['id']}/"


def _within_dates(one: Watched) -> str:
    day = one.json("GET", _middle(one))[0]["created_at"][:10]
    return f"{one.records}?start_date={day}&end_date={day}"


REQUESTS: Mapping[str, Path_] = MappingProxyType(
    {
        "first page": lambda one: one.records,
        "page in the middle": _middle,
        "page of one date": _within_dates,
        "single key": _key,
    }
)
SCANS: Mapping[str, Path_] = MappingProxyType(
    {
        "a value that no field has": lambda one: f"{one.records}?data__no_such_field=x",
        "a field that is null everywhere, not null": lambda one: (
            f"{one.records}?data__no_such_field__isnull=false"
        ),
    }
)
"""Filters that look at every record, as no page is full before the end."""


@dataclass(frozen=True)
class Measured:
    """What was measured of one database.

    Attributes:
        records: in it.
        load: CPU seconds of the server until it answered, beyond those of one with the fewest records.
        memory: resident bytes, likewise.
        json: bytes of the records as the API lists them.
        requests: seconds of each request, the best of several.
    """

    records: int
    load: float
    memory: int
    json: int
    requests: dict[str, float]


@click.command()
@click.option("--largest", default=SIZES[-1], show_default=True, help="The most records of a database.")
@click.option("--rounds", default=50, show_default=True, help="How often each small request is sent.")
@click.option("--write", "keep", is_flag=True, help="Write docs/growth.md and its pictures.")
def main(*, largest: int, rounds: int, keep: bool) -> None:
    """Measure databases of growing size, one after the other."""
    about = machine("orjson", "uvicorn", "uvloop")
    say(about)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        try:
            with Watched(make_data(SIZES[0], Path(folder))) as small:
                base = (small.cpu_seconds(), small.memory())
            found = [
                measured(make_data(size, Path(folder)), base, rounds) for size in SIZES if size <= largest
            ]
        except BenchmarkError as error:
            raise click.ClickException(str(error)) from error
    for title, columns, rows in tables(found):
        show(title, columns, rows)
    if keep:
        plot(found)
        write(found, about)


def measured(file: Path, base: tuple[float, int], rounds: int) -> Measured:
    """Load a data file into a server of its own, and ask it.

    Raises:
        BenchmarkError: an answer was not a success, or the server ended.
    """
    with Watched(file) as server:
        load, memory = server.cpu_seconds() - base[0], server.memory() - base[1]
        sample = len(server.ask("GET", f"{server.records}?page_size=1000"))
        requests = {}
        for name, path in {**REQUESTS, **SCANS}.items():
            url = path(server)
            turns = rounds if name in REQUESTS else max(3, rounds // 10)
            requests[name] = min(server.seconds("GET", url) for _ in range(turns))
        return Measured(
            server.count, load, memory, sample * server.count // min(1_000, server.count), requests
        )


Table = tuple[str, Sequence[str], list[tuple[str, ...]]]


def tables(found: Sequence[Measured]) -> list[Table]:
    """Titles, columns and rows of what was measured."""
    large = [one for one in found if one.records >= NOTABLE]
    costs = [
        (
            f"{one.records:,}",
            f"{one.json / MIB:,.0f}",
            f"{one.memory / MIB:,.0f}",
            f"{one.memory / one.json:.2f}",
            f"{one.load:.1f}",
            f"{one.load / one.records * 1e6:.1f}",
        )
        for one in large
    ]
    names = [*REQUESTS, *SCANS]
    times = [(name, *(milliseconds(one.requests[name]) for one in found)) for name in names]
    return [
        (
            "Memory and loading",
            ("records", "their JSON, MiB", "memory, MiB", "times the JSON", "loading, CPU s", "µs a record"),
            costs,
        ),
        ("Requests, ms", ("100 records, or one", *(f"{one.records:,}" for one in found)), times),
    ]


def plot(found: Sequence[Measured]) -> None:
    """Draw both tables, on logarithmic scales: what grows with the records is a slope, what does not is flat.

    Raises:
        click.ClickException: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 (only the pictures need it)
        from matplotlib.figure import Figure  # noqa: PLC0415 (likewise)
    except ImportError as error:
        raise click.ClickException("matplotlib is missing; install the group `bench`") from error
    mpl.rcParams.update(
        {
            **dict.fromkeys(
                ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), GREY
            ),
            "svg.fonttype": "none",  # text stays text
            "svg.hashsalt": "dbcontract",  # the same figures, the same bytes
            "font.size": 11,
        }
    )
    records = [one.records for one in found]
    large = [one for one in found if one.records >= NOTABLE]
    costs = {
        "memory, MiB": ([one.records for one in large], [one.memory / MIB for one in large]),
        "their JSON, MiB": ([one.records for one in large], [one.json / MIB for one in large]),
        "loading, CPU seconds": ([one.records for one in large], [one.load for one in large]),
    }
    times = {name: (records, [one.requests[name] * 1000 for one in found]) for name in (*REQUESTS, *SCANS)}
    for name, lines, unit in (("growth-costs", costs, ""), ("growth-requests", times, "milliseconds")):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        axes = figure.add_subplot()
        for (label, (across, up)), marker in zip(lines.items(), "os^Dvx", strict=False):
            axes.plot(across, up, marker=marker, label=label)
        axes.set(xscale="log", yscale="log", xlabel="records", ylabel=unit)
        axes.grid(color=GREY, alpha=0.3)
        axes.legend(frameon=False)
        figure.savefig(PICTURES / f"{name}.svg", transparent=True, metadata={"Date": None})


def write(found: Sequence[Measured], about: str) -> None:
    """Write the page, with the tables beside the plots."""
    costs, times = tables(found)
    lines = [
        "# Growth",
        "",
        "How the mock takes databases of growing size. Made by `python -m benchmarks.growth --write`, on:",
        "",
        "```text",
        about,
        "```",
        "",
        "On logarithmic scales, what grows with the records is a slope of one, and what does not is flat.",
    ]
    for (title, columns, rows), picture, alternative in (
        (costs, "growth-costs", "Memory, JSON and loading grow in step with the records"),
        (times, "growth-requests", "Pages and keys are flat, filters on fields grow with the records"),
    ):
        lines += ["", f"## {title}", "", f"![{alternative}](pictures/{picture}.svg)", ""]
        lines += ["| " + " | ".join(columns) + " |", "|---" + "|---:" * (len(columns) - 1) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines += [
        "",
        "Memory and loading are those beyond a server with 1,000 records. A request's time is the best of",
        "several, over HTTP. The filters on fields look at every record, as none of them fits.",
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
