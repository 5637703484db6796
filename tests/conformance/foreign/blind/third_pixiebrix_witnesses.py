"""What shows the third round's faults of PixieBrix: True where the server is right."""

import csv
import io
import json
import re
import time
import zipfile
from typing import Any
from urllib.parse import quote, urlencode

from ..asking import Client, ask
from ..running import Foreign
from .asking_pieces import ATTEMPTS, together
from .asking_pixiebrix import DAY, data, files, job, night, put, scratch

CSV = "text/csv; version=2.0"
FORM = "application/x-www-form-urlencoded"


def _keys(call: Client, query: str = "", path: str | None = None) -> list[str]:
    """The keys of the records that a query finds."""
    return [one["id"] for one in call.json(f"{path or scratch(call.server)}?{query}")]


def _next(answer: tuple[int, bytes, Any]) -> str | None:
    """Where the next page is."""
    found = re.search(r'<([^>]*)>; rel="next"', answer[2].get("Link") or "")
    return found[1] if found else None


def _follow(call: Client, url: str | None) -> Any:
    if url is None:
        return []
    status, text, _ = call(url.removeprefix(call.server.pixiebrix))
    return json.loads(text) if status == 200 else []


def _into(call: Client, database: str, keys: list[str]) -> None:
    items = [{"id": key, "data": {}} for key in keys]
    assert call(f"/databases/{database}/records/", items, "PUT")[0] == 200


def _lines(link: str) -> dict[str, Any]:
    """The lines of an archive's file by their keys."""
    status, content, _ = ask(link)
    assert status == 200
    return {one["id"]: one["data"] for one in map(json.loads, content.decode().split("\n")[:-1])}


def first_strategy_holds_for_all(server: Foreign) -> bool:
    call = Client(server)
    put(call, "a", {"old": 1})
    put(call, "b", {"old": 1})
    items = [
        {"id": "a", "data": {"new": 2}, "merge_strategy": "shallow"},
        {"id": "b", "data": {"new": 2}},
    ]
    call(scratch(server), items, "PUT")
    return bool(data(call, "a") == {"old": 1, "new": 2} and data(call, "b") == {"new": 2})


def deleted_record_comes_back_in_a_merge(server: Foreign) -> bool:
    call = Client(server)
    put(call, "a", {"old": 1})
    call(f"{scratch(server)}a/", method="DELETE")
    put(call, "a", {"new": 2}, "shallow")
    return bool(data(call, "a") == {"new": 2})


def merges_at_once_lose_another(server: Foreign) -> bool:
    call = Client(server)
    kept = True
    for attempt in range(ATTEMPTS):
        key = f"k{attempt}"
        put(call, key, {"start": 0})
        together(
            lambda key=key: put(call, key, {"left": 1}, "shallow"),  # type: ignore[misc]
            lambda key=key: put(call, key, {"right": 2}, "shallow"),  # type: ignore[misc]
        )
        kept = kept and data(call, key) == {"start": 0, "left": 1, "right": 2}
    return kept


def filter_values_are_decoded_twice(server: Foreign) -> bool:
    call = Client(server)
    put(call, "a", {"email": "ann+news@example.org"})
    return _keys(call, "data__email=ann%2Bnews%40example.org") == ["a"]


def isnull_folds_the_case_of_names(server: Foreign) -> bool:
    call = Client(server)
    put(call, "a", {"Name": "x"})
    put(call, "b", {"name": "x"})
    return _keys(call, "data__name__isnull=false") == ["b"]


def clearing_does_not_know_isnull(server: Foreign) -> bool:
    call = Client(server)
    put(call, "a", {"name": "x"})
    put(call, "b", {})
    call(f"{scratch(server)}?data__name__isnull=true", method="DELETE")
    return _keys(call) == ["a"]


def links_leave_the_plus(server: Foreign) -> bool:
    call = Client(server)
    for key in "abc":
        put(call, key, {"email": "ann+news@example.org"})
    link = _next(call(f"{scratch(server)}?data__email=ann%2Bnews%40example.org&page_size=2"))
    return [one["id"] for one in _follow(call, link)] == ["c"]


