"""What the commands that judge take alike: which rules, and which failures are accepted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbcontract.conformance.catalogue.vocabulary import Level
from dbcontract.conformance.report import FORMATS

from .errors import CommandError
from .listing import completion, rule_names

if TYPE_CHECKING:
    from dbcontract.conformance.catalogue.rules import Catalogue, Rule
    from dbcontract.conformance.results.baseline import Baseline
    from dbcontract.conformance.results.results import RunResult

LEVELS = tuple(map(str, Level))

_Command = Callable[..., int]


def rule_options(command: _Command) -> _Command:
    """Give a command `--only` and `--level`."""
    only = click.option(
        "--only",
        metavar="GLOB",
        multiple=True,
        shell_complete=completion(rule_names),
        help="Only the rules with such ids. Repeatable.",
    )
    level = click.option(
        "--level", type=click.Choice(LEVELS), multiple=True, help="Only rules of this level. Repeatable."
    )
    return only(level(command))


def report_options(command: _Command) -> _Command:
    """Give a command `--report` and `--baseline`."""
    report = click.option(
        "--report",
        "reports",
        metavar="FORMAT=FILE",
        multiple=True,
        help=f"Write a report: {', '.join(FORMATS)}. Repeatable; - is standard output.",
    )
    baseline = click.option(
        "--baseline",
        "baseline_file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Accepted failures, each with a reason.",
    )
    return report(baseline(command))


def select_rules(catalogue: Catalogue, only: tuple[str, ...], levels: tuple[str, ...]) -> list[Rule]:
    """The rules that are asked for.

    Raises:
        CommandError: there is no such rule, or none is left.
    """
    from dbcontract.conformance.target.options import SelectionError, select

    try:
        return select(catalogue, only, levels)
    except SelectionError as error:
        asked = " ".join(
            word
            for name, values in (("--only", only), ("--level", levels))
            for value in values
            for word in (name, value)
        )
        raise CommandError(f"{asked}: {error}; `dbcontract rules` lists them") from error


def read_baseline(path: Path | None) -> Baseline | None:
    """The accepted failures of a file; None without one.

    Raises:
        CommandError: it cannot be read.
    """
    from dbcontract.conformance.results import baseline

    if path is None:
        return None
    try:
        return baseline.read(path)
    except baseline.BaselineError as error:
        raise CommandError(f"--baseline {error}") from error


def with_baseline(result: RunResult, accepted: Baseline, catalogue: Catalogue) -> RunResult:
    """A result with what a baseline accepts."""
    from datetime import UTC, datetime

    from dbcontract.conformance.results import baseline

    known = {rule.id for rule in catalogue}
    return baseline.apply(accepted, result, known=known, today=datetime.now(UTC).date())
