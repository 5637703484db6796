"""Witnesses of the seventh round: PixieBrix, first part. Each is True where the contract is kept."""

import json
from typing import Any
from urllib.parse import unquote

from ..asking import Client, ask
from ..running import Foreign
from .asking_pieces import ATTEMPTS, together
from .asking_pixiebrix import DAY, data, files, job, night, put, scratch
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


def shallow_merge_reads_before_it_locks(server: Foreign) -> bool:
    call = Client(server)
    for attempt in range(4):
        key = f"shared-{attempt}"
        put(call, key, {"first": 0})
        together(
            lambda key=key: put(call, key, {"a": 1}, "shallow"),  # type: ignore[misc]
            lambda key=key: put(call, key, {"b": 2}, "shallow"),  # type: ignore[misc]
        )
        if data(call, key) != {"first": 0, "a": 1, "b": 2}:
            return False
    return True


def jobs_of_one_second_share_an_artifact(server: Foreign) -> bool:
    call = Client(server)
    put(call, "mine", {"a": 1})
    for _ in range(ATTEMPTS):
        made = [job(call, server.databases[number], name="the same") for number in (0, 1)]
        for number, one in enumerate(made):
            rows = json.loads(_artifact(call, one)[0])
            if not rows or {row["database"] for row in rows} != {server.databases[number]}:
                return False
    return True


def merging_revives_a_deleted_record(server: Foreign) -> bool:
    call = Client(server)
    put(call, "gone", {"old": 1})
    assert call(f"{scratch(server)}gone/", method="DELETE")[0] == 204
    put(call, "gone", {"new": 2}, "shallow")
    return bool(data(call, "gone") == {"new": 2})


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


def failure_is_explained_once(server: Foreign) -> bool:
    call = Client(server)
    server.administer("fail?operation=createExportJob&status=500&after=0&message=full")
    made = job(call, server.databases[1])
    while made["status"] in {"PENDING", "STARTED", "UNKNOWN"}:
        made = call.json(f"/databases/records/jobs/{made['id']}/")
    assert made["status"] == "FAILURE"
    assert made["error_message"]
    return bool(call.json(f"/databases/records/jobs/{made['id']}/")["error_message"])


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


def link_works_again_a_day_later(server: Foreign) -> bool:
    call, day = _dated(server)
    link = files(call, server.databases[1])[day]
    assert ask(link)[0] == 200
    server.administer(f"advance?seconds={HOUR + 60}")
    assert ask(link)[0] == 403
    server.administer(f"advance?seconds={DAY - HOUR}")
    return ask(link)[0] == 403


def end_date_defaults_to_the_day_of_the_start(server: Foreign) -> bool:
    call = Client(server)
    server.administer(f"advance?seconds={2 * DAY}")
    put(call, "later", {})
    day = call.json(f"{scratch(server)}later/")["created_at"][:10]
    return _listed(call, f"start_date={day}") == ["later"]


def night_writes_older_files_anew(server: Foreign) -> bool:
    call, day = _dated(server)
    put(call, "first", {"version": 2})
    night(server)
    content = ask(files(call, server.databases[1])[day])[1]
    return {json.loads(line)["id"] for line in content.splitlines()} == {"first", "second"}


def filter_pads_with_spaces(server: Foreign) -> bool:
    call = Client(server)
    put(call, "plain", {"who": "david"})
    put(call, "padded", {"who": "david "})
    return _listed(call, "data__who=david") == ["plain"]


def artifact_name_ends_at_its_last_dot(server: Foreign) -> bool:
    call = Client(server)
    _, headers = _artifact(call, job(call, server.databases[1], name="report 2026.05"))
    return "report 2026.05" in unquote(headers["Content-Disposition"])
