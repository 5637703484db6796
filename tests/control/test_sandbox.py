"""Health, reset, and the list of databases."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbcontract import fixtures, openapi

from .mock import NOW, Mock


def test_health_tells_what_this_server_is(start: Callable[..., Mock]) -> None:
    mock = start(seed=7, data="edge")
    health = mock.control("GET", "/health")
    assert health["name"] == "dbcontract"
    assert health["status"] == "ok"
    assert (health["sandbox"], health["data"], health["seed"]) == ("", "edge", 7)
    assert health["apis"] == ["pieces", "pixiebrix"]
    assert {"clock", "inject", "second"} <= set(health["capabilities"])
    assert health["sandboxes"] == 0
    for organization in health["organizations"]:
        assert mock.api("GET", f"/organizations/{organization}/databases/").status_code == 200


def test_health_of_a_sandbox_names_it(start: Callable[..., Mock]) -> None:
    mock = start()
    inside = Mock(f"{mock.base}/~one").control("GET", "/health")
    assert (inside["sandbox"], inside["sandboxes"]) == ("one", 1)
    assert mock.control("GET", "/health")["sandbox"] == ""


@pytest.mark.parametrize(
    ("apis", "operation"), [({"pieces"}, "listRecords"), ({"pixiebrix"}, "exportDatabase")]
)
def test_only_what_is_served_can_have_faults(
    start: Callable[..., Mock], apis: set[str], operation: str
) -> None:
    mock = start(apis=frozenset(apis))
    assert mock.control("GET", "/health")["apis"] == sorted(apis)
    assert "operation" in mock.control("POST", "/faults", {"operation": operation, "status": 500}, 400)


def test_the_databases_of_all_organizations_are_listed(mock: Mock) -> None:
    mock.new_database("Mine")
    expected = [
        {
            "id": item["id"],
            "name": item["name"],
            "organization_id": organization,
            "type": item["type"],
            "records": item["num_records"],
        }
        for organization in mock.control("GET", "/health")["organizations"]
        for item in mock.api("GET", f"/organizations/{organization}/databases/").json()
    ]
    mock.control("DELETE", "/requests")
    found = mock.control("GET", "/databases")
    assert sorted(found, key=lambda item: item["id"]) == sorted(expected, key=lambda item: item["id"])
    assert mock.journal() == []


def change_everything(mock: Mock) -> None:
    """Make the sandbox differ from its start in every part."""
    database = mock.new_database()
    mock.put(database, "new", text="new")
    mock.new_job(database)
    mock.upload(mock.new_asset(database), b"content")
    assert mock.merge({**mock.export(), "values": {"iterable": [{"id": "x", "raw": [1]}]}}).status_code == 204
    mock.fault("listRecords", status=503)
    mock.control("PATCH", "/clock", {"now": "2025-01-01T00:00:00Z"})
    mock.control("PATCH", "/settings", {"record_limit": 1, "max_page_size": 2, "os_version": "1.0.0"})


def test_reset_puts_everything_back_to_the_start(mock: Mock) -> None:
    before = mock.state()
    change_everything(mock)
    assert mock.state() != before
    answer = mock.control("POST", "/reset", status=200)
    assert answer == mock.control("GET", "/health")
    assert mock.state() == before
    assert mock.journal() == []
    assert mock.control("GET", "/clock") == {"now": NOW, "frozen": True}


def test_after_a_reset_the_same_calls_give_the_same_ids(mock: Mock) -> None:
    first = mock.new_database()
    mock.control("POST", "/reset")
    assert mock.new_database() == first


def test_reset_to_another_data_set_and_back(mock: Mock) -> None:
    before = mock.state()
    answer = mock.control("POST", "/reset", {"data": "empty"}, 200)
    assert (answer["data"], answer["seed"]) == ("empty", 1)
    assert sum(database["records"] for database in mock.control("GET", "/databases")) == 0
    answer = mock.control("POST", "/reset", {"data": "small", "seed": 2}, 200)
    assert (answer["data"], answer["seed"]) == ("small", 2)
    assert mock.state() != before
    mock.control("POST", "/reset", {})
    assert mock.state() == before


def test_reset_of_one_sandbox_leaves_the_others_alone(sandbox: Callable[[], Mock]) -> None:
    one, other = sandbox(), sandbox()
    database = other.new_database()
    one.control("POST", "/reset", {"data": "empty"})
    assert other.keys(database) == []


MINE = {"format": "dbcontract-dataset/1", "name": "mine", "seed": None, "as_of": NOW}
ORGANIZATION = {"id": "11111111-2222-4333-8444-555555555555", "name": "Mine"}
LINES = [{"kind": "dataset", **MINE}, {"kind": "organization", **ORGANIZATION}]


@pytest.mark.parametrize("document", [LINES, {**MINE, "organizations": [ORGANIZATION]}])
def test_reset_to_a_document(mock: Mock, document: object) -> None:
    answer = mock.control("POST", "/reset", {"document": document, "seed": 5}, 200)
    assert (answer["data"], answer["seed"]) == ("mine", 5)
    assert answer["organizations"] == [ORGANIZATION["id"]]
    assert mock.control("POST", "/reset", status=200)["data"] == "small"


def test_a_new_sandbox_over_a_document(mock: Mock) -> None:
    name = f"over-{mock.base.rpartition('~')[2]}"
    assert mock.control("PUT", f"/sandboxes/{name}", {"document": LINES}, 201)["data"] == "mine"
    mock.control("DELETE", f"/sandboxes/{name}", status=204)


def test_over_http_no_file_is_opened_nor_told_of(mock: Mock, tmp_path: Path) -> None:
    there, missing, pipe = tmp_path / "there.json", tmp_path / "missing.json", tmp_path / "pipe"
    there.write_text(json.dumps({**MINE, "organizations": [ORGANIZATION]}))
    os.mkfifo(pipe)
    before = mock.state()
    told = set()
    for path in map(str, (there, missing, pipe, tmp_path, "/dev/zero", "/etc/passwd", "nul\0.json")):
        for method, place in (("POST", "/reset"), ("PUT", "/sandboxes/one")):
            (message,) = mock.control(method, place, {"data": path}, 400)["data"]
            told.add(message.replace(path, "PATH").replace(path[:80], "PATH"))
    assert len(told) == 1
    assert mock.state() == before


def test_the_file_of_the_start_can_be_begun_with_again(start: Callable[..., Mock], tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in LINES))
    mock = start(data=str(path))
    for order in ({}, {"data": str(path)}, {"data": "empty"}, {"data": str(path), "seed": 4}):
        mock.control("POST", "/reset", order, 200)
    assert mock.control("GET", "/health")["data"] == "mine"
    assert mock.control("GET", "/health")["seed"] == 4


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"data": "nothing of that name"}, "data"),
        ({"data": "missing/file.json"}, "data"),
        ({"data": ""}, "data"),
        ({"data": 1}, "data"),
        ({"data": None}, "data"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": "1"}, "seed"),
        ({"seed": 2**60}, "seed"),
        ({"dataset": "small"}, "dataset"),
        ({"data": "small", "extra": 1}, "extra"),
        ({"document": []}, "document"),
        ({"document": "text"}, "document"),
        ({"document": {}}, "document"),
        ({"document": {"format": "another"}}, "document"),
        ({"document": [{"kind": "dataset"}]}, "document"),
        ({"document": [*LINES, {"kind": "organization"}]}, "document"),
        ({"document": LINES, "data": "small"}, "document"),
    ],
)
def test_a_bad_reset_is_refused_by_field_and_changes_nothing(
    mock: Mock, order: dict[str, Any], field: str
) -> None:
    mock.new_database()
    before = mock.state()
    errors = mock.control("POST", "/reset", order, 400)
    assert list(errors) == [field]
    assert all(isinstance(message, str) and message for message in errors[field])
    assert mock.state() == before


def test_an_unknown_data_set_is_refused_with_the_list(mock: Mock) -> None:
    (message,) = mock.control("POST", "/reset", {"data": "tiny"}, 400)["data"]
    assert all(name in message for name in fixtures.names())


def test_a_faulty_document_is_refused_with_the_place(mock: Mock) -> None:
    (message,) = mock.control("POST", "/reset", {"document": [*LINES, {"kind": "record"}]}, 400)["document"]
    assert message.startswith("document: line 3")


def test_a_document_of_many_things_that_are_no_lines_is_refused_in_a_sentence(mock: Mock) -> None:
    """Wording what is wrong with each of them would keep the server busy for a minute."""
    (message,) = mock.control("POST", "/reset", {"document": [1] * 100_000}, 400)["document"]
    assert message == "document: this is neither JSON nor JSON Lines"


CALLS = [
    (method, path)
    for path, item in openapi.load("control")["paths"].items()
    for method, operation in item.items()
    if "requestBody" in operation
]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"1", b"null", b"\xff", b'{"a": NaN}'])
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_body_that_is_not_a_json_object_changes_nothing(
    mock: Mock, method: str, path: str, body: bytes
) -> None:
    before = mock.state()
    response = mock.send(method.upper(), f"/_mock{path}", data=body)
    assert response.status_code == 400, response.text
    assert response.json()
    assert mock.state() == before


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_bodies_are_json_whatever_their_type_says(mock: Mock, content_type: str | None) -> None:
    response = mock.send(
        "PATCH", "/_mock/settings", data=b'{"record_limit": 7}', headers={"Content-Type": content_type}
    )
    assert response.json()["record_limit"] == 7


def test_the_control_api_has_a_swagger_ui(mock: Mock) -> None:
    assert "swagger-ui" in mock.send("GET", "/_mock/ui/").text
    shown = mock.send("GET", "/_mock/openapi.json").json()
    assert set(shown["paths"]) == set(openapi.load("control")["paths"])


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/health/more", 404)])
def test_an_unknown_control_path(mock: Mock, path: str, status: int) -> None:
    assert mock.send("GET", f"/_mock{path}").status_code == status


def test_a_wrong_method_of_a_control_path(mock: Mock) -> None:
    response = mock.send("DELETE", "/_mock/state")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "PUT"}
