"""Plain `schemathesis run` and this kit over the same implementations: what each finds, and its false alarms.

`python -m benchmarks.plain_schemathesis`. Every defect and stranger of the mock is served in turn and tested
by Schemathesis with all its checks, as anybody would call it: the description, the base URL, a token. It
reports failures of the faithful mock too (the documented 500 is a server error to it), so a defect counts as
found when it brings a failure that no faithful run had: another kind, or of another operation.

`--write` puts the table into the README and the lists into docs/comparison.md.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import click

from dbcontract.mockserver.deviations import Deviation, discover

from .peers import ROOT
from .processes import BenchmarkError, Mock
from .report import machine, say, show

PATHS = {"pieces": "", "pixiebrix": "/api"}
FAITHFUL_SEEDS = (1, 2, 3)
"""The faithful mock is tested with several seeds: what one of them brings is no news from a defect."""
ENDED = frozenset({0, 1})
PAGE = ROOT / "docs" / "comparison.md"
MARKS = ("<!-- comparison -->", "<!-- /comparison -->")

Failure = tuple[str, str]
"""A kind of failure, by Schemathesis' title for it, and the operation that showed it."""


@dataclass(frozen=True)
class Tested:
    """What Schemathesis said of one implementation, in how many seconds of wall time."""

    failures: frozenset[Failure]
    calls: int
    seconds: float


@dataclass(frozen=True)
class Way:
    """A row of the table.

    Attributes:
        found: names of the defects that were told from the faithful mock.
        alarmed: the lawful implementations that got a failure, the faithful mock under the name `faithful`.
    """

    name: str
    found: frozenset[str]
    alarmed: frozenset[str]
    seconds: float


def plain(url: str, api: str, *, seed: int, examples: int) -> Tested:
    """One run of Schemathesis.

    Raises:
        BenchmarkError: it came to no end.
    """
    with tempfile.TemporaryDirectory(prefix="plain-") as folder:
        command = [
            sys.executable,
            "-P",
            "-m",
            "schemathesis.cli",
            "run",
            str(ROOT / "openapi" / f"{api}.yaml"),
        ]
        command += ["--url", f"{url}{PATHS[api]}", "--header", "Authorization: Token any", "--checks", "all"]
        command += ["--seed", str(seed), "--max-examples", str(examples), "--no-shrink"]
        command += ["--report", "json", "--report-json-path", "report.json"]
        began = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own
        seconds = time.perf_counter() - began
        if done.returncode not in ENDED:
            raise BenchmarkError(
                f"schemathesis ended with {done.returncode}:\n{done.stdout[-2_000:]}{done.stderr}"
            )
        report = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
    failures = {(one["title"], operation) for one in report["failures"] for operation in one["operations"]}
    return Tested(frozenset(failures), report["test_cases"]["generated"], seconds)


