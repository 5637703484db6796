"""The page of a report: HTML that needs nothing beside it, and shows whatever was exchanged as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from importlib.resources import files
from typing import Any, Final

Document = Mapping[str, Any]
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def page(of: Document, told: list[str]) -> str:
    """The page.

    Args:
        of: the document.
        told: what it comes to, a line each.
    """
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            "<title>Coverage of the contract</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body><main>",
            "<h1>Coverage of the contract</h1>",
            f'<div class="hero">{"".join(f"<p>{_text(line)}</p>" for line in told)}</div>',
            *_findings(of["findings"]),
            *(part for api in of["apis"] for part in _api(api)),
            "</main></body>",
            "</html>",
            "",
        ]
    )


def _text(text: str) -> str:
    """Text as HTML; signs that move others about, or that nobody sees, are shown as what they are."""
    shown = "".join(
        sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text
    )
    return escape(shown)


def _findings(findings: list[Document]) -> Iterator[str]:
    if not findings:
        return
    yield "<h2>What the client does wrong</h2>"
    for one in findings:
        yield f'<details><summary><b class="wrong">{_text(one["kind"])}</b> ({one["count"]}): '
        yield f"{_text(one['title'])}</summary><div>"
        yield f'<p>{_text(one["remedy"])}</p><p class="dim">{one["level"]}: {_text(one["source"])}</p>'
        for case in one["cases"]:
            yield f"<h3>{_text(case['said'])} ({case['count']}, {_text(case['by'])})</h3>"
            yield f'<pre tabindex="0">{_text(_exchange(case["evidence"]))}</pre>'
        yield "</div></details>"


def _exchange(shown: Document) -> str:
    if "request" not in shown:
        return ""
    query = f"?{shown['query']}" if shown["query"] else ""
    parts = [f"{shown['method']} {shown['path']}{query}", *_message(shown["request"]), ""]
    return "\n".join([*parts, f"{shown['status'] or 'no answer'}", *_message(shown["response"])])


def _message(of: Document) -> Iterator[str]:
    yield from (f"{name}: {value}" for name, value in of["headers"].items())
    if of["body"]:
        yield ""
        yield of["body"]


def _api(api: Document) -> Iterator[str]:
    label = _text(api["label"])
    situations = sorted(api["situations"], key=lambda one: bool(one["met"]))
    if situations:
        yield f"<h2>{label}: situations</h2>"
        yield from _table(
            f"Situations of {api['label']}",
            ("situation", "met", "by, or what brings it about"),
            (_situation(one) for one in situations),
        )
    yield f"<h2>{label}: operations</h2>"
    yield from _table(
        f"Operations of {api['label']}",
        ("operation", "met", "never met"),
        (_operation(one) for one in api["operations"]),
    )


def _table(caption: str, columns: Iterable[str], rows: Iterable[str]) -> Iterator[str]:
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
    yield f'<table aria-label="{escape(caption)}"><thead><tr>{head}</tr></thead><tbody>'
    yield from rows
    yield "</tbody></table></div>"


def _situation(one: Document) -> str:
    if one["met"]:
        met, how = f'<span class="met">{one["met"]}</span>', "<br>".join(map(_text, one["by"]))
    else:
        met = '<span class="never">never</span>'
        how = "".join(f'<pre tabindex="0">{_text(line)}</pre>' for line in one.get("python", ()))
        how += f"then {_code(one['then'])}" if one.get("then") else ""
    title = f"<b>{_text(one['id'])}</b><br>{_code(one['title'])}"
    return f'<tr><td class="wide">{title}</td><td>{met}</td><td class="wide">{how}</td></tr>'


def _code(text: str) -> str:
    """Text in which something stands between backquotes."""
    parts = text.split("`")
    return "".join(f"<code>{_text(part)}</code>" if at % 2 else _text(part) for at, part in enumerate(parts))


def _operation(one: Document) -> str:
    met, never = (
        ", ".join(
            f'<span title="{escape(json.dumps(outcome["by"]))}">{_text(outcome["value"])}</span>'
            if wanted
            else _text(outcome["value"])
            for outcome in one["outcomes"]
            if bool(outcome["met"]) is wanted
        )
        for wanted in (True, False)
    )
    around = "" if one["counts"] else ' <span class="dim">(does not count)</span>'
    name = (
        f"<b>{_text(one['id'])}</b>{around}<br><span class='dim'>{one['method']} {_text(one['path'])}</span>"
    )
    cells = f'<td class="wide met">{met}</td><td class="wide never">{never}</td>'
    return f'<tr><td class="wide">{name}</td>{cells}</tr>'
