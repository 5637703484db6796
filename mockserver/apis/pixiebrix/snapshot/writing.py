"""Writing organizations, databases and export jobs into a sandbox's document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ....artifacts.text import batches, instant_bytes, instant_text, json_string
from ....snapshot.format import ROWS_A_STEP, array, opened
from ....state.instants import day_to_date
from ..state.databases import Database
from ..state.jobs import Job
from ..state.pixiebrix import PixieBrixState
from ..state.records import CREATED, DATA, KEY, SEQUENCE, UPDATED, RecordTable, Row


def write_database(database: Database) -> Iterator[bytes]:
    """A database with its records, archives and assets."""
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
    yield opened(head) + b',"records":'
    yield from _rows(table.rows())
    yield b',"archives":'
    yield from array(
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


def write_job(job: Job, state: PixieBrixState) -> Iterator[bytes]:
    """A job with the records that it exports."""
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
    if job.has_ended:
        head["has_ended"] = True
    yield opened(head) + b',"parts":'
    yield from array(_part(database, rows, state) for database, rows in job.parts)
    yield b"}"


def _part(database: str, rows: Sequence[Row], state: PixieBrixState) -> Iterator[bytes]:
    # What a job has exported outlives its database; its records are then written whole.
    known = state.databases.get(database)
    return _holder({"database": database}, rows, None if known is None else known.records)


def _holder(head: dict[str, Any], rows: Sequence[Row], table: RecordTable | None) -> Iterator[bytes]:
    """Something that keeps records as they once were."""
    yield opened(head) + b',"records":'
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
        instant_bytes(row[CREATED]),
        instant_bytes(row[UPDATED]),
        row[DATA],
    )


def _optional(instant: int | None) -> str | None:
    return None if instant is None else instant_text(instant)
