"""Reading organizations, databases and export jobs out of a sandbox's document, the long ones in steps."""

from __future__ import annotations

from collections.abc import Container, Generator
from dataclasses import dataclass
from typing import Any

from ....snapshot.format import ROWS_A_STEP
from ....snapshot.json_walk import JSONWalk
from ....snapshot.values import by_id, fields, flag, identifier, instant, listed, number, optional, text
from ....state import jsonio
from ....state.instants import day_to_date, parse_date
from ..state.archives import Archive
from ..state.assets import Asset, filename_errors
from ..state.databases import TYPES, Database, Organization
from ..state.jobs import SUFFIXES, Job
from ..state.records import RecordTable, Row
from ..state.schemas import RecordSchema

Kept = list[str | Row]
"""Records as they once were; a key alone stands for the record as its database has it now."""

_ORGANIZATION = frozenset({"id", "name"})
_ROW = frozenset({"id", "sequence", "created_at", "updated_at", "data"})
_DATABASE = frozenset(
    {
        "id",
        "name",
        "organization_id",
        "created_at",
        "enforce_schema",
        "owner_field",
        "schema_text",
        "type",
        "last_write_at",
        "sequence",
        "assets",
        "records",
        "archives",
    }
)
_ASSET = frozenset({"id", "filename", "is_uploaded", "created_at", "updated_at"})
_ARCHIVE = frozenset({"id", "date", "created_at", "updated_at", "records"})
_JOB = frozenset(
    {
        "id",
        "name",
        "databases",
        "media_type",
        "start",
        "end",
        "created_at",
        "finishes_at",
        "error_message",
        "link_issued_at",
        "polls_left",
        "organizations",
        "parts",
    }
)
_PART = frozenset({"database", "records"})


@dataclass(frozen=True, slots=True)
class DatabaseDraft:
    """A database whose archives still wait for its records: members may come in any order."""

    database: Database
    archives: list[tuple[Archive, Kept]]


@dataclass(frozen=True, slots=True)
class JobDraft:
    """A job whose records wait for their databases."""

    job: Job
    parts: list[tuple[str, Kept]]


def read_organizations(value: object) -> dict[str, Organization]:
    """The organizations by id.

    Raises:
        TypeError, ValueError: they are not as they were written.
    """
    items = [fields(item, _ORGANIZATION) for item in listed(value)]
    found = [Organization(identifier(item["id"]), text(item["name"])) for item in items]
    return by_id((organization.id, organization) for organization in found)


def read_databases(walk: JSONWalk) -> Generator[None, None, dict[str, DatabaseDraft]]:
    """The databases by id.

    Raises:
        TypeError, ValueError, StateError: they are not as they were written.
    """
    drafts = []
    for _ in walk.items():
        draft = yield from _database(walk)
        drafts.append(draft)
    return by_id((draft.database.id, draft) for draft in drafts)


def read_jobs(walk: JSONWalk) -> Generator[None, None, dict[str, JobDraft]]:
    """The export jobs by id.

    Raises:
        TypeError, ValueError, StateError: they are not as they were written.
    """
    drafts = []
    for _ in walk.items():
        draft = yield from _job(walk)
        drafts.append(draft)
    return by_id((draft.job.id, draft) for draft in drafts)


def settle(
    databases: dict[str, DatabaseDraft], jobs: dict[str, JobDraft], organizations: Container[str]
) -> Generator[None, None, tuple[dict[str, Database], dict[str, Job]]]:
    """Put the records into the archives and jobs that refer to them.

    Raises:
        ValueError: a record, or a database's organization is not in the document.
    """
    for draft in databases.values():
        owner = draft.database.organization_id
        if owner is not None and owner not in organizations:
            msg = f"organization {owner} is not in the document"
            raise ValueError(msg)
        for archive, kept in draft.archives:
            rows = yield from _rows(kept, draft.database.records, draft.database.id)
            archive.rows.extend(rows)
    for waiting in jobs.values():
        parts = []
        for name, kept in waiting.parts:
            # A job's records outlive their database.
            table = databases[name].database.records if name in databases else RecordTable()
            rows = yield from _rows(kept, table, name)
            parts.append((name, rows))
        waiting.job.parts = tuple(parts)
    return (
        {id_: draft.database for id_, draft in databases.items()},
        {id_: waiting.job for id_, waiting in jobs.items()},
    )


def _rows(kept: Kept, table: RecordTable, database_id: str) -> Generator[None, None, list[Row]]:
    rows: list[Row] = []
    for count, item in enumerate(kept):
        if count % (10 * ROWS_A_STEP) == 0:
            yield
        if not isinstance(item, str):
            rows.append(item)
        elif item in table:
            rows.append(table.get(item))
        else:
            msg = f"record {item!r} is not in database {database_id}"
            raise ValueError(msg)
    return rows


