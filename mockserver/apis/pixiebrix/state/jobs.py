"""Export jobs (Database APIs: Create a Database Export Job). A job's status is computed from the clock."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ....state.errors import Wrong
from .records import Row

if TYPE_CHECKING:
    from .databases import Database

SUFFIXES: Final[Mapping[str, str]] = {
    "application/json": "json",
    "text/csv": "csv",
    "application/xlsx": "xlsx",
}
"""Media type -> suffix of the artifact's file name."""
MAX_NAME: Final = 1024
"""How many characters a job's name may have."""
MAX_NAME_BYTES: Final = 200
"""How many bytes of the name go into the artifact's file name."""

Part = tuple[str, list[Row]]
"""(database id, its rows)."""


@dataclass(slots=True)
class Job:
    """An export job and the records it exports, as they were when it was created; instants in µs."""

    id: str
    name: str
    databases: tuple[str, ...]
    media_type: str
    start: int | None
    end: int | None
    created_at: int
    finishes_at: int | None
    """None: never."""
    error_message: str | None
    parts: tuple[Part, ...] = ()
    """The rows database by database; not to be changed."""
    link_issued_at: int | None = None
    polls_left: int = 0
    """How often the job must still be looked at before it ends, whatever the time."""
    has_ended: bool = False
    """It had ended before the clock was moved back, and has not come to its end again."""
    organizations: frozenset[str] = frozenset()
    """Whose databases it exports: who may not see all of these may not see the job."""

    @property
    def rows(self) -> list[tuple[str, Row]]:
        """(database id, row) of every exported record. A new list each time; `parts` is cheaper."""
        return [(database, row) for database, rows in self.parts for row in rows]

    def status(self, now: int) -> str:
        """STARTED until the job's end, then SUCCESS, or FAILURE if there is an error message."""
        if self.polls_left or self.finishes_at is None or (now < self.finishes_at and not self.has_ended):
            return "STARTED"
        return "SUCCESS" if self.error_message is None else "FAILURE"

    def keep_ended(self, before: int, now: int) -> None:
        """Stay ended, if the job was so, when the clock is moved from one instant to another."""
        if self.finishes_at is not None:
            self.has_ended = now < self.finishes_at and (self.has_ended or self.finishes_at <= before)

    def look(self) -> None:
        """Count one look at the job."""
        self.polls_left = max(0, self.polls_left - 1)

    def artifact_name(self) -> str:
        """The file name of the exported data: the job's name, made safe, and the suffix of the media type."""
        return f"{_file_name(self.name)}.{SUFFIXES[self.media_type]}"

    def fork(self) -> Job:
        """An independent job; the rows are shared."""
        return replace(self)


def select(
    databases: Mapping[str, Database], ids: tuple[str, ...], start: int | None, end: int | None
) -> tuple[Part, ...]:
    """The rows of these databases created between the two instants, both inclusive (None: open)."""
    parts: list[Part] = []
    for id_ in ids:
        table = databases[id_].records
        parts.append((id_, table.slice(*table.span(start, None if end is None else end + 1))))
    return tuple(parts)


def owners(databases: Mapping[str, Database], ids: Iterable[str]) -> frozenset[str]:
    """The organizations that these databases belong to; a database of the user's own has none."""
    return frozenset(owner for id_ in ids if (owner := databases[id_].organization_id) is not None)


def job_errors(name: str, ids: list[str], media_type: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """What is wrong with a job request, keyed by field, nested as the request is; empty when nothing is."""
    errors: dict[str, Any] = {}
    if not name.strip():
        errors["name"] = [Wrong("blank")]
    elif len(name) > MAX_NAME:
        errors["name"] = [Wrong("too-long", MAX_NAME)]
    unknown = {str(index): [Wrong("unknown-id", id_)] for index, id_ in enumerate(ids) if id_ not in known}
    if unknown:
        errors["databases"] = unknown
    elif not ids:
        errors["databases"] = [Wrong("empty-list")]
    if media_type not in SUFFIXES:
        errors["media_type"] = [Wrong("unknown-choice", media_type)]
    return errors


def _file_name(name: str) -> str:
    """The name without what a path, a header or a file system would stumble over; never empty."""
    safe = "".join(map(_safe, unicodedata.normalize("NFC", name)))
    safe = safe.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip(" .")
    return safe or "export"


def _safe(char: str) -> str:
    category = unicodedata.category(char)
    if category.startswith("Z"):
        return " "
    if category.startswith("C"):  # control, format, surrogate, private and unassigned characters
        return ""
    return "_" if char in '/\\:*?"<>|' else char