def capped_page_is_the_last(server: Foreign) -> bool:
    call = Client(server)
    _into(call, server.databases[1], [f"{number:05d}" for number in range(1200)])
    answer = call(f"{scratch(server)}?page_size=10001")
    return len(json.loads(answer[1])) == 1200 or len(_follow(call, _next(answer))) > 0


def csv_pages_have_no_links(server: Foreign) -> bool:
    call = Client(server)
    _into(call, server.databases[1], ["a", "b", "c"])
    return _next(call(f"{scratch(server)}?page_size=2", Accept=CSV)) is not None


def quoted_version_is_none(server: Foreign) -> bool:
    call = Client(server)
    _into(call, server.databases[1], ["a", "b", "c"])
    answer = call(f"{scratch(server)}?page_size=2", Accept='application/json; version="2.0"')
    return answer[0] == 200 and len(json.loads(answer[1])) == 2


def form_keeps_the_last_database(server: Foreign) -> bool:
    call = Client(server)
    chosen = [server.databases[1], server.databases[2]]
    for database in chosen:
        _into(call, database, ["a"])
    body = urlencode([("name", "both"), *(("databases", one) for one in chosen)]).encode()
    made = call("/databases/records/jobs/", body, "POST", Content_Type=FORM)
    items = json.loads(call.finished(json.loads(made[1])))
    return sorted(one["database"] for one in items) == sorted(chosen)


def total_counts_deleted_databases(server: Foreign) -> bool:
    call = Client(server)
    path = f"/organizations/{server.organization}/databases/"
    made = call.json(path, {"name": "again"})
    assert call(f"{path}{made['id']}/", method="DELETE")[0] == 204
    answer = call(path)
    return int(answer[2]["X-Total-Count"]) == len(json.loads(answer[1]))


def token_is_known_by_its_start(server: Foreign) -> bool:
    call = Client(server)
    wrong = server.token[:-1] + ("0" if server.token[-1] != "0" else "1")
    return call("/me/")[0] == 200 and call("/me/", Authorization=f"Token {wrong}")[0] == 401


def jobs_of_one_name_share_an_artifact(server: Foreign) -> bool:
    call = Client(server)
    _into(call, server.databases[1], ["first"])
    _into(call, server.databases[2], ["second"])
    jobs = [job(call, server.databases[number], name="weekly") for number in (1, 2)]
    return [[one["id"] for one in json.loads(call.finished(one))] for one in jobs] == [["first"], ["second"]]


def job_name_is_measured_in_bytes(server: Foreign) -> bool:
    body = {"name": "Ж" * 1000, "databases": [server.databases[1]]}
    return Client(server)("/databases/records/jobs/", body)[0] == 201


def filters_stay_for_the_next_job(server: Foreign) -> bool:
    call = Client(server)
    _into(call, server.databases[1], ["a"])
    job(call, server.databases[1], end_date="2000-01-01T00:00:00Z")
    plain = call.json("/databases/records/jobs/", {"name": "all", "databases": [server.databases[1]]})
    return [one["id"] for one in json.loads(call.finished(plain))] == ["a"]


def _artifact(call: Client, media: str) -> bytes:
    body = {"name": "all", "databases": [call.server.databases[1]], "media_type": media}
    return call.finished(call.json("/databases/records/jobs/", body))


def csv_artifact_quotes_formulas(server: Foreign) -> bool:
    call = Client(server)
    put(call, "a", {"phone": "+49 30 1234"})
    rows = list(csv.DictReader(io.StringIO(_artifact(call, "text/csv").decode(), newline="")))
    return [row["data.phone"] for row in rows] == ["+49 30 1234"]


def xlsx_texts_are_shared_by_folded_case(server: Foreign) -> bool:
    call = Client(server)
    put(call, "k1", {"unit": "Mw"})
    put(call, "k2", {"unit": "mW"})
    with zipfile.ZipFile(io.BytesIO(_artifact(call, "application/xlsx"))) as book:
        text = "".join(book.read(name).decode() for name in book.namelist())
    return ">Mw<" in text and ">mW<" in text


