"""The rules of the two APIs as plain objects: no HTTP, no clock, no chance, no threads.

`PixieBrixState` holds organizations, databases, records, archives, assets and export jobs; `PiecesDatabase`
holds what Pieces OS exports and imports; `ObjectStore` holds the bytes behind links. Instants are
microseconds since the epoch (`instants`), errors are domain errors (`errors`), and whatever depends on time
or chance is passed in.
"""

from .errors import ImportRejected, InvalidInput, MalformedJSON, NewerExport, NotFound, StateError
from .objects import ObjectStore
from .pieces import PiecesDatabase
from .pixiebrix import PixieBrixState

__all__ = [
    "ImportRejected",
    "InvalidInput",
    "MalformedJSON",
    "NewerExport",
    "NotFound",
    "ObjectStore",
    "PiecesDatabase",
    "PixieBrixState",
    "StateError",
]
