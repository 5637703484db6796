"""Reports, made of a run's result alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ..http.redaction import Redactor
from ..results.results import RunResult
from . import badge, document, junit, markdown
from . import html as page
from .shown import redacted

__all__ = ["FORMATS", "render"]

FORMATS: Final[Mapping[str, Callable[[RunResult], str]]] = MappingProxyType(
    {
        "json": document.render,
        "junit": junit.render,
        "markdown": markdown.render,
        "html": page.render,
        "badge": badge.render,
    }
)
"""Every format by its name: a function from the result to a text (UTF-8)."""


def render(form: str, run: RunResult, redactor: Redactor | None = None) -> str:
    """The report of that format.

    Args:
        form: out of `FORMATS`.
        run: the result.
        redactor: knows the secrets of the target; without one, what was masked before is.

    Raises:
        KeyError: there is no such format.
    """
    return FORMATS[form](run if redactor is None else redacted(run, redactor))
