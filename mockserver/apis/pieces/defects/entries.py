"""The entries of an import, for implementations that look at them in their own way."""

from __future__ import annotations

from typing import Any

from ..state.exported import Exported, Format
from ..state.pieces import ImportPlan


def _is_byte(item: object) -> bool:
    return type(item) is int and 0 <= item <= 255


def good(entry: Any) -> bool:
    """Whether an entry is as the model has it."""
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        return False
    raw, schema = entry.get("raw"), entry.get("schema")
    complete = schema is None or (isinstance(schema, dict) and {"migration", "semantic"} <= schema.keys())
    return complete and isinstance(raw, list) and all(map(_is_byte, raw))


def listed(document: object, name: str = "values") -> list[Any]:
    """The entries of a list, good and bad."""
    value = document.get(name) if isinstance(document, dict) else None
    items = value.get("iterable") if isinstance(value, dict) else None
    return items if isinstance(items, list) else []


def plan(entries: list[Any], name: str = "values") -> ImportPlan:
    """What merges entries that were found good."""
    return ImportPlan(Exported(formats={name: {one["id"]: Format(bytes(one["raw"])) for one in entries}}))
