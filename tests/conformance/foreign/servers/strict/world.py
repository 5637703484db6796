"""Everything that is kept: what the user had before anybody came, and what came since."""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

ORGANIZATION = "0b8a52f5-6a0a-4a4e-9d6e-2f6f2f0c1a01"
OTHER_ORGANIZATION = "77d1c1de-1f58-4a53-8d58-6f8b5a5e9c02"
KEY_VALUE, ASSET = "Key-Value", "Asset"


class Clock:
    """The real time, moved on by what was asked for."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass
class Row:
    key: str
    data: dict[str, Any]
    created: datetime
    updated: datetime


@dataclass
class Asset:
    id: str
    filename: str
    created: datetime
    updated: datetime
    uploaded: bool = False


@dataclass
class Archive:
    id: str
    day: date
    key: str
    created: datetime


@dataclass
class Database:
    id: str
    name: str
    organization: str
    created: datetime
    type: str = KEY_VALUE
    enforce_schema: bool = False
    owner_field: str = ""
    managed: bool = True  # whether the list shows it to the token
    schema: dict[str, Any] = field(default_factory=dict)
    last_write: datetime | None = None
    rows: dict[str, Row] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)
    archives: dict[date, Archive] = field(default_factory=dict)


@dataclass
class Job:
    id: str
    name: str
    created: datetime
    key: str
    disposition: str
    error: str | None = None
    link: str | None = None
    link_until: datetime | None = None
    looks: int = 0


@dataclass
class Blob:
    content: bytes
    kind: str
    stored: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with microseconds."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def fresh() -> str:
    return str(uuid.uuid4())


@dataclass
class Vault:
    """What PixieBrix keeps, and the storage behind it."""

    clock: Clock
    databases: dict[str, Database] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    blobs: dict[str, Blob] = field(default_factory=dict)

    def snapshot(self) -> dict[str, Any]:
        """The whole state as JSON: by id, so that two can be compared."""
        return {
            "databases": {one.id: self._database(one) for one in self.databases.values()},
            "jobs": {
                one.id: {"name": one.name, "created_at": iso(one.created)} for one in self.jobs.values()
            },
            "blobs": {key: hashlib.sha256(blob.content).hexdigest() for key, blob in self.blobs.items()},
        }

    @staticmethod
    def _database(one: Database) -> dict[str, Any]:
        return {
            "name": one.name,
            "organization": one.organization,
            "type": one.type,
            "enforce_schema": one.enforce_schema,
            "owner_field": one.owner_field,
            "schema": one.schema,
            "records": {
                row.key: {"data": row.data, "created_at": iso(row.created), "updated_at": iso(row.updated)}
                for row in one.rows.values()
            },
            "assets": {
                each.id: {
                    "filename": each.filename,
                    "is_uploaded": each.uploaded,
                    "updated_at": iso(each.updated),
                }
                for each in one.assets.values()
            },
            "archives": {day.isoformat(): each.id for day, each in one.archives.items()},
        }


def furnished(clock: Clock) -> Vault:
    """The user's own: customers, pictures, a scratch database not empty; and another organization's."""
    vault = Vault(clock)
    now = clock.now()

    def database(number: int, name: str, **more: Any) -> Database:
        made = Database(
            f"c0ffee00-0000-4000-8000-{number:012d}", name, ORGANIZATION, now - timedelta(days=400)
        )
        for key, value in more.items():
            setattr(made, key, value)
        vault.databases[made.id] = made
        return made

    def rows(into: Database, count: int, label: str) -> None:
        for index in range(count):
            then = now - timedelta(days=3 + index % 7, seconds=index)
            data = {
                "first_name": f"{label} {index}",
                "user email": f"user{index}@example.org",
                "visits": index,
            }
            into.rows[f"{label}-{index:03d}"] = Row(f"{label}-{index:03d}", data, then, then)
            into.last_write = max(into.last_write or then, then)

    rows(database(1, "Customers"), 90, "customer")
    pictures = database(2, "Pictures", type=ASSET)
    rows(database(3, "Scratch"), 5, "leftover")
    database(4, "Second scratch", managed=False)
    database(5, "Third scratch", type=ASSET)
    rows(database(6, "Payroll", organization=OTHER_ORGANIZATION), 4, "wage")
    for index in range(2):
        then = now - timedelta(days=30 + index)
        asset = Asset(
            f"a55e7000-0000-4000-8000-{index:012d}", f"photo {index}.png", then, then, uploaded=True
        )
        pictures.assets[asset.id] = asset
        vault.blobs[f"assets/{asset.id}"] = Blob(
            b"\x89PNG\r\n\x1a\n" + bytes(range(40 + index)), "image/png", then
        )
    return vault
