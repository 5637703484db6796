"""How a defect is declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from .registry import Note

_Class = TypeVar("_Class", bound=type)

WHILE: Final = 0.1
"""Seconds that a defect leaves open for another request to come in between."""


def defect(
    *breaks: str, also: tuple[type, ...] = (), fuzzing: bool = False, wait: bool = False
) -> Callable[[_Class], _Class]:
    """Say that a subclass of a reference class breaks these rules.

    Its name in kebab-case is the defect's, its description's first sentence says what it does wrong.

    Args:
        breaks: ids of rules.
        also: further subclasses that belong to it, where one method is not enough.
        fuzzing: only generated calls show it.
        wait: only checks show it that are let take long.
    """

    def decorate(wrong: _Class) -> _Class:
        Note("defect", breaks, also, fuzzing, wait).leave(wrong)
        return wrong

    return decorate
