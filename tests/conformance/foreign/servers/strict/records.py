"""Records: lists and their filters, writes and what they merge into."""

import contextlib
import re
from datetime import UTC, date
from typing import Any

import jsonschema

from .rest import CSV, FLAT, JSON, VND, Call, Operation, Reply, detail, invalid
from .world import Database, Row, fresh, iso

MEDIA = (JSON, VND, CSV, FLAT)
FIELDS = ("id", "data", "created_at", "merge_strategy")
PAGE_CAP, PLAIN_CAP = 1000, 10_000
STRATEGIES = ("replace", "shallow", "deep", "deep_append")


def shown(row: Row) -> dict[str, Any]:
    return {"id": row.key, "data": row.data, "created_at": iso(row.created)}


def _day(call: Call, name: str) -> date | None:
    value = call.request.one(name)
    if value is None:
        return None
    with contextlib.suppress(ValueError):
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return date.fromisoformat(value)
    raise invalid({name: ["Enter a valid date."]})


def _fits(row: Row, name: str, value: str) -> bool:
    if "=" in name and not value:  # the document's own example encodes the `=` too
        name, _, value = name.partition("=")
    if name.endswith("__isnull"):
        if value not in {"true", "false"}:
            raise invalid({f"data__{name}": ["Must be true or false."]})
        return (name.removesuffix("__isnull") not in row.data) == (value == "true")
    return bool(row.data.get(name) == value)


def chosen(call: Call, database: Database) -> list[Row]:
    """The records that pass the filters of the query, the oldest first."""
    start, end = _day(call, "start_date"), _day(call, "end_date")
    filters = [(name[6:], value) for name, value in call.request.pairs if name.startswith("data__")]
    rows = sorted(database.rows.values(), key=lambda row: (row.created, row.key))
    found = []
    for row in rows:
        day = row.created.astimezone(UTC).date()
        if (start and day < start) or (end and day > end):
            continue
        if all(_fits(row, name, value) for name, value in filters):
            found.append(row)
    return found


def _listed(call: Call) -> Reply:
    items = [shown(row) for row in chosen(call, call.database())]
    if call.version != "2.0":
        return Reply(200, items[:PLAIN_CAP])
    return call.page(items, cap=PAGE_CAP, total=False)


def _merged(old: Any, new: Any, strategy: str) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {
            **old,
            **{
                key: _merged(old[key], value, strategy) if key in old else value for key, value in new.items()
            },
        }
    if strategy == "deep_append" and isinstance(old, list) and isinstance(new, list):
        return old + new
    return new


def _problem(item: Any, database: Database, *, keyed: bool) -> dict[str, list[str]]:
    """What is wrong with one record of a body."""
    if not isinstance(item, dict):
        return {"non_field_errors": ["Expected an object."]}
    problems = {name: ["Unknown field."] for name in sorted(set(item) - set(FIELDS))}
    if "data" not in item:
        problems["data"] = ["This field is required."]
    elif not isinstance(item["data"], dict):
        problems["data"] = ["Expected an object."]
    elif database.enforce_schema:
        errors = jsonschema.Draft202012Validator(database.schema).iter_errors(item["data"])
        if found := [error.message for error in errors]:
            problems["data"] = found
    if not keyed and "id" in item and (not isinstance(item["id"], str) or not item["id"]):
        problems["id"] = ["Not a valid string."]
    if item.get("merge_strategy", "") not in (*STRATEGIES, ""):
        problems["merge_strategy"] = ["Not a valid choice."]
    return problems


def _put(call: Call, database: Database, item: dict[str, Any], key: str) -> Row:
    now = call.vault.clock.now()
    old, strategy = database.rows.get(key), item.get("merge_strategy") or "replace"
    data = item["data"]
    if old is not None and strategy == "shallow":
        data = {**old.data, **data}
    elif old is not None and strategy != "replace":
        data = _merged(old.data, data, strategy)
    row = Row(key, data, old.created if old else now, now)
    database.rows[key] = row
    database.last_write = now
    return row


def _written(call: Call) -> Reply:
    database, body = call.database(), call.body()
    items = body if isinstance(body, list) else [body]
    problems = [_problem(item, database, keyed=False) for item in items]
    if any(problems):
        raise invalid(problems if isinstance(body, list) else problems[0])
    rows = [shown(_put(call, database, item, item.get("id") or fresh())) for item in items]
    return Reply(201 if call.request.method == "POST" else 200, rows if isinstance(body, list) else rows[0])


def _cleared(call: Call) -> Reply:
    database = call.database()
    for row in chosen(call, database):
        del database.rows[row.key]
    return Reply(204)


def _row(call: Call) -> tuple[Database, Row]:
    database = call.database()
    row = database.rows.get(call.ids["key"])
    if row is None:
        raise detail(404, "Not found.")
    return database, row


def _set(call: Call) -> Reply:
    database, body = call.database(), call.body()
    if problem := _problem(body, database, keyed=True):
        raise invalid(problem)
    return Reply(200, shown(_put(call, database, body, call.ids["key"])))


def _removed(call: Call) -> Reply:
    database, row = _row(call)
    del database.rows[row.key]
    return Reply(204)


RECORDS = "/databases/{database}/records/"
OPERATIONS = [
    Operation("GET", RECORDS, _listed, "listRecords", media=MEDIA),
    Operation("POST", RECORDS, _written, "createRecords", media=MEDIA),
    Operation("PUT", RECORDS, _written, "putRecords", media=MEDIA),
    Operation("DELETE", RECORDS, _cleared, "clearRecords", media=MEDIA),
    Operation(
        "GET", RECORDS + "{key}/", lambda call: Reply(200, shown(_row(call)[1])), "getRecord", media=MEDIA
    ),
    Operation("PUT", RECORDS + "{key}/", _set, "putRecord", media=MEDIA),
    Operation("DELETE", RECORDS + "{key}/", _removed, "deleteRecord", media=MEDIA),
]
