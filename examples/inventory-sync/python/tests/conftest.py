from __future__ import annotations

from collections.abc import Iterator

import pytest
from dbcontract.mockserver.client import MockClient

from inventory_sync import Inventory


@pytest.fixture
def database(dbcontract_mock: MockClient) -> str:
    """The id of a new, empty database."""
    mock = dbcontract_mock
    url = f"{mock.pixiebrix_url}/organizations/{mock.organization_id}/databases/"
    with mock.coverage.paused():  # the database is not what the client is tested with
        answer = mock.session().post(url, json={"name": "Stock"})
    answer.raise_for_status()
    mock.clear_requests()
    return str(answer.json()["id"])


@pytest.fixture
def inventory(dbcontract_mock: MockClient, database: str) -> Iterator[Inventory]:
    """A client of that database. When it waits, the mock's clock moves on, and no real time passes."""
    mock = dbcontract_mock
    inventory = Inventory(
        mock.pixiebrix_url,
        mock.token,
        mock.organization_id,
        database,
        wait=lambda seconds: mock.clock.advance(seconds=seconds),
    )
    yield inventory
    inventory.close()
