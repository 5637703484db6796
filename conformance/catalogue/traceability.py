"""The traceability page: from every statement of the documents to its rule and the checks of it.

Pure rendering of the catalogue; which function checks which rule is passed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..apis.base import names
from .rules import Catalogue, Level, Rule

__all__ = ["render"]

_INTRODUCTION = """\
# Traceability

What each document says, as rules that an implementation keeps or breaks, and the checks that tell. The
statements are this project's own words. *documented* rules come from one of the two documents, *published*
ones from what the vendor says elsewhere, and *inferred* ones are decisions where no vendor text says
anything; a violation of these is a warning only. Those that say *watched* the proxy judges, too
([watching](watching.md)).

This page is generated from the catalogue.
"""


def render(catalogue: Catalogue, checks: Mapping[str, Sequence[str]]) -> str:
    """The page as Markdown: for each document and heading a table of statement, rule, level and checks.

    Args:
        catalogue: the rules to show, all of them.
        checks: for each rule id the names of its checks, `module:function`; a rule may be missing.

    Raises:
        UnknownRule: `checks` names a rule that the catalogue does not have.
    """
    for id_ in checks:
        catalogue[id_]
    lines = [_INTRODUCTION, *_summary(catalogue, checks)]
    for document, headings in _by_source(catalogue).items():
        lines += ["", f"## {_cell(document)}"]
        for heading, rules in headings.items():
            lines += ["", f"### {_cell(heading)}", ""]
            lines += ["| Statement | Rule | Level | Check |", "|---|---|---|---|"]
            lines += [_row(rule, checks.get(rule.id, ())) for rule in rules]
    return "\n".join(lines) + "\n"


def _summary(catalogue: Catalogue, checks: Mapping[str, Sequence[str]]) -> list[str]:
    levels = list(Level)
    checked = sum(map(bool, checks.values()))
    lines = [
        f"Catalogue: {catalogue.version}. {len(catalogue)} rules, {checked} with a check.",
        "",
        f"| API | {' | '.join(levels)} | all | untestable |",
        f"|---|{'---:|' * (len(levels) + 2)}",
    ]
    for api in names():
        rules = catalogue.filter(api=api)
        if rules:
            counts = [sum(rule.level is level for rule in rules) for level in levels]
            untestable = sum(not rule.testable for rule in rules)
            lines.append(f"| {api} | {' | '.join(map(str, [*counts, len(rules), untestable]))} |")
    return lines


def _by_source(catalogue: Catalogue) -> dict[str, dict[str, list[Rule]]]:
    """The rules by document and heading: in the order of the documents first, decisions last."""
    ranks = {level: rank for rank, level in enumerate(Level)}
    found: dict[str, dict[str, list[Rule]]] = {
        document.name: {heading: [] for heading in document.headings}
        for document in catalogue.documents
        if document.headings
    }
    for rule in sorted(catalogue, key=lambda rule: ranks[rule.level]):
        found.setdefault(rule.source.document, {}).setdefault(rule.source.heading, []).append(rule)
    shown = {
        document: {heading: rules for heading, rules in headings.items() if rules}
        for document, headings in found.items()
    }
    return {document: headings for document, headings in shown.items() if headings}


def _row(rule: Rule, checks: Sequence[str]) -> str:
    if rule.untestable is not None:
        check = f"untestable: {_cell(rule.untestable)}"
    else:
        check = "<br>".join(f"`{_cell(name)}`" for name in checks) or "none yet"
        check += "<br>watched" if rule.watched else ""
    return f"| {_cell(rule.statement)} | {rule.id} | {rule.level} | {check} |"


def _cell(text: str) -> str:
    """Text that stays inside its table cell and shows its angle brackets and asterisks as written."""
    parts = text.split("`")
    for index in range(0, len(parts), 2):  # every other part is code, which Markdown leaves alone
        parts[index] = parts[index].replace("&", "&amp;").replace("<", "&lt;").replace("*", "\\*")
    return " ".join("`".join(parts).replace("|", "\\|").split())
