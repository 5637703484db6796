"""Database assets: their metadata (Database APIs: Database Assets). The bytes are in the object store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from ....state.errors import Wrong

MAX_FILENAME: Final = 255
"""How many characters a file name may have."""


@dataclass(frozen=True, slots=True)
class Asset:
    """The metadata of one asset; instants in µs."""

    id: str
    database_id: str
    filename: str
    is_uploaded: bool
    created_at: int
    updated_at: int

    def patched(self, *, is_uploaded: bool | None, now: int) -> Asset:
        """The asset after an update: `updated_at` moves, `created_at` does not; None leaves the mark."""
        mark = self.is_uploaded if is_uploaded is None else is_uploaded
        return replace(self, is_uploaded=mark, updated_at=now)


def filename_errors(filename: str) -> dict[str, Any]:
    """What is wrong with a file name, keyed by field; empty when nothing is."""
    if not filename:
        return {"filename": [Wrong("blank")]}
    if len(filename) > MAX_FILENAME:
        return {"filename": [Wrong("too-long", MAX_FILENAME)]}
    return {}
