"""Reports, made of a run's result alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ..result import RunResult
from . import badge, document, junit, markdown, page

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


def render(form: str, run: RunResult) -> str:
    """The report of that format.

    Raises:
        KeyError: there is no such format.
    """
    return FORMATS[form](run)
