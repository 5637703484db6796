from __future__ import annotations

import json
from typing import Any

import pytest

from dbcontract.mockserver.client import MockClient, MockError, MockSettings


def keys(mock: MockClient, database: str) -> list[str]:
    answer = mock.session().get(f"{mock.pixiebrix_url}/databases/{database}/records/?page_size=1000")
    assert answer.status_code == 200
    return [record["id"] for record in answer.json()]


def write(mock: MockClient, database: str, key: str) -> None:
    url = f"{mock.pixiebrix_url}/databases/{database}/records/"
    assert mock.session().post(url, json={"id": key, "data": {}}).status_code == 201


def test_where_things_are(mock: MockClient) -> None:
    assert mock.pieces_url == mock.base_url
    assert mock.pixiebrix_url == f"{mock.base_url}/api"
    assert mock.urls == {"pieces": mock.pieces_url, "pixiebrix": mock.pixiebrix_url}
    assert mock.organization_id == mock.organization_ids[0]
    assert len(mock.organization_ids) == 2
    assert mock.database_ids == [database.id for database in mock.databases]
    customers = mock.database("Customers")
    assert (customers.type, customers.records) == ("Key-Value", 60)
    assert customers.organization_id == mock.organization_id
    assert min(keys(mock, customers.id)) == "customer-001"


def test_the_databases_are_those_of_now(mock: MockClient) -> None:
    unused = mock.database("Unused").id
    write(mock, unused, "one")
    assert mock.database("Unused").records == 1
    url = f"{mock.pixiebrix_url}/organizations/{mock.organization_ids[1]}/databases/"
    created = mock.session().post(url, json={"name": "Fresh"}).json()
    assert mock.database("Fresh").id == created["id"]


def test_a_database_that_is_not_there(mock: MockClient) -> None:
    with pytest.raises(LookupError, match=r'no database "Custmers"; there are: "Customers", "Sup'):
        mock.database("Custmers")
    mock.seed("empty")
    with pytest.raises(LookupError, match="there are: none"):
        mock.database("Customers")


def test_another_data_set(mock: MockClient) -> None:
    mock.settings(record_limit=7)
    mock.faults.add("exportDatabase", status=500)
    before = mock.database_ids
    mock.seed("edge", seed=5)
    assert (mock.health()["data"], mock.health()["seed"]) == ("edge", 5)
    assert mock.database_ids != before
    assert mock.faults.list() == []
    assert mock.settings().record_limit == 500_000
    mock.reset()
    assert (mock.health()["data"], mock.health()["seed"], mock.database_ids) == ("small", 1, before)
    mock.reset(seed=2)
    assert (mock.health()["data"], mock.health()["seed"]) == ("small", 2)


def test_the_same_data_set_twice_is_two_sandboxes(server: MockClient) -> None:
    with server.sandbox() as one, server.sandbox() as other:
        for mock in (one, other):
            mock.seed("small", seed=9)
        assert one.database_ids == other.database_ids
        database = one.database("Customers").id
        write(one, database, "only-here")
        assert "only-here" in keys(one, database)
        assert "only-here" not in keys(other, database)
        other.seed("small", seed=9)
        one.seed("small", seed=9)
        assert keys(one, database) == keys(other, database)


def test_an_unknown_data_set_is_refused_with_the_known_ones(mock: MockClient) -> None:
    with pytest.raises(MockError, match="choose one of empty, small, bi, captured, edge"):
        mock.seed("smal")
    assert mock.health()["data"] == "small"


def test_a_snapshot_brings_everything_back(mock: MockClient) -> None:
    database = mock.database("Customers").id
    fault = mock.faults.add("exportDatabase", status=500, times=3)
    mock.settings(record_limit=77, requests_per_minute=1000)
    mock.clock.advance(hours=5)
    snapshot = mock.snapshot()
    seen = (keys(mock, database), mock.settings(), mock.clock.now())
    mock.session().delete(f"{mock.pixiebrix_url}/databases/{database}/records/")
    mock.clock.advance(days=3)
    mock.faults.clear()
    mock.settings(record_limit=1)
    mock.restore(snapshot)
    assert (keys(mock, database), mock.settings(), mock.clock.now()) == seen
    assert mock.faults.list() == [fault]
    assert mock.snapshot() == snapshot


def test_a_snapshot_moves_to_another_sandbox_through_a_file(server: MockClient, mock: MockClient) -> None:
    database = mock.database("Customers").id
    write(mock, database, "carried \N{SNOWMAN}")
    text = json.dumps(mock.snapshot())
    with server.sandbox() as other:
        other.restore(json.loads(text))
        assert "carried \N{SNOWMAN}" in keys(other, database)


@pytest.mark.parametrize("document", [{}, {"format": "dbcontract-sandbox/99"}])
def test_what_is_not_a_snapshot_changes_nothing(mock: MockClient, document: Any) -> None:
    before = mock.snapshot()
    with pytest.raises(MockError):
        mock.restore(document)
    assert mock.snapshot() == before


def test_settings(mock: MockClient) -> None:
    before = mock.settings()
    assert before == MockSettings(
        record_limit=500_000, job_pace={"seconds": 2.0}, os_version=before.os_version,
        default_version="1.0", strict_bodies=False,
        migration=before.migration, default_page_size=100, max_page_size=1_000, max_records=10_000,
        requests_per_minute=None,
    )  # fmt: skip
    after = mock.settings(record_limit=0, os_version="12.3.4", migration=0, default_page_size=2)
    assert (after.record_limit, after.os_version, after.migration) == (0, "12.3.4", 0)
    assert after.default_page_size == 2
    assert after == mock.settings()
    assert len(mock.session().get(
        f"{mock.pixiebrix_url}/databases/{mock.database('Customers').id}/records/",
        headers={"Accept": "application/json; version=2.0"},
    ).json()) == 2  # fmt: skip


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("immediate", {"seconds": 0}),
        (3, {"seconds": 3}),
        (0.5, {"seconds": 0.5}),
        (0, {"seconds": 0}),
        ({"seconds": 4}, {"seconds": 4}),
        ({"polls": 2}, {"polls": 2}),
    ],
)
def test_the_pace_of_jobs(mock: MockClient, given: Any, shown: dict[str, float]) -> None:
    assert mock.settings(job_pace=given).job_pace == shown


def test_no_limit_is_a_limit_that_can_be_chosen(mock: MockClient) -> None:
    assert mock.settings(requests_per_minute=5).requests_per_minute == 5
    assert mock.settings(record_limit=5).requests_per_minute == 5
    assert mock.settings(requests_per_minute=None).requests_per_minute is None


def test_settings_that_cannot_be(mock: MockClient) -> None:
    before = mock.settings()
    with pytest.raises(MockError, match="record_limit"):
        mock.settings(record_limit=-1, max_records=5)
    with pytest.raises(MockError, match="is not a semantic version"):
        mock.settings(os_version="new", max_records=5)
    with pytest.raises(TypeError, match="recordlimit"):
        mock.settings(recordlimit=5)  # type: ignore[call-arg]
    assert mock.settings() == before


def test_tokens(mock: MockClient) -> None:
    path = f"{mock.pixiebrix_url}/databases/{mock.database('Customers').id}/records/"

    def status() -> int:
        return mock.session().get(path).status_code

    mock.settings(tokens=["another", "one-more:read-only"])
    assert status() == 401
    mock.settings(record_limit=5)
    assert status() == 401
    mock.settings(tokens=None)
    assert status() == 200
