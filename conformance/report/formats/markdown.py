"""Markdown: for a pull request or a job summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ...catalogue.rules import Level
from ...results.results import RuleResult, RunResult, Verdict
from ..shown import visible
from ..text import (
    areas,
    facts,
    failed_first,
    follow_from_it,
    headline,
    verdict_name,
    what_happened,
    with_verdict,
)
from . import Format

_BODY = 600


def render(run: RunResult) -> str:
    """The report as text."""
    return "\n".join(_lines(run)) + "\n"


FORMAT: Final = Format(
    purpose="a pull request or the summary of a job",
    suffix="md",
    render=render,
)


def _lines(run: RunResult) -> Iterator[str]:
    yield f"# Conformance: {headline(run)}"
    yield ""
    if not run.complete:
        yield "> **Incomplete.** Not every rule had its turn; this is not a statement about conformance."
        yield ""
    for name, value in facts(run):
        if value:
            yield f"- {name}: {_code(value) if name == 'Command' else plain(value)}"
    yield ""
    yield from _table(run)
    for problem in run.problems:
        yield f"- **baseline**: {plain(problem)}"
    yield from _failures(run)
    yield from _not_verified(run)
    yield from _notes(run)
    yield "\n## All rules\n"
    yield "| rule | level | verdict | title |"
    yield "|---|---|---|---|"
    for result in failed_first(run.results):
        rule = result.rule
        yield f"| {rule.id} | {rule.level} | {verdict_name(result)} | {plain(rule.title)} |"


def _table(run: RunResult) -> Iterator[str]:
    yield "| area | " + " | ".join(str(verdict) for verdict in Verdict) + " | follow-ups |"
    yield "|---|" + "---:|" * (len(Verdict) + 1)
    for area in areas(run):
        yield f"| {plain(area.full_name)} | {_numbers(run, area.results)} |"
    for level in Level:
        of_level = [one for one in run.results if one.rule.level is level]
        if of_level:
            yield f"| **{level}** | {_numbers(run, of_level)} |"
    yield ""


def _numbers(run: RunResult, results: Sequence[RuleResult]) -> str:
    counts = [sum(1 for one in results if one.verdict is verdict) for verdict in Verdict]
    counts.append(sum(1 for one in results if run.follows(one)))
    return " | ".join(str(count or "") for count in counts)


def _failures(run: RunResult) -> Iterator[str]:
    titles = {Verdict.FAILED: "Failed", Verdict.WARNED: "Warnings"}
    for verdict, title in titles.items():
        causes = [(root, followers) for root, followers in run.causes if root.verdict is verdict]
        if causes:
            yield f"\n## {title}\n"
        for root, followers in causes:
            yield from _failure(root)
            yield from _followers(followers)
    errors = with_verdict(run.results, Verdict.ERROR)
    if errors:
        yield "\n## Errors\n"
        for result in errors:
            yield from _failure(result)


def _followers(followers: Sequence[RuleResult]) -> Iterator[str]:
    """What follows from a root cause, folded."""
    if not followers:
        return
    yield f"<details><summary>{follow_from_it(followers)}</summary>\n"
    for result in followers:
        told = plain(what_happened(result))
        yield f"- {result.rule.id} {verdict_name(result)}: {told[:_BODY]}"
        if result.curl:
            yield f"  shown by: {_code(result.curl)}"
        yield f"  repeat: {_code(result.reproduce)}"
    yield "\n</details>\n"


def _notes(run: RunResult) -> Iterator[str]:
    if run.notes:
        yield "\n## Notes\n"
        for note in run.notes:
            yield f"- {plain(note)}"


def _failure(result: RuleResult) -> Iterator[str]:
    accepted = f" (accepted: {plain(result.accepted)})" if result.accepted is not None else ""
    yield f"### {result.rule.id} {plain(result.rule.title)}{accepted}\n"
    yield f"{plain(result.rule.statement)} ({result.rule.level}; {plain(str(result.rule.source))})\n"
    yield f"- {plain(result.reason)}"
    if result.part.expected is not None or result.part.actual is not None:
        yield f"- expected: {_code(result.part.expected or '')}"
        yield f"- got: {_code(result.part.actual or '')}"
    if result.because_of is not None:
        yield f"- follows from {result.because_of}"
    if result.curl:
        yield f"- shown by: {_code(result.curl)}"
    yield f"- repeat: {_code(result.reproduce)}\n"


def _not_verified(run: RunResult) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for result in with_verdict(run.results, Verdict.NOT_VERIFIED):
        reasons.setdefault(result.reason, []).append(result.rule.id)
    if reasons:
        yield "\n## Not verified\n"
    for reason, rules in reasons.items():
        yield f"- {plain(reason)}: {', '.join(rules)}"


def plain(text: str) -> str:
    """Text of the target as text: no markup of its own, on one line."""
    one_line = visible(" ".join(text.split()))
    for sign in ("\\", "`", "*", "_", "<", "[", "]", "|", "#", "~"):
        one_line = one_line.replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return one_line


def _code(text: str) -> str:
    """Text as code: with more backticks around it than inside it."""
    one_line = visible(" ".join(text.split()))
    if len(one_line) > _BODY:
        one_line = f"{one_line[:_BODY]} …"
    longest = run = 0
    for sign in one_line:
        run = run + 1 if sign == "`" else 0
        longest = max(longest, run)
    ticks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{ticks}{pad}{one_line}{pad}{ticks}"