def asking_keeps_an_old_link(server: Foreign) -> bool:
    call, works = Client(server), True
    for _ in range(3):
        works = works and all(ask(link)[0] == 200 for link in files(call, server.kept[0]).values())
        server.administer("advance?seconds=2400")
    return works


def nights_write_old_files_anew(server: Foreign) -> bool:
    call = Client(server)
    database = server.databases[1]
    made = call.json(scratch(server), [{"id": key, "data": {"day": 1}} for key in ("a", "b")])
    day = made[0]["created_at"][:10]
    night(server)
    put(call, "a", {"day": 2})
    night(server)
    return _lines(files(call, database)[day]) == {"a": {"day": 1}, "b": {"day": 1}}


def limit_counts_all_databases(server: Foreign) -> bool:
    call = Client(server)
    half = server.record_limit - 50
    paths = [f"/databases/{one}/records/" for one in server.databases[1:]]
    for database in server.databases[1:]:
        _into(call, database, [f"{number:04d}" for number in range(half)])
    night(server)
    return [len(_keys(call, "page_size=1000", path)) for path in paths] == [half, half]


def next_archives_forget_the_order(server: Foreign) -> bool:
    call = Client(server)
    path = f"/organizations/{server.organization}/databases/{server.kept[0]}/record-archives/"
    first = call(f"{path}?ordering=date&page_size=2")
    dates = [one["date"] for one in json.loads(first[1]) + _follow(call, _next(first))]
    return len(set(dates)) == 4 and dates == sorted(dates)


def archive_text_is_encoded_twice(server: Foreign) -> bool:
    call = Client(server)
    made = call.json(scratch(server), {"id": "a", "data": {"town": "Köln"}})
    night(server)
    return _lines(files(call, server.databases[1])[made["created_at"][:10]]) == {"a": {"town": "Köln"}}


def night_forgets_what_comes_meanwhile(server: Foreign) -> bool:
    call = Client(server)
    kept = True
    for attempt in range(ATTEMPTS):
        _into(call, server.databases[1], [f"{number:04d}" for number in range(server.record_limit + 1)])
        server.administer(f"advance?seconds={DAY}")
        key = f"late{attempt}"

        def late(key: str = key) -> None:
            time.sleep(0.01)
            put(call, key, {})

        together(lambda: server.administer("nightly"), late)
        kept = kept and call(f"{scratch(server)}{quote(key)}/")[0] == 200
    return kept


def _asset(call: Client, filename: str) -> Any:
    return call.json(f"/databases/{call.server.databases[2]}/assets/", {"filename": filename})


def marking_one_asset_marks_its_namesakes(server: Foreign) -> bool:
    call = Client(server)
    path = f"/databases/{server.databases[2]}/assets/"
    one, other = (_asset(call, "photo.png")["asset"]["id"] for _ in range(2))
    call(f"{path}{one}/", {"is_uploaded": True}, "PATCH")
    return call(f"{path}{other}/")[0] == 404 and not call.json(f"{path}{other}/?meta=true")["is_uploaded"]


def upload_loses_its_last_line_ends(server: Foreign) -> bool:
    call = Client(server)
    made = _asset(call, "notes.txt")
    parts = [("key", made["fields"].pop("key")), *made["fields"].items()]
    form = "".join(f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in parts)
    form += '--b\r\nContent-Disposition: form-data; name="file"; filename="notes.txt"\r\n\r\n'
    body = form.encode() + b"one\r\ntwo\r\n\r\n" + b"\r\n--b--\r\n"
    assert ask(made["upload_url"], body, "POST", Content_Type="multipart/form-data; boundary=b")[0] == 204
    path = f"/databases/{server.databases[2]}/assets/{made['asset']['id']}/"
    call(path, {"is_uploaded": True}, "PATCH")
    return ask(call(path)[2]["Location"])[1] == b"one\r\ntwo\r\n\r\n"
