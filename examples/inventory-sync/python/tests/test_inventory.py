from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest
import requests
from dbcontract.mockserver.client import MockClient

from inventory_sync import ExportFailed, Inventory


def test_a_long_list_is_read_page_by_page(dbcontract_mock: MockClient, inventory: Inventory) -> None:
    stock = {f"article-{n:03}": n for n in range(250)}
    inventory.write(stock)
    assert inventory.read() == stock
    assert dbcontract_mock.count_requests(operation="listRecords") == 3


def test_a_request_limit_is_waited_for(dbcontract_mock: MockClient, inventory: Inventory) -> None:
    mock = dbcontract_mock
    inventory.write({f"article-{n:03}": n for n in range(250)})
    began = mock.clock.now()
    mock.settings(requests_per_minute=2)
    assert len(inventory.read()) == 250
    assert [entry.status for entry in mock.requests(operation="listRecords")] == [200, 200, 429, 200]
    assert mock.clock.now() - began <= timedelta(minutes=1)


@pytest.mark.parametrize("connection", ["drop", "truncate"])
def test_a_connection_that_breaks_while_reading_is_tried_again(
    dbcontract_mock: MockClient, inventory: Inventory, connection: Literal["drop", "truncate"]
) -> None:
    inventory.write({"bolt": 5})
    dbcontract_mock.faults.add("listRecords", connection=connection, times=2)
    assert inventory.read() == {"bolt": 5}


def test_a_write_is_not_tried_again(dbcontract_mock: MockClient, inventory: Inventory) -> None:
    dbcontract_mock.faults.add("createRecords", connection="drop", times=1)
    with pytest.raises(requests.ConnectionError):
        inventory.write({"bolt": 5})
    assert dbcontract_mock.count_requests(operation="createRecords") == 1


def test_an_export_is_waited_for(dbcontract_mock: MockClient, inventory: Inventory) -> None:
    dbcontract_mock.settings(job_pace=90)
    inventory.write({"bolt": 5, "nut": 7})
    began = dbcontract_mock.clock.now()
    rows = inventory.export()
    assert {row["id"]: row["data.pieces"] for row in rows} == {"bolt": "5", "nut": "7"}
    assert dbcontract_mock.clock.now() - began >= timedelta(seconds=90)


def test_an_export_that_fails_says_why(dbcontract_mock: MockClient, inventory: Inventory) -> None:
    dbcontract_mock.faults.add("createExportJob", inside={"error_message": "Too many rows."})
    with pytest.raises(ExportFailed, match="Too many rows"):
        inventory.export()


def test_a_link_that_expired_meanwhile_is_asked_for_again(
    dbcontract_mock: MockClient, inventory: Inventory
) -> None:
    clock = dbcontract_mock.clock
    clock.freeze(at="2026-03-02T09:00:00Z")
    inventory.write({"bolt": 5, "nut": 7})
    clock.advance(days=1)
    inventory.write({"bolt": 4})
    clock.advance_to_next_midnight()
    read = []
    for archive in inventory.archived():
        read.append(archive)
        clock.advance(hours=2)
    assert read == [("2026-03-03", {"bolt": 4}), ("2026-03-02", {"bolt": 5, "nut": 7})]
    assert dbcontract_mock.count_requests(operation="downloadObject", status=403) == 1


def test_old_dates_leave_the_list_when_it_is_full(dbcontract_mock: MockClient, inventory: Inventory) -> None:
    dbcontract_mock.settings(record_limit=2)
    inventory.write({"bolt": 5, "nut": 7})
    dbcontract_mock.clock.advance_to_next_midnight()
    inventory.write({"screw": 9})
    dbcontract_mock.clock.advance_to_next_midnight()
    assert inventory.read() == {"screw": 9}
