"""How long single requests keep the event loop, so that no other request gets its turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode, urlsplit

from .processes import BenchmarkError
from .report import judged, milliseconds, say, show
from .watched import Pause, Watched

GOAL = 0.02
ROUNDS = 3


@dataclass(frozen=True)
class Request:
    """Something to ask of the server.

    Attributes:
        name: as the table shows it.
        run: asks it.
        changes: the server is reset before each round.
        prepare: what is done before, unwatched.
    """

    name: str
    run: Callable[[Watched], object]
    changes: bool = False
    prepare: Callable[[Watched], object] | None = None


def measure_pauses(server: Watched) -> None:
    """Send each request some times, and print the longest pause that one of them made."""
    rows, worst = [], 0.0
    for request in requests(server):
        pauses = [watch(server, request) for _ in range(ROUNDS)]
        pause = Pause(*(max(getattr(one, name) for one in pauses) for name in Pause.__annotations__))
        worst = max(worst, pause.cpu)
        shown = (pause.wall, pause.cpu, pause.process, pause.collecting)
        mark = "MISSED" if pause.cpu > GOAL else ""
        rows.append((request.name, *(f"{value * 1000:.1f}" for value in shown), mark))
    columns = ("request", "wall ms", "loop's CPU ms", "process CPU ms", "collector ms", "")
    show(f"longest pause of the event loop at {server.count:,} records, worst of {ROUNDS}", columns, rows)
    goal = (f"at most {GOAL * 1000:.0f} ms of the loop's CPU", worst <= GOAL)
    say(judged(f"{milliseconds(worst)} ms", goal))


def watch(server: Watched, request: Request) -> Pause:
    """One round."""
    if request.changes:
        server.reset()
    if request.prepare is not None:
        request.prepare(server)
    server.pause()
    request.run(server)
    return server.pause()


def requests(server: Watched) -> list[Request]:
    """What is measured; the last ones leave nothing to measure the others with."""
    records = server.records
    days = [
        server.json("GET", f"{records}?page={max(1, round(server.count * part / 100))}")[0]["created_at"]
        for part in (0.5, 0.52)
    ]
    some = {"start_date": days[0], "end_date": days[1]}
    return [
        Request("nothing, a single key", lambda one: one.ask("GET", f"{records}order-0000001/")),
        Request("10,000 records as JSON", lambda one: one.ask("GET", f"{records}?page_size=10000&page=2")),
        Request(
            "10,000 records as CSV",
            lambda one: one.ask(
                "GET", f"{records}?page_size=10000&page=2", None, {"Accept": "text/csv; version=2.0"}
            ),
        ),
        Request("filter that fits no record", lambda one: one.ask("GET", f"{records}?{_nowhere()}")),
        Request("first write", lambda one: post(one, 1), changes=True),
        Request("POST of 1,000 records", lambda one: post(one, 1_000), changes=True, prepare=touch),
        Request("POST of 10,000 records", lambda one: post(one, 10_000), changes=True, prepare=touch),
        Request("POST of 10,000 again", lambda one: post(one, 10_000, "order-"), changes=True, prepare=touch),
        Request("JSON job of 2 %", lambda one: job(one, "application/json", some), changes=True),
        Request("JSON job of everything", lambda one: job(one, "application/json", {}), changes=True),
        Request("CSV job of 2 %", lambda one: job(one, "text/csv", some), changes=True),
        Request("XLSX job of 2 %", lambda one: job(one, "application/xlsx", some), changes=True),
        Request(
            "export of 1 MB of JSON",
            lambda one: one.ask("GET", "/database/export"),
            changes=True,
            prepare=megabyte,
        ),
        Request("import of 1 MB of JSON", megabyte, changes=True),
        *(
            Request(f"import of {size} MB of JSON", partial(megabytes, count=size), changes=True)
            for size in (3, 20, 60)
        ),
        Request("POST of 60,000 records", lambda one: post(one, 60_000), changes=True, prepare=touch),
        Request(
            "nightly job, one date goes", midnight, changes=True, prepare=lambda one: limit(one, one.count)
        ),
        Request(
            "nightly job, a tenth goes",
            midnight,
            changes=True,
            prepare=lambda one: limit(one, one.count * 9 // 10),
        ),
        Request("nightly job, everything goes", midnight, changes=True, prepare=lambda one: limit(one, 0)),
        Request("clear of all records", lambda one: one.ask("DELETE", records), changes=True),
        Request("clear after a write", lambda one: one.ask("DELETE", records), changes=True, prepare=touch),
        Request("reset after a write", lambda one: one.reset(), changes=True, prepare=touch),
    ]


def _nowhere() -> str:
    return urlencode({"data__region": "nowhere", "page_size": 100})


def post(server: Watched, count: int, prefix: str = "new-") -> None:
    """Write records with the fields that the others have."""
    data = {"region": "Asia", "channel": "phone", "product": "Team", "quantity": 9, "amount": 265.5}
    body = [{"id": f"{prefix}{number:07}", "data": data} for number in range(1, count + 1)]
    server.json("POST", server.records, body)


def touch(server: Watched) -> None:
    """The first write, so that it is not part of what is measured next."""
    post(server, 1, "first-")


def job(server: Watched, media_type: str, filters: dict[str, str]) -> None:
    """Export, and fetch what was exported."""
    order = {"name": "x", "databases": [server.database], "media_type": media_type, "filters": filters}
    started = server.json("POST", "/api/databases/records/jobs/", order)
    done = server.json("GET", f"/api/databases/records/jobs/{started['id']}/")
    if done["status"] != "SUCCESS":
        raise BenchmarkError(f"the job ended with {done}")
    link = urlsplit(done["data"])
    server.ask("GET", f"{link.path}?{link.query}")


def megabyte(server: Watched) -> None:
    """Import values that are a megabyte of JSON."""
    megabytes(server, 1)


def megabytes(server: Watched, count: int) -> None:
    """Import values that are this much JSON."""
    export = server.json("GET", "/database/export")
    raw = [number % 256 for number in range(1_000)]
    values = count * 1_000_000 // len(json.dumps(raw, separators=(",", ":")))
    export["values"]["iterable"] = [{"id": f"value-{number}", "raw": raw} for number in range(values)]
    server.ask("POST", "/database/import", json.dumps(export, separators=(",", ":")).encode())


def limit(server: Watched, records: int) -> None:
    """Set how many records the next nightly job leaves."""
    touch(server)
    server.json("PATCH", "/_mock/settings", {"record_limit": records})


def midnight(server: Watched) -> None:
    """Let the night pass."""
    server.json("POST", "/_mock/clock/advance", {"to": "next-midnight"})
