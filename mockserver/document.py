"""A whole world as one JSON document, and back (format `dbcontract-world/1`).

A document is read completely before anything changes: one that has another version, another shape or
contradicts itself is refused whole.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from .faults import FaultError, make_fault
from .ids import IdSource
from .state import jsonio
from .state.archives import Archive
from .state.assets import Asset
from .state.databases import Database, Organization
from .state.errors import StateError
from .state.instants import day_to_date, format_instant, parse_date, parse_instant
from .state.jobs import SUFFIXES, Job, Part
from .state.objects import ObjectStore, StoredObject
from .state.pieces import PiecesDatabase
from .state.pixiebrix import PixieBrixState
from .state.records import CREATED, DATA, KEY, UPDATED, Row
from .storage.signing import Signer
from .world import World, WorldSettings

FORMAT = "dbcontract-world/1"


class DocumentError(ValueError):
    """A document that is no world.

    Attributes:
        field: where it is wrong.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


# Writing


def dump(world: World) -> dict[str, Any]:
    """The world as a document of JSON values."""
    state = world.pixiebrix
    settings = world.settings
    return {
        "format": FORMAT,
        "data": world.base.name,
        "seed": world.base.seed,
        "clock": {"now": format_instant(world.clock.now()), "frozen": world.clock.frozen},
        "settings": {
            "job_us": settings.job_us,
            "job_looks": settings.job_looks,
            "default_page_size": settings.default_page_size,
            "max_page_size": settings.max_page_size,
            "max_records": settings.max_records,
            "requests_per_minute": settings.requests_per_minute,
            "record_limit": state.record_limit,
        },
        "faults": [{**fault.describe(), "times": world.faults.left(fault)} for fault in world.faults],
        "ids": world.ids.state,
        "signing_key": base64.b64encode(world.signer.secret).decode(),
        "next_midnight": format_instant(state.next_midnight),
        "organizations": [{"id": item.id, "name": item.name} for item in state.organizations.values()],
        "databases": [_dump_database(database) for database in state.databases.values()],
        "jobs": [_dump_job(job) for job in state.jobs.values()],
        "objects": [_dump_object(key, stored) for key, stored in world.objects.items()],
        "pieces": world.pieces.export(),
    }


def _dump_row(row: Row) -> dict[str, Any]:
    return {
        "id": row[KEY],
        "data": jsonio.loads(row[DATA]),
        "created_at": format_instant(row[CREATED]),
        "updated_at": format_instant(row[UPDATED]),
    }


def _dump_database(database: Database) -> dict[str, Any]:
    return {
        "id": database.id,
        "name": database.name,
        "organization_id": database.organization_id,
        "created_at": format_instant(database.created_at),
        "enforce_schema": database.enforce_schema,
        "owner_field": database.owner_field,
        "type": database.type,
        "last_write_at": _optional(database.last_write_at),
        "records": [_dump_row(row) for row in database.records.rows()],
        "archives": [
            {
                "id": archive.id,
                "date": day_to_date(archive.day),
                "created_at": format_instant(archive.created_at),
                "updated_at": format_instant(archive.updated_at),
                "records": [_dump_row(row) for row in archive.rows],
            }
            for archive in database.archives.values()
        ],
        "assets": [
            {
                "id": asset.id,
                "filename": asset.filename,
                "is_uploaded": asset.is_uploaded,
                "created_at": format_instant(asset.created_at),
                "updated_at": format_instant(asset.updated_at),
            }
            for asset in database.assets.values()
        ],
    }


def _dump_job(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "name": job.name,
        "databases": list(job.databases),
        "media_type": job.media_type,
        "start": _optional(job.start),
        "end": _optional(job.end),
        "created_at": format_instant(job.created_at),
        "finishes_at": _optional(job.finishes_at),
        "error_message": job.error_message,
        "link_issued_at": _optional(job.link_issued_at),
        "looks_left": job.looks_left,
        "parts": [
            {"database": database, "records": [_dump_row(row) for row in rows]}
            for database, rows in job.parts
        ],
    }


