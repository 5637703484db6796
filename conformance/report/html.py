"""HTML: one file that needs nothing else, to read and to hand on."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from ..apis.base import title_of
from ..catalogue.rules import Level
from ..http.evidence import Evidence
from ..results.results import RuleResult, RunResult, Verdict, exit_code
from . import badge
from .shown import visible
from .text import areas, facts, headline, verdict_name, what_happened

_ORDER = (Verdict.FAILED, Verdict.ERROR, Verdict.WARNED, Verdict.NOT_VERIFIED, Verdict.PASSED)


def render(run: RunResult) -> str:
    """The page as text."""
    of_areas = [
        (api, area, [one for one in run.results if (one.api, one.area) == (api, area)])
        for api, area in areas(run)
    ]
    matrix = [(api, area, _numbers(run, results)) for api, area, results in of_areas]
    levels = [(level, _numbers(run, [one for one in run.results if one.level is level])) for level in Level]
    return _template().render(
        run=run,
        headline=headline(run),
        code=exit_code(run),
        badge=badge.render(run),
        facts=[fact for fact in facts(run) if fact[1]],
        verdicts=[str(verdict) for verdict in _ORDER],
        counts={str(verdict): run.count(verdict) for verdict in _ORDER},
        causes=run.causes,
        matrix=matrix,
        levels=levels,
        title_of=title_of,
        known={result.rule for result in run.results},
    )


def _numbers(run: RunResult, results: list[RuleResult]) -> list[int]:
    """How many have each verdict, and how many failures follow from others."""
    counts = [sum(1 for one in results if one.verdict is verdict) for verdict in _ORDER]
    return [*counts, sum(1 for one in results if run.follows(one))]


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_without_obeyed,
    )
    environment.filters["slug"] = lambda text: str(text).replace(" ", "-")
    environment.filters["pretty"] = pretty
    environment.filters["verdict_name"] = verdict_name
    environment.filters["what_happened"] = what_happened
    environment.filters["answered"] = answered
    return environment.from_string(files(__package__).joinpath("page.html").read_text(encoding="utf-8"))


def _without_obeyed(value: object) -> object:
    """The last step before anything stands in the page: no control characters, no marks of direction."""
    is_markup = hasattr(value, "__html__")
    return visible(value) if isinstance(value, str) and not is_markup else value


def pretty(body: str | None) -> str:
    """A body as it reads best: JSON indented, unless it is cut or long; anything else as it is."""
    if not body:
        return ""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if text.count("\n") <= 60 else body


def answered(evidence: Evidence) -> str:
    """What came back, in a few words."""
    if evidence.status is None:
        return evidence.problem or "no answer"
    return f"{evidence.status} {evidence.reason}".strip()
