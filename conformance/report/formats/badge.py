"""A badge: the result as a small SVG image."""

from __future__ import annotations

from html import escape
from typing import Final

from ...results.results import RunResult, Verdict, exit_code
from ..shown import visible
from ..text import headline
from . import Format

_COLOURS = {0: "#2e7d32", 1: "#c62828", 3: "#757575", 4: "#757575"}
_LABEL = "conformance"
_WIDTH = 6.6
"""About how many pixels are a character of Verdana at 11 px; textLength makes it exact."""


def render(run: RunResult) -> str:
    """The badge as text."""
    text = _text(run)
    colour = _COLOURS[exit_code(run)]
    left, right = (round(len(part) * _WIDTH) + 12 for part in (_LABEL, text))
    title = escape(visible(f"{_LABEL}: {headline(run)}"))
    font = "Verdana,Geneva,DejaVu Sans,sans-serif"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#444"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>'
        f'<g fill="#fff" font-family="{font}" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2}" y="14" textLength="{left - 12}">{_LABEL}</text>'
        f'<text x="{left + right / 2}" y="14" textLength="{right - 12}">{escape(text)}</text></g></svg>\n'
    )


FORMAT: Final = Format(
    purpose="an SVG to show the result with",
    suffix="svg",
    render=render,
    complete=False,
)


def _text(run: RunResult) -> str:
    code = exit_code(run)
    if not run.complete:
        return "incomplete"
    failed = sum(1 for result in run.results if result.violates)
    verified = run.count(Verdict.PASSED) + run.count(Verdict.WARNED)
    return {
        0: f"{verified} of {len(run.results)} verified",
        1: f"{failed} failed" if failed else "baseline stale",
    }.get(code, "undecided")
