"""Imports that break the published model and are taken all the same (SDK models: ExportedDatabase)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from ....variants.defect import defect
from ..state.exported import (
    COLLECTIONS,
    FORMATS,
    OPTIONAL_COLLECTIONS,
    REQUIRED_COLLECTIONS,
    SEMANTICS,
    Exported,
    version_of,
)
from ..state.pieces import PiecesDatabase

Reading = Generator[None, None, Exported]
Document = dict[str, Any]


def _fields(document: object, change: Callable[[Document], Document]) -> object:
    """The document, changed if it is an object."""
    return change(document) if isinstance(document, dict) else document


def _entries(document: object, change: Callable[[Any], Any], names: tuple[str, ...] = FORMATS) -> object:
    """The document with every entry of its lists changed; those that become None are left out."""

    def changed(fields: Document) -> Document:
        found = dict(fields)
        for name in names:
            items = fields[name].get("iterable") if isinstance(fields.get(name), dict) else None
            if isinstance(items, list):
                new = [change(item) if isinstance(item, dict) else item for item in items]
                found[name] = {"iterable": [item for item in new if item is not None]}
        return found

    return _fields(document, changed)


def _bytes(document: object, change: Callable[[Any], Any]) -> object:
    """The document with every byte changed, of collections and entries."""

    def listed(value: Any) -> Any:
        return list(map(change, value)) if isinstance(value, list) else value

    def changed(fields: Document) -> Document:
        return {name: listed(value) if name in COLLECTIONS else value for name, value in fields.items()}

    def entry(item: Document) -> Document:
        return {**item, "raw": listed(item["raw"])} if "raw" in item else item

    return _entries(_fields(document, changed), entry)


# Fields


@defect("PI-ERR-06")
class MissingCollectionsAreEmpty(PiecesDatabase):
    """Takes a collection that is missing for an empty one."""

    def _read(self, document: object) -> Reading:
        empty: Document = {name: [] for name in REQUIRED_COLLECTIONS}
        return (yield from super()._read(_fields(document, lambda fields: {**empty, **fields})))


@defect("PI-ERR-06")
class MissingValuesAreEmpty(PiecesDatabase):
    """Takes missing values for an empty list."""

    def _read(self, document: object) -> Reading:
        empty: Document = {"values": {"iterable": []}}
        return (yield from super()._read(_fields(document, lambda fields: {**empty, **fields})))


@defect("PI-ERR-06")
class MissingVersionIsOwn(PiecesDatabase):
    """Takes an import without a version for one of its own."""

    def _read(self, document: object) -> Reading:
        own = {"version": self.version}
        return (yield from super()._read(_fields(document, lambda fields: {**own, **fields})))


@defect("PI-ERR-07")
class WrongTypesSkipped(PiecesDatabase):
    """Reads over a collection that is not an array."""

    def _read(self, document: object) -> Reading:
        def arrays(fields: Document) -> Document:
            return {
                name: [] if name in COLLECTIONS and not isinstance(value, list) else value
                for name, value in fields.items()
            }

        return (yield from super()._read(_fields(document, arrays)))


@defect("PI-ERR-07")
class EmptyArrayForValues(PiecesDatabase):
    """Takes an empty array for an object without fields, as its language does."""

    def _read(self, document: object) -> Reading:
        def objects(fields: Document) -> Document:
            return {
                name: {"iterable": []} if name in FORMATS and value == [] else value
                for name, value in fields.items()
            }

        return (yield from super()._read(_fields(document, objects)))


@defect("PI-ERR-07")
class NumberForVersion(PiecesDatabase):
    """Takes a number for a version, and fills up its parts."""

    def _read(self, document: object) -> Reading:
        def told(fields: Document) -> Document:
            version = fields.get("version")
            return {**fields, "version": f"{version}.0.0"} if type(version) is int else fields

        return (yield from super()._read(_fields(document, told)))


@defect("PI-ERR-12")
class ShortVersionsFilledUp(PiecesDatabase):
    """Fills up a version of two numbers."""

    def _read(self, document: object) -> Reading:
        def filled(fields: Document) -> Document:
            version = fields.get("version")
            short = isinstance(version, str) and version.count(".") == 1
            return {**fields, "version": f"{version}.0"} if short else fields

        return (yield from super()._read(_fields(document, filled)))


@defect("PI-ERR-12")
class UnreadableVersionIsOld(PiecesDatabase):
    """Takes a version that it cannot read for the oldest."""

    def _read(self, document: object) -> Reading:
        def old(fields: Document) -> Document:
            version = fields.get("version")
            unreadable = isinstance(version, str) and version_of(version) is None
            return {**fields, "version": "0.0.0"} if unreadable else fields

        return (yield from super()._read(_fields(document, old)))


# Bytes


@defect("PI-ERR-08", "PI-ERR-09")
class BytesWrapAround(PiecesDatabase):
    """Keeps the lowest eight bits of a number, however large or small it is."""

    def _read(self, document: object) -> Reading:
        return (
            yield from super()._read(_bytes(document, lambda item: item % 256 if type(item) is int else item))
        )


@defect("PI-ERR-08")
class BytesStopAt255(PiecesDatabase):
    """Takes a number above 255 for 255."""

    def _read(self, document: object) -> Reading:
        return (
            yield from super()._read(
                _bytes(document, lambda item: min(item, 255) if type(item) is int else item)
            )
        )


@defect("PI-ERR-09")
class SignedBytesTaken(PiecesDatabase):
    """Takes bytes with a sign, too, as a client in Java sends them."""

    def _read(self, document: object) -> Reading:
        def unsigned(item: Any) -> Any:
            return item + 256 if type(item) is int and -128 <= item < 0 else item

        return (yield from super()._read(_bytes(document, unsigned)))


@defect("PI-ERR-08", "PI-ERR-09")
class OptionalCollectionsUnchecked(PiecesDatabase):
    """Checks the bytes of required collections, and passes over optional ones that it cannot read."""

    def _read(self, document: object) -> Reading:
        def good(fields: Document) -> Document:
            return {name: value for name, value in fields.items() if not _unreadable(name, value)}

        return (yield from super()._read(_fields(document, good)))


def _unreadable(name: str, value: Any) -> bool:
    if name not in OPTIONAL_COLLECTIONS or not isinstance(value, list):
        return False
    return any(type(item) is not int or not 0 <= item <= 255 for item in value)


@defect("PI-ERR-10")
class BytesConverted(PiecesDatabase):
    """Makes whole numbers of fractions and texts among the bytes."""

    def _read(self, document: object) -> Reading:
        def converted(item: Any) -> Any:
            try:
                return int(item)
            except (TypeError, ValueError):
                return item

        return (yield from super()._read(_bytes(document, converted)))


@defect("PI-ERR-10")
class BooleansAreBytes(PiecesDatabase):
    """Takes true for 1 and false for 0 among the bytes, as they are integers in its language."""

    def _read(self, document: object) -> Reading:
        return (
            yield from super()._read(
                _bytes(document, lambda item: int(item) if isinstance(item, bool) else item)
            )
        )


@defect("PI-ERR-10")
class NullIsZeroByte(PiecesDatabase):
    """Takes null among the bytes for a zero."""

    def _read(self, document: object) -> Reading:
        return (yield from super()._read(_bytes(document, lambda item: 0 if item is None else item)))


# Entries


@defect("PI-ERR-11")
class IncompleteEntriesSkipped(PiecesDatabase):
    """Skips entries without id or bytes, and merges the others."""

    def _read(self, document: object) -> Reading:
        def complete(item: Document) -> Document | None:
            return item if "id" in item and "raw" in item else None

        return (yield from super()._read(_entries(document, complete)))


@defect("PI-ERR-11")
class MissingIdMadeUp(PiecesDatabase):
    """Makes up an id for an entry that has none."""

    def _read(self, document: object) -> Reading:
        return (yield from super()._read(_entries(document, lambda item: {"id": f"new-{len(item)}", **item})))


@defect("PI-ERR-11")
class MissingBytesAreNone(PiecesDatabase):
    """Takes an entry without bytes for one of no bytes."""

    def _read(self, document: object) -> Reading:
        return (yield from super()._read(_entries(document, lambda item: {"raw": [], **item})))


@defect("PI-DESC-09", fuzzing=True)
class OptionalListsUnchecked(PiecesDatabase):
    """Passes over the values of messages and of workstream events if it cannot read them."""

    def _read(self, document: object) -> Reading:
        def objects(fields: Document) -> Document:
            return {
                name: value
                for name, value in fields.items()
                if name not in FORMATS[1:] or (isinstance(value, dict) and "iterable" in value)
            }

        return (yield from super()._read(_fields(document, objects)))


# Schemas


def _schemas(document: object, change: Callable[[Document], Document | None]) -> object:
    """The document with every schema changed."""

    def changed(fields: Document) -> Document:
        schema = fields.get("schema")
        return {**fields, "schema": change(schema)} if isinstance(schema, dict) else fields

    return _entries(_fields(document, changed), changed)


@defect("PI-ERR-14")
class UnknownSemanticTaken(PiecesDatabase):
    """Takes a semantic that it does not know for an unknown one."""

    def _read(self, document: object) -> Reading:
        def known(schema: Document) -> Document:
            semantic = schema.get("semantic", SEMANTICS[0])
            known_one = semantic if semantic in SEMANTICS else SEMANTICS[0]
            return {**schema, "semantic": known_one} if "semantic" in schema else schema

        return (yield from super()._read(_schemas(document, known)))


@defect("PI-ERR-14")
class SchemaFilledUp(PiecesDatabase):
    """Fills up a schema that lacks a field with its own values."""

    def _read(self, document: object) -> Reading:
        own: Document = {"migration": self.migration, "semantic": self.semantic}
        return (yield from super()._read(_schemas(document, lambda schema: {**own, **schema})))


@defect("PI-ERR-14")
class SchemasOfEntriesUnchecked(PiecesDatabase):
    """Drops the schema of an entry if it cannot read it."""

    def _read(self, document: object) -> Reading:
        def readable(item: Document) -> Document:
            schema = item.get("schema")
            good = isinstance(schema, dict) and schema.keys() == {"migration", "semantic"}
            return item if good else {name: value for name, value in item.items() if name != "schema"}

        return (yield from super()._read(_entries(document, readable)))
