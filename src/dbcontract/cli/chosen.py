"""What the commands that judge take alike: which rules, and which failures are accepted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dbcontract.conformance.catalogue.vocabulary import Level

from .errors import CommandError

if TYPE_CHECKING:
    from dbcontract.conformance.catalogue.rules import Catalogue, Rule
    from dbcontract.conformance.results.baseline import Baseline
    from dbcontract.conformance.results.results import RunResult

LEVELS = tuple(map(str, Level))


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
