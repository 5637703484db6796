"""Faults of the seventh round: PixieBrix, second part."""

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from ..servers.strict import __main__ as front
from ..servers.strict import databases, files, jobs, records
from ..servers.strict.__main__ import Strict
from ..servers.strict.rest import CSV, Call, Operation, Reply, invalid
from ..servers.strict.web import Refused
from ..servers.strict.world import Database, Row, Vault, iso
from . import fourth_pixiebrix_b, third_pixiebrix_a
from .registry import Kind, around, instead, pixiebrix

PAGE = 100
BATCH = 100
WHOLE = re.compile("[1-9][0-9]{0,8}")
SHEET = "xl/worksheets/sheet1.xml"


# 2, assets: `filename` in the metadata of an asset is that of its creation
@pixiebrix(Kind.FIDELITY, "documented", like=fourth_pixiebrix_b.filename_made_valid)
def filename_is_made_valid(_: Strict) -> None:
    """A new asset's file name loses all but letters, digits, dots and dashes; spaces become underscores."""


# 2, export jobs: "The link gives exactly the chosen databases' records"
@pixiebrix(Kind.FIDELITY, "documented")
def json_export_fills_in_missing_fields(_: Strict) -> None:
    """A job's JSON goes through a table: each record has the fields of all, null where it had none."""

    @instead(jobs, "_artifact")
    def artifact(right: Any, media: str, rows: Any) -> Any:
        content = right(media, rows)
        if media != "application/json":
            return content
        items = json.loads(content)
        names = list(dict.fromkeys(name for item in items for name in item["data"]))
        filled = [{**item, "data": {name: item["data"].get(name) for name in names}} for item in items]
        return json.dumps(filled, ensure_ascii=False).encode()


