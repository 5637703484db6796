"""Reading and checking an `ExportedDatabase`, the document that Pieces OS exports and imports.

The collections hold bytes as integers. What they mean is nowhere documented; here they are UTF-8 JSON, an
array of objects with an `id`, and no bytes at all stand for an empty collection. Bytes of any other form are
kept as they are: the collection is opaque (contract: GET /database/export).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from semver import Version

from ....state.errors import MalformedJSON, Wrong
from ....state.jsonio import dumps, loads
from .errors import ImportRejected

REQUIRED_COLLECTIONS: Final = (
    "analyses", "applications", "assets", "codeAnalyses", "files", "formatMetrics", "formats", "fragments",
    "imageAnalyses", "models", "ocrAnalyses", "persons", "sensitives", "tags", "websites",
)  # fmt: skip
"""The byte collections that every export has."""
OPTIONAL_COLLECTIONS: Final = (
    "activities", "annotations", "anchors", "anchorPoints", "conversations", "conversationMessages", "hints",
    "ranges", "relationships", "workstreamEvents", "workstreamSummaries", "workstreamPatternEngineSources",
)  # fmt: skip
"""The byte collections that an export may leave out."""
COLLECTIONS: Final = (*REQUIRED_COLLECTIONS, *OPTIONAL_COLLECTIONS)
"""All byte collections."""
FORMATS: Final = ("values", "messageValues", "workstreamEventValues")
"""The collections of formats; only the first is required."""
SEMANTICS: Final = ("UNKNOWN", "MAJOR_0_MINOR_0_PATCH_1")
"""What `schema.semantic` may be."""

_REQUIRED: Final = (*REQUIRED_COLLECTIONS, "values", "version")
_KNOWN: Final = frozenset((*COLLECTIONS, *FORMATS, "version", "schema"))
_BYTES_A_STEP: Final = 65_536
_ENTRIES_A_STEP: Final = 2_000


@dataclass(frozen=True, slots=True)
class Format:
    """One entry of a collection of formats: its bytes, and its own schema if it has one."""

    raw: bytes
    schema: tuple[int, str] | None = None
    """(migration, semantic)."""


@dataclass(slots=True)
class Exported:
    """What a checked document holds.

    Attributes:
        entries, formats: by collection and id; the entries of byte collections are compact JSON.
        migration: of the document's schema.
        opaque: the bytes of collections that are not an array of entries, by name.
        schemas: (migration, semantic) of collections of formats that have a schema of their own.
    """

    entries: dict[str, dict[str, bytes]] = field(default_factory=dict)
    formats: dict[str, dict[str, Format]] = field(default_factory=dict)
    migration: int | None = None
    opaque: dict[str, bytes] = field(default_factory=dict)
    schemas: dict[str, tuple[int, str]] = field(default_factory=dict)


def version_of(text: object) -> Version | None:
    """The semantic version that the text names, or None."""
    # Older versions of the library let the digits of other scripts through.
    if not isinstance(text, str) or not text.isascii():
        return None
    try:
        return Version.parse(text)
    except ValueError:
        return None


def read(document: object) -> Generator[None, None, Exported]:
    """Check a whole document and read its entries, in steps: yields every few thousand bytes or entries.

    Of entries with the same id in one collection the last wins, at the place of the first. Raises
    `ImportRejected` with the first place where something is wrong.
    """
    fields = _checked(document)
    schema = _schema("schema", fields.get("schema"))
    exported = Exported(migration=None if schema is None else schema[0])
    for name in COLLECTIONS:
        if _present(fields, name):
            yield
            raw = yield from _bytes(name, fields[name])
            entries = yield from _entries(raw)
            exported.entries[name] = entries or {}
            if entries is None:
                exported.opaque[name] = raw
    for name in FORMATS:
        if _present(fields, name):
            yield
            exported.formats[name], own = yield from _formats(name, fields[name])
            if own is not None:
                exported.schemas[name] = own
    return exported


def _checked(document: object) -> dict[str, Any]:
    fields = _fields("", document, _REQUIRED, _KNOWN)
    if version_of(fields["version"]) is None:
        raise ImportRejected(Wrong("not-a-version", fields["version"]), "version")
    return fields


def _present(document: dict[str, Any], name: str) -> bool:
    """Whether the field is to be read: null stands for an optional field that is absent."""
    return name in _REQUIRED or document.get(name) is not None


def _bytes(place: str, value: object) -> Generator[None, None, bytes]:
    if not isinstance(value, list):
        raise ImportRejected(Wrong("not-bytes", value), place)
    raw = bytearray()
    for start in range(0, len(value), _BYTES_A_STEP):
        if start:
            yield
        chunk = value[start : start + _BYTES_A_STEP]
        packed = _packed(chunk)
        if packed is None:
            index, item = next((index, item) for index, item in enumerate(chunk) if _packed([item]) is None)
            raise ImportRejected(Wrong("not-a-byte", item), f"{place}[{start + index}]")
        raw += packed
    return bytes(raw)


def _packed(items: list[Any]) -> bytes | None:
    """The integers as bytes; None if one of them is not a byte."""
    if set(map(type, items)) != {int}:  # bytes() would take booleans too
        return None
    try:
        return bytes(items)
    except ValueError:
        return None


def _entries(raw: bytes) -> Generator[None, None, dict[str, bytes] | None]:
    """The entries of a byte collection; None where it is opaque."""
    if not raw:
        return {}
    try:
        items = loads(raw)
    except MalformedJSON:
        return None
    if not isinstance(items, list):
        return None
    entries: dict[str, bytes] = {}
    for index, item in enumerate(items):
        if index % _ENTRIES_A_STEP == 0:
            yield
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            return None
        entries[item["id"]] = dumps(item)
    return entries


def _formats(
    place: str, value: object
) -> Generator[None, None, tuple[dict[str, Format], tuple[int, str] | None]]:
    """The entries, and the schema of the collection itself."""
    fields = _fields(place, value, ("iterable",), ("schema",))
    own = _schema(f"{place}.schema", fields.get("schema"))
    items = fields["iterable"]
    if not isinstance(items, list):
        raise ImportRejected(Wrong("not-an-array", items), f"{place}.iterable")
    formats: dict[str, Format] = {}
    work = 0
    for index, item in enumerate(items):
        here = f"{place}.iterable[{index}]"
        entry = _fields(here, item, ("id", "raw"), ("schema",))
        if not isinstance(entry["id"], str):
            raise ImportRejected(Wrong("not-a-string", entry["id"]), f"{here}.id")
        raw = yield from _bytes(f"{here}.raw", entry["raw"])
        formats[entry["id"]] = Format(raw, _schema(f"{here}.schema", entry.get("schema")))
        work += len(raw) + _BYTES_A_STEP // _ENTRIES_A_STEP
        if work >= _BYTES_A_STEP:
            work = 0
            yield
    return formats, own


def _schema(place: str, value: object) -> tuple[int, str] | None:
    if value is None:
        return None
    schema = _fields(place, value, ("migration", "semantic"))
    migration, semantic = schema["migration"], schema["semantic"]
    if type(migration) is not int:
        raise ImportRejected(Wrong("not-an-integer", migration), f"{place}.migration")
    if semantic not in SEMANTICS:
        raise ImportRejected(Wrong("unknown-semantic", semantic), f"{place}.semantic")
    return migration, semantic


def _fields(
    place: str, value: object, required: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, Any]:
    """The value, if it is an object that has these fields and no others."""
    if not isinstance(value, dict):
        raise ImportRejected(Wrong("not-an-object", value), place)
    known = {*required, *optional}
    for name in value:
        if name not in known:
            raise ImportRejected(Wrong("unknown-field", name), place)
    for name in required:
        if name not in value:
            raise ImportRejected(Wrong("missing"), f"{place}.{name}" if place else name)
    return value
