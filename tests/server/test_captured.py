"""An export as the vendor's server writes it: it loads, comes back byte for byte, moves, and rolls back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from dbcontract import fixtures
from dbcontract.fixtures.apis.pieces.exports import OPTIONAL, REQUIRED, VALUES
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import Running, ServerThread

COLLECTIONS = (*REQUIRED, *OPTIONAL)


@pytest.fixture(scope="module")
def captured() -> dict[str, Any]:
    export: Any = next(entry["export"] for entry in fixtures.build("captured") if entry["kind"] == "pieces")
    return dict(export)


@pytest.fixture
def server() -> Iterator[Running]:
    with ServerThread(Settings(port=0, data="captured", validate_responses=True)) as running:
        yield running


def export(url: str) -> dict[str, Any]:
    answer = requests.get(f"{url}/database/export", timeout=10)
    assert answer.status_code == 200
    exported: dict[str, Any] = answer.json()
    return exported


def send(url: str, document: object) -> requests.Response:
    return requests.post(f"{url}/database/import", json=document, timeout=10)


def test_it_comes_back_byte_for_byte(server: Running, captured: dict[str, Any]) -> None:
    exported = export(server.base_url)
    assert {name: exported[name] for name in COLLECTIONS} == {name: captured[name] for name in COLLECTIONS}
    assert {name: exported[name] for name in VALUES} == {name: captured[name] for name in VALUES}
    assert any(255 in captured[name] for name in COLLECTIONS)


def test_its_own_export_changes_nothing(server: Running) -> None:
    before = export(server.base_url)
    assert send(server.base_url, before).status_code == 204
    assert export(server.base_url) == before


def test_it_moves_to_an_empty_server(server: Running) -> None:
    exported = export(server.base_url)
    with ServerThread(Settings(port=0, data="empty")) as second:
        assert send(second.base_url, exported).status_code == 204
        assert export(second.base_url) == exported


def test_another_one_is_refused_by_name_and_rolled_back(server: Running) -> None:
    before = export(server.base_url)
    new = {"id": "new", "raw": [1]}
    other = {**before, "websites": [*before["websites"], 1], "values": {"iterable": [new]}}
    answer = send(server.base_url, other)
    assert answer.status_code == 500
    assert answer.text.startswith("websites: ")
    assert export(server.base_url) == before
