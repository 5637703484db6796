"""Coverage as a report: one function a format, from the document alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from .page import page

Document = Mapping[str, Any]
KINDS: Final = MappingProxyType(
    {"status": "statuses", "format": "formats", "version": "versions", "situation": "situations"}
)
"""What the kinds are called in the plural."""
_NAMED: Final = 3


def summary(of: Document) -> list[str]:
    """What it comes to, in three lines."""
    totals = of["totals"]
    parts = ", ".join(f"{totals[kind]['met']} of {totals[kind]['of']} {name}" for kind, name in KINDS.items())
    missing = [one["id"] for _, one in situations(of) if not one["met"]]
    found = [f"{one['kind']} ({one['count']})" for one in of["findings"]]
    never = f"never met: {_listed(missing)}" if missing else "every situation was met"
    return [
        f"{totals['percent']:g} % of the contract was met by {of['requests']} requests: {parts}",
        never,
        f"the client does wrong: {', '.join(found)}"
        if found
        else "nothing was found that the client does wrong",
    ]


def situations(of: Document) -> Iterator[tuple[str, Document]]:
    """The situations, each with what its API is called."""
    return ((api["label"], one) for api in of["apis"] for one in api["situations"])


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown}, and {len(names) - _NAMED} more situations" if len(names) > _NAMED else shown


def as_json(of: Document) -> str:
    """The document itself, for programs; `coverage.schema.json` describes it."""
    return json.dumps(of, indent=1, ensure_ascii=False) + "\n"


def as_markdown(of: Document) -> str:
    """For a pull request."""
    totals = of["totals"]
    lines = ["# Coverage of the contract", "", *(f"- {_md(line)}" for line in summary(of)), ""]
    lines += ["| | met | of |", "|---|---:|---:|"]
    lines += [f"| {name} | {totals[kind]['met']} | {totals[kind]['of']} |" for kind, name in KINDS.items()]
    missing = [(label, one) for label, one in situations(of) if not one["met"]]
    if missing:
        lines += ["", "## Situations that were never met", ""]
        for label, one in missing:
            lines.append(f"- **{one['id']}** ({label}): {_md(one['title'])}.")
            lines += [f"  - `{line}`" for line in one.get("python", ())]
            if one.get("then"):
                lines.append(f"  - then {_md(one['then'])}")
    lines += ["", "## Operations", ""]
    for api in of["apis"]:
        lines += [f"| {api['label']} | met | never met |", "|---|---|---|"]
        lines += [_md_operation(one) for one in api["operations"] if one["counts"]]
        lines.append("")
    if of["findings"]:
        lines += ["## What the client does wrong", ""]
        for one in of["findings"]:
            lines.append(f"- **{one['kind']}** ({one['count']}): {_md(one['title'])}. {_md(one['remedy'])}")
            lines += [f"  - {_md(case['said'])} ({_md(case['by'])})" for case in one["cases"]]
        lines.append("")
    return "\n".join(lines)


def _md_operation(one: Document) -> str:
    met, missing = (
        ", ".join(outcome["value"] for outcome in one["outcomes"] if bool(outcome["met"]) is wanted)
        for wanted in (True, False)
    )
    return f"| {one['id']} | {met} | {missing} |"


def _md(text: str) -> str:
    """A text that a client or a server has a say in, as text in Markdown; what it quotes in code stays so."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text)
    return kept.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")


def as_html(of: Document) -> str:
    """A page for people, which needs nothing beside it."""
    return page(of, summary(of))


FORMATS: Final[Mapping[str, Callable[[Document], str]]] = MappingProxyType(
    {"html": as_html, "json": as_json, "markdown": as_markdown}
)
"""What writes a report, by the name of its format."""
