"""Turns a data set's entries into the base of a sandbox."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dbcontract import fixtures

from ..apis.pieces.state.pieces import PiecesDatabase
from ..apis.pixiebrix.state.archives import backfill
from ..apis.pixiebrix.state.assets import Asset
from ..apis.pixiebrix.state.databases import Database, Organization
from ..apis.pixiebrix.state.pixiebrix import PixieBrixState
from ..apis.pixiebrix.state.schemas import RecordSchema
from ..state import jsonio
from ..state.errors import InvalidInput, StateError
from ..state.instants import DAY, day_of, parse_date, parse_instant
from ..state.objects import ObjectStore, StoredObject
from ..storage.keys import asset_key
from .clock import real_time
from .ids import IdSource
from .sandbox import Base
from .settings import Settings, SettingsError


class DataError(SettingsError):
    """A data set that cannot be served; the message names the place and the remedy."""


def load_base(settings: Settings) -> Base:
    """Build the data set that the settings name, or read the file that they name.

    Raises:
        DataError: an unknown data set, an unreadable file, or content that breaks the contract.
    """
    try:
        return build_base(_entries(settings), settings)
    except fixtures.FixtureError as error:
        raise DataError(str(error)) from error
    except StateError as error:
        msg = f'data "{settings.data}": {error}'
        raise DataError(msg) from error


def _entries(settings: Settings) -> Iterable[Mapping[str, Any]]:
    if settings.data in fixtures.names():
        at = settings.clock.at
        if at is None and settings.clock.frozen:
            return fixtures.build(settings.data, seed=settings.seed)
        # Whole days, so that the data ends where today begins and nothing lies in the future.
        now = real_time() if at is None else at
        return fixtures.build(settings.data, seed=settings.seed, as_of=day_of(now) * DAY)
    if os.sep in settings.data or Path(settings.data).suffix or Path(settings.data).exists():
        return fixtures.read(settings.data)
    raise fixtures.UnknownDataSet(settings.data, tuple(fixtures.names()))


class _Loader:
    """Collects entries; what belongs to a database waits until all of it is there."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pixiebrix = PixieBrixState(record_limit=settings.record_limit)
        self.objects = ObjectStore()
        self.records: dict[str, list[tuple[int, str, int, bytes]]] = {}
        self.jobs: list[Mapping[str, Any]] = []
        self.archives: list[Mapping[str, Any]] = []
        self.export: dict[str, Any] | None = None
        self.header: Mapping[str, Any] = {}

    def dataset(self, entry: Mapping[str, Any]) -> None:
        self.header = entry

    def organization(self, entry: Mapping[str, Any]) -> None:
        self.pixiebrix.organizations[entry["id"]] = Organization(entry["id"], entry["name"])

    def database(self, entry: Mapping[str, Any]) -> None:
        self.records[entry["id"]] = []
        self.pixiebrix.databases[entry["id"]] = Database(
            id=entry["id"],
            name=entry["name"],
            organization_id=entry["organization_id"],
            created_at=parse_instant(entry["created_at"]),
            enforce_schema=entry["enforce_schema"],
            owner_field=entry["owner_field"],
            type=entry["type"],
            schema=_schema(entry),
        )

    def record(self, entry: Mapping[str, Any]) -> None:
        self.records[entry["database"]].append(_row(entry))

    def archive(self, entry: Mapping[str, Any]) -> None:
        self.archives.append(entry)

    def asset(self, entry: Mapping[str, Any]) -> None:
        asset = Asset(
            id=entry["id"],
            database_id=entry["database"],
            filename=entry["filename"],
            is_uploaded=entry["is_uploaded"],
            created_at=parse_instant(entry["created_at"]),
            updated_at=parse_instant(entry["updated_at"]),
        )
        self.pixiebrix.databases[asset.database_id].assets[asset.id] = asset
        if entry["content"] is not None:
            key = asset_key(asset.database_id, asset.id, asset.filename)
            content = base64.b64decode(entry["content"])
            self.objects.put(
                key, StoredObject.of(content, entry["content_type"], asset.filename, asset.updated_at)
            )

    def job(self, entry: Mapping[str, Any]) -> None:
        self.jobs.append(entry)

    def pieces(self, entry: Mapping[str, Any]) -> None:
        self.export = dict(entry["export"])

    def finish(self) -> Base:
        as_of = parse_instant(self.header["as_of"])
        seed = self.settings.seed if self.header["seed"] is None else self.header["seed"]
        ids = IdSource(seed, "loading")
        for database_id, rows in self.records.items():
            database = self.pixiebrix.databases[database_id]
            database.last_write_at = max((row[2] for row in rows), default=None)
            database.records.load(_consumed(rows))
        for entry in self.archives:
            database = self.pixiebrix.databases[entry["database"]]
            rows = [_row(record) for record in entry["records"]]
            database.add_archive(parse_date(entry["date"]), rows, ids)
        for database in self.pixiebrix.databases.values():
            backfill(database, day_of(as_of), ids)
        for entry in self.jobs:
            self.pixiebrix.load_job(
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
        return Base(
            name=self.header["name"],
            seed=seed,
            as_of=as_of,
            states={"pixiebrix": self.pixiebrix, "pieces": self._pieces()},
            objects=self.objects,
        )

    def _pieces(self) -> PiecesDatabase:
        export = self.export or {}
        schema = export.get("schema") or {}
        database = PiecesDatabase(
            version=self.settings.os_version or export.get("version") or "9.0.0",
            migration=self.settings.migration
            if self.settings.migration is not None
            else schema.get("migration", 1),
            semantic=schema.get("semantic", "MAJOR_0_MINOR_0_PATCH_1"),
        )
        if export:
            database.load(export)
        return database


def build_base(entries: Iterable[Mapping[str, Any]], settings: Settings) -> Base:
    """The base that the entries describe (format `dbcontract-dataset/1`, checked by `fixtures`)."""
    loader = _Loader(settings)
    for entry in entries:
        getattr(loader, entry["kind"])(entry)
    return loader.finish()


def _schema(entry: Mapping[str, Any]) -> RecordSchema | None:
    if "schema" not in entry:
        return None
    try:
        return RecordSchema(jsonio.dumps(entry["schema"]).decode())
    except InvalidInput as error:
        msg = f'schema of the database "{entry["name"]}": {" ".join(error.errors["schema_text"])}'
        raise DataError(msg) from None


def _row(entry: Mapping[str, Any]) -> tuple[int, str, int, bytes]:
    created = parse_instant(entry["created_at"])
    updated = created if entry["updated_at"] == entry["created_at"] else parse_instant(entry["updated_at"])
    return created, entry["id"], updated, jsonio.dumps(entry["data"])


def _consumed(rows: list[tuple[int, str, int, bytes]]) -> Iterator[tuple[int, str, int, bytes]]:
    """The rows in order, each gone from the list when it is taken: the table's rows then fill their places.

    Half a million rows would otherwise leave holes in memory that nothing else fits into.
    """
    rows.reverse()
    while rows:
        yield rows.pop()


def _optional_instant(text: str | None) -> int | None:
    return None if text is None else parse_instant(text)
