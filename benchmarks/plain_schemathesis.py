"""Plain `schemathesis run` and this kit over the same implementations: what each finds, and its false alarms.

`python -m benchmarks.plain_schemathesis`. Every variant of the mock is served in turn and tested
by Schemathesis with all its checks, as anybody would call it: the description, the base URL, a token. It
reports failures of the reference mock too (the documented 500 is a server error to it), so a defect counts as
found when it brings a failure that no reference run had: another kind, or of another operation.

`--write` puts the table and the lists into docs/comparison.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import IO, Any

import click

from dbcontract.mockserver.variants.registry import Variant, discover

from .peers import ROOT
from .processes import BenchmarkError, Mock
from .report import machine, say, show

PATHS = {"pieces": "", "pixiebrix": "/api"}
REFERENCE_SEEDS = (1, 2, 3)
"""The reference mock is tested with several seeds: what one of them brings is not news from a defect."""
ENDED = frozenset({0, 1})
SAMPLE_SEED = 1
MOCK_TOKEN = "any"  # noqa: S105 - a mock takes every token
PAGE = ROOT / "docs" / "comparison.md"

Failure = tuple[str, str]
"""A kind of failure, by Schemathesis' title for it, and the operation that showed it."""


@dataclass(frozen=True)
class Tested:
    """What Schemathesis said of one implementation (None: the reference mock) in one run.

    Attributes:
        seconds: of CPU, those of the server included.
    """

    name: str | None
    api: str
    seed: int
    failures: frozenset[Failure]
    calls: int
    seconds: float


@dataclass(frozen=True)
class Way:
    """A row of the table.

    Attributes:
        found: names of the defects that were told from the reference mock.
        alarmed: the lawful implementations that got a failure, the reference mock under the name `reference`.
        seconds: of CPU for one implementation.
    """

    name: str
    found: frozenset[str]
    alarmed: frozenset[str]
    seconds: float


Run = tuple[str | None, str, int]
"""The name of a variant, or None; an API; a seed."""


def plain(server: Mock, run: Run, *, examples: int) -> Tested:
    """One run of Schemathesis against a variant of the mock.

    Raises:
        BenchmarkError: it came to no end.
    """
    name, api, seed = run
    told(server, "POST", "/reset", {})
    told(server, "PUT", "/defects", {"names": [name] if name else []})
    before = server.cpu_seconds()
    url = f"{server.base_url}{PATHS[api]}"
    failures, calls, seconds = schemathesis(url, api, token=MOCK_TOKEN, seed=seed, examples=examples)
    return Tested(name, api, seed, failures, calls, seconds + server.cpu_seconds() - before)


def schemathesis(
    url: str, api: str, *, token: str, seed: int, examples: int
) -> tuple[frozenset[Failure], int, float]:
    """Run `schemathesis run` with all its checks, as anybody would call it.

    Returns:
        What it reports, how many calls it made, and its CPU seconds.

    Raises:
        BenchmarkError: it came to no end.
    """
    with tempfile.TemporaryDirectory(prefix="plain-") as folder, tempfile.TemporaryFile() as log:
        command = [
            sys.executable,
            "-P",
            "-m",
            "schemathesis.cli",
            "run",
            str(ROOT / "openapi" / f"{api}.yaml"),
        ]
        command += ["--url", url, "--header", f"Authorization: Token {token}", "--checks", "all"]
        command += ["--seed", str(seed), "--max-examples", str(examples), "--no-shrink"]
        command += ["--report", "json", "--report-json-path", "report.json"]
        status, seconds = measured(command, Path(folder), log)
        if status not in ENDED:
            log.seek(0)
            text = log.read().decode(errors="replace")[-2_000:]
            raise BenchmarkError(f"schemathesis ended with {status} at {url}:\n{text}")
        report = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
    failures = {(one["title"], operation) for one in report["failures"] for operation in one["operations"]}
    return frozenset(failures), report["test_cases"]["generated"], seconds


def measured(command: Sequence[str], folder: Path, log: IO[bytes]) -> tuple[int, float]:
    """Run a command to its end: its exit status, and the CPU seconds of it and all its children."""
    child = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)  # noqa: S603 - our own
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_utime + usage.ru_stime


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