def _dump_object(key: str, stored: StoredObject) -> dict[str, Any]:
    return {
        "key": key,
        "content": base64.b64encode(stored.content).decode(),
        "content_type": stored.content_type,
        "filename": stored.filename,
        "stored_at": format_instant(stored.stored_at),
    }


def _optional(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)


# Reading


def restore(world: World, document: object, operations: tuple[str, ...]) -> None:
    """Make the world what the document says, clock, settings, faults and ids included; the journal stays.

    Raises:
        DocumentError: the document is no world of this format; nothing has changed.
    """
    if not isinstance(document, dict):
        raise DocumentError("non_field_errors", "A world is a JSON object as `GET state` gives it.")
    if document.get("format") != FORMAT:
        msg = f'"{str(document.get("format"))[:80]}" is not {FORMAT}; this version reads no other.'
        raise DocumentError("format", msg)
    missing = [name for name in _FIELDS if name not in document]
    if missing:
        raise DocumentError(missing[0], "This field is required.")
    unknown = sorted(document.keys() - set(_FIELDS))
    if unknown:
        raise DocumentError(unknown[0], "Unknown field.")
    parsed = {name: _parsed(name, document, read) for name, read in _READERS.items()}
    faults = _parsed(
        "faults", document, lambda orders: [make_fault(order, order["id"], operations) for order in orders]
    )
    state: PixieBrixState = parsed["databases"]
    state.organizations = parsed["organizations"]
    for database in state.databases.values():
        if database.organization_id not in state.organizations:
            raise DocumentError(
                "databases", f"organization {database.organization_id} is not in the document"
            )
    state.record_limit = parsed["settings"][1]
    state.jobs = parsed["jobs"]
    state.next_midnight = parsed["next_midnight"]
    settings: WorldSettings = parsed["settings"][0]
    settings.auth, settings.tokens = world.settings.auth, world.settings.tokens
    now, frozen = parsed["clock"]
    world.pixiebrix, world.pieces, world.objects = state, parsed["pieces"], parsed["objects"]
    world.settings = settings
    world.ids = parsed["ids"]
    world.signer = Signer(parsed["signing_key"])
    world.faults.clear()
    for fault in faults:
        world.faults.add(fault)
    world.clock.resume()
    world.clock.set(now)
    if frozen:
        world.clock.freeze(now)


