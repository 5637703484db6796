"""Rows as an XLSX workbook, and the limits of that format.

A worksheet has 1,048,576 rows and 16,384 columns, a cell 32,767 UTF-16 units of text ("Excel specifications
and limits"). What does not fit is refused: a workbook that silently lost data would be worse than none.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from typing import Any, Protocol
from xml.sax.saxutils import escape

from ..state.rows import Row
from .table import field_names, fields_of, nested_text, number_text
from .text import batches, instant_text

MAX_ROWS = 1_048_575  # without the header row
MAX_COLUMNS = 16_384
MAX_CELL = 32_767
_SURELY_FITS = MAX_CELL // 8  # whatever escaping does to it
_LEAD = ("id", "database", "created_at", "updated_at")
_MAX_EXACT_INT = 2**53
_MIN_FLOAT = 2.2250738585072014e-308  # spreadsheets read smaller ones as zero
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the workbook's properties are UTC without saying so


class ArtifactTooLarge(Exception):
    """The records do not fit into a workbook; `reason` says why and names the limit."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Sheet(Protocol):
    """What is used of the library's worksheet; rows and columns count from 0."""

    def write_string(self, row: int, column: int, text: str, /) -> object: ...

    def write_number(self, row: int, column: int, number: float, /) -> object: ...

    def write_boolean(self, row: int, column: int, value: bool, /) -> object: ...  # noqa: FBT001 - as it is there


class _Digits(float):
    """A float that is written with all the digits it needs: 17 at times, where the library would write 16."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return repr(float(self))


def export_problem(media_type: str, rows: Sequence[tuple[str, Row]]) -> str | None:
    """Why these (database id, row) pairs cannot become an artifact of this media type, or None.

    Only a workbook has limits. Meant for the moment a job is created, so that the job fails instead of its
    link.
    """
    if media_type != "application/xlsx":
        return None
    try:
        _check(rows)
    except ArtifactTooLarge as error:
        return error.reason
    return None


def export_xlsx(rows: Sequence[tuple[str, Row]], created: int) -> bytes:
    """The artifact of an XLSX export job: one sheet, one row a record, the columns of `export_csv`.

    Strings stay text (never a formula or link), booleans are booleans, null and absent fields blank; arrays,
    objects, and numbers that a spreadsheet would change (integers beyond 2^53, denormal floats) are JSON
    text; instants are ISO 8601 text, as a spreadsheet's own times end at milliseconds. The same rows and
    `created` (µs) give the same bytes.

    Raises:
        ArtifactTooLarge: too many rows or columns, or too long a cell.
    """
    # Here, because a server that writes no workbook need not wait for it when it starts.
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415  # ships no types

    _check(rows)
    fields = _fields(rows)
    output = io.BytesIO()
    workbook = xlsxwriter.Workbook(output, {"constant_memory": True})
    workbook.use_zip64()  # only takes effect beyond 4 GB
    workbook.set_properties({"created": _EPOCH + dt.timedelta(microseconds=created)})
    sheet = workbook.add_worksheet("records")
    sheet.freeze_panes(1, 0)
    for column, name in enumerate((*_LEAD, *(f"data.{field}" for field in fields))):
        _write_text(sheet, 0, column, name)
    columns = {field: column for column, field in enumerate(fields, len(_LEAD))}
    for line, (database, (made, _, key, updated, data)) in enumerate(rows, 1):
        _write_text(sheet, line, 0, key)
        sheet.write_string(line, 1, database)
        sheet.write_string(line, 2, instant_text(made))
        sheet.write_string(line, 3, instant_text(updated))
        for field, value in fields_of(data).items():
            _write(sheet, line, columns[field], value)
    workbook.close()
    return output.getvalue()


def _write(sheet: _Sheet, line: int, column: int, value: Any) -> None:
    kind = type(value)
    if kind is str:
        _write_text(sheet, line, column, value)
    elif kind is bool:
        sheet.write_boolean(line, column, value)
    elif kind is int and abs(value) <= _MAX_EXACT_INT:
        sheet.write_number(line, column, value)
    elif kind is float and (value == 0 or abs(value) >= _MIN_FLOAT):
        sheet.write_number(line, column, _Digits(value))
    elif value is not None:
        _write_text(sheet, line, column, _text(value))


def _write_text(sheet: _Sheet, line: int, column: int, text: str) -> None:
    sheet.write_string(line, column, _written(text))


def _text(value: Any) -> str:
    """A value that is written as text."""
    if type(value) is str:
        return value
    return number_text(value) if type(value) in (int, float) else nested_text(value)


def _written(text: str) -> str:
    """The text as it is handed to the library.

    That takes `<r>…</r>` for markup of its own and copies it unescaped: such a text is escaped here and put
    into that very markup.
    """
    if text.startswith("<r>") and text.endswith("</r>"):
        return f'<r><t xml:space="preserve">{escape(text)}</t></r>'
    return text


def _check(rows: Sequence[tuple[str, Row]]) -> None:
    if len(rows) > MAX_ROWS:
        raise ArtifactTooLarge(
            f"{len(rows)} records do not fit into a worksheet of {MAX_ROWS} rows and a header."
        )
    # Every field costs a colon and no cell is longer than its record: most exports are cleared without being
    # parsed.
    if sum(data.count(b":") for _, (*_, data) in rows) + len(_LEAD) > MAX_COLUMNS:
        count = len(_fields(rows)) + len(_LEAD)
        if count > MAX_COLUMNS:
            raise ArtifactTooLarge(f"{count} columns do not fit into a worksheet of {MAX_COLUMNS}.")
    for _, (_, _, key, _, data) in rows:
        if len(key) + len(data) > _SURELY_FITS:
            _check_cells(key, data)


def _check_cells(key: str, data: bytes) -> None:
    for name, text in _texts(key, data):
        size = len(_written(text).encode("utf-16-le", "surrogatepass")) // 2
        if size > MAX_CELL:
            raise ArtifactTooLarge(
                f'The "{name[:100]}" of record "{key[:100]}" has {size} characters; a cell holds {MAX_CELL}.'
            )


def _texts(key: str, data: bytes) -> Iterator[tuple[str, str]]:
    yield "id", key
    for field, value in fields_of(data).items():
        name = f"data.{field}"
        yield f"name of {name}", name
        if isinstance(value, (str, int, float, list, dict)):
            yield name, _text(value)


def _fields(rows: Sequence[tuple[str, Row]]) -> list[str]:
    search = field_names([data for _, (*_, data) in batch] for batch in batches(rows))
    while True:
        try:
            next(search)
        except StopIteration as found:
            names: list[str] = found.value
            return names
