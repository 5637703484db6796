"""The archive of one date (Database APIs: Retrieve Archived Organization Database Records)."""

from __future__ import annotations

from dataclasses import dataclass

from .records import Row


@dataclass(frozen=True, slots=True)
class Archive:
    """The file of one date: the records updated on it, each in its last version of that date."""

    id: str
    day: int
    created_at: int
    updated_at: int
    rows: list[Row]
    """In order of creation. Not to be changed: forks share it."""
