"""Exports of Pieces OS whose every entry tells which import it is from."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

REQUIRED = (
    "analyses", "applications", "assets", "codeAnalyses", "files", "formatMetrics", "formats", "fragments",
    "imageAnalyses", "models", "ocrAnalyses", "persons", "sensitives", "tags", "websites",
)  # fmt: skip
LISTS = ("assets", "tags")
SHARED = 3
"""Entries that every import writes, in each of the lists and in `values`."""


def document(mark: str, own: int, version: str) -> dict[str, Any]:
    """An import with `own` entries of its own in each place, and the shared ones."""
    ids = [f"{mark}/{number}" for number in range(own)] + [f"shared/{number}" for number in range(SHARED)]
    encoded = list(json.dumps([{"id": one, "mark": mark} for one in ids]).encode())
    return {
        **{name: encoded if name in LISTS else [] for name in REQUIRED},
        "values": {"iterable": [{"id": one, "raw": list(mark.encode())} for one in ids]},
        "version": version,
    }


def size(own: int) -> int:
    """How many entries of its own such an import has in all."""
    return own * (len(LISTS) + 1)


def marks(export: dict[str, Any]) -> tuple[dict[str, int], list[str]]:
    """How many entries of its own each import has in an export, and which ones wrote the shared ones last."""
    own, shared = Counter[str](), Counter[str]()
    entries = [(item["id"], bytes(item["raw"]).decode("latin-1")) for item in export["values"]["iterable"]]
    for name in LISTS:
        listed = json.loads(bytes(export[name]) or b"[]")
        entries += [(item["id"], item["mark"]) for item in listed if "mark" in item]
    for id_, mark in entries:
        if id_.startswith("shared/"):
            shared[mark] += 1
        elif id_.startswith(f"{mark}/"):
            own[mark] += 1
    return dict(own), sorted(shared)
