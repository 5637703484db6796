"""What `dbcontract check` prints at its end: counts, every failure in three lines, what is not verified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dbcontract.conformance.apis.base import title_of
from dbcontract.conformance.catalogue.rules import Level
from dbcontract.conformance.report.shown import visible
from dbcontract.conformance.report.text import (
    areas,
    counted,
    facts,
    followers_text,
    headline,
    verdict_name,
)
from dbcontract.conformance.results.results import CONFORMANT, NOT_CONFORMANT, Verdict, exit_code

if TYPE_CHECKING:
    from dbcontract.conformance.http.evidence import Evidence
    from dbcontract.conformance.results.results import RuleResult, RunResult

STYLES = {
    Verdict.PASSED: "green",
    Verdict.FAILED: "bold red",
    Verdict.WARNED: "yellow",
    Verdict.NOT_VERIFIED: "dim",
    Verdict.ERROR: "magenta",
}
_COLUMNS = (Verdict.PASSED, Verdict.FAILED, Verdict.WARNED, Verdict.NOT_VERIFIED, Verdict.ERROR)
_SHOWN_RULES = 12
_ACTUAL = 300


def print_result(run: RunResult, *, verbose: bool, to_stderr: bool = False) -> None:
    """Print the result; nothing that the target said is taken for markup."""
    printer = _Printer(Console(stderr=to_stderr, highlight=False, soft_wrap=True))
    printer.result(run, verbose=verbose)


class _Printer:
    def __init__(self, console: Console) -> None:
        self._console = console

    def _line(self, *parts: str | tuple[str, str]) -> None:
        self._console.print(Text.assemble(*[_visible(part) for part in parts]))

    def result(self, run: RunResult, *, verbose: bool) -> None:
        if verbose:
            for result in run.results:
                self._exchanges(result)
        self._table(run)
        causes = {root.rule.id: followers for root, followers in run.causes}
        by_rule = {result.rule.id: result for result in run.results}
        # The root causes lead, and what follows from each is folded into a line.
        for rule, followers in causes.items():
            self._failure(by_rule[rule], followers)
        for result in run.results:
            if result.verdict is Verdict.ERROR:
                self._failure(result)
        self._not_verified(run)
        for note in run.notes:
            self._line(("note: ", "dim"), note)
        for problem in run.problems:
            self._line(("baseline: ", "bold red"), problem)
        self._end(run)

    def _table(self, run: RunResult) -> None:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("", no_wrap=True)
        for verdict in _COLUMNS:  # in two lines where they are long: 80 columns have to do
            heading = str(verdict).replace(" ", "\n")
            table.add_column(heading, justify="right", vertical="bottom", style=STYLES[verdict])
        table.add_column("follow-\nups", justify="right", style="dim")
        following = {one.rule.id for one in run.results if run.follows(one)}
        shown = ""
        for area in areas(run):
            if area.api != shown:
                shown = area.api
                table.add_row(Text(title_of(shown), "bold"))
            self._row(table, f"  {area.name}", area.results, following)
        table.add_section()
        for level in Level:
            of_level = [result for result in run.results if result.rule.level is level]
            if of_level:
                self._row(table, str(level), of_level, following)
        self._console.print(table)
        self._console.print()

    @staticmethod
    def _row(table: Table, name: str, results: Sequence[RuleResult], following: set[str]) -> None:
        counts = [sum(1 for result in results if result.verdict is verdict) for verdict in _COLUMNS]
        counts.append(sum(1 for result in results if result.rule.id in following))
        table.add_row(Text(visible(name)), *(str(count) if count else "·" for count in counts))

    def _failure(self, result: RuleResult, followers: Sequence[RuleResult] = ()) -> None:
        """Three lines: the rule and what it says, what was expected and came, the call that shows it.

        A fourth one tells what follows from it, where anything does.
        """
        verdict = (verdict_name(result).upper(), STYLES[result.verdict])
        self._line(verdict, " ", (result.rule.id, "bold"), " ", result.rule.statement)
        expected = ""
        if result.part.expected is not None or result.part.actual is not None:
            expected = f": expected {result.part.expected}; got {_cut(result.part.actual or '')}"
        because = f" (follows from {result.because_of})" if result.because_of else ""
        accepted = f" (accepted: {result.accepted})" if result.accepted is not None else ""
        self._line(f"  {result.reason}{expected}{because}{accepted}")
        self._line(("  " + (result.curl or result.reproduce), "cyan"))
        if followers:
            self._line((f"  follow from it: {followers_text(followers)}", "dim"))
        self._console.print()

    def _not_verified(self, run: RunResult) -> None:
        reasons: dict[str, list[str]] = {}
        for result in run.results:
            if result.verdict is Verdict.NOT_VERIFIED:
                reasons.setdefault(result.reason, []).append(result.rule.id)
        if reasons:
            self._line(("Not verified", "bold"))
        for reason, rules in sorted(reasons.items(), key=lambda item: -len(item[1])):
            more = f" and {len(rules) - _SHOWN_RULES} more" if len(rules) > _SHOWN_RULES else ""
            self._line(
                f"  {len(rules):>3}  {_cut(reason)}: ", (", ".join(rules[:_SHOWN_RULES]) + more, "dim")
            )
        if reasons:
            self._console.print()

    def _end(self, run: RunResult) -> None:
        code = exit_code(run)
        style = {CONFORMANT: "bold green", NOT_CONFORMANT: "bold red"}.get(code, "bold yellow")
        known = dict(facts(run))
        self._line((headline(run), style), f" · {counted(len(run.results), 'rule')} of {run.target.name}")
        self._line((f"catalogue {known['Catalogue']} · seed {run.seed} · {known['Time']}", "dim"))

    def _exchanges(self, result: RuleResult) -> None:
        verdict = (verdict_name(result).upper(), STYLES[result.verdict])
        self._line(verdict, " ", (result.rule.id, "bold"), f" {result.rule.title}")
        for evidence in result.part.evidence:
            self._exchange(evidence)

    def _exchange(self, evidence: Evidence) -> None:
        note = f"  ({evidence.note})" if evidence.note else ""
        self._line((f"> {evidence.method} {evidence.url}", "cyan"), (note, "dim"))
        for name, value in evidence.request_headers:
            self._line((f"> {name}: {value}", "cyan"))
        if evidence.request_body:
            self._line((f"{evidence.request_body}", "cyan"))
        if evidence.status is None:
            self._line((f"< {evidence.problem}", "bold red"))
        else:
            self._line(f"< {evidence.status} {evidence.reason}")
        for name, value in evidence.response_headers:
            self._line(f"< {name}: {value}")
        if evidence.response_body:
            self._line(evidence.response_body)
        self._console.print()


def _cut(text: str) -> str:
    return text if len(text) <= _ACTUAL else f"{text[:_ACTUAL]} …"


def _visible(part: str | tuple[str, str]) -> str | tuple[str, str]:
    """What the target said, without the control characters that a terminal would obey."""
    return (visible(part[0]), part[1]) if isinstance(part, tuple) else visible(part)
