"""Several results side by side: pure data, made of the reports alone.

Reports of different targets are compared rule by rule. Reports of one target are put in the order of their
times, and each rule tells whether it got better or worse. Where the catalogues differ, only the rules that
all reports have are compared; the others are listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from ..catalogue.rules import Level
from .results import RuleResult, RunResult, Verdict

_RANK: Mapping[Verdict, int] = {Verdict.FAILED: 0, Verdict.WARNED: 1, Verdict.PASSED: 2}
"""How good a verdict is; the others tell nothing of the target."""


class Change(StrEnum):
    """What became of a rule between the first and the last report of one target.

    `now verified` and `no longer verified`: one of the two says nothing of the target, so that neither
    better nor worse can be said.
    """

    WORSE = "worse"
    BETTER = "better"
    NOW_VERIFIED = "now verified"
    NO_LONGER_VERIFIED = "no longer verified"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Column:
    """One report: `label` is unique in the comparison."""

    label: str
    run: RunResult


@dataclass(frozen=True)
class Row:
    """One rule in every report; a report that does not have it has None."""

    rule: str
    cells: tuple[RuleResult | None, ...]

    @cached_property
    def known(self) -> tuple[RuleResult, ...]:
        """The cells that are there, at least one."""
        return tuple(cell for cell in self.cells if cell is not None)

    @property
    def title(self) -> str:
        """Of the newest catalogue that has the rule: the reports come in the order given."""
        return self.known[-1].rule.title

    @property
    def level(self) -> Level:
        """As `title`."""
        return self.known[-1].rule.level

    @property
    def common(self) -> bool:
        """Whether every report has the rule."""
        return None not in self.cells

    @property
    def differs(self) -> bool:
        """Whether the verdicts of a common rule are not all the same."""
        return self.common and len({cell.verdict for cell in self.known}) > 1

    @property
    def judged(self) -> bool:
        """Whether every report says of this common rule that its target keeps it, or that it does not."""
        return self.common and all(cell.verdict in _RANK for cell in self.known)

    @property
    def change(self) -> Change:
        """From the first report to the last one that have the rule."""
        first, last = (_RANK.get(cell.verdict) for cell in (self.known[0], self.known[-1]))
        if first is None and last is None:
            return Change.SAME
        if first is None:
            return Change.NOW_VERIFIED
        if last is None:
            return Change.NO_LONGER_VERIFIED
        if first == last:
            return Change.SAME
        return Change.BETTER if last > first else Change.WORSE


@dataclass(frozen=True)
class Comparison:
    """Several reports, two or more.

    Attributes:
        columns: the reports; those of one target in the order of their times, others as given.
        rows: every rule of any report, in the order of the catalogues.
        over_time: the reports are of one target.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    over_time: bool

    @cached_property
    def common(self) -> tuple[Row, ...]:
        """The rules that all reports have."""
        return tuple(row for row in self.rows if row.common)

    @cached_property
    def differing(self) -> tuple[Row, ...]:
        """The common rules on which the reports judge differently."""
        return tuple(row for row in self.common if row.differs and row.judged)

    @cached_property
    def half_known(self) -> tuple[Row, ...]:
        """The common rules that some reports could judge and others could not."""
        return tuple(row for row in self.common if row.differs and not row.judged)

    @cached_property
    def alike(self) -> tuple[Row, ...]:
        """The common rules on which all reports agree."""
        return tuple(row for row in self.common if not row.differs)

    @cached_property
    def partial(self) -> tuple[Row, ...]:
        """The rules that only some reports have."""
        return tuple(row for row in self.rows if not row.common)

    @cached_property
    def changes(self) -> Mapping[Change, tuple[Row, ...]]:
        """The common rules by what became of them."""
        return {change: tuple(row for row in self.common if row.change is change) for change in Change}

    @cached_property
    def new(self) -> tuple[Row, ...]:
        """The rules that only the last report has, and not the first."""
        return tuple(row for row in self.partial if row.cells[0] is None and row.cells[-1] is not None)

    @cached_property
    def catalogues_differ(self) -> tuple[str, ...]:
        """The APIs whose rules come in several versions."""
        versions: dict[str, set[str]] = {}
        for column in self.columns:
            for api, version in column.run.catalogues.items():
                versions.setdefault(api, set()).add(version)
        return tuple(api for api, several in versions.items() if len(several) > 1)

    def counts(self, index: int) -> Counter[Verdict]:
        """How often each verdict occurs in a report, over the common rules."""
        return Counter(row.known[index].verdict for row in self.common)


def compare(runs: Sequence[RunResult], *, over_time: bool | None = None) -> Comparison:
    """Lay results side by side.

    Args:
        runs: two or more, with or without rules in common.
        over_time: whether they are of one target; None finds out by its URLs.

    Raises:
        ValueError: fewer than two results.
    """
    if len(runs) < 2:
        raise ValueError("a comparison needs two results or more")
    if over_time is None:
        over_time = len({tuple(sorted(run.target.urls.items())) for run in runs}) == 1
    ordered = sorted(runs, key=lambda run: run.started_at) if over_time else list(runs)
    columns = tuple(
        Column(label, run) for label, run in zip(_labels(ordered, over_time), ordered, strict=True)
    )
    by_rule = [{result.rule.id: result for result in run.results} for run in ordered]
    rows = tuple(Row(rule, tuple(one.get(rule) for one in by_rule)) for rule in _order(by_rule))
    return Comparison(columns, rows, over_time)


def _labels(runs: Sequence[RunResult], over_time: bool) -> Iterator[str]:  # noqa: FBT001 (as in `compare`)
    """The target's name, or the time where it is one target; a number tells equal ones apart."""
    plain = [run.started_at if over_time else run.target.name for run in runs]
    for index, label in enumerate(plain):
        yield f"{label} ({plain[: index + 1].count(label)})" if plain.count(label) > 1 else label


def _order(by_rule: Sequence[Mapping[str, RuleResult]]) -> list[str]:
    """Every rule once: a rule that an earlier report does not have comes after the one that it follows."""
    order: list[str] = []
    for results in by_rule:
        place = 0
        for rule in results:
            if rule in order:
                place = order.index(rule) + 1
            else:
                order.insert(place, rule)
                place += 1
    return order
