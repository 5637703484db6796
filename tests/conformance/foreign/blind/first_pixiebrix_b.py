"""Faults of PixieBrix in what is kept and chosen: texts, values, sizes and combinations."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..servers.strict import jobs, records
from ..servers.strict.__main__ import Strict
from ..servers.strict.rest import Call, Reply, invalid
from ..servers.strict.world import Blob, Database, Row
from .first_pixiebrix_a import Put
from .registry import Kind, around, instead, pixiebrix

Fits = Callable[[Row, str, str], bool]


@pixiebrix(Kind.IDENTITY, "inferred")
def keys_composed(_: Strict) -> None:
    """Keys are brought into Unicode's composed form, so that two different ones become one."""

    @instead(records, "_put")
    def change(right: Put, call: Call, database: Database, item: dict[str, Any], key: str) -> Row:
        return right(call, database, item, unicodedata.normalize("NFC", key))

    @instead(records, "_row")
    def row(right: Callable[[Call], tuple[Database, Row]], call: Call) -> tuple[Database, Row]:
        return right(replace(call, ids={**call.ids, "key": unicodedata.normalize("NFC", call.ids["key"])}))


@pixiebrix(Kind.IDENTITY, "documented")
def filter_falls_back_to_any_case(_: Strict) -> None:
    """A filter on a field that a record does not have looks at one whose name differs in case."""

    @instead(records, "_fits")
    def fits(right: Fits, row: Row, name: str, value: str) -> bool:
        field, mark, rest = name.partition("__isnull")
        if field not in row.data:
            field = next((one for one in row.data if one.casefold() == field.casefold()), field)
        return right(row, field + mark + rest, value)


def _as_doubles(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_doubles(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_as_doubles(one) for one in value]
    large = isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53
    return int(float(value)) if large and abs(value) < 10**300 else value


@pixiebrix(Kind.FIDELITY, "inferred")
def artifact_numbers_rounded(_: Strict) -> None:
    """Whole numbers past 2^53 are rounded to doubles in what a job exports, and nowhere else."""

    @instead(jobs, "_artifact")
    def artifact(right: Callable[..., bytes], media: str, rows: list[tuple[Database, Row]]) -> bytes:
        return right(media, [(one, replace(row, data=_as_doubles(row.data))) for one, row in rows])


@pixiebrix(Kind.SIZES, "documented")
def filter_compares_255_characters(_: Strict) -> None:
    """A filter compares the first 255 characters, those that the index holds."""

    @instead(records, "_fits")
    def fits(right: Fits, row: Row, name: str, value: str) -> bool:
        found = row.data.get(name)
        return right(row, name, value) or (
            isinstance(found, str) and len(value) >= 255 and found[:255] == value[:255]
        )


@pixiebrix(Kind.SIZES, "documented")
def job_name_counted_in_bytes(_: Strict) -> None:
    """The 1,024 characters of a job's name are counted in bytes of UTF-8."""

    @instead(jobs, "text_field")
    def field(
        right: Callable[..., str | None],
        body: dict[str, Any],
        name: str,
        limit: int,
        *,
        required: bool = True,
    ) -> str | None:
        found = right(body, name, limit, required=required)
        if found is not None and len(found.encode()) > limit:
            raise invalid({name: [f"Ensure this field has no more than {limit} characters."]})
        return found


@pixiebrix(Kind.COMBINED, "published")
def delete_takes_one_filter(server: Strict) -> None:
    """Of several filters on fields, deleting looks at the first only, and deletes too much."""

    @around(server, "clearRecords")
    def change(right: Callable[[Call], Reply], call: Call) -> Reply:
        parts = call.request.query.split("&")
        others = [one for one in parts if not one.startswith("data__")]
        first = [one for one in parts if one.startswith("data__")][:1]
        return right(replace(call, request=replace(call.request, query="&".join(others + first))))


@pixiebrix(Kind.COMBINED, "published")
def same_key_twice_in_a_batch(_: Strict) -> None:
    """All records of a request merge into what was there before it: of the same key twice, one is lost."""
    before: dict[str, Any] = {"call": None, "rows": {}}

    @instead(records, "_put")
    def change(right: Put, call: Call, database: Database, item: dict[str, Any], key: str) -> Row:
        if before["call"] is not call:
            before.update(call=call, rows=dict(database.rows))
        if key in before["rows"]:
            database.rows[key] = before["rows"][key]
        else:
            database.rows.pop(key, None)
        return right(call, database, item, key)


@pixiebrix(Kind.COMBINED, "documented")
def filters_on_the_first_database_only(server: Strict) -> None:
    """A job of several databases holds the filters against the records of the first one only."""

    @around(server, "createExportJob")
    def change(right: Callable[[Call], Reply], call: Call) -> Reply:
        reply, body = right(call), call.fields()
        chosen, filters = jobs._databases(call, body), body.get("filters") or {}
        start, end = (jobs._moment(filters, one) for one in ("start_date", "end_date"))
        rows = [
            (database, row)
            for position, database in enumerate(chosen)
            for row in sorted(database.rows.values(), key=lambda row: (row.created, row.key))
            if position or ((not start or row.created >= start) and (not end or row.created <= end))
        ]
        key = call.vault.jobs[reply.data["id"]].key
        blob = call.vault.blobs[key]
        media = body.get("media_type", "application/json")
        call.vault.blobs[key] = Blob(jobs._artifact(media, rows), blob.kind, blob.stored)
        return reply
