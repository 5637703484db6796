"""How a conforming variant is declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .registry import Note

_Class = TypeVar("_Class", bound=type)


def conforming(*, also: tuple[type, ...] = ()) -> Callable[[_Class], _Class]:
    """Say that a subclass of a reference class differs from it in a way that the contract allows.

    Its name in kebab-case is the conforming variant's, its description's first sentence says what is unusual.

    Args:
        also: further subclasses that belong to it, where one method is not enough.
    """

    def decorate(unusual: _Class) -> _Class:
        Note("conforming", also=also).leave(unusual)
        return unusual

    return decorate
