"""Imports that fail and are undone wrongly, or hinder what comes after them (database_import)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from ....state.errors import StateError, Wrong
from ....variants.defect import defect
from ....web.call import Call
from ..handlers import PiecesHandlers
from ..state.errors import ImportRejected
from ..state.exported import Exported, Format
from ..state.pieces import ImportPlan, PiecesDatabase
from ..state_of import state_of
from .entries import good, listed, plan

Reading = Generator[None, None, Exported]


# Undone wrongly


@defect("PI-ROLL-14")
class UndoDeletesById(PiecesDatabase):
    """Undoes an import by deleting its ids, whether or not they were there before."""

    def _read(self, document: object) -> Reading:
        try:
            return (yield from super()._read(document))
        except ImportRejected:
            contents = self._contents
            ids = {entry["id"] for entry in listed(document) if good(entry)}
            kept = {id_: one for id_, one in contents.formats.get("values", {}).items() if id_ not in ids}
            self._swap(type(contents)(contents.entries, {**contents.formats, "values": kept}))
            raise


@defect("PI-ROLL-14")
class UndoForgetsOverwritten(PiecesDatabase):
    """Undoes an import by deleting what it added, and leaves what it wrote over."""

    def _read(self, document: object) -> Reading:
        try:
            return (yield from super()._read(document))
        except ImportRejected:
            known = self._contents.formats.get("values", {})
            self.apply(plan([one for one in listed(document) if good(one) and one["id"] in known]))
            raise


@defect(
    *("PI-ROLL-02", "PI-ROLL-03", "PI-ROLL-04", "PI-ROLL-05", "PI-ROLL-06", "PI-ROLL-07", "PI-ROLL-08"),
    *("PI-ROLL-09", "PI-ROLL-10", "PI-ROLL-11", "PI-ROLL-12", "PI-ROLL-13", "PI-ROLL-14", "PI-ROLL-15"),
    *("PI-ROLL-18", "PI-IMP-21"),
)
class OriginalFormIsEmpty(PiecesHandlers):
    """Takes the original form of the database for that of a new one, and empties it."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except StateError:
            pieces = state_of(call.sandbox)
            call.sandbox.states["pieces"] = type(pieces)(pieces.version, pieces.migration, pieces.semantic)
            raise


@defect("PI-ROLL-14", "PI-ROLL-15")
class BackToFirstBackup(PiecesHandlers):
    """Goes back to a backup that it made before the very first import."""

    _backup: PiecesDatabase | None = None

    async def importDatabase(self, call: Call) -> Response:
        if self._backup is None:
            self._backup = state_of(call.sandbox).fork()
        try:
            return await super().importDatabase(call)
        except StateError:
            call.sandbox.states["pieces"] = self._backup.fork()
            raise


@defect("PI-ROLL-14", "PI-ROLL-15")
class BackupMadeTooEarly(PiecesHandlers):
    """Goes back to the state before the last import that worked."""

    _backup: PiecesDatabase | None = None

    async def importDatabase(self, call: Call) -> Response:
        before = state_of(call.sandbox).fork()
        try:
            answer = await super().importDatabase(call)
        except StateError:
            call.sandbox.states["pieces"] = (self._backup or before).fork()
            raise
        self._backup = before
        return answer


# A failure inside the merge


Probe = Callable[[int], None] | None


@defect("PI-ROLL-13", "PI-ROLL-19")
class NoTransaction(PiecesDatabase):
    """Writes entry by entry, without a transaction around them."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        def noted(count: int) -> None:
            super(NoTransaction, self).apply(_first(plan, count))
            if probe is not None:
                probe(count)

        super().apply(plan, noted)


def _first(plan: ImportPlan, count: int) -> ImportPlan:
    """The first entries of a plan, in the order of the merge."""
    entries: dict[str, dict[str, bytes]] = {}
    for name, group in plan.exported.entries.items():
        entries[name] = dict(list(group.items())[:count])
        count -= len(entries[name])
    formats: dict[str, dict[str, Format]] = {}
    for name, formats_group in plan.exported.formats.items():
        formats[name] = dict(list(formats_group.items())[:count])
        count -= len(formats[name])
    return ImportPlan(Exported(entries, formats))


class _Partial(PiecesDatabase):
    """Keeps something of a merge that failed."""

    def _merge(self, plan: ImportPlan, probe: Probe, left: Callable[[int], ImportPlan]) -> None:
        """Merge; if that fails, merge what is left of this many entries."""
        merged = 0

        def noted(count: int) -> None:
            nonlocal merged
            merged = count
            if probe is not None:
                probe(count)

        try:
            super().apply(plan, noted)
        except StateError:
            super().apply(left(merged))
            raise


@defect("PI-ROLL-13")
class OnlyValuesRestored(_Partial):
    """Restores the values after a failure, and not the lists beside them."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        def left(count: int) -> ImportPlan:
            formats = _first(plan, count).exported.formats
            return ImportPlan(Exported(formats={**formats, "values": {}}))

        self._merge(plan, probe, left)


