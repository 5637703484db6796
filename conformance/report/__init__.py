"""Reports, made of a run's result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .formats import FORMATS

if TYPE_CHECKING:
    from ..http.redaction import Redactor
    from ..results.results import RunResult

__all__ = ["FORMATS", "render"]


def render(form: str, run: RunResult, redactor: Redactor | None = None) -> str:
    """The report of that format.

    Args:
        form: out of `FORMATS`.
        run: the result.
        redactor: knows the secrets of the target; without one, what was masked before is.

    Raises:
        KeyError: there is no such format.
    """
    make = FORMATS[form].render
    if redactor is None:
        return make(run)
    from .shown import redacted  # noqa: PLC0415 (heavy, and of no use without a report)

    return make(redacted(run, redactor))
