"""True where the contract is kept: witnesses for the second half of the sixth round at PixieBrix."""

import csv
import io
import json
import re
from typing import Any

from ..asking import Client, ask
from ..running import Foreign
from .asking_pixiebrix import put, scratch

FORM = "application/x-www-form-urlencoded"


def status(call: Client, path: str, body: Any = None, method: str | None = None, **headers: str) -> int:
    """The status alone."""
    return call(path, body, method, **headers)[0]


def assets(server: Foreign) -> str:
    """The path of a database's assets."""
    return f"/databases/{server.databases[2]}/assets/"


def new_asset(call: Client, filename: str) -> Any:
    """A new asset: its metadata, and where it is to be uploaded."""
    return call.json(assets(call.server), {"filename": filename})


def upload(call: Client, filename: str, content: bytes) -> str:
    """The id of an asset that is uploaded and marked."""
    made, edge = new_asset(call, filename), "the-edge-of-a-part"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in made["fields"].items()
    ]
    parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n')
    body = "".join(parts).encode() + content + f"\r\n--{edge}--\r\n".encode()
    kind = f"multipart/form-data; boundary={edge}"
    assert ask(made["upload_url"], body, "POST", Content_Type=kind)[0] in {200, 201, 204}
    one: str = made["asset"]["id"]
    assert status(call, f"{assets(call.server)}{one}", {"is_uploaded": True}, "PATCH") == 200
    return one


def fill(call: Client, count: int) -> set[str]:
    """Write so many new records in one request, and give their keys."""
    code, text, _ = call(scratch(call.server), [{"data": {"n": str(number)}} for number in range(count)])
    assert code == 201, text
    return {one["id"] for one in json.loads(text)}


def _found(call: Client, query: str) -> list[str]:
    """The keys that a query lists."""
    return [one["id"] for one in call.json(f"{scratch(call.server)}?{query}")]


def csv_columns_that_differ_in_case_become_one(server: Foreign) -> bool:
    call = Client(server)
    put(call, "cases", {"Name": "upper", "name": "lower"})
    _, text, _ = call(scratch(server), None, None, Accept="text/csv; version=2.0")
    header, row = csv.reader(io.StringIO(text.decode(), newline=""))
    named = {name.removeprefix("data."): value for name, value in zip(header, row, strict=True)}
    return named.get("Name") == "upper" and named.get("name") == "lower"


def fields_that_are_null_are_not_listed(server: Foreign) -> bool:
    call = Client(server)
    put(call, "null", {"a": "x", "b": None})
    return [one["data"] for one in call.json(scratch(server))] == [{"a": "x", "b": None}]


def the_record_that_opens_a_batch_is_lost(server: Foreign) -> bool:
    call = Client(server)
    return fill(call, 250) <= set(_found(call, "page_size=1000"))


def the_name_of_a_database_is_cut_at_255(server: Foreign) -> bool:
    call, name = Client(server), "n" * 255 + "!"
    path = f"/organizations/{server.organization}/databases/"
    made = call.json(path, {"name": name})
    listed = {one["id"]: one["name"] for one in call.json(f"{path}?page_size=1000")}
    return bool(made["name"] == name and listed.get(made["id"], name) == name)


def version_1_1_gets_the_first_page_alone(server: Foreign) -> bool:
    call = Client(server)
    keys = fill(call, 130)
    _, text, _ = call(scratch(server), None, None, Accept="application/json; version=1.1")
    return {one["id"] for one in json.loads(text)} == keys


def _next(headers: Any) -> str | None:
    """Where the next page is."""
    found = re.search(r'<([^>]*)>; *rel="?next"?', headers.get("Link") or "")
    return found[1] if found else None


def spaces_at_the_end_make_no_difference_to_a_filter(server: Foreign) -> bool:
    call = Client(server)
    put(call, "bare", {"tag": "red"})
    put(call, "spaced", {"tag": "red  "})
    return _found(call, "data__tag=red") == ["bare"] and _found(call, "data__tag=red%20%20") == ["spaced"]


def a_false_of_a_form_counts_as_true(server: Foreign) -> bool:
    call = Client(server)
    one = new_asset(call, "form.txt")["asset"]["id"]
    path = f"{assets(server)}{one}"
    assert status(call, path, b"is_uploaded=false", "PATCH", Content_Type=FORM) == 200
    return call.json(f"{path}?meta=true")["is_uploaded"] is False and status(call, path) == 404
