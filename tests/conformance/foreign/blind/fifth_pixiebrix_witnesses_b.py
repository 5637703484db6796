"""What a client of PixieBrix sees of the fifth round's faults of jobs, archives and assets."""

import json
from typing import Any

from ..asking import Client, ask
from ..running import Foreign
from .asking_pixiebrix import files, job, night, put, scratch

HOUR = 3_600


def _exported(call: Client, made: Any) -> list[str]:
    """The keys of the records that a job's link gives."""
    return [one["id"] for one in json.loads(call.finished(made))]


def _lines(link: str) -> list[Any]:
    """The lines of an archive."""
    status, content, _ = ask(link)
    assert status == 200
    return [json.loads(one) for one in content.split(b"\n") if one]


def _today(call: Client, key: str) -> str:
    """The date on which a record was made."""
    return str(call.json(f"{scratch(call.server)}{key}/")["created_at"])[:10]


def with_a_start_there_is_no_end(server: Foreign) -> bool:
    call = Client(server)
    rows = sorted(call.json(f"/databases/{server.kept[0]}/records/"), key=lambda one: str(one["created_at"]))
    start, end = rows[10]["created_at"], rows[20]["created_at"]
    wanted = [one["id"] for one in rows if start <= one["created_at"] <= end]
    made = job(call, server.kept[0], start_date=start, end_date=end)
    return sorted(_exported(call, made)) == sorted(wanted)


def archive_links_are_kept_for_a_day(server: Foreign) -> bool:
    call = Client(server)
    day, _ = next(iter(files(call, server.kept[0]).items()))
    server.administer(f"advance?seconds={HOUR + 60}")
    return ask(files(call, server.kept[0])[day])[0] == 200


def _filled(call: Client) -> None:
    """Two dates of 300 records each, which is more than the 400 that a database may hold."""
    for name in ("first", "second"):
        items = [{"id": f"{name}-{index}", "data": {"n": index}} for index in range(300)]
        assert call(scratch(call.server), items, "POST")[0] == 201
        night(call.server)


def archived_records_are_found_by_key(server: Foreign) -> bool:
    call = Client(server)
    _filled(call)
    return call(f"{scratch(server)}first-7/")[0] == 404


def each_night_writes_old_dates_anew(server: Foreign) -> bool:
    call = Client(server)
    put(call, "moved", {"n": 1})
    put(call, "stays", {"n": 2})
    day = _today(call, "stays")
    night(server)
    put(call, "moved", {"n": 3})
    night(server)
    found = {one["id"]: one["data"]["n"] for one in _lines(files(call, server.databases[1])[day])}
    return found == {"moved": 1, "stays": 2}


def retention_stops_within_a_date(server: Foreign) -> bool:
    call = Client(server)
    _filled(call)
    keys = [one["id"] for one in call.json(f"{scratch(server)}?page_size=1000")]
    return not any(key.startswith("first") for key in keys)


def _assets(server: Foreign) -> str:
    return f"/databases/{server.databases[2]}/assets/"


def listed_assets_share_an_address(server: Foreign) -> bool:
    call = Client(server)
    for name in ("one.png", "two.png"):
        call.json(_assets(server), {"filename": name})
    listed = call.json(_assets(server))
    return len(listed) == 2 and all(one["id"] in one["download_url"] for one in listed)


def a_downloaded_asset_stays_available(server: Foreign) -> bool:
    call = Client(server)
    made = call.json(_assets(server), {"filename": "one.txt"})
    path = f"{_assets(server)}{made['asset']['id']}/"
    edge = "--edge\r\nContent-Disposition: form-data; name="
    text = "".join(f'{edge}"{name}"\r\n\r\n{value}\r\n' for name, value in made["fields"].items())
    body = f'{text}{edge}"file"; filename="one.txt"\r\n\r\nhello\r\n--edge--\r\n'.encode()
    kind = "multipart/form-data; boundary=edge"
    assert ask(made["upload_url"], body, "POST", Content_Type=kind)[0] == 204
    assert call(path, {"is_uploaded": True}, "PATCH")[0] == 200
    assert call(path)[0] == 302
    assert call(path, {"is_uploaded": False}, "PATCH")[0] == 200
    return call(path)[0] == 404
