from __future__ import annotations

import pytest
import requests
from dbcontract.mockserver.client import MockClient

from inventory_sync import Changes, Inventory, sync


def test_only_what_differs_is_written(dbcontract_mock: MockClient, inventory: Inventory) -> None:
    inventory.write({"bolt": 5, "nut": 7, "screw": 9})
    dbcontract_mock.clear_requests()
    assert sync({"bolt": 5, "nut": 8, "hinge": 1}, inventory) == Changes(["hinge", "nut"], ["screw"])
    assert inventory.read() == {"bolt": 5, "nut": 8, "hinge": 1}
    (write,) = dbcontract_mock.requests(operation="createRecords")
    assert [record["id"] for record in write.request.json()] == ["nut", "hinge"]
    assert dbcontract_mock.count_requests(operation="deleteRecord") == 1


def test_equal_lists_cost_one_request(dbcontract_mock: MockClient, inventory: Inventory) -> None:
    inventory.write({"bolt": 5})
    dbcontract_mock.clear_requests()
    assert sync({"bolt": 5}, inventory) == Changes([], [])
    assert [entry.operation for entry in dbcontract_mock.requests()] == ["listRecords"]


def test_a_sync_that_broke_off_goes_on_where_it_was(
    dbcontract_mock: MockClient, inventory: Inventory
) -> None:
    inventory.write({"bolt": 5})
    dbcontract_mock.faults.add("deleteRecord", connection="drop", times=1)
    with pytest.raises(requests.ConnectionError):
        sync({"nut": 7}, inventory)
    assert inventory.read() == {"bolt": 5, "nut": 7}
    assert sync({"nut": 7}, inventory) == Changes([], ["bolt"])
    assert inventory.read() == {"nut": 7}
