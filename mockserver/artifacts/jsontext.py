"""Rows as JSON and JSON Lines: the stored bytes are put together, never parsed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ..state.jsonio import dumps, loads
from ..state.rows import Row
from .text import batches, instant_bytes, json_string

T = TypeVar("T")


def record_json(row: Row) -> bytes:
    """One record of the records endpoint: `{"id","data","created_at"}` (contract: Databases and records)."""
    created, _, key, _, data = row
    return b'{"id":%b,"data":%b,"created_at":"%b"}' % (json_string(key), data, instant_bytes(created))


def flat_record_json(row: Row) -> bytes:
    """One record with the fields of its data beside `id` and `created_at` (contract: Conventions).

    A field of the data that has one of these two names is left out.
    """
    created, _, key, _, data = row
    head = b'{"id":%b,"created_at":"%b"' % (json_string(key), instant_bytes(created))
    # The bytes of such a name may also stand further inside; then parsing only costs time.
    if b'"id":' in data or b'"created_at":' in data:
        kept = {name: value for name, value in loads(data).items() if name not in {"id", "created_at"}}
        data = dumps(kept)
    return head + b"}" if data == b"{}" else b"%b,%b" % (head, data[1:])


def line_json(database_id: str, row: Row) -> bytes:
    """One record of an export or archive: `{"id","database","data","created_at","updated_at"}`.

    (contract: Export jobs, Archives and retention)
    """
    created, _, key, updated, data = row
    return b'{"id":%b,"database":%b,"data":%b,"created_at":"%b","updated_at":"%b"}' % (
        json_string(key),
        json_string(database_id),
        data,
        instant_bytes(created),
        instant_bytes(updated),
    )


def records_json(rows: Sequence[Row]) -> Iterator[bytes]:
    """A JSON array of records, as the records endpoint lists them."""
    return _array(rows, record_json)


def flat_records_json(rows: Sequence[Row]) -> Iterator[bytes]:
    """A JSON array of flat records."""
    return _array(rows, flat_record_json)


def export_json(rows: Sequence[tuple[str, Row]]) -> Iterator[bytes]:
    """A JSON array of (database id, row) pairs: the artifact of a JSON export job."""
    return _array(rows, _pair_json)


def archive_jsonl(database_id: str, rows: Sequence[Row]) -> Iterator[bytes]:
    """JSON Lines, one line a record, each ended by a line feed (contract: Archives and retention)."""
    for batch in batches(rows):
        yield b"".join([line_json(database_id, row) + b"\n" for row in batch])


def _pair_json(pair: tuple[str, Row]) -> bytes:
    return line_json(*pair)


def _array(items: Sequence[T], render: Callable[[T], bytes]) -> Iterator[bytes]:
    lead = b"["
    for batch in batches(items):
        yield lead + b",".join([render(item) for item in batch])
        lead = b","
    yield b"]" if items else b"[]"
