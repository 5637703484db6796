"""What a client of PixieBrix sees of the fifth round's faults: records and conventions, and all others."""

import json
import re
from typing import Any
from urllib.parse import quote

from ..asking import Client, ask
from ..running import Foreign
from .asking_pieces import ATTEMPTS, together
from .asking_pixiebrix import DAY, data, put, scratch
from .fifth_pixiebrix_witnesses_b import (
    a_downloaded_asset_stays_available,
    a_key_is_exported_once,
    a_link_works_again_each_day,
    archive_links_are_kept_for_a_day,
    archived_records_are_found_by_key,
    archives_hold_what_was_created,
    artifacts_are_stored_by_name,
    each_night_writes_old_dates_anew,
    each_page_is_ordered_alone,
    file_names_are_counted_in_bytes,
    lines_end_at_any_separator,
    listed_assets_share_an_address,
    retention_stops_within_a_date,
    with_a_start_there_is_no_end,
)

__all__ = [
    "a_deleted_record_is_merged_into",
    "a_downloaded_asset_stays_available",
    "a_filtered_delete_loses_new_records",
    "a_key_is_exported_once",
    "a_link_works_again_each_day",
    "a_plus_in_a_form_stays",
    "archive_links_are_kept_for_a_day",
    "archived_records_are_found_by_key",
    "archives_hold_what_was_created",
    "arrays_are_appended_as_sets",
    "artifacts_are_stored_by_name",
    "each_night_writes_old_dates_anew",
    "each_page_is_ordered_alone",
    "field_names_ignore_case",
    "file_names_are_counted_in_bytes",
    "keys_are_composed",
    "lines_end_at_any_separator",
    "listed_assets_share_an_address",
    "merges_at_once_forget_one",
    "parameters_need_a_space",
    "retention_stops_within_a_date",
    "the_end_date_is_midnight",
    "the_next_page_forgets_the_filters",
    "the_rest_of_a_long_array_is_lost",
    "values_are_compared_by_collation",
    "values_are_decoded_twice",
    "with_a_start_there_is_no_end",
    "without_pages_there_is_no_cap",
]


def _keys(call: Client, query: str = "") -> list[str]:
    return [one["id"] for one in call.json(f"{scratch(call.server)}?page_size=1000&{query}")]


def _several(call: Client, count: int, **fields: Any) -> int:
    """Create so many records in one request, and give its status."""
    items = [{"id": f"k{index:05d}", "data": {"n": index, **fields}} for index in range(count)]
    return call(scratch(call.server), items, "POST")[0]


def merges_at_once_forget_one(server: Foreign) -> bool:
    call = Client(server)
    for attempt in range(ATTEMPTS):
        key = f"shared {attempt}"
        put(call, key, {"zero": 0})
        together(
            lambda key=key: put(call, key, {"one": 1}, "shallow"),  # type: ignore[misc]
            lambda key=key: put(call, key, {"two": 2}, "deep"),  # type: ignore[misc]
        )
        if data(call, key) != {"zero": 0, "one": 1, "two": 2}:
            return False
    return True


def a_filtered_delete_loses_new_records(server: Foreign) -> bool:
    call = Client(server)
    for attempt in range(ATTEMPTS):
        put(call, "old", {"state": "done"})

        def write(attempt: int = attempt) -> None:
            for index in range(6):
                put(call, f"new {attempt} {index}", {"state": "open"})

        together(lambda: call(f"{scratch(server)}?data__state=done", method="DELETE"), write)
        if not {f"new {attempt} {index}" for index in range(6)} <= {*_keys(call)}:
            return False
    return True


def a_deleted_record_is_merged_into(server: Foreign) -> bool:
    call = Client(server)
    put(call, "again", {"old": True})
    assert call(f"{scratch(server)}again/", method="DELETE")[0] == 204
    put(call, "again", {"fresh": True}, "shallow")
    return bool(data(call, "again") == {"fresh": True})


def field_names_ignore_case(server: Foreign) -> bool:
    call = Client(server)
    put(call, "one", {"First_Name": "david"})
    return _keys(call, "data__first_name=david") == [] and _keys(call, "data__First_Name=david") == ["one"]


def keys_are_composed(server: Foreign) -> bool:
    call = Client(server)
    put(call, "caf\u00e9", {"n": 1})
    put(call, "cafe\u0301", {"n": 2})
    return bool(data(call, "caf\u00e9") == {"n": 1})


def arrays_are_appended_as_sets(server: Foreign) -> bool:
    call = Client(server)
    put(call, "log", {"visits": ["home", "shop"]})
    put(call, "log", {"visits": ["home", "cart"]}, "deep_append")
    return bool(data(call, "log") == {"visits": ["home", "shop", "home", "cart"]})


def without_pages_there_is_no_cap(server: Foreign) -> bool:
    call = Client(server)
    assert _several(call, 10_001) == 201
    found = json.loads(call(scratch(server), Accept="application/json; version=1.0")[1])
    return len(found) <= 10_000


def the_rest_of_a_long_array_is_lost(server: Foreign) -> bool:
    call = Client(server)
    assert _several(call, 620) == 201
    return len(_keys(call)) == 620


def the_next_page_forgets_the_filters(server: Foreign) -> bool:
    call = Client(server)
    for index in range(6):
        put(call, f"k{index}", {"state": "odd" if index % 2 else "even"})
    links = call(f"{scratch(server)}?data__state=odd&page_size=2")[2]["Link"]
    found = re.search(r'<([^>]*)>; *rel="next"', links)
    assert found
    headers = {"Authorization": f"Token {server.token}", "Accept": "application/json; version=2.0"}
    return [one["id"] for one in json.loads(ask(found[1], **headers)[1])] == ["k5"]


def the_end_date_is_midnight(server: Foreign) -> bool:
    call = Client(server)
    put(call, "today", {"n": 1})
    day = call.json(f"{scratch(server)}today/")["created_at"][:10]
    server.administer(f"advance?seconds={DAY}")
    put(call, "tomorrow", {"n": 2})
    return _keys(call, f"start_date={day}&end_date={day}") == ["today"]


def values_are_compared_by_collation(server: Foreign) -> bool:
    call = Client(server)
    for key, value in {"low": "david", "high": "David", "space": "david "}.items():
        put(call, key, {"name": value})
    return _keys(call, "data__name=david") == ["low"]


def values_are_decoded_twice(server: Foreign) -> bool:
    call = Client(server)
    put(call, "plus", {"email": "david+test@pixiebrix.com"})
    put(call, "percent", {"email": "100%25"})
    plus = _keys(call, f"data__email={quote('david+test@pixiebrix.com', safe='')}")
    return plus == ["plus"] and _keys(call, f"data__email={quote('100%25')}") == ["percent"]


def parameters_need_a_space(server: Foreign) -> bool:
    call = Client(server)
    path = f"/databases/{server.kept[0]}/records/?page_size=3"
    status, text, _ = call(path, Accept="application/json;version=2.0")
    return status == 200 and len(json.loads(text)) == 3


def a_plus_in_a_form_stays(server: Foreign) -> bool:
    kind = "application/x-www-form-urlencoded"
    path = f"/organizations/{server.organization}/databases/"
    status, text, _ = Client(server)(path, b"name=My+new+database", "POST", Content_Type=kind)
    return status == 201 and json.loads(text)["name"] == "My new database"
