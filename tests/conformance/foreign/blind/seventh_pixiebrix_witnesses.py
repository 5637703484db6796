"""Witnesses of the seventh round: PixieBrix, first part. Each is True where the contract is kept."""

from typing import Any
from urllib.parse import unquote

from ..asking import Client, ask
from ..running import Foreign
from .asking_pixiebrix import DAY, files, job, night, put, scratch
from .seventh_pixiebrix_witnesses_b import *  # noqa: F403 - one module, in two files for its length

HOUR = 3600


def _artifact(call: Client, made: Any) -> tuple[bytes, Any]:
    """The content and headers behind a job's link."""
    while made["status"] in {"PENDING", "STARTED", "UNKNOWN"}:
        made = call.json(f"/databases/records/jobs/{made['id']}/")
    status, content, headers = ask(made["data"])
    assert status == 200
    return content, headers


def _assets(server: Foreign) -> str:
    """The path of the assets of a database of that type, which has none."""
    return f"/databases/{server.databases[2]}/assets/"


def _listed(call: Client, query: str) -> list[str]:
    return [one["id"] for one in call.json(f"{scratch(call.server)}?{query}")]


def download_is_cached_past_its_mark(server: Foreign) -> bool:
    call = Client(server)
    path = f"{_assets(server)}{call.json(_assets(server), {'filename': 'a.png'})['asset']['id']}/"
    assert call(path, {"is_uploaded": True}, "PATCH")[0] == 200
    assert call(path)[0] == 302
    assert call(path, {"is_uploaded": False}, "PATCH")[0] == 200
    return call(path)[0] == 404


def counter_misses_filtered_deletions(server: Foreign) -> bool:
    call = Client(server)
    identity = server.databases[0]

    def shown() -> int:
        found = call.json(f"/organizations/{server.organization}/databases/")
        return next(int(one["num_records"]) for one in found if one["id"] == identity)

    before = shown()
    assert call(f"/databases/{identity}/records/", {"id": "one more", "data": {"who": "david"}})[0] == 201
    assert call(f"/databases/{identity}/records/?data__who=david", method="DELETE")[0] == 204
    return shown() == before


def _dated(server: Foreign) -> tuple[Client, str]:
    """A client, and the date of a record that has a file since."""
    call = Client(server)
    put(call, "first", {"version": 1})
    put(call, "second", {"version": 1})
    day = call.json(f"{scratch(server)}first/")["created_at"][:10]
    night(server)
    return call, day


def archive_link_is_kept_while_it_is_asked_for(server: Foreign) -> bool:
    call, day = _dated(server)
    for _ in range(3):
        link = files(call, server.databases[1])[day]
        if ask(link)[0] != 200:
            return False
        server.administer(f"advance?seconds={HOUR * 2 // 3}")
    return True


def end_date_defaults_to_the_day_of_the_start(server: Foreign) -> bool:
    call = Client(server)
    server.administer(f"advance?seconds={2 * DAY}")
    put(call, "later", {})
    day = call.json(f"{scratch(server)}later/")["created_at"][:10]
    return _listed(call, f"start_date={day}") == ["later"]


def filter_pads_with_spaces(server: Foreign) -> bool:
    call = Client(server)
    put(call, "plain", {"who": "david"})
    put(call, "padded", {"who": "david "})
    return _listed(call, "data__who=david") == ["plain"]


def artifact_name_ends_at_its_last_dot(server: Foreign) -> bool:
    call = Client(server)
    _, headers = _artifact(call, job(call, server.databases[1], name="report 2026.05"))
    return "report 2026.05" in unquote(headers["Content-Disposition"])
