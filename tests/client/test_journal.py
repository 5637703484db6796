from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dbcontract.mockserver.client import JournalEntry, MockClient, MockError


@pytest.fixture
def asked(mock: MockClient) -> MockClient:
    """A sandbox that was asked four things, an hour apart."""
    session = mock.session()
    database = mock.database("Customers").id
    records = f"{mock.pixiebrix_url}/databases/{database}/records/"
    session.get(records, params={"page_size": "3", "data__user email": "a b"})
    mock.clock.advance(hours=1)
    session.post(records, json={"id": "new", "data": {"name": "Ada"}})
    mock.clock.advance(hours=1)
    session.get(f"{mock.pixiebrix_url}/nowhere")
    mock.clock.advance(hours=1)
    session.post(f"{mock.pieces_url}/database/import", data=b"{")
    return mock


def test_entries_are_typed(asked: MockClient) -> None:
    entry = asked.requests()[1]
    assert isinstance(entry, JournalEntry)
    assert (entry.number, entry.method, entry.operation, entry.status) == (2, "POST", "createRecords", 201)
    assert entry.at == datetime(2026, 1, 31, 1, tzinfo=UTC)
    assert entry.path.endswith("/records/")
    assert entry.path.startswith("/api/databases/")
    assert entry.request.json() == {"id": "new", "data": {"name": "Ada"}}
    assert entry.request.size == len(entry.request.body)
    assert not entry.request.truncated
    assert entry.response.headers["content-type"].startswith("application/json")
    assert entry.response.json()["id"] == "new"
    assert entry.milliseconds > 0


def test_the_query_is_decoded(asked: MockClient) -> None:
    assert asked.requests()[0].params == {"page_size": ["3"], "data__user email": ["a b"]}
    assert asked.requests()[1].params == {}


def test_secrets_are_masked(asked: MockClient) -> None:
    assert asked.requests()[0].request.headers["authorization"] == "Token ***"


def test_long_bodies_are_cut(mock: MockClient) -> None:
    mock.session().post(f"{mock.pieces_url}/database/import", data=b"x" * 20_000)
    sent = mock.requests()[0].request
    assert (sent.size, len(sent.body), sent.truncated) == (20_000, 16_384, True)
    with pytest.raises(ValueError, match="Expecting value"):
        sent.json()


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [1, 2, 3, 4]),
        ({"operation": "listRecords"}, [1]),
        ({"operation": "unheardOf"}, []),
        ({"method": "post"}, [2, 4]),
        ({"path": "/records"}, [1, 2]),
        ({"status": 404}, [3]),
        ({"since": "2026-01-31T02:00:00Z"}, [3, 4]),
        ({"since": datetime(2026, 1, 31, 2, tzinfo=UTC) + timedelta(microseconds=1)}, [4]),
        ({"method": "POST", "status": 500}, [4]),
    ],
)
def test_filters(asked: MockClient, wanted: dict[str, str], numbers: list[int]) -> None:
    assert [entry.number for entry in asked.requests(**wanted)] == numbers  # type: ignore[arg-type]
    assert asked.count_requests(**wanted) == len(numbers)  # type: ignore[arg-type]


def test_only_the_latest(asked: MockClient) -> None:
    assert [entry.number for entry in asked.requests(limit=2)] == [3, 4]
    assert asked.requests(limit=0) == []
    assert [entry.number for entry in asked.requests(limit=1, method="GET")] == [3]


def test_forgetting(asked: MockClient) -> None:
    asked.clear_requests()
    assert asked.requests() == []
    assert asked.count_requests() == 0


def test_what_the_client_itself_asks_is_not_in_it(mock: MockClient) -> None:
    assert mock.database_ids
    assert mock.organization_id
    mock.snapshot()
    assert mock.requests() == []


def test_unknown_filters_are_refused(mock: MockClient) -> None:
    with pytest.raises(TypeError, match="operatoin"):
        mock.requests(operatoin="listRecords")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="limit"):
        mock.count_requests(limit=1)  # type: ignore[call-arg]
    with pytest.raises(MockError, match="since: Datetime has wrong format"):
        mock.requests(since="yesterday")