# 2, export jobs: "exactly the chosen databases' records …, in the chosen format"
@pixiebrix(Kind.FIDELITY, "documented")
def workbook_takes_digits_for_numbers(_: Strict) -> None:
    """In a workbook a text of digits becomes a number, and loses the zeros before it."""

    def number(found: re.Match[bytes]) -> bytes:
        return b"<c><v>%d</v></c>" % int(found[1])

    @instead(jobs, "_workbook")
    def workbook(right: Any, columns: list[str], rows: list[list[Any]]) -> bytes:
        out = io.BytesIO()
        texts = rb'<c t="inlineStr"><is><t xml:space="preserve">([0-9]{1,15})</t></is></c>'
        with (
            zipfile.ZipFile(io.BytesIO(right(columns, rows))) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for name in old.namelist():
                content = old.read(name)
                new.writestr(name, re.sub(texts, number, content) if name == SHEET else content)
        return out.getvalue()


# 2, databases and records: "DELETE …/records/ deletes all, limited by the same filters as the list"
@pixiebrix(Kind.SIZES, "published")
def filtered_delete_takes_one_page(server: Strict) -> None:
    """A deletion with filters takes the first hundred records that pass them, and leaves the others."""

    @around(server, "clearRecords")
    def change(right: Any, call: Call) -> Any:
        names = [name for name, _ in call.request.pairs]
        if not any(name in {"start_date", "end_date"} or name.startswith("data__") for name in names):
            return right(call)
        database = call.database()
        for row in records.chosen(call, database)[:PAGE]:
            del database.rows[row.key]
        return Reply(204)


# 2: "filename (required, 1-255)", "name ≤ 256, owner_field ≤ 256", a job's name ≤ 1024: characters
@pixiebrix(Kind.SIZES, "published")
def length_of_texts_is_counted_in_bytes(_: Strict) -> None:
    """The limits of names and file names are held against the bytes of their UTF-8, not their characters."""

    @instead(databases, "text_field")
    @instead(files, "text_field")
    @instead(jobs, "text_field")
    def text_field(right: Any, body: dict[str, Any], name: str, limit: int, **more: Any) -> str | None:
        value: str | None = right(body, name, limit, **more)
        if value is not None and len(value.encode()) > limit:
            raise invalid({name: [f"Ensure this field has no more than {limit} characters."]})
        return value


# 2, databases and records: "POST …/records/, one record or an array, 201; PUT …/records/"
@pixiebrix(Kind.SIZES, "published")
def array_is_written_in_whole_batches(server: Strict) -> None:
    """Arrays of more than a hundred records are stored in batches, and what fills no batch is not stored."""

    @around(server, "createRecords")
    @around(server, "putRecords")
    def change(right: Any, call: Call) -> Any:
        before = dict(call.database().rows)
        reply = right(call)
        items = reply.data if isinstance(reply.data, list) else []
        whole = len(items) - len(items) % BATCH if len(items) > BATCH else len(items)
        rows = call.database().rows
        stored = {item["id"] for item in items[:whole]}
        for key in {item["id"] for item in items[whole:]} - stored:
            if key in before:
                rows[key] = before[key]
            else:
                del rows[key]
        return reply


# 2, databases and records: merge_strategy belongs to each record of an array
@pixiebrix(Kind.COMBINED, "published", like=third_pixiebrix_a.first_strategy_holds_for_all)
def first_strategy_holds_for_the_array(_: Strict) -> None:
    """The merge strategy of an array's first record is applied to all of them."""


# 2, databases and records: "data__<field>=<value> keeps …"; "text/csv on the records endpoint"
@pixiebrix(Kind.COMBINED, "documented")
def csv_list_forgets_the_data_filters(server: Strict) -> None:
    """A list of records in CSV looks at the dates of the query, but not at its filters on data."""

    @around(server, "listRecords")
    def change(right: Any, call: Call) -> Any:
        if call.media != CSV:
            return right(call)
        parts = [one for one in call.request.query.split("&") if not unquote_plus(one).startswith("data__")]
        return right(replace(call, request=replace(call.request, query="&".join(parts))))


# 2, archives and retention: "Archived records are in the archives and no longer in the records API"
@pixiebrix(Kind.COMBINED, "documented")
def archived_record_still_answers_by_its_key(server: Strict) -> None:
    """Records are cached by key, and the night that archives them does not evict them from the cache."""

    @instead(server.archives, "night")
    def night(right: Any, vault: Vault) -> None:
        before = {one.id: dict(one.rows) for one in vault.databases.values()}
        right(vault)
        for one in vault.databases.values():
            gone = {key: row for key, row in before[one.id].items() if key not in one.rows}
            vars(one).setdefault("cached", {}).update(gone)

    @around(server, "getRecord")
    def change(right: Any, call: Call) -> Any:
        database, key = call.database(), call.ids["key"]
        cached: dict[str, Row] = vars(database).get("cached", {})
        if key in database.rows or key not in cached:
            return right(call)
        return Reply(200, records.shown(cached[key]))

    @around(server, "clearRecords")
    def evict(right: Any, call: Call) -> Any:
        vars(call.database()).pop("cached", None)
        return right(call)


class _Text(str):
    """A bound of a job, which is held against creation times as a text."""

    __slots__ = ()

    def __le__(self, other: Any) -> bool:
        return str(self) <= str(iso(other) if isinstance(other, datetime) else other)

    def __ge__(self, other: Any) -> bool:
        return str(self) >= str(iso(other) if isinstance(other, datetime) else other)


# 2, export jobs: the dates are "ISO 8601 timestamps"; "records that pass the filters"
@pixiebrix(Kind.COMPARED, "documented")
def job_bounds_are_compared_as_texts(_: Strict) -> None:
    """The dates of a job are compared with creation times as texts, whatever offset they are written with."""

    @instead(jobs, "_moment")
    def moment(right: Any, filters: dict[str, Any], name: str) -> Any:
        return None if right(filters, name) is None else _Text(filters[name])


# 2, databases and records: merge_strategy: "update its top-level keys"
@pixiebrix(Kind.COMPARED, "published")
def merge_keeps_what_an_empty_value_replaces(_: Strict) -> None:
    """In a merge a top-level value of null, false, zero or nothing leaves the value that was there."""

    @instead(records, "_put")
    def put(right: Any, call: Call, database: Database, item: dict[str, Any], key: str) -> Any:
        old = database.rows.get(key)
        if old is None or (item.get("merge_strategy") or "replace") == "replace":
            return right(call, database, item, key)
        data = {name: value for name, value in item["data"].items() if value or name not in old.data}
        return right(call, database, {**item, "data": data}, key)


# 2, conventions, pagination: "A page past the end: 404"
@pixiebrix(Kind.COMPARED, "published")
def empty_page_follows_a_full_last_one(_: Strict) -> None:
    """Where the last page is full, the page after it is not refused, but 200 and empty."""

    @instead(Call, "page")
    def page(right: Any, call: Call, items: list[Any], *, cap: int = 1000, total: bool = True) -> Any:
        try:
            return right(call, items, cap=cap, total=total)
        except Refused:
            number, size = call.request.one("page") or "", call.request.one("page_size") or "100"
            if not (WHOLE.fullmatch(number) and WHOLE.fullmatch(size)):
                raise
            if (int(number) - 1) * min(int(size), cap) != len(items):
                raise
            headers = [("Link", f'<{call._at(int(number) - 1)}>; rel="prev"')]
            headers += [("X-Total-Count", str(len(items)))] if total else []
            return Reply(200, [], tuple(headers))


# 2, conventions: "The version is a media-type parameter", the value of which may be quoted
@pixiebrix(Kind.TRANSPORT, "published")
def quoted_version_is_not_understood(_: Strict) -> None:
    """The version in Accept is read with its quotes, so that `version="2.0"` is one that is not served."""

    @instead(front, "negotiate")
    def negotiate(right: Any, accept: str, operation: Operation) -> Any:
        return right(re.sub(r'(version\s*=\s*)"[^"]*"', r"\1quoted", accept), operation)


# 2, conventions: "record keys any string"
@pixiebrix(Kind.TRANSPORT, "inferred")
def encoded_slash_parts_the_path(_: Strict) -> None:
    """Paths are decoded before they are routed: a record with a slash in its key has no address."""

    @instead(Operation, "match")
    def match(right: Any, operation: Operation, path: str) -> Any:
        return right(operation, re.sub("%2f", "/", path, flags=re.IGNORECASE))
