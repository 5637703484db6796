"""Pieces OS that loses its way when imports meet, or when time passes (database_import)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from ....state.instants import DAY
from ....variants.defect import WHILE, defect
from ....web.call import ABSENT, Call
from ..handlers import PiecesHandlers
from ..state.errors import ImportRejected, NewerExport
from ..state.exported import Exported
from ..state.pieces import ImportPlan, PiecesDatabase
from ..state_of import state_of


@defect("PI-IMP-24")
class ImportWritesItsCopyBack(PiecesHandlers):
    """Reads the database when an import begins, and writes it back without what came meanwhile."""

    async def importDatabase(self, call: Call) -> Response:
        if not isinstance(call.body, dict) or call.exchange.fault is not None:
            return await super().importDatabase(call)
        pieces = state_of(call.sandbox)
        before, plan = pieces._contents, pieces.plan(call.body)  # noqa: SLF001 - a variant may look inside
        await asyncio.sleep(WHILE)
        # Nothing comes between the two: else all might go back first, and then merge one after the other.
        pieces._swap(before)  # noqa: SLF001
        pieces.apply(plan)
        return Response(None, 204)


@defect("PI-ROLL-19")
class RevertGoesBackToItsStart(PiecesHandlers):
    """Puts back what was there when the failed import began, without what came meanwhile."""

    async def importDatabase(self, call: Call) -> Response:
        pieces = state_of(call.sandbox)
        before = pieces._contents  # noqa: SLF001
        try:
            return await super().importDatabase(call)
        except (ImportRejected, NewerExport):
            await asyncio.sleep(WHILE)
            pieces._swap(before)  # noqa: SLF001
            raise


@defect("PI-ROLL-17")
class CollectionsCommittedFirst(PiecesHandlers):
    """Commits the collections of an import first, and its values a moment later."""

    async def importDatabase(self, call: Call) -> Response:
        if isinstance(call.body, dict) and call.exchange.fault is None:
            pieces = state_of(call.sandbox)
            plan = pieces.plan(call.body)
            pieces.apply(ImportPlan(replace(plan.exported, formats={})))
            await asyncio.sleep(WHILE)
        return await super().importDatabase(call)


@defect("PI-EXP-15")
class ExportKeptUntilValuesChange(PiecesDatabase):
    """Keeps its export until the number of entries in `values` is another, whatever else was imported."""

    _kept: tuple[int, bytes] | None = None

    def export_json(self) -> bytes:
        count = len(self._contents.formats.get("values", {}))
        if self._kept is None or self._kept[0] != count:
            self._kept = count, super().export_json()
        return self._kept[1]


@defect("PI-EXP-15")
class ExportKeptUntilListsChange(PiecesDatabase):
    """Keeps its export until an entry of a list is another, whatever collections were imported."""

    _kept_for: tuple[Any, bytes] | None = None

    def export_json(self) -> bytes:
        now = self._contents.formats
        if self._kept_for is None or self._kept_for[0] != now:
            self._kept_for = now, super().export_json()
        return self._kept_for[1]


@defect("PI-EXP-15")
class ExportKeptUntilBytesChange(PiecesDatabase):
    """Keeps its export until there are other collections, or other entries by their ids and bytes."""

    _kept_for: tuple[Any, bytes] | None = None

    def export_json(self) -> bytes:
        contents = self._contents
        raws = {name: {id_: one.raw for id_, one in some.items()} for name, some in contents.formats.items()}
        now = contents.entries, contents.opaque, raws
        if self._kept_for is None or self._kept_for[0] != now:
            self._kept_for = now, super().export_json()
        return self._kept_for[1]


@defect("PI-IMP-25")
class EntriesExpire(PiecesHandlers):
    """Holds what was imported for thirty days, as a cache does."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], int] = {}

    async def importDatabase(self, call: Call) -> Response:
        response = await super().importDatabase(call)
        body: Any = {} if call.body is ABSENT else call.body
        for name in ("values", "messageValues", "workstreamEventValues"):
            for entry in (body.get(name) or {"iterable": ()})["iterable"]:
                self._since.setdefault((name, entry["id"]), call.sandbox.now())
        return response

    async def exportDatabase(self, call: Call) -> Response:
        pieces, limit = state_of(call.sandbox), call.sandbox.now() - 30 * DAY
        contents = pieces._contents  # noqa: SLF001
        formats = {
            name: {id_: one for id_, one in group.items() if self._since.get((name, id_), limit) >= limit}
            for name, group in contents.formats.items()
        }
        if formats != contents.formats:
            kept = Exported(contents.entries, formats)
            pieces._swap(type(contents)(kept.entries, formats, contents.opaque, contents.schemas))  # noqa: SLF001
        return await super().exportDatabase(call)


@defect("PI-ROLL-17")
class FailuresSeenBeforeTheyAreUndone(PiecesHandlers):
    """Merges an import that is too new before it looks at that, and takes it out a moment later."""

    async def importDatabase(self, call: Call) -> Response:
        pieces = state_of(call.sandbox)
        try:
            return await super().importDatabase(call)
        except NewerExport:
            plain = {**call.body, "version": pieces.version, "schema": None}
            before = pieces._contents.formats  # noqa: SLF001
            pieces.apply(plan := pieces.plan(plain))
            await asyncio.sleep(WHILE)
            now, new = pieces._contents, plan.exported.formats  # noqa: SLF001
            formats = {
                name: {
                    id_: before.get(name, {}).get(id_, one) if id_ in new.get(name, {}) else one
                    for id_, one in group.items()
                    if id_ not in new.get(name, {}) or id_ in before.get(name, {})
                }
                for name, group in now.formats.items()
            }
            pieces._swap(type(now)(now.entries, formats, now.opaque, now.schemas))  # noqa: SLF001
            raise


@defect("PI-ROLL-19")
class LateFailureUndoesNeighbours(PiecesHandlers):
    """Puts back its snapshot when collections cannot be merged, without what came meanwhile."""

    async def importDatabase(self, call: Call) -> Response:
        pieces = state_of(call.sandbox)
        before = pieces._contents  # noqa: SLF001
        try:
            return await super().importDatabase(call)
        except ImportRejected as error:
            if error.wrong.code == "not-mergeable":
                await asyncio.sleep(WHILE)
                pieces._swap(before)  # noqa: SLF001
            raise
