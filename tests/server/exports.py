"""Documents as Pieces OS exports them, written from the contract."""

from __future__ import annotations

import json
from typing import Any

REQUIRED = [
    "analyses", "applications", "assets", "codeAnalyses", "files", "formatMetrics", "formats", "fragments",
    "imageAnalyses", "models", "ocrAnalyses", "persons", "sensitives", "tags", "websites",
]  # fmt: skip
OPTIONAL = [
    "activities", "annotations", "anchors", "anchorPoints", "conversations", "conversationMessages", "hints",
    "ranges", "relationships", "workstreamEvents", "workstreamSummaries", "workstreamPatternEngineSources",
]  # fmt: skip
FORMATS = ["values", "messageValues", "workstreamEventValues"]
SCHEMA = {"migration": 50, "semantic": "MAJOR_0_MINOR_0_PATCH_1"}


def packed(*entries: Any) -> list[int]:
    """A collection's bytes: the entries as a JSON array."""
    return list(json.dumps(entries, ensure_ascii=False).encode())


def unpacked(collection: list[int]) -> dict[str, Any]:
    """A collection's entries by id."""
    return {entry["id"]: entry for entry in json.loads(bytes(collection) or b"[]")}


def formats(**values: bytes) -> dict[str, Any]:
    """A collection of formats."""
    return {"iterable": [{"id": name, "raw": list(raw)} for name, raw in values.items()]}


def raws(collection: dict[str, Any]) -> dict[str, bytes]:
    """The bytes of a collection of formats by id."""
    return {entry["id"]: bytes(entry["raw"]) for entry in collection["iterable"]}


def export(**changes: Any) -> dict[str, Any]:
    """An export with empty collections, made by this very server, and the given changes."""
    document: dict[str, Any] = {name: [] for name in REQUIRED}
    return {**document, "values": {"iterable": []}, "version": "9.2.1", **changes}


def without(field: str) -> dict[str, Any]:
    """An export that lacks one field."""
    document = export()
    del document[field]
    return document
