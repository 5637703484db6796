"""Assets, archives, and the night that makes the archives."""

import json
from datetime import date
from typing import Any
from urllib.parse import quote

from .rest import NEW, Call, Operation, Reply, detail, invalid, text_field
from .storage import Storage
from .world import ASSET, Archive, Asset, Blob, Database, Row, Vault, fresh, iso


def attachment(filename: str) -> str:
    """A Content-Disposition for any name."""
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


class Assets:
    """The assets of databases of the type that holds them."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    @staticmethod
    def shown(call: Call, asset: Asset) -> dict[str, Any]:
        database = call.ids["database"].lower()
        return {
            "id": asset.id,
            "download_url": f"{call.base}/databases/{database}/assets/{asset.id}/",
            "filename": asset.filename,
            "is_uploaded": asset.uploaded,
            "created_at": iso(asset.created),
            "updated_at": iso(asset.updated),
        }

    @staticmethod
    def _holding(call: Call) -> Database:
        database = call.database()
        if database.type != ASSET:
            raise invalid({"non_field_errors": ["A Key-Value database holds no assets."]})
        return database

    def listed(self, call: Call) -> Reply:
        assets = sorted(self._holding(call).assets.values(), key=lambda one: (one.created, one.id))
        return call.page([self.shown(call, one) for one in assets])

    def created(self, call: Call) -> Reply:
        database = self._holding(call)
        filename = text_field(call.known("filename"), "filename", 255) or ""
        now = call.vault.clock.now()
        asset = Asset(fresh(), filename, now, now)
        database.assets[asset.id] = asset
        url, fields = self.storage.form(f"assets/{asset.id}")
        return Reply(201, {"asset": self.shown(call, asset), "upload_url": url, "fields": fields})

    @staticmethod
    def _asset(call: Call) -> Asset:
        found = call.database().assets.get(call.ids["asset"].lower())
        if found is None:
            raise detail(404, "Not found.")
        return found

    def one(self, call: Call) -> Reply:
        asset = self._asset(call)
        if call.request.one("meta") == "true":
            return Reply(200, self.shown(call, asset))
        if not asset.uploaded:
            raise detail(404, "Not found.")
        link = self.storage.link(f"assets/{asset.id}", attachment(asset.filename))
        return Reply(302, headers=(("Location", link),))

    def changed(self, call: Call) -> Reply:
        asset = self._asset(call)
        body = call.known(*self.shown(call, asset))
        if "is_uploaded" in body:
            if not isinstance(body["is_uploaded"], bool):
                raise invalid({"is_uploaded": ["Must be a valid boolean."]})
            asset.uploaded = body["is_uploaded"]
        asset.updated = call.vault.clock.now()
        return Reply(200, self.shown(call, asset))

    def operations(self) -> list[Operation]:
        base = "/databases/{database}/assets/"
        return [
            Operation("GET", base, self.listed, "listAssets"),
            Operation("POST", base, self.created, "createAsset"),
            Operation("GET", base + "{asset}/", self.one, "getAsset"),
            Operation("PATCH", base + "{asset}/", self.changed, "updateAsset"),
        ]


class Archives:
    """One file for each date that ended, made at night and read through links that work for an hour."""

    def __init__(self, storage: Storage, record_limit: int) -> None:
        self.storage = storage
        self.record_limit = record_limit

    def night(self, vault: Vault) -> None:
        """Do what each midnight since the last time had to do, in order."""
        today = vault.clock.now().date()
        for database in vault.databases.values():
            days = sorted({row.updated.date() for row in database.rows.values()})
            for day in days:
                if day < today and day not in database.archives:
                    self._write(vault, database, day)
            while len(database.rows) > self.record_limit:
                oldest = min(row.updated.date() for row in database.rows.values())
                if oldest >= today:
                    break
                database.rows = {k: row for k, row in database.rows.items() if row.updated.date() != oldest}

    @staticmethod
    def _write(vault: Vault, database: Database, day: date) -> None:
        rows = [row for row in database.rows.values() if row.updated.date() == day]
        key = f"archives/{database.id}/{day.isoformat()}.jsonl"
        text = "".join(json.dumps(line(database, row)) + "\n" for row in rows)
        database.archives[day] = Archive(fresh(), day, key, vault.clock.now())
        vault.blobs[key] = Blob(text.encode(), "application/x-ndjson", vault.clock.now())

    def listed(self, call: Call) -> Reply:
        database = call.database(organization=True)
        backwards = call.request.one("ordering") != "date"
        archives = sorted(database.archives.values(), key=lambda one: one.day, reverse=backwards)
        return call.page([self._shown(database, one) for one in archives])

    def _shown(self, database: Database, one: Archive) -> dict[str, Any]:
        return {
            "id": one.id,
            "database": {"id": database.id, "name": database.name},
            "date": one.day.isoformat(),
            "file": self.storage.link(one.key, attachment(f"{one.day.isoformat()}.jsonl")),
            "created_at": iso(one.created),
            "updated_at": iso(one.created),
        }

    def operations(self) -> list[Operation]:
        path = "/organizations/{organization}/databases/{database}/record-archives/"
        return [Operation("GET", path, self.listed, "listRecordArchives", versions=NEW)]


def line(database: Database, row: Row) -> dict[str, Any]:
    """A record as exports and archives have it."""
    return {
        "id": row.key,
        "database": database.id,
        "data": row.data,
        "created_at": iso(row.created),
        "updated_at": iso(row.updated),
    }
