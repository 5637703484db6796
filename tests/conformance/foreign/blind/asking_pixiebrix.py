"""Plain calls of PixieBrix, for witnesses of all rounds."""

from typing import Any
from urllib.parse import quote

from ..asking import Client
from ..running import Foreign

DAY = 86_400


def scratch(server: Foreign) -> str:
    """The path of a database's records, which are none."""
    return f"/databases/{server.databases[1]}/records/"


def put(call: Client, key: str, data: dict[str, Any], strategy: str = "replace") -> None:
    """Write a record in a request of many."""
    item = {"id": key, "data": data, "merge_strategy": strategy}
    status, text, _ = call(scratch(call.server), [item], "PUT")
    assert status == 200, text


def data(call: Client, key: str) -> Any:
    return call.json(f"{scratch(call.server)}{quote(key)}/")["data"]


def job(call: Client, *databases: str, name: str = "a job", **filters: str) -> Any:
    """A new export job of JSON."""
    return call.json("/databases/records/jobs/", {"name": name, "databases": databases, "filters": filters})


def night(server: Foreign, days: int = 1) -> None:
    """Move the clock, and run the night."""
    server.administer(f"advance?seconds={days * DAY}")
    server.administer("nightly")


def files(call: Client, database: str) -> dict[str, str]:
    """The link of each date's archive."""
    path = f"/organizations/{call.server.organization}/databases/{database}/record-archives/?page_size=1000"
    return {one["date"]: one["file"] for one in call.json(path)}
