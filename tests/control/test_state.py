"""The whole sandbox as one document, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

from .mock import NOW, Mock, Running


@pytest.fixture
def full(mock: Mock) -> Mock:
    """A sandbox with something of everything, each different from its default."""
    mock.control("PATCH", "/clock", {"now": "2024-05-01T10:00:00Z"})
    database = mock.new_database("Fülle")
    for day in range(4):
        for number in range(3):
            mock.put(
                database, f"day {day} ä{number}", text='é"\\\n', big=2**70, small=-0.0, deep=[{"a": [1e300]}]
            )
        mock.control("POST", "/clock/advance", {"to": "next-midnight"})
        mock.put(database, "day 0 ä0", changed=day)
    mock.api("DELETE", f"/databases/{database}/records/day 1 ä1/")
    own = mock.api("POST", "/databases/", json={"name": "Own", "owner_field": "user email"}).json()["id"]
    mock.put(own, "mine", a=1)
    mock.new_job(own, "of my own")
    schema = {"schema_text": '{"type": "object", "description": "ü"}'}
    path = f"/organizations/{mock.organization}/databases/{database}/"
    assert mock.api("PUT", f"{path}schema/", json=schema).status_code == 200
    assert mock.api("PATCH", path, json={"enforce_schema": True}).status_code == 200
    mock.new_job(database, "fährt")
    waiting = mock.fault("createExportJob", inside={"error_message": "full"}, times=3)
    mock.control("DELETE", f"/faults/{waiting['id']}")
    mock.control("PATCH", "/settings", {"job_pace": {"polls": 3}, "requests_per_minute": 1000})
    mock.job(mock.new_job(database))
    mock.control("PATCH", "/settings", {"default_page_size": 3, "max_page_size": 5, "max_records": 7})
    uploaded = mock.new_asset(database, "bild ü.png")
    assert mock.upload(uploaded, bytes(range(256)) * 1000).status_code == 204
    path = f"/databases/{database}/assets/{uploaded['asset']['id']}/"
    assert mock.api("PATCH", path, json={"is_uploaded": True}).status_code == 200
    mock.new_asset(database, "never.txt")
    entry = {"id": "v", "raw": [0, 255], "schema": {"migration": 3, "semantic": "UNKNOWN"}}
    tags = list(json.dumps([{"id": "tag", "n": 2**70}]).encode())
    assert mock.merge({**mock.export(), "values": {"iterable": [entry]}, "tags": tags}).status_code == 204
    mock.control("PATCH", "/settings", {"os_version": "9.9.9-beta.1", "migration": 77, "record_limit": 8})
    mock.fault("listRecords", status=503, body={"why": "ü"}, headers={"Retry-After": "5"}, times=3)
    mock.fault("importDatabase", inside={"after": 2}, delay={"min": 0, "max": 0.001}, probability=0.5)
    mock.fault("exportDatabase", connection="truncate")
    mock.api("GET", f"/databases/{database}/records/")
    return mock


def test_taking_the_state_out_changes_nothing(full: Mock) -> None:
    assert full.state() == full.state()


def test_putting_the_state_back_undoes_everything(full: Mock) -> None:
    before = full.state()
    database = full.new_database("Gone again")
    full.put(database, "k", a=1)
    full.control("POST", "/clock/advance", {"seconds": 10**6})
    full.control("DELETE", "/faults")
    full.control("PATCH", "/settings", {"record_limit": 0})
    full.merge({**full.export(), "values": {"iterable": [{"id": "x", "raw": [1]}]}})
    full.control("POST", "/reset", {"data": "edge", "seed": 9})
    full.restore(before)
    assert full.state() == before


def test_what_a_job_has_exported_outlives_its_database(mock: Mock, sandbox: Callable[[], Mock]) -> None:
    database = mock.new_database("Gone")
    mock.put(database, "kept", text="exported")
    job = mock.new_job(database)
    assert mock.api("DELETE", f"/databases/{database}/").status_code == 204
    document, other = mock.state(), sandbox()
    other.restore(document)
    assert other.state() == document
    (part,) = next(one for one in json.loads(document)["jobs"] if one["id"] == job)["parts"]
    assert [record["id"] for record in part["records"]] == ["kept"]


def test_another_sandbox_becomes_the_same_sandbox(full: Mock, sandbox: Callable[[], Mock]) -> None:
    document, other = full.state(), sandbox()
    other.control("POST", "/reset", {"data": "empty", "seed": 5})
    other.restore(document)
    assert other.state() == document
    assert other.control("GET", "/clock") == full.control("GET", "/clock")
    assert other.control("GET", "/settings") == full.control("GET", "/settings")
    assert other.control("GET", "/faults") == full.control("GET", "/faults")
    health = other.control("GET", "/health")
    assert (health["data"], health["seed"]) == ("small", 1)
    assert health["sandbox"] != full.control("GET", "/health")["sandbox"]


def test_from_there_both_sandboxes_go_on_alike(full: Mock, sandbox: Callable[[], Mock]) -> None:
    other = sandbox()
    other.restore(full.state())
    for mock in (full, other):
        # a night that archives, new ids, faults drawn by chance, a record between two others
        mock.control("POST", "/clock/advance", {"seconds": -3 * 86_400})
        for item in mock.control("GET", "/databases"):
            mock.put(item["id"], "another", now=True)
        mock.control("POST", "/clock/advance", {"seconds": 5 * 86_400})
        mock.new_job(mock.new_database("Next"))
        outcomes = [mock.merge(mock.control("GET", "/state")["pieces"]).status_code for _ in range(20)]
        assert set(outcomes) == {204, 500}
    assert other.state() == full.state()


def test_a_server_of_other_settings_becomes_the_same_sandbox(full: Mock, start: Callable[..., Mock]) -> None:
    document, other = full.state(), start(data="bi", seed=4, options={"record_limit": 3}, job_seconds=9.0)
    other.restore(document)
    assert other.state() == document


def test_a_link_of_the_restored_sandbox_works(full: Mock, sandbox: Callable[[], Mock]) -> None:
    other = sandbox()
    other.restore(full.state())
    database = next(item["id"] for item in full.control("GET", "/databases") if item["name"] == "Fülle")
    link = full.archives(database)[0]["file"]
    here = full.send("GET", link)
    there = other.send("GET", link.replace(full.base, other.base))
    assert (here.status_code, there.status_code) == (200, 200)
    assert here.content == there.content


def test_the_journal_stays(full: Mock) -> None:
    document = full.state()
    full.control("DELETE", "/requests")
    full.api("GET", "/nowhere")
    full.restore(document)
    assert [entry["path"] for entry in full.journal()] == ["/api/nowhere"]


def test_accepted_tokens_stay_and_are_not_in_the_document(start: Callable[..., Mock]) -> None:
    from .mock import TokenGrant

    strict, open_ = start(tokens=(TokenGrant("only-this"),)), start()
    document = strict.state()
    assert b"only-this" not in document
    open_.restore(document)
    strict.restore(open_.state())
    path = f"/organizations/{strict.organization}/databases/"
    assert open_.api("GET", path).status_code == 200
    assert strict.api("GET", path).status_code == 401


def test_the_request_limit_counts_anew(mock: Mock) -> None:
    mock.control("PATCH", "/settings", {"requests_per_minute": 1})
    path = f"/organizations/{mock.organization}/databases/"
    document = mock.state()
    assert [mock.api("GET", path).status_code for _ in range(2)] == [200, 429]
    assert b"a-token" not in mock.state()
    mock.restore(document)
    assert [mock.api("GET", path).status_code for _ in range(2)] == [200, 429]


def with_sorted_fields(document: dict[str, Any]) -> dict[str, Any]:
    """The same document with the fields of its own objects in the order of the alphabet."""
    for name in ("databases", "jobs", "objects"):
        document[name] = [dict(sorted(item.items())) for item in document[name]]
    return dict(sorted(document.items()))


@pytest.mark.parametrize(
    "rewritten",
    [
        lambda document: json.dumps(document, indent=3).encode(),
        lambda document: json.dumps(document, ensure_ascii=False).encode(),
        lambda document: json.dumps(with_sorted_fields(document)).encode(),
        lambda document: json.dumps(dict(reversed(document.items()))).encode(),
        lambda document: b"\r\n\t " + json.dumps(document).encode() + b" \n",
    ],
    ids=["indented", "unescaped", "sorted", "reversed", "space around"],
)
def test_a_document_may_be_written_anew_by_any_json_library(
    full: Mock, rewritten: Callable[[dict[str, Any]], bytes]
) -> None:
    document = full.state()
    full.control("POST", "/reset")
    full.restore(rewritten(json.loads(document)))
    assert full.state() == document


def test_a_record_as_deep_as_one_may_be_comes_back(mock: Mock) -> None:
    database = mock.new_database()
    data: dict[str, Any] = {}
    for _ in range(198):
        data = {"d": data}
    mock.put(database, "deep", **data)
    document = mock.state()
    mock.control("POST", "/reset")
    mock.restore(document)
    assert mock.state() == document
    assert mock.keys(database) == ["deep"]


def test_a_running_clock_runs_on(start: Callable[..., Mock]) -> None:
    mock = start()
    mock.control("PATCH", "/clock", {"frozen": False, "now": "2030-01-01T00:00:00Z"})
    document = mock.state()
    assert json.loads(document)["clock"]["frozen"] is False
    mock.control("PATCH", "/clock", {"frozen": True, "now": NOW})
    mock.restore(document)
    clock = mock.control("GET", "/clock")
    assert clock["frozen"] is False
    assert clock["now"] >= json.loads(document)["clock"]["now"]
    assert clock["now"][:16] == "2030-01-01T00:00"


def test_all_named_data_sets_come_back(mock: Mock) -> None:
    for name in ("empty", "small", "edge", "bi"):
        mock.control("POST", "/reset", {"data": name})
        document = mock.state()
        mock.control("POST", "/reset", {"data": "empty", "seed": 77})
        mock.restore(document)
        assert mock.state() == document


def test_what_a_snapshot_shares_with_its_sandbox_is_independent(server: Running, mock: Mock) -> None:
    database = mock.database["id"]
    sandbox = server.sandboxes.sandbox(mock.base.rpartition("~")[2])
    mock.put(database, "before", a=1)
    core = state_of(sandbox).database(database).records._core  # noqa: SLF001 - whether a copy was made shows nowhere else
    mock.state()
    mock.put(database, "after", a=1)
    assert state_of(sandbox).database(database).records._core is core  # noqa: SLF001
    assert {"before", "after"} <= set(mock.keys(database))
