"""A comparison as a document: HTML for people, Markdown for a pull request, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Template

from ..apis.base import title_of
from ..catalogue.rules import Level
from ..results.comparison import Change, Column, Comparison, Row
from ..results.results import Verdict
from .formats.markdown import plain
from .pages import environment_of_pages, text_of
from .text import areas, counted, headline, verdict_name, what_happened

FORMAT: Final = "dbcontract-comparison/1"

SIGNS: Final[Mapping[Verdict, str]] = MappingProxyType(
    {
        Verdict.PASSED: "✓",
        Verdict.FAILED: "✗",
        Verdict.WARNED: "!",
        Verdict.NOT_VERIFIED: "·",
        Verdict.ERROR: "?",
    }
)
"""A sign beside the word, so that nobody has to tell colours apart."""


def summary(comparison: Comparison) -> str:
    """What the comparison says, in one sentence."""
    common = counted(len(comparison.common), "common rule")
    if not comparison.common:
        return "the reports have no rule in common"
    if comparison.over_time:
        counts = ", ".join(
            f"{len(rows)} {change}"
            for change, rows in comparison.changes.items()
            if rows and change is not Change.SAME
        )
        new = f", {len(comparison.new)} new" if comparison.new else ""
        return f"{counts or 'nothing changed'}{new}, over {common}"
    half = f", {len(comparison.half_known)} judged in some reports only" if comparison.half_known else ""
    return f"{len(comparison.differing)} of {common} differ{half}"


def remarks(comparison: Comparison) -> Iterator[str]:
    """What the reader has to know of what is compared."""
    for api in comparison.catalogues_differ:
        versions = ", ".join(
            f"{column.label}: {column.run.catalogues.get(api, 'none')}" for column in comparison.columns
        )
        yield (
            f"The catalogues of {title_of(api)} differ ({versions}); only the rules"
            " that all reports have are compared."
        )
    for column in comparison.columns:
        if not column.run.complete:
            yield f"{column.label} is incomplete: not every rule had its turn."


def to_document(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON has it.

    The cells of a rule are in the order of `reports`, null where a report does not have the rule.
    """
    return {
        "format": FORMAT,
        "over_time": comparison.over_time,
        "summary": summary(comparison),
        "remarks": list(remarks(comparison)),
        "reports": [
            {
                "label": column.label,
                "target": column.run.target.name,
                "urls": dict(column.run.target.urls),
                "kit": column.run.kit_version,
                "catalogues": dict(column.run.catalogues),
                "started_at": column.run.started_at,
                "complete": column.run.complete,
                "headline": headline(column.run),
                "common": {str(verdict): comparison.counts(index)[verdict] for verdict in Verdict},
            }
            for index, column in enumerate(comparison.columns)
        ],
        "changes": {str(change): [row.rule for row in rows] for change, rows in comparison.changes.items()}
        if comparison.over_time
        else None,
        "new": [row.rule for row in comparison.new] if comparison.over_time else None,
        "differing": [row.rule for row in comparison.differing],
        "half_known": [row.rule for row in comparison.half_known],
        "rules": [_entry(row) for row in comparison.rows],
    }


def _entry(row: Row) -> dict[str, Any]:
    return {
        "rule": row.rule,
        "title": row.title,
        "area": row.known[-1].rule.area_name,
        "level": str(row.level),
        "common": row.common,
        "cells": [
            None if cell is None else {"verdict": str(cell.verdict), "reason": what_happened(cell)}
            for cell in row.cells
        ],
    }


def _json(comparison: Comparison) -> str:
    return json.dumps(to_document(comparison), indent=2, ensure_ascii=False) + "\n"


def _markdown(comparison: Comparison) -> str:
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"# {_title(comparison)}: {summary(comparison)}\n"
    for remark in remarks(comparison):
        yield f"> {plain(remark)}\n"
    labels = " | ".join(plain(column.label) for column in comparison.columns)
    yield f"| common rules | {labels} |"
    yield "|---|" + "---:|" * len(comparison.columns)
    for verdict in Verdict:
        counts = [str(comparison.counts(index)[verdict] or "") for index in range(len(comparison.columns))]
        yield f"| {verdict} | {' | '.join(counts)} |"
    for title, rows in sections(comparison):
        if rows:
            yield f"\n## {title}\n"
            yield f"| rule | title | {labels} |"
            yield "|---|---|" + "---|" * len(comparison.columns)
            for row in rows:
                cells = " | ".join(
                    "" if cell is None else f"{SIGNS[cell.verdict]} {verdict_name(cell)}"
                    for cell in row.cells
                )
                yield f"| {row.rule} | {plain(row.title)} | {cells} |"


def sections(comparison: Comparison) -> list[tuple[str, tuple[Row, ...]]]:
    """The rules in the order of their interest, under headings; the agreement comes last."""
    if comparison.over_time:
        changes = comparison.changes
        changed = [
            (str(change).capitalize(), changes[change]) for change in Change if change is not Change.SAME
        ]
        news = set(comparison.new)
        others = tuple(row for row in comparison.partial if row not in news)
        return [
            *changed,
            ("New rules", comparison.new),
            ("Rules that only some reports have", others),
            ("Same", changes[Change.SAME]),
        ]
    return [
        ("Differences", comparison.differing),
        ("Judged in some reports only", comparison.half_known),
        ("Rules that only some reports have", comparison.partial),
        ("Same everywhere", comparison.alike),
    ]


def _title(comparison: Comparison) -> str:
    if comparison.over_time:
        return f"{comparison.columns[-1].run.target.name} over time"
    return f"Comparison of {len(comparison.columns)} implementations"


def _html(comparison: Comparison) -> str:
    return _template().render(
        comparison=comparison,
        title=_title(comparison),
        summary=summary(comparison),
        remarks=list(remarks(comparison)),
        sections=sections(comparison),
        verdicts=list(Verdict),
        signs=SIGNS,
        counts=[comparison.counts(index) for index in range(len(comparison.columns))],
        facts=[_facts(column) for column in comparison.columns],
        style=text_of("style.css"),
        levels=[level for level in Level if any(row.level is level for row in comparison.rows)],
        areas={area.key: area.full_name for column in comparison.columns for area in areas(column.run)},
    )


def _facts(column: Column) -> str:
    run = column.run
    urls = ", ".join(run.target.urls.values())
    return f"{urls} · {run.started_at} · dbcontract {run.kit_version} · {headline(run)}"


@cache
def _template() -> Template:
    return environment_of_pages().from_string(text_of("comparison.html"))


FORMATS: Final[Mapping[str, Callable[[Comparison], str]]] = MappingProxyType(
    {"html": _html, "markdown": _markdown, "json": _json}
)
"""Every format by its name: a function from the comparison to a text (UTF-8)."""