def _database(walk: JSONWalk) -> Generator[None, None, DatabaseDraft]:
    table = RecordTable()
    archives: list[tuple[Archive, Kept]] = []
    found: dict[str, Any] = {}
    for name in walk.members():
        if name == "records":
            found[name] = yield from _table(walk, table)
        elif name == "archives":
            for _ in walk.items():
                archive = yield from _archive(walk)
                archives.append(archive)
            found[name] = archives
        else:
            found[name] = walk.value()
    item = fields(found, _DATABASE)
    if item["type"] not in TYPES:
        msg = f"{item['type']!r} is not a type of a database"
        raise ValueError(msg)
    id_ = identifier(item["id"])
    table.continue_after(number(item["sequence"]))
    days = by_id((day_to_date(archive.day), archive) for archive, _ in archives)
    assets = by_id((asset.id, asset) for asset in (_asset(value, id_) for value in listed(item["assets"])))
    database = Database(
        id=id_,
        name=text(item["name"]),
        organization_id=optional(identifier, item["organization_id"]),
        created_at=instant(item["created_at"]),
        enforce_schema=flag(item["enforce_schema"]),
        owner_field=optional(text, item["owner_field"]),
        type=item["type"],
        schema=optional(lambda value: RecordSchema(text(value)), item["schema_text"]),
        last_write_at=optional(instant, item["last_write_at"]),
        records=table,
        archives={archive.day: archive for archive in days.values()},
        assets=assets,
    )
    return DatabaseDraft(database, archives)


def _table(walk: JSONWalk, table: RecordTable) -> Generator[None, None, RecordTable]:
    for count, _ in enumerate(walk.items()):
        if count % ROWS_A_STEP == 0:
            yield
        table.append(_row(walk.value()))
    return table


def _kept(walk: JSONWalk) -> Generator[None, None, Kept]:
    kept: Kept = []
    for count, _ in enumerate(walk.items()):
        if count % ROWS_A_STEP == 0:
            yield
        value = walk.value()
        kept.append(value if isinstance(value, str) else _row(value))
    return kept


def _row(value: object) -> Row:
    item = fields(value, _ROW)
    if not isinstance(item["data"], dict):
        msg = f"record {item['id']!r}: data must be an object"
        raise TypeError(msg)
    created, updated = instant(item["created_at"]), instant(item["updated_at"])
    data = jsonio.dumps(item["data"])
    # One integer object serves both columns where they are equal.
    updated = created if updated == created else updated
    return (created, number(item["sequence"], 1), text(item["id"]), updated, data)


def _archive(walk: JSONWalk) -> Generator[None, None, tuple[Archive, Kept]]:
    found: dict[str, Any] = {}
    for name in walk.members():
        found[name] = (yield from _kept(walk)) if name == "records" else walk.value()
    item = fields(found, _ARCHIVE)
    day = parse_date(text(item["date"]))
    created, updated = instant(item["created_at"]), instant(item["updated_at"])
    return Archive(identifier(item["id"]), day, created, updated, []), item["records"]


def _asset(value: object, database: str) -> Asset:
    item = fields(value, _ASSET)
    filename = text(item["filename"])
    if filename_errors(filename):
        msg = f"{filename[:80]!r} is not a file name"
        raise ValueError(msg)
    return Asset(
        id=identifier(item["id"]),
        database_id=database,
        filename=filename,
        is_uploaded=flag(item["is_uploaded"]),
        created_at=instant(item["created_at"]),
        updated_at=instant(item["updated_at"]),
    )


def _job(walk: JSONWalk) -> Generator[None, None, JobDraft]:
    found: dict[str, Any] = {}
    parts: list[tuple[str, Kept]] = []
    for name in walk.members():
        if name == "parts":
            for _ in walk.items():
                part = yield from _part(walk)
                parts.append(part)
            found[name] = parts
        else:
            found[name] = walk.value()
    has_ended = flag(found.pop("has_ended", False))  # before the clock was moved back
    item = fields(found, _JOB)
    if item["media_type"] not in SUFFIXES:
        msg = f"{item['media_type']!r} is not a media type of an export"
        raise ValueError(msg)
    job = Job(
        id=identifier(item["id"]),
        name=text(item["name"]),
        databases=tuple(identifier(name) for name in listed(item["databases"])),
        media_type=item["media_type"],
        start=optional(instant, item["start"]),
        end=optional(instant, item["end"]),
        created_at=instant(item["created_at"]),
        finishes_at=optional(instant, item["finishes_at"]),
        error_message=optional(text, item["error_message"]),
        link_issued_at=optional(instant, item["link_issued_at"]),
        polls_left=number(item["polls_left"]),
        has_ended=has_ended,
        organizations=frozenset(identifier(name) for name in listed(item["organizations"])),
    )
    return JobDraft(job, parts)


def _part(walk: JSONWalk) -> Generator[None, None, tuple[str, Kept]]:
    found: dict[str, Any] = {}
    for name in walk.members():
        found[name] = (yield from _kept(walk)) if name == "records" else walk.value()
    item = fields(found, _PART)
    return identifier(item["database"]), item["records"]
