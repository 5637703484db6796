"""Many clients at once: faults are counted, snapshots are of one moment, and no sandbox ever sees another.

That nobody sees half an import, or loses a write, tests/consistency shows.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.server.exports import REQUIRED

from .mock import Mock

COLLECTIONS = ("assets", "tags")
SIZE = 60
"""Entries of one import in each collection."""


def batch(marker: str, version: str) -> dict[str, Any]:
    """An import whose entries, in three collections, all carry one marker."""
    entries = [{"id": f"{marker}/{number}", "marker": marker} for number in range(SIZE)]
    formats = [{"id": entry["id"], "raw": [number % 256]} for number, entry in enumerate(entries)]
    document: dict[str, Any] = {name: [] for name in REQUIRED}
    for name in COLLECTIONS:
        document[name] = list(json.dumps(entries).encode())
    return {**document, "values": {"iterable": formats}, "version": version}


def markers(export: dict[str, Any]) -> Counter[str]:
    """How many entries of each marker an export holds, over all collections."""
    found: Counter[str] = Counter()
    for name in COLLECTIONS:
        for entry in json.loads(bytes(export[name]) or b"[]"):
            if "marker" in entry:
                found[entry["marker"]] += 1
    for item in export["values"]["iterable"]:
        if "/" in item["id"]:
            found[item["id"].partition("/")[0]] += 1
    return found


def whole(export: dict[str, Any]) -> set[str]:
    """The markers of an export, each of which must be there with all its entries."""
    found = markers(export)
    assert set(found.values()) <= {(len(COLLECTIONS) + 1) * SIZE}, found
    return set(found)


def test_one_fault_strikes_once_however_many_ask(mock: Mock) -> None:
    version = mock.export()["version"]
    mock.fault("importDatabase", inside={"after": 5}, times=3)
    mock.fault("exportDatabase", status=503, times=4)

    def both(number: int) -> tuple[int, int]:
        mine = Mock(mock.base)
        statuses = (
            mine.merge(batch(f"m{number}", version)).status_code,
            mine.send("GET", "/database/export").status_code,
        )
        mine.close()
        return statuses

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(both, range(16)))
    assert Counter(status for status, _ in statuses) == {204: 13, 500: 3}
    assert Counter(status for _, status in statuses) == {200: 12, 503: 4}
    assert mock.control("GET", "/faults") == []


def test_snapshots_while_records_are_written_are_of_one_moment(mock: Mock) -> None:
    database = mock.new_database()
    done = threading.Event()

    def writing(worker: int) -> None:
        mine = Mock(mock.base)
        for number in range(60):
            mine.put(database, f"{worker}-{number:03}", a=number)
        mine.close()

    def snapshotting(_: int) -> list[int]:
        mine, sizes = Mock(mock.base), []
        while not done.is_set():
            document = json.loads(mine.state())
            records = next(item for item in document["databases"] if item["id"] == database)["records"]
            for worker in range(4):
                numbers = [record["data"]["a"] for record in records if record["id"].startswith(f"{worker}-")]
                assert numbers == list(range(len(numbers)))  # each writer's records in its order, no gap
            sizes.append(len(records))
        mine.close()
        return sizes

    with ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(snapshotting, number) for number in range(4)]
        writers = [pool.submit(writing, worker) for worker in range(4)]
        try:
            for writer in writers:
                writer.result()
        finally:
            done.set()
        for reader in readers:
            sizes = reader.result()
            assert sizes == sorted(sizes)
    assert len(mock.keys(database)) == 240


def test_two_hundred_sandboxes_at_once_never_see_each_other(start: Callable[..., Mock]) -> None:
    root = start(max_sandboxes=200, validate_responses=False)
    version, database = root.export()["version"], root.database["id"]
    common = set(root.keys(database))
    sandboxes = [Mock(f"{root.base}/~w{number}") for number in range(200)]

    def steps(number: int, mock: Mock) -> Iterator[object]:
        yield mock.api("PUT", f"/databases/{database}/records/mine-{number}/", json={"data": {"a": number}})
        yield mock.merge(batch(f"m{number}", version))
        yield mock.control("PATCH", "/settings", {"record_limit": number})
        yield mock.control("POST", "/clock/advance", {"seconds": number})
        yield mock.fault("listAssets", status=503, times=number + 1)

    def live(part: int) -> None:
        # each client goes through its sandboxes step by step, so that all are half way at the same time
        mine = {number: sandboxes[number] for number in range(part, 200, 16)}
        for _ in zip(*(steps(number, mock) for number, mock in mine.items()), strict=True):
            pass

    def look(number: int) -> None:
        mock = sandboxes[number]
        assert set(mock.keys(database)) == common | {f"mine-{number}"}
        assert whole(mock.export()) == {f"m{number}"}
        assert mock.control("GET", "/settings")["record_limit"] == number
        minutes, seconds = divmod(number, 60)
        assert mock.control("GET", "/clock")["now"] == f"2024-05-10T12:{minutes:02}:{seconds:02}.000000Z"
        assert [fault["left"] for fault in mock.control("GET", "/faults")] == [number + 1]
        assert len(mock.journal(method="PUT")) == 1
        mock.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(live, range(16)))
        list(pool.map(look, range(200)))
    assert len(root.control("GET", "/sandboxes")) == 200
    assert set(root.keys(database)) == common
    assert whole(root.export()) == set()


def test_a_long_array_is_written_whole_whatever_happens_meanwhile(mock: Mock) -> None:
    """Counts are read and the sandbox is begun anew while arrays of many slices are written."""
    listed = mock.control("GET", "/databases")[0]
    database, before, size = listed["id"], listed["records"], 15_000
    items = [{"id": f"new-{number}", "data": {}} for number in range(size)]
    writing, done = threading.Event(), threading.Event()

    def counting() -> set[int]:
        mine, seen = Mock(mock.base), set[int]()
        while not done.is_set():
            seen.add(mine.api("GET", f"/databases/{database}/").json()["num_records"])
        mine.close()
        return seen

    def resetting() -> int:
        mine, rounds = Mock(mock.base), 0
        while not done.is_set():
            writing.wait()
            mine.control("POST", "/reset", status=200)
            rounds += 1
        mine.close()
        return rounds

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(counting) for _ in range(2)]
        resets = pool.submit(resetting)
        try:
            for number in range(4):
                if number == 2:
                    writing.set()
                written = mock.api("POST", f"/databases/{database}/records/", json=items)
                assert written.status_code == 201
                assert len(written.json()) == size
        finally:
            writing.set()
            done.set()
        assert resets.result() > 0
        seen = set.union(*(reader.result() for reader in readers))
    assert before + size in seen
    assert seen <= {before, before + size}
    assert mock.api("GET", f"/databases/{database}/").json()["num_records"] in {before, before + size}
