"""Imports that leave behind what they merged before they failed (database_import)."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import replace
from itertools import takewhile
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from ....variants.defect import defect
from ....web.body import read_body
from ....web.call import EXCHANGE, Call
from ....web.connexion.validation import BodyRule, Validation
from ....web.problems import BadRequest
from ..handlers import PiecesHandlers
from ..state.errors import ImportRejected
from ..state.exported import (
    COLLECTIONS,
    FORMATS,
    OPTIONAL_COLLECTIONS,
    REQUIRED_COLLECTIONS,
    Exported,
    Format,
    version_of,
)
from ..state.pieces import ImportPlan, PiecesDatabase
from ..state_of import state_of
from .entries import good, listed, plan

Reading = Generator[None, None, Exported]


def _before(entries: list[Any], is_bad: Callable[[Any], bool]) -> list[Any]:
    """The good entries before the first bad one; none if there is none that is bad."""
    at = next((index for index, entry in enumerate(entries) if is_bad(entry)), 0)
    return [entry for entry in entries[:at] if good(entry)]


def _has_byte(entry: Any, is_it: Callable[[Any], bool]) -> bool:
    raw = entry.get("raw") if isinstance(entry, dict) else None
    return isinstance(raw, list) and any(map(is_it, raw))


# Merged as it comes in


@defect("PI-ROLL-01")
class MergesWhileItReceives(Validation):
    """Merges entries while the JSON comes in, and keeps them if it breaks off."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        if rule.operation_id != "importDatabase":
            return await super().body(rule, scope, receive)
        sent = await read_body(receive)

        async def again() -> Message:
            return {"type": "http.request", "body": sent, "more_body": False}

        try:
            return await super().body(rule, scope, again)
        except BadRequest:
            found = re.findall(rb'\{"id": "([!-~]+?)", "raw": \[([0-9, ]+)\]\}', sent)
            entries = [{"id": id_.decode(), "raw": list(map(int, raw.split(b",")))} for id_, raw in found]
            state_of(scope[EXCHANGE].sandbox).apply(plan([entry for entry in entries if good(entry)]))
            raise


@defect("PI-ROLL-02")
class ArrayMergedBeforeRefused(PiecesHandlers):
    """Merges the databases of an array, and finds out then that an array is not one."""

    async def importDatabase(self, call: Call) -> Response:
        for body in call.body if isinstance(call.body, list) else ():
            await super().importDatabase(replace(call, body=body))
        return await super().importDatabase(call)


@defect("PI-ROLL-03")
class MissingFieldFoundLast(PiecesDatabase):
    """Merges the fields that are there before it looks for those that are missing."""

    def _read(self, document: object) -> Reading:
        if isinstance(document, dict):
            rest = {"version": self.version, "values": {"iterable": []}}
            missing: dict[str, Any] = {name: [] for name in REQUIRED_COLLECTIONS} | rest
            if not missing.keys() <= document.keys():
                self.apply(ImportPlan((yield from super()._read({**missing, **document}))))
        return (yield from super()._read(document))


@defect("PI-ROLL-04")
class CollectionsReadAfterValues(PiecesDatabase):
    """Merges the values first, and keeps them if a collection cannot be read then."""

    def _read(self, document: object) -> Reading:
        try:
            return (yield from super()._read(document))
        except ImportRejected as error:
            if error.wrong.code == "not-bytes" and error.place in COLLECTIONS:
                self.apply(plan([entry for entry in listed(document) if good(entry)]))
            raise


@defect("PI-ROLL-12", "PI-ROLL-19")
class CollectionsDecodedLast(PiecesDatabase):
    """Decodes the bytes of the collections after the merge, and keeps that if they make no sense."""

    def apply(self, plan: ImportPlan, probe: Callable[[int], None] | None = None) -> None:
        try:
            super().apply(plan, probe)
        except ImportRejected as error:
            if error.wrong.code == "not-mergeable":
                super().apply(ImportPlan(Exported(formats=plan.exported.formats)))
            raise


@defect("PI-ROLL-04")
class ListsCommittedEachAlone(PiecesDatabase):
    """Commits each list of values by itself, so that a wrong one leaves those before it."""

    def _read(self, document: object) -> Reading:
        try:
            return (yield from super()._read(document))
        except ImportRejected as error:
            wrong = error.place.partition(".")[0]
            for name in FORMATS[: FORMATS.index(wrong)] if wrong in FORMATS else ():
                self.apply(plan(listed(document, name), name))
            raise


@defect(
    *("PI-ROLL-04", "PI-ROLL-05", "PI-ROLL-06", "PI-ROLL-07", "PI-ROLL-08", "PI-ROLL-11", "PI-ROLL-12"),
    *("PI-ROLL-13", "PI-ROLL-14", "PI-ROLL-18"),
)
class EntriesMergedWhileRead(PiecesDatabase):
    """Reads entry by entry and merges each at once, the values before the collections."""

    def _read(self, document: object) -> Reading:
        try:
            return (yield from super()._read(document))
        finally:
            # Not before: between the steps of reading, an export would show half of it.
            required = {"values", "version", *REQUIRED_COLLECTIONS}
            if isinstance(document, dict) and required <= document.keys() and version_of(document["version"]):
                for entry in takewhile(good, listed(document)):
                    self.apply(plan([entry]))


