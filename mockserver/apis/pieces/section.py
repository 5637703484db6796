"""The part of Pieces OS of a sandbox's document."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any

from ...snapshot.json_walk import JSONWalk
from ...snapshot.section import Steps
from ...snapshot.values import fields, number, text
from .errors import sentence
from .state.errors import ImportRejected
from .state.pieces import PiecesDatabase

_SCHEMA = frozenset({"migration", "semantic"})


class PiecesSection:
    """The whole database, as an export of it."""

    members = ("pieces",)

    def write(self, state: PiecesDatabase) -> Iterator[tuple[str, Iterable[bytes]]]:
        """The export."""
        yield "pieces", (state.export_json(),)

    def read(self, name: str, walk: JSONWalk) -> Steps:
        """The database.

        Raises:
            TypeError, ValueError: it is not as it was written.
        """
        del name
        export = walk.value()
        if not isinstance(export, dict):
            raise TypeError("an object is expected")
        schema = fields(export.get("schema"), _SCHEMA)
        version, semantic = text(export.get("version")), text(schema["semantic"])
        database = PiecesDatabase(version, number(schema["migration"]), semantic)
        try:
            yield from database.load_steps(export)
        except ImportRejected as error:
            raise ValueError(sentence(error)) from None
        return database

    def state(
        self, found: Mapping[str, Any], settings: Mapping[str, Any], now: int
    ) -> Generator[None, None, PiecesDatabase]:
        """The database that was read."""
        del settings, now
        yield from ()
        database: PiecesDatabase = found["pieces"]
        return database
