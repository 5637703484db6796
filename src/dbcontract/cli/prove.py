"""`dbcontract prove`: show that the checks catch what they are there for, and nothing else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from .errors import CommandError
from .listing import completion, variant_names
from .reports import output_of, progress_bar, to_standard_output, write_reports

if TYPE_CHECKING:
    from rich.progress import Progress

    from dbcontract.mockserver.variants.registry import Variant

    from ..prove.outcome import Outcome

REPORTS = ("html", "json")


@click.command("prove")
@click.option(
    "--only",
    metavar="GLOB",
    multiple=True,
    shell_complete=completion(variant_names),
    help="Only such defects and conforming variants. Repeatable.",
)
@click.option("--sample", metavar="N", type=click.IntRange(min=1), help="Only this many of them, by chance.")
@click.option("--seed", default="1", show_default=True, help="Any text; the same one gives the same sample.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="Processes at a time. Default: one more than processors."
)
@click.option(
    "--report",
    "reports",
    metavar="FORMAT=FILE",
    multiple=True,
    help=f"Write a report: {', '.join(REPORTS)}. Repeatable; - is standard output.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say of every rule that is not green why.")
def command(
    *,
    only: tuple[str, ...],
    sample: int | None,
    seed: str,
    jobs: int | None,
    reports: tuple[str, ...],
    verbose: bool,
) -> int:
    """Run the checks against implementations that are wrong on purpose, and ones that are only unusual.

    Every defect has to turn red the rules that it names and no other, but for such that depend on them; every
    checked rule needs a defect that turns it red; no unusual implementation may fail (see `dbcontract
    defects`). Exit status: 0 all of this holds, 1 it does not, 2 wrong usage.
    """
    from dbcontract.conformance.catalogue.rules import load_all
    from dbcontract.mockserver.variants.registry import discover

    from ..prove.judging import prove
    from ..prove.pool import REFERENCE, processes, run_all
    from ..prove.pool import sample as sample_of
    from ..prove.report import render
    from .prove_output import print_proof

    outputs = [output_of(text, REPORTS) for text in reports]
    known = discover()
    chosen = _chosen(known, only)
    if sample is not None:
        chosen = sample_of(chosen, sample, seed)
    # Who asks for some by name works on them, and knows the reference mock.
    names = [*([] if only else [REFERENCE]), *(one.name for one in chosen)]
    started = time.monotonic()
    quiet = to_standard_output(outputs)
    with _progress(len(names), quiet=quiet) as progress:
        outcomes: dict[str, Outcome] = {}
        for one in run_all(names, jobs=jobs or processes(), begins=progress.begins):
            outcomes[one.name] = one
            progress.ended(one.name)
    proof = prove(
        outcomes.get(REFERENCE),
        [(one, outcomes[one.name]) for one in chosen],
        {rule.id: rule.depends_on for rule in load_all()},
        whole=len(chosen) == len(known),
        seconds=time.monotonic() - started,
    )
    print_proof(proof, verbose=verbose, to_stderr=quiet)
    write_reports(outputs, lambda form: render(form, proof))
    return 0 if proof.holds else 1


def _chosen(known: tuple[Variant, ...], only: tuple[str, ...]) -> list[Variant]:
    for pattern in only:
        if not any(fnmatchcase(one.name, pattern) for one in known):
            raise CommandError(
                f"--only {pattern}: no defect or conforming variant; `dbcontract defects` lists them"
            )
    return [one for one in known if not only or any(fnmatchcase(one.name, pattern) for pattern in only)]


class _Shown:
    """What runs, and how far it is; this one shows nothing."""

    def begins(self, name: str) -> None:
        """A variant is run; the empty name is the reference mock."""

    def ended(self, name: str) -> None:
        """A variant was run."""


class _Bar(_Shown):
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=total)
        self._running: dict[str, str] = {}

    def begins(self, name: str) -> None:
        self._running[name] = name or "the reference mock"
        self._describe()

    def ended(self, name: str) -> None:
        self._running.pop(name, None)
        self._progress.advance(self._task)
        self._describe()

    def _describe(self) -> None:
        self._progress.update(self._task, description=", ".join(self._running.values()))


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[_Shown]:
    """A progress bar that names what runs, where there is a terminal to show it on."""
    if quiet or not sys.stderr.isatty():
        yield _Shown()
        return
    with progress_bar() as progress:
        yield _Bar(progress, total)
