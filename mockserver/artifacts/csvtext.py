"""Rows as CSV: RFC 4180, CRLF, UTF-8 without a byte order mark, always with a header row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar

from ..state.rows import Row
from .table import field_names, fields_of, nested_text, number_text
from .text import CHUNK_ROWS, batches, instant_text

T = TypeVar("T")

# A chunk of a very wide table has fewer rows, so that no chunk keeps an event loop for long.
_CHUNK_CELLS = 50_000


def records_csv(rows: Sequence[Row]) -> Iterator[bytes]:
    """The records endpoint's CSV: `id,created_at,data.<field>…`, the union of the fields in first-seen order.

    Strings are as they are, null and absent fields empty, booleans `true` or `false`, numbers as in JSON,
    arrays and objects compact JSON (contract: What the documents leave open).
    """

    def lead(row: Row) -> list[str]:
        return [row[2], instant_text(row[0])]

    return _csv(rows, ["id", "created_at"], lead, lambda row: row[4])


def export_csv(rows: Sequence[tuple[str, Row]]) -> Iterator[bytes]:
    """A CSV export job's artifact: `id,database,created_at,updated_at,data.<field>…` (contract: Export jobs).

    Takes (database id, row) pairs; the cells are those of `records_csv`.
    """

    def lead(pair: tuple[str, Row]) -> list[str]:
        database, (created, _, key, updated, _) = pair
        return [key, database, instant_text(created), instant_text(updated)]

    return _csv(rows, ["id", "database", "created_at", "updated_at"], lead, lambda pair: pair[1][4])


def _csv(
    rows: Sequence[T], names: list[str], lead: Callable[[T], list[str]], data_of: Callable[[T], bytes]
) -> Generator[bytes, None, None]:
    fields = yield from field_names(map(data_of, batch) for batch in batches(rows))
    yield _lines([[*names, *(f"data.{field}" for field in fields)]])
    size = max(1, min(CHUNK_ROWS, _CHUNK_CELLS // (len(names) + len(fields))))
    for batch in batches(rows, size):
        table = []
        for row in batch:
            values = fields_of(data_of(row))
            table.append([*lead(row), *[_cell(values.get(field)) for field in fields]])
        yield _lines(table)


def _lines(table: list[list[str | None]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(table)
    return buffer.getvalue().encode("utf-8", "surrogatepass")


def _cell(value: Any) -> str | None:
    kind = type(value)
    if kind is str or value is None:
        return value  # type: ignore[no-any-return]  # the line above says what it is
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is float:
        return number_text(value)
    return nested_text(value)
