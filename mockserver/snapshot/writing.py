"""Writing a sandbox's document, in pieces: the stored bytes are put together, never parsed again."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..apis.pixiebrix.state.databases import Database
from ..apis.pixiebrix.state.jobs import Job
from ..apis.pixiebrix.state.pixiebrix import PixieBrixState
from ..apis.pixiebrix.state.records import CREATED, DATA, KEY, SEQUENCE, UPDATED, RecordTable, Row
from ..artifacts.text import batches, instant_text, json_string
from ..sandbox.sandbox import Sandbox
from ..state import jsonio
from ..state.instants import day_to_date
from ..state.objects import StoredObject
from .format import FORMAT, ROWS_A_STEP

_CONTENT_A_STEP = 3 * 64 * 1024
"""Bytes that become base64 at once; a multiple of three, so that the parts join without padding."""
_WORTH_SENDING = 64 * 1024


def write(sandbox: Sandbox) -> Iterator[bytes]:
    """The document of the sandbox as it is now, in pieces."""
    # The parts that change are copied, or shared until somebody writes; the rest is written at once.
    state, objects = sandbox.pixiebrix.fork(), list(sandbox.objects.items())
    return _joined(_pieces(_head(sandbox), state, objects, sandbox.pieces.export_json()))


def _joined(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same text in pieces that are worth sending."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _WORTH_SENDING:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    yield b"".join(waiting)


def _pieces(
    head: bytes, state: PixieBrixState, objects: Iterable[tuple[str, StoredObject]], export: bytes
) -> Iterator[bytes]:
    try:
        yield head
        yield b',"databases":'
        yield from _array(_database(database) for database in state.databases.values())
        yield b',"jobs":'
        yield from _array(_job(job, state) for job in state.jobs.values())
        yield b',"objects":'
        yield from _array(_object(key, stored) for key, stored in objects)
        yield b',"pieces":' + export + b"}"
    finally:
        state.release()


def _head(sandbox: Sandbox) -> bytes:
    """What is small, as the beginning of the document's object."""
    state, settings, faults = sandbox.pixiebrix, sandbox.settings, sandbox.faults
    head = {
        "format": FORMAT,
        "data": sandbox.base.name,
        "seed": sandbox.base.seed,
        "clock": {"now": instant_text(sandbox.clock.now()), "frozen": sandbox.clock.frozen},
        "settings": {
            "job_us": settings.job_us,
            "job_polls": settings.job_polls,
            "default_page_size": settings.default_page_size,
            "max_page_size": settings.max_page_size,
            "max_records": settings.max_records,
            "requests_per_minute": settings.requests_per_minute,
            "default_version": settings.default_version,
            "strict_bodies": settings.strict_bodies,
            "record_limit": state.record_limit,
        },
        "faults": {
            "ordered": [{**fault.describe(), "left": faults.left(fault)} for fault in faults],
            "count": faults.count,
            "chance": faults.chance,
        },
        "ids": sandbox.ids.state,
        "signing_key": base64.b64encode(sandbox.signer.secret).decode(),
        "organizations": [{"id": item.id, "name": item.name} for item in state.organizations.values()],
    }
    return jsonio.dumps(head)[:-1]


def _database(database: Database) -> Iterator[bytes]:
    table = database.records
    head = {
        "id": database.id,
        "name": database.name,
        "organization_id": database.organization_id,
        "created_at": instant_text(database.created_at),
        "enforce_schema": database.enforce_schema,
        "owner_field": database.owner_field,
        "schema_text": None if database.schema is None else database.schema.text,
        "type": database.type,
        "last_write_at": _optional(database.last_write_at),
        "sequence": table.sequence,
        "assets": [
            {
                "id": asset.id,
                "filename": asset.filename,
                "is_uploaded": asset.is_uploaded,
                "created_at": instant_text(asset.created_at),
                "updated_at": instant_text(asset.updated_at),
            }
            for asset in database.assets.values()
        ],
    }
    yield _open(head) + b',"records":'
    yield from _rows(table.rows())
    yield b',"archives":'
    yield from _array(
        _holder(
            {
                "id": archive.id,
                "date": day_to_date(archive.day),
                "created_at": instant_text(archive.created_at),
                "updated_at": instant_text(archive.updated_at),
            },
            archive.rows,
            table,
        )
        for archive in database.archives.values()
    )
    yield b"}"


def _job(job: Job, state: PixieBrixState) -> Iterator[bytes]:
    head = {
        "id": job.id,
        "name": job.name,
        "databases": list(job.databases),
        "media_type": job.media_type,
        "start": _optional(job.start),
        "end": _optional(job.end),
        "created_at": instant_text(job.created_at),
        "finishes_at": _optional(job.finishes_at),
        "error_message": job.error_message,
        "link_issued_at": _optional(job.link_issued_at),
        "polls_left": job.polls_left,
        "organizations": sorted(job.organizations),
    }
    yield _open(head) + b',"parts":'
    yield from _array(_part(database, rows, state) for database, rows in job.parts)
    yield b"}"


def _part(database: str, rows: Sequence[Row], state: PixieBrixState) -> Iterator[bytes]:
    # What a job has exported outlives its database; its records are then written whole.
    known = state.databases.get(database)
    return _holder({"database": database}, rows, None if known is None else known.records)


def _object(key: str, stored: StoredObject) -> Iterator[bytes]:
    head = {
        "key": key,
        "content_type": stored.content_type,
        "filename": stored.filename,
        "stored_at": instant_text(stored.stored_at),
    }
    yield _open(head) + b',"content":"'
    for start in range(0, len(stored.content), _CONTENT_A_STEP):
        yield base64.b64encode(stored.content[start : start + _CONTENT_A_STEP])
    yield b'"}'


def _holder(head: dict[str, Any], rows: Sequence[Row], table: RecordTable | None) -> Iterator[bytes]:
    """Something that keeps records as they once were."""
    yield _open(head) + b',"records":'
    yield from _rows(rows, table)
    yield b"}"


def _rows(rows: Sequence[Row], table: RecordTable | None = None) -> Iterator[bytes]:
    """An array of records; one that the table has just so is written as its key alone."""
    lead = b"["
    for batch in batches(rows, ROWS_A_STEP):
        if table is None:
            shown = [_row(row) for row in batch]
        else:
            shown = [
                json_string(row[KEY]) if row[KEY] in table and table.get(row[KEY]) == row else _row(row)
                for row in batch
            ]
        yield lead + b",".join(shown)
        lead = b","
    yield b"]" if rows else b"[]"


def _row(row: Row) -> bytes:
    return b'{"id":%b,"sequence":%d,"created_at":"%b","updated_at":"%b","data":%b}' % (
        json_string(row[KEY]),
        row[SEQUENCE],
        instant_text(row[CREATED]).encode(),
        instant_text(row[UPDATED]).encode(),
        row[DATA],
    )


def _array(items: Iterable[Iterator[bytes]]) -> Iterator[bytes]:
    lead = b"["
    for item in items:
        yield lead
        yield from item
        lead = b","
    yield b"]" if lead == b"," else b"[]"


def _open(head: dict[str, Any]) -> bytes:
    """The object without its closing brace, for more members to follow."""
    return jsonio.dumps(head)[:-1]


def _optional(instant: int | None) -> str | None:
    return None if instant is None else instant_text(instant)