def tested(runs: Sequence[Run], *, jobs: int, examples: int) -> Iterator[Tested]:
    """The runs as they come, each on a server of its own."""
    with ExitStack() as stack:
        free: SimpleQueue[Mock] = SimpleQueue()
        for _ in range(jobs):
            free.put(stack.enter_context(Mock("--log-format", "json")))

        def one(run: Run) -> Tested:
            server = free.get()
            try:
                return plain(server, run, examples=examples)
            finally:
                free.put(server)

        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        for done in as_completed([pool.submit(one, run) for run in runs]):
            yield done.result()


def kept(results: Path | None) -> list[Tested]:
    """The runs of an earlier time."""
    if results is None or not results.exists():
        return []
    found = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    return [Tested(**{**one, "failures": frozenset(map(tuple, one["failures"]))}) for one in found]


def by_schemathesis(variants: Sequence[Variant], *, jobs: int, examples: int, results: Path | None) -> Way:
    """Plain Schemathesis over the reference mock (by each seed) and every variant (by the first)."""
    runs: list[Run] = [(None, api, seed) for api in PATHS for seed in REFERENCE_SEEDS]
    runs += [(one.name, api, REFERENCE_SEEDS[0]) for one in variants for api in one.apis]
    done = {(one.name, one.api, one.seed): one for one in kept(results)}
    left = [run for run in runs if run not in done]
    with click.progressbar(
        tested(left, jobs=jobs, examples=examples), length=len(left), label="schemathesis", file=sys.stderr
    ) as bar:
        for one in bar:
            done[one.name, one.api, one.seed] = one
            if results is not None:
                with results.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps({**asdict(one), "failures": sorted(one.failures)}) + "\n")
    return summed(variants, [done[run] for run in runs], examples)


def summed(variants: Sequence[Variant], runs: Sequence[Tested], examples: int) -> Way:
    """What Schemathesis found in all."""
    usual = {(one.api, failure) for one in runs if one.name is None for failure in one.failures}
    kinds = {one.name: one.kind for one in variants}
    found, alarmed = set(), {"reference"} if usual else set()
    for one in runs:
        if one.name is None or not one.failures:
            continue
        if kinds[one.name] == "conforming":
            alarmed.add(one.name)
        elif any((one.api, failure) not in usual for failure in one.failures):
            found.add(one.name)
    seconds = sum(one.seconds for one in runs if one.name is not None) / max(1, len(variants))
    name = f"`schemathesis run`, all checks, {examples} examples"
    return Way(name, frozenset(found), frozenset(alarmed), seconds)


def by_the_kit(variants: Sequence[Variant], *, jobs: int) -> Way:
    """`dbcontract prove`: over all of them, the reference mock too; what is asked for is counted.

    Raises:
        BenchmarkError: it wrote no report.
    """
    with tempfile.TemporaryDirectory(prefix="proof-") as folder, tempfile.TemporaryFile() as log:
        report = Path(folder) / "proof.json"
        command = [sys.executable, "-m", "dbcontract", "prove", "--jobs", str(jobs)]
        command += ["--report", f"json={report}"]
        status, seconds = measured(command, Path(folder), log)
        if not report.exists():
            log.seek(0)
            raise BenchmarkError(f"dbcontract prove ended with {status}:\n{log.read().decode()[-2_000:]}")
        proof: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    wanted = {one.name for one in variants}
    runs = 1 + len(proof["defects"]) + len(proof["conforming"])
    found = {one["name"] for one in proof["defects"] if one["caught"]}
    alarmed = {one["name"] for one in proof["conforming"] if one["stray"]} & wanted
    alarmed |= {"reference"} if proof["problems"] else set()
    return Way("`dbcontract check`", frozenset(found & wanted), frozenset(alarmed), seconds / runs)


