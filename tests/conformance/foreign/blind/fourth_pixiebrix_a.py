"""Fourth round, PixieBrix, records and conventions: faults that were thought up from contract.md alone."""

import re
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import unquote, urlencode

from ..servers.strict import __main__ as main
from ..servers.strict import records, rest
from ..servers.strict.__main__ import Strict
from ..servers.strict.rest import Call, Reply, cell
from ..servers.strict.web import Answer
from ..servers.strict.world import Database, Row
from .registry import Kind, around, instead, pixiebrix, unlocked

NO_LIMIT = 10**9


# Databases and records: merge_strategy, shallow updates the top-level keys
@pixiebrix(Kind.SAME_TIME, "published")
def merge_into_a_stale_record(server: Strict) -> None:
    """A merge reads the record and writes it later, without a lock, so one of two merges at once is lost."""

    @instead(records, "_put")
    def put(right: Any, call: Call, database: Database, item: dict[str, Any], key: str) -> Any:
        old = database.rows.get(key)
        if old is not None and item.get("merge_strategy") not in (None, "", "replace"):
            with unlocked(server):
                pass
            database.rows[key] = old
        return right(call, database, item, key)


# Databases and records: merge_strategy decides how data merges into a record that exists
@pixiebrix(Kind.AFTER, "published")
def merge_into_a_deleted_record(server: Strict) -> None:
    """A deleted record is only marked as such, and a later write of its key merges into what it held."""
    marked: dict[tuple[int, str, str], Row] = {}

    @around(server, "deleteRecord")
    def removed(right: Any, call: Call) -> Reply:
        database = call.database()
        row = database.rows.get(call.ids["key"])
        reply: Reply = right(call)
        if row is not None:
            marked[id(call.vault), database.id, row.key] = row
        return reply

    @instead(records, "_put")
    def put(right: Any, call: Call, database: Database, item: dict[str, Any], key: str) -> Any:
        row = marked.pop((id(call.vault), database.id, key), None)
        if row is not None:
            database.rows.setdefault(key, row)
        return right(call, database, item, key)


# Databases and records: start_date and end_date, on the creation date
@pixiebrix(Kind.LONG, "documented")
def update_is_a_new_row(_: Strict) -> None:
    """An update deletes and inserts the row, so its creation date becomes the date of the update."""

    @instead(records, "_put")
    def put(right: Any, call: Call, database: Database, item: dict[str, Any], key: str) -> Any:
        row: Row = right(call, database, item, key)
        row.created = row.updated
        return row


# Databases and records: DELETE deletes all, limited by the same filters as the list where there are any
@pixiebrix(Kind.COMBINED, "published")
def delete_knows_dates_only(server: Strict) -> None:
    """DELETE of records keeps to the dates of the query but forgets its filters on fields."""

    @around(server, "clearRecords")
    def forgetful(right: Any, call: Call) -> Reply:
        pairs = [pair for pair in call.request.pairs if not pair[0].startswith("data__")]
        reply: Reply = right(replace(call, request=replace(call.request, query=urlencode(pairs))))
        return reply


# Databases and records: data__<field>=<value>, whose string field equals the value
@pixiebrix(Kind.IDENTITY, "documented")
def padded_texts_are_equal(_: Strict) -> None:
    """Blanks at the end do not count when a field is compared, as in a column with padding."""

    @instead(records, "_fits")
    def fits(right: Any, row: Row, name: str, value: str) -> Any:
        texts = {one: held.rstrip(" ") for one, held in row.data.items() if isinstance(held, str)}
        return right(replace(row, data={**row.data, **texts}), name, value.rstrip(" "))


# Databases and records: start_date, end_date, both inclusive
@pixiebrix(Kind.COMBINED, "documented")
def between_ends_at_midnight(_: Strict) -> None:
    """With both dates the range ends at the midnight that begins the last day, so that day is left out."""

    @instead(records, "chosen")
    def chosen(right: Any, call: Call, database: Database) -> Any:
        rows: list[Row] = right(call, database)
        asked = dict(call.request.pairs)
        if "start_date" in asked and "end_date" in asked:
            last = datetime.combine(datetime.fromisoformat(asked["end_date"]), time(), UTC)
            return [row for row in rows if row.created <= last]
        return rows