def told(server: Mock, method: str, path: str, body: object) -> None:
    """Give the control API of a mock an order."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.base_url}/_mock{path}",
        data=json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        answer.read()


def tested(
    deviations: Sequence[Deviation], *, jobs: int, examples: int
) -> Iterator[tuple[Deviation | None, str, Tested]]:
    """The runs as they come: of the faithful mock (None) by each seed, and of each deviation by the first."""
    runs: list[tuple[Deviation | None, str, int]] = [
        (None, api, seed) for api in PATHS for seed in FAITHFUL_SEEDS
    ]
    runs += [(one, api, FAITHFUL_SEEDS[0]) for one in deviations for api in one.apis]
    with ExitStack() as stack:
        free: SimpleQueue[Mock] = SimpleQueue()
        for _ in range(jobs):
            free.put(stack.enter_context(Mock("--log-format", "json")))

        def run(deviation: Deviation | None, api: str, seed: int) -> tuple[Deviation | None, str, Tested]:
            server = free.get()
            try:
                told(server, "POST", "/reset", {})
                told(server, "PUT", "/defects", {"names": [deviation.name] if deviation else []})
                return deviation, api, plain(server.base_url, api, seed=seed, examples=examples)
            finally:
                free.put(server)

        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        for done in as_completed([pool.submit(run, *one) for one in runs]):
            yield done.result()


def by_schemathesis(deviations: Sequence[Deviation], *, jobs: int, examples: int) -> Way:
    """Plain Schemathesis over the faithful mock and every deviation."""
    usual: dict[str, set[Failure]] = {api: set() for api in PATHS}
    shown: dict[tuple[str, str], frozenset[Failure]] = {}
    seconds = 0.0
    total = len(PATHS) * len(FAITHFUL_SEEDS) + sum(len(one.apis) for one in deviations)
    with click.progressbar(
        tested(deviations, jobs=jobs, examples=examples), length=total, label="schemathesis", file=sys.stderr
    ) as runs:
        for deviation, api, found in runs:
            if deviation is None:
                usual[api] |= found.failures
                continue
            seconds += found.seconds
            shown[deviation.name, api] = found.failures
    kinds = {one.name: one.kind for one in deviations}
    found = {name for (name, api), failures in shown.items() if failures - usual[api]}
    alarmed = {name for (name, _), failures in shown.items() if kinds[name] == "stranger" and failures}
    alarmed |= {"faithful"} if any(usual.values()) else set()
    defects = frozenset(name for name in found if kinds[name] == "defect")
    name = f"schemathesis run, all checks, {examples} examples"
    return Way(name, defects, frozenset(alarmed), seconds / max(1, len(deviations)))


def by_the_kit(deviations: Sequence[Deviation], names: Sequence[str], *, jobs: int) -> Way:
    """`dbcontract prove` over the same, which have these names or patterns.

    Raises:
        BenchmarkError: it wrote no report.
    """
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        report = Path(folder) / "proof.json"
        command = [sys.executable, "-P", "-m", "dbcontract", "prove", "--jobs", str(jobs)]
        command += ["--report", f"json={report}", *(f"--only={one}" for one in names)]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own
        if not report.exists():
            raise BenchmarkError(f"dbcontract prove ended with {done.returncode}:\n{done.stdout[-2_000:]}")
        proof: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    wanted = {one.name for one in deviations}
    runs = [one for one in [*proof["defects"], *proof["strangers"]] if one["name"] in wanted]
    found = frozenset(one["name"] for one in proof["defects"] if one["caught"] and one["name"] in wanted)
    alarmed = {one["name"] for one in proof["strangers"] if one["stray"] and one["name"] in wanted}
    alarmed |= {"faithful"} if proof["problems"] else set()
    seconds = sum(one["seconds"] for one in runs) / max(1, len(runs))
    return Way("dbcontract check", found, frozenset(alarmed), seconds)


def rows(ways: Iterable[Way], deviations: Sequence[Deviation]) -> Iterator[tuple[str, ...]]:
    """The table: defects found, lawful implementations that got a failure, seconds an implementation."""
    defects = sum(one.kind == "defect" for one in deviations)
    lawful = 1 + sum(one.kind == "stranger" for one in deviations)
    for way in ways:
        yield (
            way.name,
            f"{len(way.found)} of {defects}",
            f"{len(way.alarmed)} of {lawful}",
            f"{way.seconds:.1f}",
        )


COLUMNS = ("", "defects found", "false alarms on lawful implementations", "seconds each")


def as_markdown(table: Sequence[Sequence[str]]) -> str:
    """The table in Markdown."""
    lines = [" | ".join(COLUMNS), "---|---:|---:|---:", *(" | ".join(row) for row in table)]
    return "\n".join(f"| {line} |" if "---" not in line else f"|{line}|" for line in lines)


def write(table: Sequence[Sequence[str]], ways: Sequence[Way]) -> None:
    """Put the table into the README, and table and lists into the page of docs.

    Raises:
        BenchmarkError: the README has no place for it.
    """
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    place = re.compile(f"{re.escape(MARKS[0])}.*?{re.escape(MARKS[1])}", re.DOTALL)
    markdown = as_markdown(table)
    if not place.search(text):
        raise BenchmarkError(f"README.md has no {MARKS[0]} … {MARKS[1]}")
    readme.write_text(place.sub(f"{MARKS[0]}\n{markdown}\n{MARKS[1]}", text), encoding="utf-8")
    first, second = ways
    both = sorted(first.found & second.found)
    lines = [
        "# Plain Schemathesis beside the kit",
        "",
        "Made by `python -m benchmarks.plain_schemathesis --write`. A defect counts as found when it brings",
        "a failure that the faithful mock does not bring with any of three seeds.",
        "",
        markdown,
        "",
        f"Lawful implementations that plain Schemathesis reports: {_listed(first.alarmed)}.",
        "",
        f"Defects that both find: {_listed(both)}.",
        "",
        f"Defects that only plain Schemathesis finds: {_listed(first.found - second.found)}.",
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"


@click.command()
@click.option("--only", multiple=True, metavar="GLOB", help="Deviations by name; by default all.")
@click.option(
    "--max-examples", "examples", default=20, show_default=True, help="Of Schemathesis, by operation."
)
@click.option("--jobs", default=2, show_default=True, help="How many run at a time.")
@click.option("--write", "keep", is_flag=True, help="Write the README's table and docs/comparison.md.")
def main(*, only: Sequence[str], examples: int, jobs: int, keep: bool) -> None:
    """Compare plain Schemathesis and the kit over all defects and strangers, in a quarter of an hour."""
    say(machine("schemathesis", "hypothesis", "dbcontract"))
    known = discover()
    deviations = [one for one in known if not only or any(fnmatch(one.name, glob) for glob in only)]
    try:
        ways = [
            by_schemathesis(deviations, jobs=jobs, examples=examples),
            by_the_kit(deviations, only, jobs=jobs),
        ]
        table = list(rows(ways, deviations))
        show("the same implementations", COLUMNS, table)
        if keep:
            write(table, ways)
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
