"""Makes what Pieces OS remembers of the entries of a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...sandbox.settings import Settings
from ...state.objects import ObjectStore
from .state.pieces import PiecesDatabase


class PiecesLoader:
    """Takes the export of a data set, if it has one."""

    def __init__(self, settings: Settings, objects: ObjectStore) -> None:
        del objects
        self.kinds: Mapping[str, Callable[[Mapping[str, Any]], None]] = {"pieces": self._pieces}
        self._settings = settings
        self._export: dict[str, Any] = {}

    def _pieces(self, entry: Mapping[str, Any]) -> None:
        self._export = dict(entry["export"])

    def finish(self, as_of: int, seed: int) -> PiecesDatabase:
        """The database, once all entries were taken."""
        del as_of, seed
        export, options = self._export, self._settings.options
        schema = export.get("schema") or {}
        database = PiecesDatabase(
            version=options["os_version"] or export.get("version") or "9.0.0",
            migration=schema.get("migration", 1) if options["migration"] is None else options["migration"],
            semantic=schema.get("semantic", "MAJOR_0_MINOR_0_PATCH_1"),
        )
        if export:
            database.load(export)
        return database
