"""The exported database of Pieces OS as checks look at it: its fields, its entries, its version.

What the byte collections contain is nowhere documented, so they are compared as wholes and never decoded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...authoring.arrange import field_of, step
from ...authoring.check import CheckFailed
from ...http.spool import Folded, digest_of
from .api import API

_SCHEMAS: Final = API.description()["components"]["schemas"]
_REQUIRED: Final = _SCHEMAS["ExportedDatabase"]["required"]
_KINDS: Final = {
    name: shape.get("$ref", "").rpartition("/")[2]
    for name, shape in _SCHEMAS["ExportedDatabase"]["properties"].items()
}


def _fields(kind: str, *, required: bool) -> tuple[str, ...]:
    return tuple(name for name, own in _KINDS.items() if own == kind and (name in _REQUIRED) is required)


REQUIRED_COLLECTIONS: Final = _fields("ByteCollection", required=True)
"""The byte collections that every export has."""
OPTIONAL_COLLECTIONS: Final = _fields("ByteCollection", required=False)
"""The byte collections that an export may leave out."""
OPTIONAL_LISTS: Final = _fields("ExportedDatabaseFormats", required=False)
"""The lists of entries that an export may leave out."""
LISTS: Final = (*_fields("ExportedDatabaseFormats", required=True), *OPTIONAL_LISTS)
"""All lists of entries with an id and bytes."""
REQUIRED_FIELDS: Final = tuple(_REQUIRED)
OPTIONAL_FIELDS: Final = tuple(name for name in _KINDS if name not in _REQUIRED)
SEMANTICS: Final = tuple(_SCHEMAS["SemanticVersion"]["enum"])

_NUMBER = r"(0|[1-9][0-9]*)"
_LABEL = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SEMANTIC_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_LABEL}(?:\.{_LABEL})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)


@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version without its build metadata, which plays no part in the order."""

    major: int
    minor: int
    patch: int
    prerelease: str | None

    @classmethod
    def parse(cls, text: object) -> Version | None:
        """Read a version by the grammar of Semantic Versioning 2.0.0; None if it is not one."""
        found = _SEMANTIC_VERSION.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            return None
        major, minor, patch, prerelease = found.groups()
        return cls(int(major), int(minor), int(patch), prerelease)

    @property
    def core(self) -> tuple[int, int, int]:
        """The three numbers."""
        return self.major, self.minor, self.patch


def entries_of(export: Mapping[str, Any], name: str = "values") -> list[dict[str, Any]]:
    """The entries of a list; none where the list is absent.

    Raises:
        PrerequisiteFailed: they have no id and bytes.
    """
    if name != "values" and export.get(name) is None:
        return []
    with step("PI-EXP-10" if name == "values" else "PI-EXP-11", f"read the {name} of the export"):
        entries = field_of(export, name, "iterable")
        if not isinstance(entries, list) or not all(
            isinstance(entry, dict) and isinstance(entry.get("id"), str) and "raw" in entry
            for entry in entries
        ):
            raise CheckFailed(f"the entries of {name}", "objects with id and raw", entries)
        found: list[dict[str, Any]] = entries
        return found


def missing_from(export: Mapping[str, Any], entries: list[dict[str, Any]], name: str = "values") -> list[str]:
    """The ids of those entries that a list of an export lacks, or has with other bytes only."""
    there: dict[str, list[object]] = {}
    for entry in entries_of(export, name):
        there.setdefault(entry["id"], []).append(entry["raw"])
    return [entry["id"] for entry in entries if entry["raw"] not in there.get(entry["id"], ())]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """What differs between two exports, by field; the order of entries is nowhere documented."""
    found = {}
    for name in (*before, *(name for name in after if name not in before)):
        old, new = before.get(name), after.get(name)
        if old != new and not (name in LISTS and _in_order(old) == _in_order(new)):
            found[name] = f"{_size(name, old)} before, {_size(name, new)} after"
            if name in LISTS:
                found[name] += _told(before, after, name)
    return found


def _in_order(value: object) -> list[str]:
    iterable = value.get("iterable") if isinstance(value, Mapping) else value
    return sorted(map(_as_key, iterable)) if isinstance(iterable, list) else []


