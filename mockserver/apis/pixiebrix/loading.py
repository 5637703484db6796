"""Makes what PixieBrix remembers of the entries of a data set."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from ...sandbox.ids import IdSource
from ...sandbox.loading import DataError
from ...sandbox.settings import Settings
from ...state import jsonio
from ...state.errors import InvalidInput
from ...state.instants import day_of, parse_date, parse_instant
from ...state.objects import ObjectStore, StoredObject
from ...web.errors import worded
from .errors import WORDS
from .keys import asset_key
from .state.assets import Asset
from .state.databases import Database, Organization
from .state.nightly import backfill
from .state.pixiebrix import PixieBrixState
from .state.schemas import RecordSchema

# Rows that go into their table at once. All at once would leave holes in memory that nothing else fits into.
_TOGETHER = 10_000


class PixieBrixLoader:
    """Collects entries; what belongs to a database waits until all of it is there."""

    def __init__(self, settings: Settings, objects: ObjectStore) -> None:
        self.kinds: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            "organization": self._organization,
            "database": self._database,
            "record": self._record,
            "archive": self._archive,
            "asset": self._asset,
            "job": self._job,
        }
        self._state = PixieBrixState(record_limit=settings.options["record_limit"])
        self._objects = objects
        self._records: dict[str, list[tuple[int, str, int, bytes]]] = {}
        self._jobs: list[Mapping[str, Any]] = []
        self._archives: list[Mapping[str, Any]] = []

    def _organization(self, entry: Mapping[str, Any]) -> None:
        self._state.organizations[entry["id"]] = Organization(entry["id"], entry["name"])

    def _database(self, entry: Mapping[str, Any]) -> None:
        self._records[entry["id"]] = []
        self._state.databases[entry["id"]] = Database(
            id=entry["id"],
            name=entry["name"],
            organization_id=entry["organization_id"],
            created_at=parse_instant(entry["created_at"]),
            enforce_schema=entry["enforce_schema"],
            owner_field=entry["owner_field"],
            type=entry["type"],
            schema=_schema(entry),
        )

    def _record(self, entry: Mapping[str, Any]) -> None:
        database = entry["database"]
        rows = self._records[database]
        rows.append(_row(entry))
        if len(rows) >= _TOGETHER:
            self._load(database, rows)

    def _load(self, database_id: str, rows: list[tuple[int, str, int, bytes]]) -> None:
        """Take rows into their table, and forget them."""
        database = self._state.databases[database_id]
        latest = max((row[2] for row in rows), default=None)
        if latest is not None:
            before = database.last_write_at
            database.last_write_at = latest if before is None else max(before, latest)
        database.records.load(rows)
        rows.clear()

    def _archive(self, entry: Mapping[str, Any]) -> None:
        self._archives.append(entry)

    def _asset(self, entry: Mapping[str, Any]) -> None:
        asset = Asset(
            id=entry["id"],
            database_id=entry["database"],
            filename=entry["filename"],
            is_uploaded=entry["is_uploaded"],
            created_at=parse_instant(entry["created_at"]),
            updated_at=parse_instant(entry["updated_at"]),
        )
        self._state.databases[asset.database_id].assets[asset.id] = asset
        if entry["content"] is not None:
            key = asset_key(asset.database_id, asset.id, asset.filename)
            content = base64.b64decode(entry["content"])
            self._objects.put(
                key, StoredObject.of(content, entry["content_type"], asset.filename, asset.updated_at)
            )

    def _job(self, entry: Mapping[str, Any]) -> None:
        self._jobs.append(entry)

    def finish(self, as_of: int, seed: int) -> PixieBrixState:
        """The state, once all entries were taken."""
        ids = IdSource(seed, "loading")
        for database_id, rows in self._records.items():
            self._load(database_id, rows)
        for entry in self._archives:
            database = self._state.databases[entry["database"]]
            rows = [_row(record) for record in entry["records"]]
            database.add_archive(parse_date(entry["date"]), rows, ids)
        for database in self._state.databases.values():
            backfill(database, day_of(as_of), ids)
        for entry in self._jobs:
            self._state.load_job(
                id=entry["id"],
                name=entry["name"],
                databases=tuple(entry["databases"]),
                media_type=entry["media_type"],
                start=_optional_instant(entry["filters"].get("start_date")),
                end=_optional_instant(entry["filters"].get("end_date")),
                created_at=parse_instant(entry["created_at"]),
                finishes_at=_optional_instant(entry["finishes_at"]),
                error_message=entry["error_message"],
            )
        return self._state


def _schema(entry: Mapping[str, Any]) -> RecordSchema | None:
    if "schema" not in entry:
        return None
    try:
        return RecordSchema(jsonio.dumps(entry["schema"]).decode())
    except InvalidInput as error:
        told: list[str] = worded(error.errors["schema_text"], WORDS)
        msg = f'schema of the database "{entry["name"]}": {" ".join(told)}'
        raise DataError(msg) from None


def _row(entry: Mapping[str, Any]) -> tuple[int, str, int, bytes]:
    created = parse_instant(entry["created_at"])
    updated = created if entry["updated_at"] == entry["created_at"] else parse_instant(entry["updated_at"])
    return created, entry["id"], updated, jsonio.dumps(entry["data"])


def _optional_instant(text: str | None) -> int | None:
    return None if text is None else parse_instant(text)
