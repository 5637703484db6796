"""The last step of every report: nothing secret in it, and no character that does more than be seen."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from ..http.evidence import Evidence
from ..http.redaction import Redactor
from ..results.results import RuleResult, RunResult

_OF_THE_TARGET = ("reason", "expected", "actual")
"""What a part has of the target's own words; the rest stands in the catalogue."""


def redacted(run: RunResult, redactor: Redactor) -> RunResult:
    """A run without secrets, wherever they came from."""
    return replace(
        run,
        results=tuple(redacted_result(result, redactor) for result in run.results),
        notes=tuple(map(redactor.text, run.notes)),
        problems=tuple(map(redactor.text, run.problems)),
    )


def redacted_result(result: RuleResult, redactor: Redactor) -> RuleResult:
    """A result without secrets."""
    part = result.part
    texts = {name: _redacted(getattr(part, name), redactor) for name in _OF_THE_TARGET}
    evidence = tuple(_redacted_evidence(one, redactor) for one in part.evidence)
    return replace(result, part=replace(part, **texts, evidence=evidence))


def _redacted_evidence(evidence: Evidence, redactor: Redactor) -> Evidence:
    own = {"operation", "note", "method"}
    return replace(
        evidence,
        **{
            field.name: _redacted(getattr(evidence, field.name), redactor)
            for field in fields(Evidence)
            if field.name not in own
        },
    )


def _redacted(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, tuple):
        return tuple(_redacted(one, redactor) for one in value)
    return value


def visible(text: str, keep: str = "\n\t") -> str:
    """The text, with escapes in the place of what a terminal or a browser would obey rather than show.

    These are control characters, the marks that turn the direction of text, and whatever has no look of its
    own.

    Args:
        text: any.
        keep: characters that stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in keep else sign.encode("unicode_escape").decode()
        for sign in text
    )
