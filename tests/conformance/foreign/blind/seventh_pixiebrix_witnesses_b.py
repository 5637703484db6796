"""Witnesses of the seventh round: PixieBrix, second part. Each is True where the contract is kept."""

import io
import json
import re
import zipfile
from datetime import datetime, timedelta, timezone
from typing import Any

from ..asking import Client
from ..running import Foreign
from .asking_pixiebrix import data, job, night, put, scratch


def _many(call: Client, count: int, label: str) -> None:
    items = [{"id": f"{label}-{number}", "data": {"label": label}} for number in range(count)]
    assert call(scratch(call.server), items)[0] == 201


def _keys(call: Client) -> set[str]:
    found = call.json(f"{scratch(call.server)}?page_size=1000")
    return {one["id"] for one in found}


def json_export_fills_in_missing_fields(server: Foreign) -> bool:
    call = Client(server)
    kept: dict[str, dict[str, Any]] = {"one": {"a": 1}, "two": {"b": "x"}}
    for key, value in kept.items():
        put(call, key, value)
    rows = json.loads(call.finished(job(call, server.databases[1])))
    return {row["id"]: row["data"] for row in rows} == kept


def workbook_takes_digits_for_numbers(server: Foreign) -> bool:
    call = Client(server)
    put(call, "one", {"zip": "00742"})
    made = {"name": "zips", "databases": [server.databases[1]], "media_type": "application/xlsx"}
    content = call.finished(call.json("/databases/records/jobs/", made))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        texts = [book.read(name).decode() for name in book.namelist() if name.endswith(".xml")]
    return any(re.search("[>]00742[<]", text) for text in texts)


def filtered_delete_takes_one_page(server: Foreign) -> bool:
    call = Client(server)
    _many(call, 150, "old")
    put(call, "other", {"label": "new"})
    assert call(f"{scratch(server)}?data__label=old", method="DELETE")[0] == 204
    return _keys(call) == {"other"}


def length_of_texts_is_counted_in_bytes(server: Foreign) -> bool:
    call = Client(server)
    named = {"filename": "é" * 200}
    return call(f"/databases/{server.databases[2]}/assets/", named)[0] == 201


def array_is_written_in_whole_batches(server: Foreign) -> bool:
    call = Client(server)
    _many(call, 130, "made")
    return _keys(call) == {f"made-{number}" for number in range(130)}


def csv_list_forgets_the_data_filters(server: Foreign) -> bool:
    call = Client(server)
    put(call, "mine", {"who": "david"})
    put(call, "other", {"who": "ruth"})
    text = call(f"{scratch(server)}?data__who=david", Accept="text/csv; version=2.0")[1].decode()
    return "david" in text and "ruth" not in text


def archived_record_still_answers_by_its_key(server: Foreign) -> bool:
    call = Client(server)
    _many(call, server.record_limit - 100, "older")
    night(server)
    _many(call, 150, "newer")
    night(server)
    assert "older-0" not in _keys(call)
    return call(f"{scratch(server)}older-0/")[0] == 404


def job_bounds_are_compared_as_texts(server: Foreign) -> bool:
    call = Client(server)
    put(call, "mine", {})
    created = datetime.fromisoformat(call.json(f"{scratch(server)}mine/")["created_at"])
    found: list[Any] = []
    for hours in (-3, 3):
        there = created.astimezone(timezone(timedelta(hours=hours)))
        bounds = {
            "start_date": (there - timedelta(minutes=1)).isoformat(),
            "end_date": (there + timedelta(minutes=1)).isoformat(),
        }
        found.append(json.loads(call.finished(job(call, server.databases[1], **bounds))))
    return all([row["id"] for row in rows] == ["mine"] for rows in found)


def merge_keeps_what_an_empty_value_replaces(server: Foreign) -> bool:
    call = Client(server)
    put(call, "mine", {"count": 5, "open": True, "note": "x"})
    put(call, "mine", {"count": 0, "open": False, "note": ""}, "shallow")
    return bool(data(call, "mine") == {"count": 0, "open": False, "note": ""})


def empty_page_follows_a_full_last_one(server: Foreign) -> bool:
    call = Client(server)
    _many(call, 4, "few")
    return call(f"{scratch(server)}?page_size=2&page=3")[0] == 404


def quoted_version_is_not_understood(server: Foreign) -> bool:
    answer = Client(server)(scratch(server), Accept='application/json; version="2.0"')
    return answer[0] == 200


def encoded_slash_parts_the_path(server: Foreign) -> bool:
    call = Client(server)
    assert call(scratch(server), {"id": "2026/05", "data": {}})[0] == 201
    return call(f"{scratch(server)}2026%2F05/")[0] == 200
