"""The cells of tables: under the column of their field, whichever fields the records beside them have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from ....authoring.check import CheckFailed, NotVerified, check
from ....authoring.workbook import rows_of
from ..archives import Marks
from ..context import PixieBrix
from ..exports import exported, succeeded
from ..records import path_of

_FIELDS: Final[Sequence[Mapping[str, Any]]] = (
    {"a": "first a", "b": "first b", "A": "first A"},
    {"c": "second c", "\u00e9": "composed"},
    {"b": "third b", "a": "third a", "d": "", "B": "third B", "e\u0301": "decomposed"},
    {},
    {"d": "fifth d", "c": None, "a": "fifth a"},
)
"""Fields that are not in every record, nor in one order, some of which differ in case or normal form only."""


def _data(marks: Sequence[str]) -> list[dict[str, Any]]:
    return [{"probe": mark, **fields} for mark, fields in zip(marks, _FIELDS, strict=False)]


def _expect_cells(what: str, rows: Sequence[Sequence[str]], wanted: Sequence[Mapping[str, Any]]) -> None:
    """Go on if each record has a row, with its values under their names and nothing under the others."""
    names = {name for data in wanted for name in data}
    header = [name.removeprefix("data.") for name in rows[0]] if rows else []
    missing = sorted(names - set(header))
    if missing:
        raise CheckFailed(f"the columns of {what}", f"one for each of {missing}", header)
    cells = [dict(zip(header, [*row, *[""] * len(header)], strict=False)) for row in rows[1:]]
    for data in wanted:
        shown = [{name: row[name] for name in names} for row in cells if row["probe"] == data["probe"]]
        expected = {name: data.get(name) or "" for name in names}
        if shown != [expected]:
            raise CheckFailed(f"the row of a record in {what}", expected, shown)


@check("PB-CSV-04")
def cells_are_under_their_fields(ctx: PixieBrix) -> None:
    """Writes records with different fields, and reads each cell under its name."""
    database = ctx.given.database(empty=True)
    wanted = _data(Marks(ctx).new(len(_FIELDS)))
    ctx.given.records(database, wanted)
    answer = ctx.call("listRecords", path=path_of(database), accept="text/csv").expect_status(200)
    _expect_cells("the list as CSV", answer.csv_rows(), wanted)


@check("PB-JOB-41")
def cells_of_csv_are_under_their_fields(ctx: PixieBrix) -> None:
    """Exports two databases, whose records have the same keys and different fields, and reads each cell."""
    _expect_tables(ctx, "text/csv")


@check("PB-JOB-43")
def cells_of_xlsx_are_under_their_fields(ctx: PixieBrix) -> None:
    """Exports two databases, whose records have the same keys and different fields, and reads each cell."""
    _expect_tables(ctx, "application/xlsx")


def _expect_tables(ctx: PixieBrix, media_type: str) -> None:
    databases, wanted = [ctx.given.database()], _data(Marks(ctx).new(len(_FIELDS)))
    with suppress(NotVerified):  # where there is no other one, the first has to do
        databases.append(ctx.given.database())
    keys = [ctx.name("record") for _ in wanted]
    parts = (wanted[3:], wanted[:3]) if len(databases) > 1 else (wanted,)
    for database, part in zip(databases, parts, strict=True):
        ctx.given.records(database, part, keys=keys[: len(part)])
    answer = exported(ctx, succeeded(ctx, *databases, media_type=media_type))
    rows = answer.csv_rows() if media_type == "text/csv" else rows_of(answer.content)
    _expect_cells(f"the export as {media_type}", rows, wanted)
    header = list(rows[0])
    for database, part in zip(databases, parts, strict=True):
        for key, data in zip(keys, part, strict=False):
            shown = [
                (row[header.index("id")], row[header.index("database")])
                for row in rows[1:]
                if {"id", "database"} <= {*header} and data["probe"] in row
            ]
            if shown and shown != [(key, database.id)]:
                raise CheckFailed(f"id and database of a row in {media_type}", (key, database.id), shown)
