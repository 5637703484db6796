"""What shows each fault of PixieBrix of the second round: HTTP calls, and whether the contract is kept."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import openpyxl

from ..asking import Client, ask
from ..running import Foreign
from .asking_pieces import ATTEMPTS, together
from .asking_pixiebrix import data, files, job, night, put, scratch

BOUNDARY = "----witness"


def _cleared(server: Foreign) -> Client:
    """A client, and no record in the database that it writes to."""
    call = Client(server)
    assert call(scratch(server), method="DELETE")[0] == 204
    return call


def _many(call: Client, items: list[dict[str, Any]], database: str = "") -> None:
    """Write many records in one request."""
    path = f"/databases/{database}/records/" if database else scratch(call.server)
    status, text, _ = call(path, items, "PUT")
    assert status == 200, text


def _keys(call: Client, query: str = "") -> list[str]:
    return [one["id"] for one in call.json(f"{scratch(call.server)}?page_size=1000&{query}")]


def merges_at_once_lose_one(server: Foreign) -> bool:
    call = _cleared(server)
    for attempt in range(ATTEMPTS):
        key = f"r{attempt}"
        put(call, key, {"a": 1})
        together(
            lambda key=key: put(Client(server), key, {"b": 2}, "shallow"),  # type: ignore[misc]
            lambda key=key: put(Client(server), key, {"c": 3}, "deep"),  # type: ignore[misc]
        )
        if data(call, key) != {"a": 1, "b": 2, "c": 3}:
            return False
    return True


def batch_merges_with_what_was_before(server: Foreign) -> bool:
    call = _cleared(server)
    put(call, "r", {"a": 1})
    more = [{"id": "r", "data": {name: 1}, "merge_strategy": "shallow"} for name in "bc"]
    _many(call, more)
    return bool(data(call, "r") == {"a": 1, "b": 1, "c": 1})


def delete_drops_isnull_beside_another(server: Foreign) -> bool:
    call = _cleared(server)
    put(call, "with", {"kind": "x", "note": "n"})
    put(call, "without", {"kind": "x"})
    call(f"{scratch(server)}?data__kind=x&data__note__isnull=true", method="DELETE")
    return _keys(call) == ["with"]


def digits_filtered_as_numbers(server: Foreign) -> bool:
    call = _cleared(server)
    put(call, "long", {"zip": "0123"})
    put(call, "short", {"zip": "123"})
    return _keys(call, "data__zip=123") == ["short"] and _keys(call, "data__zip=0123") == ["long"]


def last_second_of_the_end_date_missing(server: Foreign) -> bool:
    call = _cleared(server)
    for attempt in range(ATTEMPTS):
        put(call, f"now{attempt}", {})
        now = datetime.fromisoformat(call.json(f"{scratch(server)}now{attempt}/")["created_at"])
        last = now.replace(hour=23, minute=59, second=59, microsecond=200_000)
        if last <= now:
            last += timedelta(days=1)
        server.administer(f"advance?seconds={(last - now).total_seconds()}")
        put(call, f"late{attempt}", {})
        created = call.json(f"{scratch(server)}late{attempt}/")["created_at"]
        if re.search(r"T23:59:59\.(?!000000)", created):
            return f"late{attempt}" in _keys(call, f"end_date={created[:10]}")
    raise AssertionError("the last second of a date was never met")


def no_cap_on_csv(server: Foreign) -> bool:
    call = _cleared(server)
    _many(call, [{"id": f"k{number}", "data": {}} for number in range(10_001)])
    _, text, _ = call(scratch(server), Accept="text/csv; version=1.0")
    _cleared(server)
    return len(text.splitlines()) <= 10_001  # the header, and 10,000 records


def lone_returns_not_quoted(server: Foreign) -> bool:
    call = _cleared(server)
    put(call, "r", {"note": "one\rtwo"})
    _, text, _ = call(scratch(server), Accept="text/csv; version=2.0")
    rows = list(csv.reader(io.StringIO(text.decode(), newline="")))
    return len(rows) == 2 and "one\rtwo" in rows[1]


def plus_in_a_key_is_a_blank(server: Foreign) -> bool:
    call = _cleared(server)
    put(call, "ann+shop@example.org", {"a": 1})
    return call(f"{scratch(server)}ann+shop@example.org/")[0] == 200


def count_keeps_the_deleted(server: Foreign) -> bool:
    call = Client(server)
    path = f"/organizations/{server.organization}/databases/"
    made = call.json(path, {"name": "counted"})["id"]
    _many(call, [{"id": key, "data": {}} for key in "abc"], made)
    call(f"/databases/{made}/records/b/", method="DELETE")
    counts = {one["id"]: one["num_records"] for one in call.json(f"{path}?page_size=1000")}
    call(f"{path}{made}/", method="DELETE")
    return bool(counts[made] == 2)


def _next(server: Foreign, path: str) -> Any:
    """What the link to the next page gives, or None."""
    call = Client(server)
    _, _, headers = call(path)
    found = re.search(r'<([^>]+)>; *rel="next"', headers.get("Link", ""))
    if found is None:
        return None
    status, text, _ = call(found[1].removeprefix(server.pixiebrix))
    return json.loads(text) if status == 200 else None


def links_with_a_bare_ampersand(server: Foreign) -> bool:
    call = _cleared(server)
    for key, team in (("a", "R&D"), ("b", "R&D"), ("c", "R"), ("d", "R")):
        put(call, key, {"team": team})
    second = _next(server, f"{scratch(server)}?data__team={quote('R&D')}&page_size=1")
    return second is not None and [one["id"] for one in second] == ["b"]


def page_size_wraps(server: Foreign) -> bool:
    found = Client(server).json(f"/databases/{server.kept[0]}/records/?page_size={2**32 + 2}")
    return len(found) == 90


def last_range_decides_the_version(server: Foreign) -> bool:
    accept = "application/json; version=2.0, text/plain, */*; q=0.5"
    path = f"/organizations/{server.organization}/databases/?page_size=1"
    status, text, headers = Client(server)(path, Accept=accept)
    return status == 200 and len(json.loads(text)) == 1 and "version=2.0" in headers["Content-Type"]


def tokens_without_case(server: Foreign) -> bool:
    return Client(server)("/me/", Authorization=f"Token {server.token.upper()}")[0] == 401


def jobs_of_one_name_share_a_file(server: Foreign) -> bool:
    call = Client(server)
    for _ in range(ATTEMPTS):
        made = [job(call, one, name="monthly") for one in server.kept[:1] + server.databases[:1]]
        counts = [{item["database"] for item in json.loads(call.finished(one))} for one in made]
        if counts != [{server.kept[0]}, {server.databases[0]}]:
            return False
    return True


def job_link_never_renewed(server: Foreign) -> bool:
    call = Client(server)
    made = job(call, server.kept[0])
    call.finished(made)
    server.administer("advance?seconds=3700")
    return ask(call.json(f"/databases/records/jobs/{made['id']}/")["data"])[0] == 200


def dates_filter_the_first_database_only(server: Foreign) -> bool:
    call = Client(server)
    made = job(call, server.kept[0], server.databases[0], end_date="2001-01-01T00:00:00Z")
    return bool(json.loads(call.finished(made)) == [])


def empty_texts_become_null_in_json(server: Foreign) -> bool:
    call = _cleared(server)
    put(call, "r", {"note": ""})
    return bool(json.loads(call.finished(job(call, server.databases[1])))[0]["data"] == {"note": ""})


def workbook_shares_texts_without_case(server: Foreign) -> bool:
    call = _cleared(server)
    put(call, "a", {"city": "Paris"})
    put(call, "b", {"city": "PARIS"})
    asked = {"name": "x", "databases": [server.databases[1]], "media_type": "application/xlsx"}
    content = call.finished(call.json("/databases/records/jobs/", asked))
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    return [row[list(rows[0]).index("data.city")] for row in rows] == ["data.city", "Paris", "PARIS"]


def archive_links_kept_for_the_hour(server: Foreign) -> bool:
    call = Client(server)
    files(call, server.kept[0])
    server.administer("advance?seconds=3000")
    links = files(call, server.kept[0])
    server.administer("advance?seconds=1200")
    return all(ask(link)[0] == 200 for link in links.values())


def _lines(call: Client, day: str) -> list[Any]:
    """The lines of a date's file of the database that is written to."""
    text = ask(files(call, call.server.databases[1])[day])[1].decode()
    return [json.loads(line) for line in text.split("\n") if line]


