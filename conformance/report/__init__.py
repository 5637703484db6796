"""Reports, made of a run's result alone.

Light to import: the command line and the pytest plugin name the formats without a report to make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..http.redaction import Redactor
    from ..results.results import RunResult

__all__ = ["FORMATS", "render"]

Renderer = Callable[["RunResult"], str]


def _of(module: str) -> Renderer:
    """`render` of a module of this package, which is imported when it is needed."""

    def render(run: RunResult) -> str:
        made: str = import_module(f"{__name__}.{module}").render(run)
        return made

    return render


FORMATS: Final[Mapping[str, Renderer]] = MappingProxyType(
    {
        "html": _of("html"),
        "json": _of("document"),
        "junit": _of("junit"),
        "markdown": _of("markdown"),
        "badge": _of("badge"),
    }
)
"""Every format by its name: a function from the result to a text (UTF-8). Options and help name them."""


def render(form: str, run: RunResult, redactor: Redactor | None = None) -> str:
    """The report of that format.

    Args:
        form: out of `FORMATS`.
        run: the result.
        redactor: knows the secrets of the target; without one, what was masked before is.

    Raises:
        KeyError: there is no such format.
    """
    make = FORMATS[form]
    if redactor is None:
        return make(run)
    from .shown import redacted  # noqa: PLC0415 (heavy, and of no use without a report)

    return make(redacted(run, redactor))
