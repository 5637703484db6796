"""What serves a world: the faithful classes, or some of them with deviations on top.

An implementation is put together from classes, so that a deviation (see `registry`) is a subclass that
overrides a method, and the faithful code knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final

from ..apis.pieces.errors import PiecesErrors
from ..apis.pieces.handlers import PiecesHandlers
from ..apis.pieces.state.pieces import PiecesDatabase
from ..apis.pixiebrix.errors import PixieBrixErrors
from ..apis.pixiebrix.handlers.operations import PixieBrixHandlers
from ..apis.pixiebrix.negotiation import Negotiation
from ..apis.pixiebrix.pagination import Pagination
from ..apis.pixiebrix.state.pixiebrix import PixieBrixState
from ..apis.pixiebrix.state.records import RecordTable
from ..storage.app import Storage
from ..storage.signing import Signer
from ..web.connexion.security import Security
from ..web.connexion.validation import Validation
from ..web.wire_policy import Surface


class NoSeam(TypeError):
    """A class that overrides nothing that an implementation is made of."""


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes that an implementation is made of.

    Attributes:
        pieces, pixiebrix: the handlers of the two APIs.
        pieces_state, state, table: what they remember; `table` holds the records of one database.
        pieces_errors, pixiebrix_errors: how each words errors.
        negotiation, pages, security, surface, validation: what all operations share.
        storage, signer: the storage and its links.
    """

    pieces: type[PiecesHandlers] = PiecesHandlers
    pieces_state: type[PiecesDatabase] = PiecesDatabase
    pixiebrix: type[PixieBrixHandlers] = PixieBrixHandlers
    state: type[PixieBrixState] = PixieBrixState
    table: type[RecordTable] = RecordTable
    pieces_errors: type[PiecesErrors] = PiecesErrors
    pixiebrix_errors: type[PixieBrixErrors] = PixieBrixErrors
    negotiation: type[Negotiation] = Negotiation
    pages: type[Pagination] = Pagination
    security: type[Security] = Security
    surface: type[Surface] = Surface
    validation: type[Validation] = Validation
    storage: type[Storage] = Storage
    signer: type[Signer] = Signer

    def make(self) -> Implementation:
        """An implementation for one world; what its objects remember is that world's own."""
        return Implementation(
            pieces=self.pieces(),
            pieces_state=self.pieces_state,
            pixiebrix=self.pixiebrix(),
            state=self.state,
            pieces_errors=self.pieces_errors(),
            pixiebrix_errors=self.pixiebrix_errors(),
            negotiation=self.negotiation(),
            pages=self.pages(),
            security=self.security(),
            surface=self.surface(),
            validation=self.validation(),
            storage=self.storage(),
            signer=self.signer,
        )


@dataclass(frozen=True, slots=True)
class Implementation:
    """What serves one world; the attributes are as in `Classes`."""

    pieces: PiecesHandlers
    pieces_state: type[PiecesDatabase]
    pixiebrix: PixieBrixHandlers
    state: type[PixieBrixState]
    pieces_errors: PiecesErrors
    pixiebrix_errors: PixieBrixErrors
    negotiation: Negotiation
    pages: Pagination
    security: Security
    surface: Surface
    validation: Validation
    storage: Storage
    signer: type[Signer]


FAITHFUL: Final = Classes()

_SEAMS: Final[Mapping[str, type]] = {field.name: getattr(FAITHFUL, field.name) for field in fields(Classes)}


def seam_of(deviation: type) -> str:
    """The name in `Classes` of what a class overrides, by the faithful class that it is derived from.

    Raises:
        NoSeam: it is derived from none of them.
    """
    for name, faithful in _SEAMS.items():
        if set(deviation.__mro__) & set(faithful.__mro__) - {object}:
            return name
    names = ", ".join(sorted(faithful.__name__ for faithful in _SEAMS.values()))
    raise NoSeam(f"{deviation.__qualname__} is derived from none of {names}")


def with_deviations(deviations: Iterable[type]) -> Classes:
    """The faithful classes with these subclasses on top, the first ones outermost.

    Raises:
        NoSeam: one of them overrides nothing.
    """
    return _with_deviations(tuple(deviations))


@cache
def _with_deviations(deviations: tuple[type, ...]) -> Classes:
    tops: dict[str, list[type]] = {}
    for deviation in deviations:
        tops.setdefault(seam_of(deviation), []).append(deviation)
    made: dict[str, Any] = {
        name: type(_SEAMS[name].__name__, (*classes, _SEAMS[name]), {}) for name, classes in tops.items()
    }
    if "table" in made:
        state = made.get("state", PixieBrixState)
        made["state"] = type(state.__name__, (state,), {"table": made["table"]})
    return Classes(**made)
