"""Plain `schemathesis run` and this kit over the faults of the blind rounds, which neither of them knows.

`python -m benchmarks.blind_schemathesis RESULTS --round 6`, where RESULTS is what `python -m
tests.conformance.foreign.blind.round RESULTS --round 6` wrote: what the kit noticed. Schemathesis is run as
in `benchmarks.plain_schemathesis`, against the right server (with three seeds) and against each fault; a
fault counts as found when it brings a failure that the right server does not bring with any of them.

`--write` puts the table into docs/comparison.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

from tests.conformance.foreign.blind.faults import ROUNDS, command
from tests.conformance.foreign.blind.registry import Fault
from tests.conformance.foreign.blind.round import Run as KitRun
from tests.conformance.foreign.blind.round import Runs
from tests.conformance.foreign.running import started

from .plain_schemathesis import REFERENCE_SEEDS, Failure, as_markdown, listed, put, schemathesis
from .processes import BenchmarkError
from .report import machine, say, show

COLUMNS = ("", "faults noticed", "of documented and published ones", "false alarms on the right server")
APIS = ("pieces", "pixiebrix")


@dataclass(frozen=True)
class Judge:
    """What one of the two noticed, and the APIs of the right server that it blames."""

    title: str
    noticed: frozenset[str]
    alarmed: frozenset[str]

    def row(self, faults: Sequence[Fault]) -> tuple[str, ...]:
        """Its row in the table."""
        forbidden = [one for one in faults if one.level != "inferred"]
        return (
            self.title,
            f"{len(self.noticed)} of {len(faults)}",
            f"{sum(one.name in self.noticed for one in forbidden)} of {len(forbidden)}",
            f"{len(self.alarmed)} of {len(APIS)} APIs",
        )


def tested(fault: Fault | None, api: str, *, seed: int, examples: int) -> frozenset[Failure]:
    """What Schemathesis reports of a new server with that fault, or of the right one."""
    start = command(fault.name if fault else None, any_id=api == "pieces")
    with started("blind", start) as server:
        failures, _, _ = schemathesis(
            server.facts[api], api, token=server.facts["token"], seed=seed, examples=examples
        )
    return failures


def by_schemathesis(faults: Sequence[Fault], *, jobs: int, examples: int) -> Judge:
    """Plain Schemathesis over the right server, by each seed, and every fault, by the first."""
    runs: list[tuple[Fault | None, str, int]] = [
        (None, api, seed) for api in APIS for seed in REFERENCE_SEEDS
    ]
    runs += [(one, one.api, REFERENCE_SEEDS[0]) for one in faults]
    with (
        ThreadPoolExecutor(jobs) as pool,
        click.progressbar(length=len(runs), label="schemathesis", file=sys.stderr) as bar,
    ):

        def one(run: tuple[Fault | None, str, int]) -> frozenset[Failure]:
            fault, api, seed = run
            failures = tested(fault, api, seed=seed, examples=examples)
            bar.update(1)
            return failures

        done = list(zip(runs, pool.map(one, runs), strict=True))
    usual = {(api, failure) for (fault, api, _), failures in done if fault is None for failure in failures}
    noticed = {
        fault.name
        for (fault, api, _), failures in done
        if fault is not None and any((api, failure) not in usual for failure in failures)
    }
    title = f"`schemathesis run`, all checks, {examples} examples"
    return Judge(title, frozenset(noticed), frozenset(api for api, _ in usual))


def by_the_kit(faults: Sequence[Fault], results: Path) -> Judge:
    """What the blind round measured of `dbcontract check` without generated calls.

    Raises:
        BenchmarkError: it did not run against all of them.
    """
    runs = Runs(results, seconds=0)
    plain = {one: KitRun(one.api, one, fuzzing=False, any_id=one.api == "pieces") for one in faults}
    right = {api: KitRun(api, None, fuzzing=False, any_id=api == "pieces") for api in APIS}
    missing = [run.key for run in (*right.values(), *plain.values()) if run.key not in runs.known]
    if missing:
        raise BenchmarkError(f"{results} does not know {', '.join(missing)}: run the blind round first")
    alarmed = {
        api for api, run in right.items() if any(runs.known[run.key].get(one) for one in ("failed", "error"))
    }
    noticed = {one.name for one, run in plain.items() if runs.caught(run)}
    return Judge("`dbcontract check --no-fuzzing`", frozenset(noticed), frozenset(alarmed))


@click.command()
@click.argument("results", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--round", "rounds", type=int, multiple=True, help="Only the faults of these; by default all.")
@click.option("--max-examples", "examples", default=10, show_default=True, help="Of Schemathesis.")
@click.option("--jobs", default=2, show_default=True, help="How many run at a time.")
@click.option("--write", "keep", is_flag=True, help="Write docs/comparison.md.")
def main(*, results: Path, rounds: Sequence[int], examples: int, jobs: int, keep: bool) -> None:
    """Compare plain Schemathesis and the kit over the faults of blind rounds."""
    say(machine("schemathesis", "hypothesis", "dbcontract"))
    unknown = sorted(set(rounds) - set(ROUNDS))
    if unknown:
        raise click.BadParameter(
            f"{unknown[0]}: there are rounds {', '.join(map(str, ROUNDS))}", param_hint="--round"
        )
    chosen = rounds or tuple(ROUNDS)
    faults = [one for number in chosen for one in ROUNDS[number].faults]
    try:
        kit = by_the_kit(faults, results)
        plain = by_schemathesis(faults, jobs=jobs, examples=examples)
        table = [one.row(faults) for one in (plain, kit)]
        show("the faults of others", COLUMNS, table)
        if keep:
            put("blind faults", page(table, plain, kit, chosen, examples))
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from error


def page(
    table: Sequence[Sequence[str]], plain: Judge, kit: Judge, rounds: Sequence[int], examples: int
) -> str:
    """What the page of docs says."""
    options = " ".join(f"--round {number}" for number in rounds)
    more = f"{options} --max-examples {examples} --write"
    lines = [
        f"Made by `python -m benchmarks.blind_schemathesis RESULTS {more}`,",
        "where RESULTS is what",
        f"`python -m tests.conformance.foreign.blind.round RESULTS {options} --without-fuzzing` wrote.",
        "",
        as_markdown(COLUMNS, table),
        "",
        f"Faults that both notice: {listed(plain.noticed & kit.noticed)}.",
        "",
        f"Faults that only plain Schemathesis notices: {listed(plain.noticed - kit.noticed)}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
