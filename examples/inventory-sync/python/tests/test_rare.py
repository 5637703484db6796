"""What the report of coverage said was never met: the service refuses, or has nothing."""

from __future__ import annotations

import pytest
import requests
from dbcontract.mockserver.client import MockClient

from inventory_sync import Inventory


def test_a_new_list_is_empty(inventory: Inventory) -> None:
    assert inventory.read() == {}


def test_a_token_that_was_withdrawn_is_told(dbcontract_mock: MockClient, inventory: Inventory) -> None:
    dbcontract_mock.settings(tokens=["another-token"])
    with pytest.raises(requests.HTTPError, match="401"):
        inventory.read()


def test_a_token_that_may_only_read_writes_nothing(dbcontract_mock: MockClient, inventory: Inventory) -> None:
    mock = dbcontract_mock
    mock.settings(tokens=[f"{mock.token}:read-only"])
    with pytest.raises(requests.HTTPError, match="403"):
        inventory.write({"bolt": 5})
    assert inventory.read() == {}


@pytest.mark.parametrize("status", [403, 404, 406])
def test_a_list_that_is_refused_is_told(
    dbcontract_mock: MockClient, inventory: Inventory, status: int
) -> None:
    dbcontract_mock.faults.add("listRecords", status=status, times=1)
    with pytest.raises(requests.HTTPError, match=str(status)):
        inventory.read()


@pytest.mark.parametrize("status", [400, 403])
def test_an_export_that_is_refused_is_told(
    dbcontract_mock: MockClient, inventory: Inventory, status: int
) -> None:
    dbcontract_mock.faults.add("createExportJob", status=status, times=1)
    with pytest.raises(requests.HTTPError, match=str(status)):
        inventory.export()