def _as_key(entry: object) -> str:
    """A text that two entries share if they are the same, wherever their bytes are."""
    if isinstance(entry, Mapping) and (digest := digest_of(entry.get("raw"))) is not None:
        entry = {**entry, "raw": digest.hex()}
    return json.dumps(entry, sort_keys=True, default=repr)


def _size(name: str, value: object) -> str:
    if name in LISTS:
        return f"{len(_in_order(value))} entries"
    return f"{len(value)} bytes" if isinstance(value, list | Folded) else json.dumps(value, default=repr)


def _told(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> str:
    old, new = (
        {
            (entry["id"], digest_of(entry["raw"]) or str(entry["raw"]))
            for entry in (entries_of(export, name) if name in export else ())
        }
        for export in (before, after)
    )
    more, fewer = ({entry_id for entry_id, _ in entries} for entries in (new - old, old - new))
    parts = (
        ("new", more - fewer),
        ("gone", fewer - more),
        ("with other bytes", more & fewer),
    )
    return "".join(f"; {word}: {', '.join(sorted(ids)[:5])}" for word, ids in parts if ids)


def byte_problems(export: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the byte collections of these names that are there, one sentence each.

    An optional field that is null is as good as absent: the vendor's SDK reads both alike.
    """
    for name in names:
        if name in export and not (export[name] is None and name in OPTIONAL_COLLECTIONS):
            yield from _byte_problem(name, export[name])


def _byte_problem(place: str, value: object) -> Iterator[str]:
    if isinstance(value, Folded):
        return  # it would not be one with anything else in it
    if not isinstance(value, list):
        yield f"{place} is {_shown(value)}, not an array"
        return
    for index, item in enumerate(value):
        if type(item) is not int or not 0 <= item <= 255:
            yield f"{place}[{index}] is {_shown(item)}, not a byte"
            return


def entry_problems(export: Mapping[str, Any], name: str) -> Iterator[str]:
    """What is wrong with a list of entries, one sentence each."""
    value = export.get(name)
    entries = value.get("iterable") if isinstance(value, Mapping) else None
    if not isinstance(entries, list):
        yield f"{name} is {_shown(value)}, not an object with an array `iterable`"
        return
    for index, entry in enumerate(entries):
        place = f"{name}.iterable[{index}]"
        if not isinstance(entry, Mapping):
            yield f"{place} is {_shown(entry)}, not an object"
            continue
        if not isinstance(entry.get("id"), str):
            yield f"{place}.id is {_shown(entry.get('id'))}, not a string"
        yield from _byte_problem(f"{place}.raw", entry.get("raw"))


def schemas_of(export: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Every `schema` of an export that is there and not null, with its place."""
    if export.get("schema") is not None:
        yield "schema", export["schema"]
    for name in LISTS:
        entries = entries_of(export, name)
        of_list = export[name].get("schema") if name in export and export[name] is not None else None
        if of_list is not None:
            yield f"{name}.schema", of_list
        for index, entry in enumerate(entries):
            if entry.get("schema") is not None:
                yield f"{name}.iterable[{index}].schema", entry["schema"]


def schema_problems(place: str, schema: object) -> Iterator[str]:
    """What is wrong with a schema, one sentence each."""
    if not isinstance(schema, Mapping):
        yield f"{place} is {_shown(schema)}, not an object"
        return
    if type(schema.get("migration")) is not int:
        yield f"{place}.migration is {_shown(schema.get('migration'))}, not a whole number"
    if schema.get("semantic") not in SEMANTICS:
        yield f"{place}.semantic is {_shown(schema.get('semantic'))}, not {' or '.join(SEMANTICS)}"


def _shown(value: object) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}..."


def with_entries(document: dict[str, Any], entries: Mapping[str, list[Any]]) -> dict[str, Any]:
    """An export with these entries before those that each list has."""
    lists = {
        name: {"iterable": [*several, *(document.get(name) or {"iterable": []})["iterable"]]}
        for name, several in entries.items()
    }
    return {**document, **lists}