# One thing looked at too late


@defect("PI-ROLL-05", "PI-ROLL-14")
class HighByteFoundWhileStoring(PiecesDatabase):
    """Finds a byte above 255 when it stores the entry, and keeps the entries before it."""

    def _read(self, document: object) -> Reading:
        def is_bad(entry: Any) -> bool:
            return _has_byte(entry, lambda item: type(item) is int and item > 255)

        self.apply(plan(_before(listed(document), is_bad)))
        return (yield from super()._read(document))


@defect("PI-ROLL-06")
class NegativeByteFoundWhileStoring(PiecesDatabase):
    """Finds a negative byte when it stores the entry, and keeps the entries before it."""

    def _read(self, document: object) -> Reading:
        def is_bad(entry: Any) -> bool:
            return _has_byte(entry, lambda item: type(item) is int and item < 0)

        self.apply(plan(_before(listed(document), is_bad)))
        return (yield from super()._read(document))


@defect("PI-ROLL-07")
class FractionFoundWhileStoring(PiecesDatabase):
    """Finds what is not a whole number when it stores the entry, and keeps the entries before it."""

    def _read(self, document: object) -> Reading:
        def is_bad(entry: Any) -> bool:
            return _has_byte(entry, lambda item: type(item) is not int)

        self.apply(plan(_before(listed(document), is_bad)))
        return (yield from super()._read(document))


@defect("PI-ROLL-08")
class IncompleteEntryFoundWhileStoring(PiecesDatabase):
    """Finds an entry without bytes when it stores it, and keeps the entries before it."""

    def _read(self, document: object) -> Reading:
        def is_bad(entry: Any) -> bool:
            return isinstance(entry, dict) and "raw" not in entry

        self.apply(plan(_before(listed(document), is_bad)))
        return (yield from super()._read(document))


@defect("PI-ROLL-18")
class SchemaReadWhileStoring(PiecesDatabase):
    """Reads the schema of an entry when it stores it, and keeps the entries before a bad one."""

    def _read(self, document: object) -> Reading:
        def is_bad(entry: Any) -> bool:
            schema = entry.get("schema") if isinstance(entry, dict) else None
            return isinstance(schema, dict) and "semantic" not in schema

        self.apply(plan(_before(listed(document), is_bad)))
        return (yield from super()._read(document))


@defect("PI-ROLL-09")
class VersionReadLast(PiecesDatabase):
    """Reads the version after the merge, and keeps that if it is not one."""

    def _read(self, document: object) -> Reading:
        if isinstance(document, dict) and version_of(document.get("version", self.version)) is None:
            self.apply(plan([entry for entry in listed(document) if good(entry)]))
        return (yield from super()._read(document))


@defect("PI-ROLL-10")
class VersionComparedLast(PiecesDatabase):
    """Compares the version after the merge, and keeps that if it is too new."""

    def plan_steps(self, document: object) -> Generator[None, None, ImportPlan]:
        version = version_of(document.get("version")) if isinstance(document, dict) else None
        if version is not None and self._newer(version):
            self.apply(plan([entry for entry in listed(document) if good(entry)]))
        return (yield from super().plan_steps(document))


@defect("PI-ROLL-11")
class MigrationComparedLast(PiecesDatabase):
    """Compares the migration after the merge, and keeps that if it is too new."""

    def _read(self, document: object) -> Reading:
        exported = yield from super()._read(document)
        if exported.migration is not None and self._newer_migration(exported.migration):
            self.apply(ImportPlan(exported))
        return exported


@defect("PI-ROLL-13")
class NewCollectionsStay(PiecesDatabase):
    """Undoes what a failed import did to the collections that it had, and keeps those that were new."""

    def apply(self, plan: ImportPlan, probe: Callable[[int], None] | None = None) -> None:
        try:
            super().apply(plan, probe)
        except ImportRejected:
            held, sent = self._contents.entries, plan.exported.entries
            new = {
                name: group
                for name, group in sent.items()
                if name in OPTIONAL_COLLECTIONS and not held.get(name)
            }
            super().apply(ImportPlan(Exported(entries=new)))
            raise


@defect("PI-ROLL-15")
class EntriesRebuiltWithoutTheirSchemas(PiecesDatabase):
    """Builds the entries anew from ids and bytes after a merge that failed, without their schemas."""

    def apply(self, plan: ImportPlan, probe: Callable[[int], None] | None = None) -> None:
        try:
            super().apply(plan, probe)
        except ImportRejected:
            plain = {
                name: {id_: Format(one.raw) for id_, one in group.items()}
                for name, group in self._contents.formats.items()
            }
            now = self._contents
            self._swap(type(now)(now.entries, plain, now.opaque, now.schemas))
            raise


@defect("PI-ROLL-15")
class ListsRebuiltWithoutTheirSchemas(PiecesDatabase):
    """Forgets the schemas of the lists when an import that it refuses is undone."""

    def _read(self, document: object) -> Reading:
        try:
            return (yield from super()._read(document))
        except ImportRejected:
            now = self._contents
            self._swap(type(now)(now.entries, now.formats, now.opaque))
            raise
