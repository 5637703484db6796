"""What is taken of an API to tell what a client met of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..apis.installed import Api
from .exchange import Exchange
from .misuse import Misuse
from .situation import Memory, Situation


class NoMemory:
    """Of an API whose situations show in single exchanges."""

    def note(self, exchange: Exchange) -> None:
        """Forget it."""
        del exchange


@dataclass(frozen=True, kw_only=True)
class CoveredApi(Api):
    """What is taken of an API to tell what a client met of it; all of it can be left out.

    Attributes:
        situations: the cases beside the statuses, formats and versions of its operations.
        misuses: what a client can do wrong, beside what the description tells.
        memory: makes what the two are judged with.
        judges_fields: whether a field of a body that is not described is a mistake.
    """

    situations: tuple[Situation, ...] = ()
    misuses: tuple[Misuse, ...] = ()
    memory: Callable[[], Memory] = NoMemory
    judges_fields: bool = True
