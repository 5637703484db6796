"""The second blind round: faults of PixieBrix in records, databases, pages, media types and tokens.

Each names the heading of the contract that it breaks.
"""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import quote, unquote_plus

from ..servers.strict import __main__ as main
from ..servers.strict import databases, jobs, records, rest
from ..servers.strict.__main__ import Strict
from ..servers.strict.records import PLAIN_CAP, chosen, shown
from ..servers.strict.rest import CSV, Call, Operation, Reply, cell
from ..servers.strict.web import Request, parameters
from ..servers.strict.world import Database, Row
from .registry import Kind, around, instead, pixiebrix, unlocked

Run = Callable[[Call], Reply]


# 2. Databases and records: `merge_strategy`, shallow updates top-level keys, deep merges objects
@pixiebrix(Kind.SAME_TIME, "published")
def merges_at_once_lose_one(server: Strict) -> None:
    """Of two merges into one record at the same time, the later forgets what the earlier brought."""

    @instead(records, "_put")
    def put(right: Any, call: Call, database: Database, item: dict[str, Any], key: str) -> Any:
        old = database.rows.get(key)
        if old is not None and item.get("merge_strategy", "") not in {"", "replace"}:
            with unlocked(server):
                pass
            database.rows[key] = old
        return right(call, database, item, key)


# 2. Databases and records: `merge_strategy` decides how data merges into a record that exists
@pixiebrix(Kind.COMBINED, "inferred")
def batch_merges_with_what_was_before(server: Strict) -> None:
    """Where a request merges twice into one record, the second merge sees it as it was before the request."""
    before: dict[str, Row] = {}

    @instead(records, "_put")
    def put(right: Any, call: Call, database: Database, item: dict[str, Any], key: str) -> Any:
        if key in before:
            database.rows[key] = before[key]
        return right(call, database, item, key)

    @around(server, "putRecords")
    @around(server, "createRecords")
    def change(right: Run, call: Call) -> Reply:
        before.update(call.database().rows)
        try:
            return right(call)
        finally:
            before.clear()


# 2. Databases and records: `DELETE …/records/` is limited by the same filters as the list
@pixiebrix(Kind.COMBINED, "published")
def delete_drops_isnull_beside_another(server: Strict) -> None:
    """Deleting with `__isnull` beside another filter goes by the other one alone, and so deletes more."""

    @around(server, "clearRecords")
    def change(right: Run, call: Call) -> Reply:
        parts = [part for part in call.request.query.split("&") if part]
        others = [part for part in parts if "__isnull=" not in part]
        query = "&".join(others or parts)
        return right(replace(call, request=replace(call.request, query=query)))


# 2. Databases and records: `data__<field>=<value>` keeps the records whose string field equals the value
@pixiebrix(Kind.COMPARED, "documented")
def digits_filtered_as_numbers(_: Strict) -> None:
    """A filter for a value that looks like a number finds texts of the same number, as 0123 for 123."""

    @instead(records, "_fits")
    def fits(right: Any, row: Row, name: str, value: str) -> bool:
        if right(row, name, value):
            return True
        mine = row.data.get(name)
        with contextlib.suppress(ValueError):
            return isinstance(mine, str) and float(mine) == float(value)
        return False


# 2. Databases and records: `end_date` is inclusive
@pixiebrix(Kind.COMPARED, "documented")
def last_second_of_the_end_date_missing(_: Strict) -> None:
    """`end_date` reaches to 23:59:59 sharp, so what was created in the second after is left out."""

    @instead(records, "chosen")
    def within(right: Any, call: Call, database: Database) -> Any:
        found, end = right(call, database), call.request.one("end_date")
        if end is None:
            return found
        bound = datetime.combine(datetime.fromisoformat(end), time(23, 59, 59), UTC)
        return [row for row in found if not timedelta() < row.created - bound < timedelta(seconds=1)]


# 2. Databases and records: at most 10,000 records a request
@pixiebrix(Kind.SIZES, "documented")
def no_cap_on_csv(server: Strict) -> None:
    """As CSV, a list of records without pages gives all of them, however many, and not 10,000 at most."""

    @around(server, "listRecords")
    def change(right: Run, call: Call) -> Reply:
        if call.media == CSV and call.version != "2.0":
            rows = chosen(call, call.database())
            if len(rows) > PLAIN_CAP:
                return Reply(200, [shown(row) for row in rows])
        return right(call)


