"""HTML: one file that needs nothing else, to read and to hand on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from typing import Final

from jinja2 import Template

from ...apis.base import title_of
from ...catalogue.rules import Level
from ...http.evidence import Evidence
from ...results.results import RuleResult, RunResult, exit_code
from .. import document
from ..embedded import pack
from ..pages import environment_of_pages, text_of
from ..shown import visible
from ..text import (
    ORDER,
    areas,
    counts,
    facts,
    headline,
    outcome,
    with_verdict,
)
from . import Format

_LONGEST: Final = 60
"""Lines of a body that is shown indented."""

_SHORT: Final = 400
"""Characters of what happened, where root causes are listed."""

_PARTS: Final = re.compile(r'("(?:[^"\\\n]|\\.)*")(\s*:)?|\b(true|false|null)\b')
"""What stands out in JSON: a string, which a colon makes a key, or a literal."""


def render(run: RunResult) -> str:
    """The page as text."""
    of_areas = areas(run)
    apis = dict.fromkeys(area.api for area in of_areas)
    matrix = [
        (title_of(api), [(area.name, _numbers(run, area.results)) for area in of_areas if area.api == api])
        for api in apis
    ]
    levels = [level for level in Level if any(one.rule.level is level for one in run.results)]
    of_levels = [
        (level, _numbers(run, [one for one in run.results if one.rule.level is level])) for level in levels
    ]
    groups = [(str(verdict), with_verdict(run.results, verdict)) for verdict in ORDER]
    return _template().render(
        run=run,
        style=text_of("style.css"),
        script="\n".join(map(text_of, ("evidence.js", "page.js"))),
        data=pack(document.render(run, indent=None)),
        headline=headline(run),
        outcome=outcome(run),
        numbers=counts(run),
        code=exit_code(run),
        facts=[fact for fact in facts(run) if fact[1]],
        verdicts=[str(verdict) for verdict in ORDER],
        counts={str(verdict): run.count(verdict) for verdict in ORDER},
        matrix=[*matrix, ("By level", of_levels)],
        levels=levels,
        areas=of_areas,
        groups=[group for group in groups if group[1]],
        followers_of={root.rule.id: followers for root, followers in run.causes},
        title_of=title_of,
        known={result.rule.id for result in run.results},
    )


FORMAT: Final = Format(
    purpose="people: one file without outside resources, with filters and evidence; it prints with the "
    "evidence of what did not pass, and holds the result as JSON, packed, which `compare` reads and a button "
    "saves",
    suffix="html",
    render=render,
)


def _numbers(run: RunResult, results: Sequence[RuleResult]) -> list[int]:
    """How many have each verdict, and how many failures follow from others."""
    verdicts = [sum(1 for one in results if one.verdict is verdict) for verdict in ORDER]
    return [*verdicts, sum(1 for one in results if run.follows(one))]


@cache
def _template() -> Template:
    environment = environment_of_pages()
    environment.filters["highlighted"] = highlighted
    environment.filters["answered"] = answered
    environment.filters["shortened"] = shortened
    return environment.from_string(text_of("page.html"))


def pretty(body: str | None) -> str:
    """A body as it reads best: JSON indented, unless it is cut or long; anything else as it is."""
    if not body:
        return ""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if text.count("\n") <= _LONGEST else body


def answered(evidence: Evidence) -> str:
    """What came back, in a few words."""
    if evidence.status is None:
        return evidence.problem or "no answer"
    return f"{evidence.status} {evidence.reason}".strip()


def shortened(text: str) -> str:
    """The beginning of a text that stands in a list; the card of the rule has all of it."""
    return text if len(text) <= _SHORT else f"{text[:_SHORT]} …"


def highlighted(body: str | None) -> str:
    """A body as it reads best, as HTML: escaped, with keys, strings and literals told apart in JSON."""
    text = visible(pretty(body))
    return "".join(_highlighted(text)) if text.lstrip().startswith(("{", "[")) else escape(text)


def _highlighted(text: str) -> Iterator[str]:
    place = 0
    for found in _PARTS.finditer(text):
        yield escape(text[place : found.start()])
        string, colon, literal = found.groups(default="")
        kind = "l" if literal else "k" if colon else "s"
        yield f'<span class="{kind}">{escape(string or literal)}</span>{colon}'
        place = found.end()
    yield escape(text[place:])
