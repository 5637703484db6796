"""What a client of PixieBrix sees of the fifth round's faults: records and conventions, and all others."""

import json
import re
from typing import Any

from ..asking import Client, ask
from ..running import Foreign
from .asking_pieces import ATTEMPTS, together
from .asking_pixiebrix import DAY, data, put, scratch
from .fifth_pixiebrix_witnesses_b import *  # noqa: F403 - one module, in two files for its length


def _keys(call: Client, query: str = "") -> list[str]:
    return [one["id"] for one in call.json(f"{scratch(call.server)}?page_size=1000&{query}")]


def _several(call: Client, count: int, **fields: Any) -> int:
    """Create so many records in one request, and give its status."""
    items = [{"id": f"k{index:05d}", "data": {"n": index, **fields}} for index in range(count)]
    return call(scratch(call.server), items, "POST")[0]


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


def field_names_ignore_case(server: Foreign) -> bool:
    call = Client(server)
    put(call, "one", {"First_Name": "david"})
    return _keys(call, "data__first_name=david") == [] and _keys(call, "data__First_Name=david") == ["one"]


def arrays_are_appended_as_sets(server: Foreign) -> bool:
    call = Client(server)
    put(call, "log", {"visits": ["home", "shop"]})
    put(call, "log", {"visits": ["home", "cart"]}, "deep_append")
    return bool(data(call, "log") == {"visits": ["home", "shop", "home", "cart"]})


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


def a_plus_in_a_form_stays(server: Foreign) -> bool:
    kind = "application/x-www-form-urlencoded"
    path = f"/organizations/{server.organization}/databases/"
    status, text, _ = Client(server)(path, b"name=My+new+database", "POST", Content_Type=kind)
    return status == 201 and json.loads(text)["name"] == "My new database"