def rows(ways: Iterable[Way], variants: Sequence[Variant]) -> Iterator[tuple[str, ...]]:
    """The table: defects found, lawful implementations that got a failure, seconds an implementation."""
    defects = sum(one.kind == "defect" for one in variants)
    lawful = 1 + sum(one.kind == "conforming" for one in variants)
    for way in ways:
        yield (
            way.name,
            f"{len(way.found)} of {defects}",
            f"{len(way.alarmed)} of {lawful}",
            f"{way.seconds:.1f}",
        )


COLUMNS = ("", "defects found", "false alarms on lawful implementations", "CPU seconds each")


def as_markdown(columns: Sequence[str], table: Iterable[Sequence[str]]) -> str:
    """The table in Markdown; all columns but the first hold figures."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (columns, *table)]
    lines.insert(1, "|---|" + "---:|" * (len(columns) - 1))
    return "\n".join(lines)


def put(name: str, text: str) -> None:
    """Write what stands between the marks of that name in the page of docs.

    Raises:
        BenchmarkError: the page has no such marks.
    """
    page = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    head, found, rest = page.partition(begin)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        raise BenchmarkError(f"{PAGE} has no marks {begin.strip()} and {end.strip()}")
    PAGE.write_text(f"{head}{begin}{text}\n{end}{tail}", encoding="utf-8")


def write(table: Sequence[Sequence[str]], ways: Sequence[Way], command: str) -> None:
    """Put table and lists into the page of docs."""
    first, second = ways
    both = sorted(first.found & second.found)
    lines = [
        f"Made by `{command}`. A defect counts as found when it brings",
        "a failure that the reference mock does not bring with any of three seeds.",
        "",
        as_markdown(COLUMNS, table),
        "",
        "The kit's time is that of `dbcontract prove`, which judges one after the other in one process,",
        "by the rules that a defect can reach. `dbcontract check` of a single implementation takes some",
        "seconds more.",
        "",
        f"Lawful implementations that plain Schemathesis reports: {listed(first.alarmed)}.",
        "",
        f"Defects that both find: {listed(both)}.",
        "",
        f"Defects that only plain Schemathesis finds: {listed(first.found - second.found)}.",
    ]
    put("defects of the mock", "\n".join(lines))


def command_line(examples: int, sample: int | None) -> str:
    """The command that repeats it."""
    words = ["python -m benchmarks.plain_schemathesis", f"--max-examples {examples}"]
    return " ".join([*words, *([] if sample is None else [f"--sample {sample}"]), "--write"])


def listed(names: Iterable[str]) -> str:
    """Names for a sentence."""
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"


@click.command()
@click.option("--only", multiple=True, metavar="GLOB", help="Variants by name; by default all.")
@click.option(
    "--max-examples", "examples", default=10, show_default=True, help="Of Schemathesis, by operation."
)
@click.option(
    "--sample", type=click.IntRange(min=1), help="Only this many of the defects, the same ones every time."
)
@click.option("--jobs", default=2, show_default=True, help="How many run at a time.")
@click.option(
    "--results", type=click.Path(path_type=Path), help="Keep Schemathesis' results here, and go on from them."
)
@click.option("--write", "keep", is_flag=True, help="Write docs/comparison.md.")
def main(
    *, only: Sequence[str], examples: int, sample: int | None, jobs: int, results: Path | None, keep: bool
) -> None:
    """Compare plain Schemathesis and the kit over all defects and conforming variants.

    All of them are an hour and a half of CPU; `--sample 150` is a quarter of that.
    """
    say(machine("schemathesis", "hypothesis", "dbcontract"))
    variants = [one for one in discover() if not only or any(fnmatch(one.name, glob) for glob in only)]
    if sample is not None:
        defects = [one for one in variants if one.kind == "defect"]
        chosen = set(Random(SAMPLE_SEED).sample(range(len(defects)), min(sample, len(defects))))  # noqa: S311
        left_out = {one.name for number, one in enumerate(defects) if number not in chosen}
        variants = [one for one in variants if one.name not in left_out]
    try:
        ways = [
            by_schemathesis(variants, jobs=jobs, examples=examples, results=results),
            by_the_kit(variants, jobs=jobs),
        ]
        table = list(rows(ways, variants))
        show("the same implementations", COLUMNS, table)
        if keep:
            write(table, ways, command_line(examples, sample))
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
