"""Organizations and their databases (Database APIs: Retrieve Organization Database Records)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ....state.errors import Wrong
from ....state.instants import DAY
from .archives import Archive
from .assets import Asset
from .records import RecordTable
from .schemas import RecordSchema

TableClass = type[RecordTable]  # in the class below, `type` is a field

TYPES: Final = ("Key-Value", "Asset")
"""The types that a database may have."""
MAX_NAME: Final = 256
"""How many characters the name of a database may have, and its owner field."""


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization, the owner of databases."""

    id: str
    name: str


@dataclass(slots=True)
class Database:
    """A database with its records, archives (by day) and assets (by id, oldest first); instants in µs."""

    id: str
    name: str
    organization_id: str | None
    """None: it is the user's own."""
    created_at: int
    enforce_schema: bool = False
    owner_field: str | None = None
    type: str = "Key-Value"
    schema: RecordSchema | None = None
    last_write_at: int | None = None
    records: RecordTable = field(default_factory=RecordTable)
    archives: dict[int, Archive] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)

    def fork(self, table: TableClass | None = None) -> Database:
        """An independent database with the same contents; the records are shared until either side writes.

        `table` is the class of its records, by default the same.
        """
        other = replace(self, records=self.records.fork(table))
        other.archives = self.archives.copy()
        other.assets = self.assets.copy()
        return other

    @property
    def enforced(self) -> RecordSchema | None:
        """The schema that every record must follow, if there is one."""
        return self.schema if self.enforce_schema else None

    def add_archive(
        self, day: int, rows: Iterable[tuple[int, str, int, bytes]], new_id: Callable[[], str]
    ) -> None:
        """Set a date's archive to these rows, each as `RecordTable.load` takes it."""
        ended = (day + 1) * DAY
        table = RecordTable()
        table.load(rows)
        self.archives[day] = Archive(new_id(), day, ended, ended, list(table.rows()))


def database_errors(name: str, type: str, owner_field: str | None) -> dict[str, Any]:  # noqa: A002
    """What is wrong with the fields of a database, keyed by field; empty when nothing is."""
    errors: dict[str, Any] = {}
    too_long = Wrong("too-long", MAX_NAME)
    if not name.strip():
        errors["name"] = [Wrong("blank")]
    elif len(name) > MAX_NAME:
        errors["name"] = [too_long]
    if type not in TYPES:
        errors["type"] = [Wrong("unknown-choice", type)]
    if owner_field is not None and len(owner_field) > MAX_NAME:
        errors["owner_field"] = [too_long]
    return errors
