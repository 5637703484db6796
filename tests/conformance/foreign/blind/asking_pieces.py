"""Plain calls of Pieces OS, for witnesses of all rounds."""

import json
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from ..asking import ask
from ..running import Foreign

ATTEMPTS = 12
"""So often is tried what has to meet in time."""


def together(*calls: Callable[[], object]) -> None:
    """Start all at once, each in a thread of its own, and wait for their ends."""
    # Not a barrier: who comes to it last, as the last call does, goes on at once, before the others wake.
    start = Event()

    def run(call: Callable[[], object]) -> None:
        start.wait(10)
        call()

    threads = [Thread(target=run, args=(call,)) for call in calls]
    for one in threads:
        one.start()
    start.set()
    for one in threads:
        one.join(20)


def exported(url: str) -> Any:
    return json.loads(ask(f"{url}/database/export")[1])


def load(url: str, body: Any, **headers: str) -> int:
    """The status of an import."""
    kind = {"Content_Type": "application/json", **headers}
    return ask(f"{url}/database/import", json.dumps(body).encode(), "POST", **kind)[0]


def ids(server: Foreign) -> list[str]:
    """The ids of the entries that the user has."""
    return [entry["id"] for entry in exported(server.pieces)["values"]["iterable"]]


def entry(name: str, raw: list[int], **more: Any) -> dict[str, Any]:
    return {"id": name, "raw": raw, **more}


def body(server: Foreign, **tables: Any) -> Any:
    """An export with these entries alone."""
    return exported(server.second) | {name: {"iterable": entries} for name, entries in tables.items()}
