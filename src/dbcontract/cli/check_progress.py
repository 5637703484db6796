"""What `dbcontract check` tells while it runs: what it is going to do, and how far it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from dbcontract.conformance.apis.base import title_of
from dbcontract.conformance.runner.engine import Listener

from .reports import progress_bar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from dbcontract.conformance.catalogue.rules import Rule
    from dbcontract.conformance.results.results import RuleResult
    from dbcontract.conformance.target.target import Target


def announce(target: Target) -> None:
    """Say what will be created at a target that is not a mock, before anything is."""
    if target.kind == "mock":
        return
    if "write" not in target.capabilities:
        click.echo(f"{target.name}: nothing will be written (see --allow).", file=sys.stderr)
        return
    for line in plans(target):
        click.echo(line, file=sys.stderr)


def plans(target: Target) -> list[str]:
    """What the run may create, and what of it stays."""
    from dbcontract.conformance.apis.base import practice_of
    from dbcontract.conformance.apis.practice import Practice
    from dbcontract.conformance.environment.effects import plans_of

    return [
        line
        for api in target.apis
        for line in (practice_of(api, Practice).plans or partial(plans_of, api))(target)
    ]


@contextmanager
def listening(*, quiet: bool) -> Iterator[Listener]:
    """A listener that shows a progress bar, where there is a terminal to show it on."""
    if quiet or not sys.stderr.isatty():
        yield Listener()
        return
    with progress_bar() as progress:
        yield _Bar(progress)


class _Bar(Listener):
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._failed = 0
        self._checking: dict[str, str] = {}

    def started(self, total: int) -> None:
        self._task = self._progress.add_task("looking at the target", total=total)

    def checking(self, rule: Rule) -> None:
        self._checking[rule.id] = f"{rule.id} {rule.title}"
        self._describe_oldest()

    def judged(self, result: RuleResult) -> None:
        self._failed += result.violates
        self._checking.pop(result.rule.id, None)
        if self._task is not None:
            self._progress.advance(self._task)
        self._describe_oldest()

    def fuzzing(self, api: str, phase: str, calls: int) -> None:
        self._checking.clear()
        self._describe(f"generated calls to {title_of(api)}: {phase}, {calls}")

    def cleaning(self, left: int) -> None:
        self._describe(f"cleaning up, {left} left to remove")

    def _describe_oldest(self) -> None:
        """Name the rule that has been checked for longest: where several are, that is what is waited for."""
        if self._checking:
            self._describe(next(iter(self._checking.values())))

    def _describe(self, text: str) -> None:
        if self._task is not None:
            failed = f"{self._failed} failed · " if self._failed else ""
            self._progress.update(self._task, description=failed + text)
