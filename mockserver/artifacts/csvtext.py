"""Rows as CSV: RFC 4180, CRLF, UTF-8 without a byte order mark, always with a header row.

Written column by column: a column of one kind, as nearly all are, becomes text in a few calls, whatever the
number of its cells. `csv.writer` alone takes as long for cells that are text already as all of it takes so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from operator import itemgetter
from types import NoneType
from typing import Any, Final, TypeVar

import orjson

from ..state.rows import DATA, Row
from .table import field_names, nested_text, number_text, records_of
from .text import CHUNK_ROWS, batches, instant_texts

T = TypeVar("T")
Column = Sequence[str]
"""The cells of some rows, one below the other, as they stand in the file."""

# Rows of which a column is made: more of them are not in the processor's cache any more when they are joined.
_ROWS: Final = 128
# A chunk of a very wide table has fewer rows, so that no chunk keeps an event loop for long.
_CHUNK_CELLS: Final = 50_000
_NUMBERS: Final = {int, float, bool}
_special: Final = re.compile('[",\r\n]').search


class UnforeseenField(Exception):
    """A record has a field that is not among the columns."""


def records_csv(rows: Sequence[Row]) -> Iterator[bytes]:
    """The records endpoint's CSV: `id,created_at,data.<field>…`, the union of the fields in first-seen order.

    Strings are as they are, null and absent fields empty, booleans `true` or `false`, numbers as in JSON,
    arrays and objects compact JSON (contract: What the documents leave open).
    """

    def lead(rows: Sequence[Row]) -> list[Column]:
        created, _, keys, _, _ = zip(*rows, strict=True)
        return [_quoted(keys), instant_texts(created)]

    return _csv(rows, ["id", "created_at"], lead, lambda rows: [row[DATA] for row in rows], None)


def export_csv(rows: Sequence[tuple[str, Row]], fields: Sequence[str] | None = None) -> Iterator[bytes]:
    """A CSV export job's artifact: `id,database,created_at,updated_at,data.<field>…` (contract: Export jobs).

    Takes (database id, row) pairs; the cells are those of `records_csv`. All records are looked through for
    the columns first, unless `fields` names them: then a record with another raises `UnforeseenField`.
    """

    def lead(pairs: Sequence[tuple[str, Row]]) -> list[Column]:
        databases, rows = zip(*pairs, strict=True)
        created, _, keys, updated, _ = zip(*rows, strict=True)
        made = instant_texts(created)
        written = made if updated == created else instant_texts(updated)
        return [_quoted(keys), _quoted(databases), made, written]

    return _csv(rows, ["id", "database", "created_at", "updated_at"], lead, _data, fields)


def first_fields(rows: Sequence[tuple[str, Row]]) -> list[str]:
    """The fields of the first records: those of all, in most exports, and else the first of them."""
    return list(dict.fromkeys(chain.from_iterable(records_of(_data(rows[:CHUNK_ROWS])))))


def _data(pairs: Sequence[tuple[str, Row]]) -> list[bytes]:
    return [row[DATA] for _, row in pairs]


def _csv(
    rows: Sequence[T],
    names: list[str],
    lead: Callable[[Sequence[T]], list[Column]],
    data_of: Callable[[Sequence[T]], Sequence[bytes]],
    fields: Sequence[str] | None,
) -> Generator[bytes, None, None]:
    if fields is None:
        fields = yield from field_names(map(data_of, batches(rows)))
    yield _lines([[cell] for cell in _quoted([*names, *(f"data.{field}" for field in fields)])])
    for batch in batches(rows, max(1, min(_ROWS, _CHUNK_CELLS // (len(names) + len(fields))))):
        yield _lines([*lead(batch), *map(_cells, _columns(records_of(data_of(batch)), fields))])


def _lines(columns: Sequence[Column]) -> bytes:
    lines = "\r\n".join(map(",".join, zip(*columns, strict=True)))
    return f"{lines}\r\n".encode("utf-8", "surrogatepass")


def _columns(records: list[dict[str, Any]], fields: Sequence[str]) -> Sequence[Sequence[Any]]:
    """The values of each field, None where a record has none. Raises `UnforeseenField`."""
    cells = len(fields) * len(records)
    if sum(map(len, records)) == cells and len(fields) > 1:
        try:
            return list(zip(*map(itemgetter(*fields), records), strict=True))
        except KeyError:
            pass
    known = set(fields)
    if not all(known.issuperset(record) for record in records):
        raise UnforeseenField
    return [[record.get(field) for record in records] for field in fields]


def _cells(values: Sequence[Any]) -> Column:
    """The cells of one field's values."""
    try:
        return _quoted(values)
    except TypeError:  # not all of them are text
        kinds = set(map(type, values))
    kinds.discard(NoneType)
    if kinds <= _NUMBERS:
        with suppress(TypeError):  # an integer beyond 64 bits
            return orjson.dumps(values)[1:-1].replace(b"null", b"").decode().split(",")
    if kinds == {dict} and all(values):
        # Each has a quote in it, so all are quoted, at once; JSON text holds no character NUL.
        together = b"\0".join(map(orjson.dumps, values)).decode()
        return '"{}"'.format(together.replace('"', '""').replace("\0", '"\0"')).split("\0")
    return _quoted([_text(value) for value in values])


def _quoted(texts: Sequence[str]) -> Column:
    """Texts as cells, those that have to be in quotes. Raises `TypeError` if one is not a text."""
    together = "".join(texts)
    if "," not in together and '"' not in together and "\n" not in together and "\r" not in together:
        return texts
    return ['"{}"'.format(text.replace('"', '""')) if _special(text) else text for text in texts]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, (int, float)) else nested_text(value)