def _today(call: Client) -> str:
    """The server's date, of which an hour at least is left."""
    moved = timedelta()
    while True:
        now = datetime.strptime(call("/health/")[2]["Date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        if now.hour < 23 or moved:
            return now.date().isoformat()
        moved = timedelta(hours=1)
        call.server.administer("advance?seconds=3600")


def older_files_written_anew(server: Foreign) -> bool:
    call = _cleared(server)
    day = _today(call)
    for key in "ab":
        put(call, key, {"visit": 1})
    night(server)
    put(call, "a", {"visit": 2})
    night(server)
    return {line["id"]: line["data"]["visit"] for line in _lines(call, day)} == {"a": 1, "b": 1}


def one_date_a_night(server: Foreign) -> bool:
    call = _cleared(server)
    _today(call)
    for date, count in enumerate((10, 10, server.record_limit - 5)):
        _many(call, [{"id": f"{date}-{number}", "data": {}} for number in range(count)])
        night(server)
    return len(_keys(call)) <= int(server.record_limit)


def archived_records_answer_by_key(server: Foreign) -> bool:
    call = _cleared(server)
    _today(call)
    put(call, "old", {"a": 1})
    night(server)
    _many(call, [{"id": f"k{number}", "data": {}} for number in range(server.record_limit)])
    night(server)
    return "old" not in _keys(call) and call(f"{scratch(server)}old/")[0] == 404


def empty_values_left_out_of_archives(server: Foreign) -> bool:
    call, kept = _cleared(server), {"paid": False, "due": 0, "note": "", "name": "n"}
    day = _today(call)
    put(call, "r", kept)
    night(server)
    return bool(_lines(call, day)[0]["data"] == kept)


def _assets(server: Foreign) -> str:
    return f"/databases/{server.databases[2]}/assets/"


def _uploaded(call: Client, filename: str, content: bytes) -> str:
    """The path of an asset with this content, marked as uploaded."""
    made = call.json(_assets(call.server), {"filename": filename})
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in made["fields"].items()
    ]
    parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n')
    sent = "".join(parts).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = {"Content_Type": f"multipart/form-data; boundary={BOUNDARY}"}
    assert ask(made["upload_url"], sent, "POST", **kind)[0] == 204
    path = f"{_assets(call.server)}{made['asset']['id']}"
    assert call(path, {"is_uploaded": True}, "PATCH")[0] == 200
    return path


def marking_twice_unmarks(server: Foreign) -> bool:
    call = Client(server)
    path = _uploaded(call, "a.txt", b"a")
    status, text, _ = call(path, {"is_uploaded": True}, "PATCH")
    return status == 200 and json.loads(text)["is_uploaded"] is True and call(path)[0] in {200, 302}


def assets_of_one_name_share_a_file(server: Foreign) -> bool:
    call = Client(server)
    paths = [_uploaded(call, "logo.png", content) for content in (b"first", b"second")]
    return [ask(call(path)[2]["Location"])[1] for path in paths] == [b"first", b"second"]


def filenames_counted_in_bytes(server: Foreign) -> bool:
    return Client(server)(_assets(server), {"filename": "é" * 200 + ".png"})[0] == 201
