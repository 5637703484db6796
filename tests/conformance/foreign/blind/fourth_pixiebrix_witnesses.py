"""What each fault of PixieBrix of the fourth round shows, in plain requests; the rest is in `…_b`."""

import csv
import io
import json
from urllib.parse import quote

from ..asking import Client
from ..running import Foreign
from .asking_pieces import ATTEMPTS, together
from .asking_pixiebrix import DAY, data, put, scratch
from .fourth_pixiebrix_witnesses_b import *  # noqa: F403 - one module, in two files for its length


def _found(call: Client, query: str) -> list[str]:
    """The keys that a filter leaves."""
    return [one["id"] for one in call.json(f"{scratch(call.server)}?{query}")]


def merge_into_a_stale_record(server: Foreign) -> bool:
    call = Client(server)
    for attempt in range(ATTEMPTS):
        key = f"shared {attempt}"
        put(call, key, {"a": 0})
        together(
            lambda key=key: put(call, key, {"b": 1}, "shallow"),  # type: ignore[misc]
            lambda key=key: put(call, key, {"c": 2}, "shallow"),  # type: ignore[misc]
        )
        if data(call, key) != {"a": 0, "b": 1, "c": 2}:
            return False
    return True


def merge_into_a_deleted_record(server: Foreign) -> bool:
    call = Client(server)
    put(call, "phoenix", {"a": 1})
    assert call(f"{scratch(server)}phoenix/", method="DELETE")[0] == 204
    put(call, "phoenix", {"b": 2}, "shallow")
    return bool(data(call, "phoenix") == {"b": 2})


def update_is_a_new_row(server: Foreign) -> bool:
    call = Client(server)
    put(call, "old", {"a": 1})
    day = call.json(f"{scratch(server)}old/")["created_at"][:10]
    server.administer(f"advance?seconds={DAY}")
    put(call, "old", {"a": 2})
    return _found(call, f"end_date={day}") == ["old"]


def delete_knows_dates_only(server: Foreign) -> bool:
    call = Client(server)
    put(call, "stays", {"city": "Köln"})
    put(call, "goes", {"city": "Bonn"})
    assert call(f"{scratch(server)}?data__city=Bonn", method="DELETE")[0] == 204
    return _found(call, "") == ["stays"]


def padded_texts_are_equal(server: Foreign) -> bool:
    call = Client(server)
    put(call, "bare", {"city": "Bonn"})
    put(call, "padded", {"city": "Bonn "})
    return _found(call, "data__city=Bonn") == ["bare"]


def between_ends_at_midnight(server: Foreign) -> bool:
    call = Client(server)
    put(call, "now", {"a": 1})
    day = call.json(f"{scratch(server)}now/")["created_at"][:10]
    return _found(call, f"start_date={day}&end_date={day}") == ["now"]


def no_limit_without_pages(server: Foreign) -> bool:
    call = Client(server)
    many = [{"id": f"{index}", "data": {}} for index in range(10_010)]
    assert call(scratch(server), many, "POST")[0] == 201
    text = call(scratch(server), Accept="application/json; version=1.0")[1]
    return len(json.loads(text)) <= 10_000


def no_next_before_a_single_item(server: Foreign) -> bool:
    call = Client(server)
    for key in "abc":
        put(call, key, {})
    return 'rel="next"' in (call(f"{scratch(server)}?page_size=2")[2].get("Link") or "")


def booleans_become_numbers(server: Foreign) -> bool:
    call = Client(server)
    put(call, "flag", {"on": True, "off": False})
    held = data(call, "flag")
    return held["on"] is True and held["off"] is False


def csv_breaks_at_line_breaks(server: Foreign) -> bool:
    call = Client(server)
    put(call, "address", {"street": "1 Main Street\nBack yard", "town": "Bonn"})
    text = call(scratch(server), Accept="text/csv; version=2.0")[1].decode()
    return len(list(csv.reader(io.StringIO(text, newline="")))) == 2


def empty_text_is_null(server: Foreign) -> bool:
    call = Client(server)
    put(call, "none", {})
    put(call, "empty", {"note": ""})
    null, text = (_found(call, f"data__note__isnull={one}") for one in ("true", "false"))
    return (null, text) == (["none"], ["empty"])


def plus_stays_in_forms(server: Foreign) -> bool:
    call = Client(server)
    path = f"/organizations/{server.organization}/databases/"
    kind = "application/x-www-form-urlencoded"
    status, text, _ = call(path, b"name=My+little+list", "POST", Content_Type=kind)
    assert status == 201
    return bool(json.loads(text)["name"] == "My little list")


def length_in_characters(server: Foreign) -> bool:
    call = Client(server)
    put(call, "town", {"city": "Köln"})
    try:
        return bool(data(call, "town") == {"city": "Köln"})
    except ValueError:
        return False


def values_decoded_twice(server: Foreign) -> bool:
    call = Client(server)
    put(call, "encoded", {"path": "/a%20b"})
    return _found(call, f"data__path={quote('/a%20b', safe='')}") == ["encoded"]