def _parsed(name: str, document: Mapping[str, Any], read: Callable[[Any], Any]) -> Any:
    try:
        return read(document[name])
    except FaultError as error:
        raise DocumentError(name, str(error)) from error
    except KeyError as error:
        raise DocumentError(name, f"lacks {error}") from error
    except (StateError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise DocumentError(name, f"is not as `GET state` gives it: {error}") from error


def _read_row(item: Mapping[str, Any]) -> tuple[int, str, int, bytes]:
    if not isinstance(item["id"], str) or not isinstance(item["data"], dict):
        msg = f"record {str(item['id'])[:80]}: id must be a string and data an object"
        raise TypeError(msg)
    return (
        parse_instant(item["created_at"]),
        item["id"],
        parse_instant(item["updated_at"]),
        jsonio.dumps(item["data"]),
    )


def _read_rows(items: list[Mapping[str, Any]]) -> list[Row]:
    """Rows in their order; the sequence numbers only say which comes first of one instant."""
    return [
        (created, number, key, updated, data)
        for number, (created, key, updated, data) in enumerate(map(_read_row, items))
    ]


def _read_databases(items: list[Mapping[str, Any]]) -> PixieBrixState:
    state = PixieBrixState()
    for item in items:
        database = Database(
            id=_text(item["id"]),
            name=_text(item["name"]),
            organization_id=_text(item["organization_id"]),
            created_at=parse_instant(item["created_at"]),
            enforce_schema=bool(item["enforce_schema"]),
            owner_field=item["owner_field"],
            type=_text(item["type"]),
            last_write_at=_read_optional(item["last_write_at"]),
        )
        database.records.load(map(_read_row, item["records"]))
        for archive in item["archives"]:
            day = parse_date(archive["date"])
            database.archives[day] = Archive(
                _text(archive["id"]),
                day,
                parse_instant(archive["created_at"]),
                parse_instant(archive["updated_at"]),
                _read_rows(archive["records"]),
            )
        for asset in item["assets"]:
            database.assets[asset["id"]] = Asset(
                id=_text(asset["id"]),
                database_id=database.id,
                filename=_text(asset["filename"]),
                is_uploaded=bool(asset["is_uploaded"]),
                created_at=parse_instant(asset["created_at"]),
                updated_at=parse_instant(asset["updated_at"]),
            )
        state.databases[database.id] = database
    return state


def _read_jobs(items: list[Mapping[str, Any]]) -> dict[str, Job]:
    jobs: dict[str, Job] = {}
    for item in items:
        if item["media_type"] not in SUFFIXES:
            msg = f"job {item['id']}: unknown media type {item['media_type']}"
            raise ValueError(msg)
        parts: tuple[Part, ...] = tuple(
            (_text(part["database"]), _read_rows(part["records"])) for part in item["parts"]
        )
        jobs[item["id"]] = Job(
            id=_text(item["id"]),
            name=_text(item["name"]),
            databases=tuple(item["databases"]),
            media_type=item["media_type"],
            start=_read_optional(item["start"]),
            end=_read_optional(item["end"]),
            created_at=parse_instant(item["created_at"]),
            finishes_at=_read_optional(item["finishes_at"]),
            error_message=item["error_message"],
            parts=parts,
            link_issued_at=_read_optional(item["link_issued_at"]),
            looks_left=int(item["looks_left"]),
        )
    return jobs


def _read_objects(items: list[Mapping[str, Any]]) -> ObjectStore:
    store = ObjectStore()
    for item in items:
        content = base64.b64decode(item["content"], validate=True)
        stored_at = parse_instant(item["stored_at"])
        store.put(
            _text(item["key"]),
            StoredObject.of(content, _text(item["content_type"]), _text(item["filename"]), stored_at),
        )
    return store


def _read_settings(item: Mapping[str, Any]) -> tuple[WorldSettings, int]:
    values = dict(item)
    limit = values.pop("record_limit")
    numbers = [limit, *values.values()]
    if any(not (value is None or (type(value) is int and value >= 0)) for value in numbers):
        msg = "every setting is a number, 0 or more"
        raise ValueError(msg)
    return WorldSettings(**values), limit


def _read_pieces(export: dict[str, Any]) -> PiecesDatabase:
    schema = export["schema"]
    database = PiecesDatabase(export["version"], schema["migration"], schema["semantic"])
    database.load(export)
    return database


def _read_ids(state: str) -> IdSource:
    ids = IdSource(0)
    ids.restore(state)
    return ids


def _read_clock(item: Mapping[str, Any]) -> tuple[int, bool]:
    return parse_instant(item["now"]), bool(item["frozen"])


def _read_optional(text: str | None) -> int | None:
    return None if text is None else parse_instant(text)


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = f"{str(value)[:80]} is no text"
        raise TypeError(msg)
    return value


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "clock": _read_clock,
    "settings": _read_settings,
    "ids": _read_ids,
    "signing_key": lambda text: base64.b64decode(text, validate=True),
    "next_midnight": parse_instant,
    "organizations": lambda items: {
        item["id"]: Organization(_text(item["id"]), _text(item["name"])) for item in items
    },
    "databases": _read_databases,
    "jobs": _read_jobs,
    "objects": _read_objects,
    "pieces": _read_pieces,
}
_FIELDS = ("format", "data", "seed", "faults", *_READERS)
