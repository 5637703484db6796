"""True where the contract is kept: witnesses for the first half of the sixth round at PixieBrix."""

from functools import partial
from typing import Any

from ..asking import Client
from ..running import Foreign
from .asking_pieces import ATTEMPTS, together
from .asking_pixiebrix import data, night, put, scratch
from .sixth_pixiebrix_witnesses_b import *  # noqa: F403 - the witnesses of the second half, found by name here
from .sixth_pixiebrix_witnesses_b import assets, fill, new_asset, status, upload

HOUR = 3600


def shallow_merges_at_the_same_time_lose_fields(server: Foreign) -> bool:
    call = Client(server)
    for number in range(ATTEMPTS):
        key = f"merged-{number}"
        put(call, key, {"a": "x"})
        together(
            partial(put, call, key, {"b": "y"}, "shallow"),
            partial(put, call, key, {"c": "z"}, "shallow"),
        )
        if data(call, key) != {"a": "x", "b": "y", "c": "z"}:
            return False
    return True


def a_record_changed_meanwhile_is_cleared_too(server: Foreign) -> bool:
    call = Client(server)
    for number in range(ATTEMPTS):
        key = f"changed-{number}"
        put(call, key, {"state": "old"})
        together(
            partial(call, f"{scratch(server)}?data__state=old", None, "DELETE"),
            partial(put, call, key, {"state": "new"}),
        )
        if status(call, f"{scratch(server)}{key}/") != 200:
            return False
    return True


def metadata_asked_at_the_same_time_are_mixed_up(server: Foreign) -> bool:
    call = Client(server)
    mine = [new_asset(call, f"{number}.txt")["asset"]["id"] for number in range(2)]
    for _ in range(ATTEMPTS):
        got: list[bool] = []

        def read(one: str, got: list[bool] = got) -> None:
            got.append(call.json(f"{assets(server)}{one}?meta=true")["id"] == one)

        together(*(partial(read, one) for one in mine))
        if got != [True, True]:
            return False
    return True


def the_list_of_assets_is_cached_until_one_is_created(server: Foreign) -> bool:
    call = Client(server)
    one = new_asset(call, "listed.txt")["asset"]["id"]

    def marked() -> Any:
        found = call.json(f"{assets(server)}?page_size=1000")
        return next(item["is_uploaded"] for item in found if item["id"] == one)

    assert marked() is False
    assert status(call, f"{assets(server)}{one}", {"is_uploaded": True}, "PATCH") == 200
    return marked() is True


def a_download_once_given_outlives_the_mark(server: Foreign) -> bool:
    call = Client(server)
    one = upload(call, "given.txt", b"given")
    assert status(call, f"{assets(server)}{one}") in {200, 302}
    assert status(call, f"{assets(server)}{one}", {"is_uploaded": False}, "PATCH") == 200
    return status(call, f"{assets(server)}{one}") == 404


def the_reason_of_a_failure_is_told_once(server: Foreign) -> bool:
    call = Client(server)
    server.administer("fail?operation=createExportJob&status=500&after=0&message=the+disk+is+full")
    job = call.json("/databases/records/jobs/", {"name": "failing", "databases": [server.databases[1]]})
    path = f"/databases/records/jobs/{job['id']}/"
    while job["status"] not in {"SUCCESS", "FAILURE"}:
        job = call.json(path)
    assert job["status"] == "FAILURE"
    return bool(job["error_message"]) and bool(call.json(path)["error_message"])


def an_archived_record_is_still_read_by_its_key(server: Foreign) -> bool:
    call = Client(server)
    put(call, "oldest", {"a": "x"})
    night(server)
    fill(call, server.record_limit)
    night(server)
    listed = {one["id"] for one in call.json(f"{scratch(server)}?page_size=1000")}
    assert "oldest" not in listed
    return status(call, f"{scratch(server)}oldest/") == 404
