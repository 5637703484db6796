"""Faults that strike in the middle of an operation, faults of the storage, and orders that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from dbcontract import openapi

from .mock import Mock

OPERATIONS = [
    operation["operationId"]
    for api in ("pieces", "pixiebrix")
    for item in openapi.load(api)["paths"].values()
    for operation in item.values()
    if isinstance(operation, dict)
]
STORAGE = ["downloadObject", "uploadObject"]


def batch(mock: Mock, marker: str, size: int = 3) -> dict[str, Any]:
    """An export with `size` entries in each of three collections, all of one marker."""
    entries = [{"id": f"{marker}-{number}", "marker": marker} for number in range(size)]
    packed = list(json.dumps(entries).encode())
    formats = {"iterable": [{"id": entry["id"], "raw": list(marker.encode())} for entry in entries]}
    document = {**mock.export(), **dict.fromkeys(("assets", "tags"), packed), "values": formats}
    kept = {"assets", "tags", "values", "version", "schema"}
    return {
        name: value if name in kept else {"iterable": []} if isinstance(value, dict) else []
        for name, value in document.items()
    }


# An import that fails after K entries


@pytest.mark.parametrize("after", [0, 1, 3, 4, 8, 9])
def test_an_import_that_fails_inside_leaves_nothing_behind(mock: Mock, after: int) -> None:
    before = mock.send("GET", "/database/export").content
    mock.fault("importDatabase", inside={"after": after}, times=1)
    response = mock.merge(batch(mock, "m"))
    assert response.status_code == 500
    assert response.headers["Content-Type"].startswith("text/plain")
    assert f" {after} " in response.text
    assert mock.send("GET", "/database/export").content == before
    assert mock.merge(batch(mock, "m")).status_code == 204
    assert mock.send("GET", "/database/export").content.count(b'"m-1"') == 1


def test_an_import_that_ends_before_it_fails_is_not_struck(mock: Mock) -> None:
    made = mock.fault("importDatabase", inside={"after": 10}, times=1)
    assert mock.merge(batch(mock, "m")).status_code == 204
    assert mock.control("GET", "/faults") == [made]
    assert mock.merge(batch(mock, "m", 4)).status_code == 500
    assert mock.control("GET", "/faults") == []


@pytest.mark.parametrize("bad", ["malformed", "newer", "absent"])
def test_an_import_that_never_merges_uses_no_fault_up(mock: Mock, bad: str) -> None:
    made = mock.fault("importDatabase", inside={"after": 0}, times=1)
    document = batch(mock, "m")
    if bad == "absent":
        assert mock.send("POST", "/database/import").status_code == 204
    else:
        change = {"version": "99.0.0"} if bad == "newer" else {"tags": "x"}
        assert mock.merge({**document, **change}).status_code == (505 if bad == "newer" else 500)
    assert mock.control("GET", "/faults") == [made]
    assert mock.merge(document).status_code == 500


# A job that fails


def test_a_job_that_fails_says_why(mock: Mock) -> None:
    database = mock.new_database()
    mock.fault("createExportJob", inside={"error_message": "The disk is full."}, times=1)
    failing, working = mock.new_job(database), mock.new_job(database)
    assert mock.job(failing)["status"] == "STARTED"
    mock.control("POST", "/clock/advance", {"seconds": 2})
    job = mock.job(failing)
    assert (job["status"], job["data"], job["error_message"]) == ("FAILURE", None, "The disk is full.")
    job = mock.job(working)
    assert (job["status"], job["error_message"]) == ("SUCCESS", None)


def test_a_job_that_is_refused_uses_no_fault_up(mock: Mock) -> None:
    made = mock.fault("createExportJob", inside={"error_message": "x"}, times=1)
    assert mock.api("POST", "/databases/records/jobs/", json={"name": ""}).status_code == 400
    assert mock.control("GET", "/faults") == [made]


def test_a_job_fails_in_the_pace_of_jobs(mock: Mock) -> None:
    mock.control("PATCH", "/settings", {"job_pace": {"polls": 2}})
    mock.fault("createExportJob", inside={"error_message": "x"})
    job = mock.new_job(mock.new_database())
    assert [mock.job(job)["status"] for _ in range(3)] == ["STARTED", "STARTED", "FAILURE"]


# The storage


def links(mock: Mock) -> dict[str, str]:
    """A link of each kind that storage serves."""
    database = mock.new_database()
    mock.put(database, "k", a=1)
    created = mock.new_asset(database)
    assert mock.upload(created, b"content").status_code == 204
    path = f"/databases/{database}/assets/{created['asset']['id']}/"
    assert mock.api("PATCH", path, json={"is_uploaded": True}).status_code == 200
    job = mock.new_job(database)
    mock.control("POST", "/clock/advance", {"to": "next-midnight"})
    return {
        "asset": mock.api("GET", path).headers["Location"],
        "job": mock.job(job)["data"],
        "archive": mock.archives(database)[0]["file"],
    }


@pytest.mark.parametrize("kind", ["asset", "job", "archive"])
@pytest.mark.parametrize(
    ("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied")]
)
def test_a_download_that_fails(mock: Mock, kind: str, status: int, code: str) -> None:
    link = links(mock)[kind]
    mock.fault("downloadObject", status=status, times=1)
    response = mock.send("GET", link)
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("application/xml")
    assert f"<Code>{code}</Code>" in response.text
    assert mock.send("GET", link).status_code == 200


@pytest.mark.parametrize("kind", ["asset", "job", "archive"])
def test_a_download_that_breaks_off(mock: Mock, kind: str) -> None:
    link = links(mock)[kind]
    mock.fault("downloadObject", connection="truncate", times=1)
    with pytest.raises(requests.RequestException):
        mock.send("GET", link)
    assert mock.send("GET", link).status_code == 200


def test_an_upload_that_fails_stores_nothing(mock: Mock) -> None:
    created = mock.new_asset(mock.new_database())
    before = json.loads(mock.state())["objects"]
    mock.fault("uploadObject", status=503, times=1)
    assert mock.upload(created, b"content").status_code == 503
    assert json.loads(mock.state())["objects"] == before
    assert mock.upload(created, b"content").status_code == 204
    assert json.loads(mock.state())["objects"] != before


def test_a_fault_of_storage_with_a_body_and_headers(mock: Mock) -> None:
    link = links(mock)["asset"]
    mock.fault("downloadObject", status=302, body="elsewhere", headers={"Location": "https://cdn.example/x"})
    response = mock.send("GET", link)
    assert (response.status_code, response.text) == (302, "elsewhere")
    assert response.headers["Location"] == "https://cdn.example/x"


# What cannot be ordered


@pytest.mark.parametrize("operation", [*OPERATIONS, *STORAGE])
def test_every_operation_can_be_struck(mock: Mock, operation: str) -> None:
    assert mock.fault(operation, status=503)["operation"] == operation


@pytest.mark.parametrize("operation", ["noSuchOperation", "", "getClock", "importdatabase"])
def test_an_unknown_operation_is_refused_with_the_list(mock: Mock, operation: str) -> None:
    errors = mock.control("POST", "/faults", {"operation": operation, "status": 500}, 400)
    assert list(errors) == ["operation"]
    (message,) = errors["operation"]
    assert all(name in message for name in [*OPERATIONS, *STORAGE])


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({}, "status"),
    ({"times": 1}, "status"),
    ({"status": 99}, "status"),
    ({"status": 100}, "status"),
    ({"status": 600}, "status"),
    ({"status": "505"}, "status"),
    ({"status": 505.5}, "status"),
    ({"status": None}, "status"),
    ({"status": 500, "connection": "drop"}, "connection"),
    ({"status": 500, "inside": {"after": 1}}, "inside"),
    ({"connection": "drop", "inside": {"after": 1}}, "inside"),
    ({"connection": "explode"}, "connection"),
    ({"inside": {}}, "inside"),
    ({"inside": {"after": -1}}, "inside"),
    ({"inside": {"after": "3"}}, "inside"),
    ({"inside": {"after": 1, "error_message": "x"}}, "inside"),
    ({"inside": {"error_message": ""}}, "inside"),
    ({"inside": {"error_message": "x"}}, "inside"),  # of an import
    ({"inside": 3}, "inside"),
    ({"delay": -1}, "delay"),
    ({"delay": 61}, "delay"),
    ({"delay": "1"}, "delay"),
    ({"delay": {"min": 1}}, "delay"),
    ({"delay": {"min": 2, "max": 1}}, "delay"),
    ({"delay": {"min": 0, "max": 1, "mean": 1}}, "delay"),
    ({"body": "x"}, "body"),
    ({"delay": 0, "body": "x"}, "body"),
    ({"status": 204, "body": "x"}, "body"),
    ({"delay": 0, "headers": {"A": "b"}}, "headers"),
    ({"status": 500, "headers": {"A": 1}}, "headers"),
    ({"status": 500, "headers": {"a b": "x"}}, "headers"),
    ({"status": 500, "headers": {"": "x"}}, "headers"),
    ({"status": 500, "headers": {"a": "x\r\ny: z"}}, "headers"),
    ({"status": 500, "headers": {"a": "ü"}}, "headers"),
    ({"status": 500, "headers": {"Content-length": "3"}}, "headers"),
    ({"status": 500, "headers": {"transfer-Encoding": "chunked"}}, "headers"),
    ({"status": 500, "times": 0}, "times"),
    ({"status": 500, "times": 1.5}, "times"),
    ({"status": 500, "probability": 1.1}, "probability"),
    ({"status": 500, "probability": -0.1}, "probability"),
    ({"status": 500, "probability": "1"}, "probability"),
    ({"status": 500, "id": "mine"}, "id"),
]


@pytest.mark.parametrize(("order", "field"), IMPOSSIBLE, ids=lambda part: str(part)[:60])
def test_an_impossible_fault_is_refused_by_field(mock: Mock, order: dict[str, Any], field: str) -> None:
    before = mock.state()
    errors = mock.control("POST", "/faults", {"operation": "importDatabase", **order}, 400)
    assert mock.state() == before  # no id is used up either
    assert field in errors
    assert mock.control("GET", "/faults") == []
    assert mock.merge(mock.export()).status_code == 204


@pytest.mark.parametrize(
    ("operation", "inside"),
    [
        ("createExportJob", {"after": 1}),
        ("getExportJob", {"error_message": "x"}),
        ("exportDatabase", {"after": 1}),
        ("uploadObject", {"after": 1}),
    ],
)
def test_what_fails_inside_is_told_where_it_is_possible(
    mock: Mock, operation: str, inside: dict[str, Any]
) -> None:
    errors = mock.control("POST", "/faults", {"operation": operation, "inside": inside}, 400)
    (message,) = errors["inside"]
    assert ("importDatabase" if "after" in inside else "createExportJob") in message


def test_an_order_needs_an_operation(mock: Mock) -> None:
    assert list(mock.control("POST", "/faults", {"status": 500}, 400)) == ["operation"]