@defect("PI-ROLL-13")
class CollectionsNotRestored(_Partial):
    """Restores the lists of values after a failure, and not the collections."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        self._merge(plan, probe, lambda count: ImportPlan(Exported(_first(plan, count).exported.entries)))


@defect("PI-ROLL-13", "PI-ROLL-19")
class FirstEntryNotUndone(_Partial):
    """Undoes all entries of a failed merge but the first."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        self._merge(plan, probe, lambda count: _first(plan, min(count, 1)))


@defect("PI-ROLL-13")
class LastFailureComesTooLate(_Partial):
    """Commits with the last entry, so that a failure after that undoes nothing."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        self._merge(plan, probe, lambda count: _first(plan, count if count == plan.entries else 0))


# The next import


@defect("PI-ROLL-16", "PI-VER-03", "PI-VER-04")
class LockNotReleased(PiecesHandlers):
    """Leaves the database locked after a failed import."""

    _locked = False

    async def importDatabase(self, call: Call) -> Response:
        if self._locked:
            raise ImportRejected(Wrong("another-import-is-running"))
        try:
            return await super().importDatabase(call)
        except StateError:
            self._locked = True
            raise


@defect("PI-ROLL-16")
class FailedEntriesCountAsKnown(PiecesDatabase):
    """Remembers the entries of a failed import as merged, and skips them the next time."""

    _known: frozenset[str] = frozenset()

    def _read(self, document: object) -> Reading:
        try:
            exported = yield from super()._read(document)
        except ImportRejected:
            self._known |= {entry["id"] for entry in listed(document) if good(entry)}
            raise
        values = exported.formats["values"]
        exported.formats["values"] = {id_: one for id_, one in values.items() if id_ not in self._known}
        return exported


@defect("PI-ROLL-16", "PI-ROLL-19")
class FailedEntriesComeLater(PiecesDatabase):
    """Merges the new entries of a failed import together with those of the next one."""

    _waiting: list[Any] | None = None

    def _read(self, document: object) -> Reading:
        try:
            exported = yield from super()._read(document)
        except ImportRejected:
            known = self._contents.formats.get("values", {})
            self._waiting = [one for one in listed(document) if good(one) and one["id"] not in known]
            raise
        late, self._waiting = self._waiting or [], None
        exported.formats["values"] = {**plan(late).exported.formats["values"], **exported.formats["values"]}
        return exported


# What others see meanwhile


@defect("PI-ROLL-17")
class MergedInPortions(PiecesHandlers):
    """Merges a hundred values at a time, and answers exports in between."""

    async def importDatabase(self, call: Call) -> Response:
        values = listed(call.body)
        for start in range(100, len(values), 100):
            portion = {"iterable": values[start - 100 : start]}
            await super().importDatabase(replace(call, body={**call.body, "values": portion}))
            await asyncio.sleep(0.01)
        return await super().importDatabase(call)


@defect("PI-IMP-11", "PI-ROLL-16", "PI-ROLL-19")
class NextImportGoesBackToo(PiecesHandlers):
    """Rolls an import that failed back at the end of the next one, and takes that with it."""

    _pending = False

    async def importDatabase(self, call: Call) -> Response:
        pieces, pending = state_of(call.sandbox), self._pending
        before = pieces._contents  # noqa: SLF001
        self._pending = False
        try:
            response = await super().importDatabase(call)
        except ImportRejected:
            self._pending = isinstance(call.body, dict)
            raise
        if pending:
            pieces._swap(before)  # noqa: SLF001
        return response