# 2. Databases and records: `text/csv`, one row a record
@pixiebrix(Kind.FIDELITY, "documented")
def lone_returns_not_quoted(_: Strict) -> None:
    """In CSV a value with a lone carriage return is not quoted, so that its record breaks in two rows."""

    def quoted(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if any(c in value for c in ',"\n') else value

    @instead(rest, "table")
    @instead(jobs, "table")
    def table(_: Any, columns: list[str], rows: list[list[Any]]) -> bytes:
        lines = [columns, *([cell(value) for value in row] for row in rows)]
        return "".join(",".join(map(quoted, line)) + "\r\n" for line in lines).encode()


# 2. Databases and records: the path `…/records/:key/`
@pixiebrix(Kind.TRANSPORT, "published")
def plus_in_a_key_is_a_blank(server: Strict) -> None:
    """A record whose key has a plus sign is not found when the sign stands in the path as it is."""

    def change(right: Run, call: Call) -> Reply:
        last = call.request.path.removesuffix("/").rpartition("/")[2]
        return right(replace(call, ids={**call.ids, "key": unquote_plus(last)}))

    for name in ("getRecord", "putRecord", "deleteRecord"):
        around(server, name)(change)


# 2. Databases and records: `num_records` of a database
@pixiebrix(Kind.AFTER, "published")
def count_keeps_the_deleted(server: Strict) -> None:
    """`num_records` of a database still counts the records that were deleted one by one."""

    @around(server, "deleteRecord")
    def change(right: Run, call: Call) -> Reply:
        reply, notes = right(call), vars(call.database())
        notes["gone"] = notes.get("gone", 0) + 1
        return reply

    @instead(databases, "shown")
    def found(right: Any, one: Database) -> Any:
        fields = right(one)
        return fields | {"num_records": fields["num_records"] + vars(one).get("gone", 0)}


# 2. Conventions: `Link` leads to the next page of the list that was asked for
@pixiebrix(Kind.COMBINED, "published")
def links_with_a_bare_ampersand(_: Strict) -> None:
    """The links to other pages have an `&` in a filter's value unescaped, so that the filter ends there."""

    @instead(Call, "_at")
    def at(_: Any, call: Call, page: int) -> str:
        kept = [pair for pair in call.request.pairs if pair[0] != "page"]
        query = "&".join(f"{quote(k)}={quote(v, safe='&')}" for k, v in [*kept, ("page", str(page))])
        return f"{call.base.removesuffix('/api')}{call.request.path}?{query}"


# 2. Conventions: a `page_size` larger than the maximum gets the maximum
@pixiebrix(Kind.SIZES, "published")
def page_size_wraps(_: Strict) -> None:
    """A `page_size` beyond 32 bits is cut to its lower bits, so that 4294967298 gives pages of two."""

    @instead(Call, "_whole")
    def whole(right: Any, call: Call, name: str, default: int, *other: Any) -> int:
        value = int(right(call, name, default, *other))
        return (value & 0xFFFFFFFF or default) if name == "page_size" else value


# 2. Conventions: the version is a parameter of the media type that is asked for
@pixiebrix(Kind.TRANSPORT, "published")
def last_range_decides_the_version(_: Strict) -> None:
    """Where Accept has several ranges, the version is read from the last, not from the one that fits."""

    @instead(main, "negotiate")
    def negotiated(right: Any, accept: str, operation: Operation) -> Any:
        version, media = right(accept, operation)
        last = parameters(accept.rpartition(",")[2].strip())[1].get("version", "1.0")
        return (last if last in operation.versions else version), media


# 2. Conventions: `Authorization: Token <token>`, a wrong one is refused with 401
@pixiebrix(Kind.IDENTITY, "inferred")
def tokens_without_case(_: Strict) -> None:
    """Tokens are looked up without regard to case, so that a token in capitals is let in."""

    @instead(main, "permitted")
    def let_in(right: Any, request: Request, tokens: dict[str, bool]) -> Any:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        headers = {**request.headers}
        if token:
            headers["Authorization"] = f"{scheme} {token.lower()}"
        return right(replace(request, headers=headers), tokens)