# Databases and records: at most 10,000 a request
@pixiebrix(Kind.SIZES, "documented")
def no_limit_without_pages(_: Strict) -> None:
    """The limit of 10,000 records is kept for pages only, and version 1.0 returns every record."""
    vars(records)["PLAIN_CAP"] = NO_LIMIT


# Conventions: pagination from version 2.0, Link with next as it applies
@pixiebrix(Kind.SIZES, "published")
def no_next_before_a_single_item(_: Strict) -> None:
    """The Link to the next page is missing where that page would hold just one item."""

    @instead(rest.Call, "page")
    def page(right: Any, self: Call, items: list[Any], *, cap: int = 1000, total: bool = True) -> Reply:
        reply: Reply = right(self, items, cap=cap, total=total)
        headers = dict(reply.headers)
        links = [one for one in headers.pop("Link", "").split(", ") if one]
        number = int(self.request.one("page") or 1) if self.version == "2.0" else 1
        if number * len(reply.data) == len(items) - 1:
            links = [one for one in links if 'rel="next"' not in one]
        if links:
            headers["Link"] = ", ".join(links)
        return replace(reply, headers=tuple(headers.items()))


def _numbers(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dict):
        return {name: _numbers(one) for name, one in value.items()}
    return [_numbers(one) for one in value] if isinstance(value, list) else value


# Databases and records: a record is id, data, created_at
@pixiebrix(Kind.FIDELITY, "published")
def booleans_become_numbers(_: Strict) -> None:
    """True and false in a record's data come back as 1 and 0, for the store has no booleans."""

    instead(records, "shown")(lambda right, row: right(replace(row, data=_numbers(row.data))))


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if re.search('[,"]', value) else value


# Databases and records: text/csv, one row a record
@pixiebrix(Kind.FIDELITY, "documented")
def csv_breaks_at_line_breaks(_: Strict) -> None:
    """The CSV quotes values with commas and quotes only, so a line break in a value starts a new row."""

    @instead(rest, "table")
    def table(_: Any, columns: list[str], rows: list[list[Any]]) -> bytes:
        lines = [",".join(_quoted(cell(value)) for value in row) for row in [columns, *rows]]
        return "".join(f"{one}\r\n" for one in lines).encode()


# Databases and records: data__<field>__isnull keeps null / non-null ones
@pixiebrix(Kind.COMPARED, "documented")
def empty_text_is_null(_: Strict) -> None:
    """An empty text counts as null in `__isnull`, for any value that is false does."""

    @instead(records, "_fits")
    def fits(right: Any, row: Row, name: str, value: str) -> Any:
        if not name.endswith("__isnull"):
            return right(row, name, value)
        return right(replace(row, data={one: held for one, held in row.data.items() if held}), name, value)


# Conventions: bodies may come as application/x-www-form-urlencoded
@pixiebrix(Kind.TRANSPORT, "published")
def plus_stays_in_forms(_: Strict) -> None:
    """The plus signs of an urlencoded form are kept instead of read as blanks."""

    @instead(rest, "pairs_of")
    def pairs_of(_: Any, text: str) -> list[tuple[str, str]]:
        parts = (part.partition("=") for part in text.split("&") if part)
        return [(unquote(name), unquote(value)) for name, _, value in parts]


# Conventions: operations produce application/json; a record is id, data, created_at
@pixiebrix(Kind.TRANSPORT, "published")
def length_in_characters(_: Strict) -> None:
    """The length of an answer is counted in characters, so one that is not ASCII is cut at its end."""

    @instead(main, "write")
    def write(right: Any, reply: Reply, call: Call) -> Answer:
        answer: Answer = right(reply, call)
        return replace(answer, body=answer.body[: len(answer.body.decode())])


# Databases and records: values are URL-encoded
@pixiebrix(Kind.TRANSPORT, "documented")
def values_decoded_twice(_: Strict) -> None:
    """The values of filters are URL-decoded twice, so one that holds a percent sign and digits is missed."""

    instead(records, "_fits")(lambda right, row, name, value: right(row, name, unquote(value)))
