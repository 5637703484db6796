"""Unusual exports and imports."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from starlette.responses import Response

from ..handlers.pieces import PiecesHandlers
from ..state.errors import ImportRejected, NewerExport
from ..state.pieces import ImportPlan, PiecesDatabase
from ..web.call import Call
from .base import stranger


@stranger()
class KnownEntriesStay(PiecesDatabase):
    """Keeps the entry that is there when an import brings another one of its id."""

    def apply(self, plan: ImportPlan, probe: Callable[[int], None] | None = None) -> None:
        mine = self._contents
        super().apply(plan, probe)
        merged = self._contents
        for name, entries in mine.entries.items():
            merged.entries[name] = {**merged.entries[name], **entries}
        for name, formats in mine.formats.items():
            merged.formats[name] = {**merged.formats[name], **formats}


@stranger()
class MalformedBeforeNewer(PiecesDatabase):
    """Answers an export that is both too new and malformed as malformed."""

    def plan_steps(self, document: object) -> Generator[None, None, ImportPlan]:
        try:
            return (yield from super().plan_steps(document))
        except NewerExport:
            yield from self._read(document)
            raise


@stranger()
class EmptyOptionalsLeftOut(PiecesDatabase):
    """Leaves optional collections out of an export when they are empty."""

    _OPTIONAL = frozenset({"activities", "annotations", "anchors", "hints", "messageValues", "ranges"})

    def export(self) -> dict[str, Any]:
        empty: tuple[object, ...] = ([], {"iterable": []})
        return {
            name: value
            for name, value in super().export().items()
            if name not in self._OPTIONAL or value not in empty
        }


@stranger()
class EntriesInOtherOrder(PiecesDatabase):
    """Exports the entries of each list in the order of their ids."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        for value in document.values():
            if isinstance(value, dict) and "iterable" in value:
                value["iterable"].sort(key=lambda entry: entry["id"], reverse=True)
        return document


@stranger()
class NullIsTooNew(PiecesHandlers):
    """Answers null instead of a database with 505."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except ImportRejected:
            if call.body is None:
                msg = "The body is of no version that is known here."
                raise NewerExport(msg) from None
            raise
