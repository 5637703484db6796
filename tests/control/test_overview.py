"""What the control API tells of a sandbox to those who look at it, and the requests as they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from .mock import Mock, Running, ServerThread, settings

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


@pytest.fixture
def overview(mock: Mock) -> dict[str, Any]:
    found: dict[str, Any] = mock.send("GET", "/_mock/overview").json()
    return found


def upload(mock: Mock, content_type: str, content: bytes) -> str:
    database = next(
        one["id"] for one in mock.send("GET", "/_mock/databases").json() if one["type"] == "Asset"
    )
    url = f"{mock.pixiebrix}/databases/{database}/assets/"
    headers = {**mock.authorization, "Accept": "application/json; version=2.0"}
    created = requests.post(url, json={"filename": "a.bin"}, headers=headers, timeout=10).json()
    sent = requests.post(
        created["upload_url"],
        data={**created["fields"], "Content-Type": content_type},
        files={"file": ("a.bin", content, content_type)},
        timeout=10,
    )
    assert sent.status_code == 204, sent.text
    return str(created["asset"]["id"])


def test_the_overview_counts_what_the_state_holds(mock: Mock, overview: dict[str, Any]) -> None:
    state = mock.send("GET", "/_mock/state").json()
    assert overview["clock"] == mock.send("GET", "/_mock/clock").json()
    assert overview["next_midnight"] > overview["clock"]["now"]
    assert overview["databases"] == mock.send("GET", "/_mock/databases").json()
    export = mock.send("GET", "/database/export").json()
    assert overview["contents"] == []  # all has a list of its own
    assert overview["pieces"]["version"] == export["version"]
    assert overview["pieces"]["collections"]["values"] == len(export["values"]["iterable"])
    assert overview["jobs"]["count"] == len(overview["jobs"]["latest"]) > 0
    assert str(state).count("'media_type'") == overview["jobs"]["count"]


def test_a_job_progresses_with_the_clock(mock: Mock) -> None:
    mock.send("PATCH", "/_mock/settings", json={"job_pace": {"seconds": 100}})
    database = mock.send("GET", "/_mock/databases").json()[0]["id"]
    order = {"name": "slow", "databases": [database]}
    url = f"{mock.pixiebrix}/databases/records/jobs/"
    assert requests.post(url, json=order, headers=mock.authorization, timeout=10).status_code == 201
    for seconds, status, progress in ((0, "STARTED", 0.0), (25, "STARTED", 0.25), (75, "SUCCESS", 1.0)):
        mock.send("POST", "/_mock/clock/advance", json={"seconds": seconds})
        job = mock.send("GET", "/_mock/overview").json()["jobs"]["latest"][0]
        assert (job["name"], job["status"], job["progress"]) == ("slow", status, progress)


def test_records_are_shown_page_by_page(mock: Mock) -> None:
    database = mock.send("GET", "/_mock/databases").json()[0]
    path = f"/_mock/databases/{database['id']}/records"
    shown = [
        *mock.send("GET", f"{path}?limit=40").json(),
        *mock.send("GET", f"{path}?offset=40&limit=1000").json(),
    ]
    assert len({record["id"] for record in shown}) == database["records"]
    assert shown == sorted(shown, key=lambda record: record["created_at"])
    assert mock.send("GET", f"{path}?limit=1001").status_code == 400
    assert mock.send("GET", "/_mock/databases/nowhere/records").status_code == 404


def test_looking_leaves_no_trace_in_the_journal(mock: Mock) -> None:
    for path in ("overview", "databases", "requests/count"):
        mock.send("GET", f"/_mock/{path}")
    assert mock.send("GET", "/_mock/requests").json() == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("image/png", "image/png"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("application/xhtml+xml", "application/octet-stream"),
    ],
)
def test_an_upload_is_shown_as_nothing_that_a_browser_would_run(mock: Mock, sent: str, shown: str) -> None:
    asset = upload(mock, sent, PNG)
    answer = mock.send("GET", f"/_mock/assets/{asset}/content")
    assert answer.content == PNG
    assert answer.headers["Content-Type"] == shown
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    (listed,) = [
        one for one in mock.send("GET", "/_mock/overview").json()["assets"]["latest"] if one["id"] == asset
    ]
    assert (listed["is_uploaded"], listed["size"]) == (False, len(PNG))


def test_an_upload_that_is_not_there_is_not_found(mock: Mock) -> None:
    assert mock.send("GET", "/_mock/assets/nothing/content").status_code == 404


def events(answer: requests.Response) -> Iterator[dict[str, Any]]:
    name = ""
    for line in answer.iter_lines(chunk_size=1):
        if line.startswith(b"event: "):
            name = line[7:].decode()
        if line.startswith(b"data: "):
            assert name == "request"
            yield json.loads(line[6:])


def test_requests_are_told_as_they_come(mock: Mock) -> None:
    mock.send("GET", "/database/export")
    url = f"{mock.base}/_mock/requests/events"
    with requests.get(url, stream=True, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        coming = events(answer)
        first = next(coming)
        assert (first["number"], first["operation"]) == (1, "exportDatabase")
        mock.send("POST", "/database/import", headers={"Prefer": "code=505"})
        second = next(coming)
        assert (second["number"], second["status"]) == (2, 505)
    assert [first, second] == mock.send("GET", "/_mock/requests").json()


def test_a_server_that_stops_ends_the_stream_and_says_nothing() -> None:
    running: Running
    with ServerThread(settings()) as running:
        answer = requests.get(f"{running.base_url}/_mock/requests/events", stream=True, timeout=10)
        assert answer.status_code == 200
    assert list(events(answer)) == []  # to its end, without an error, and nothing is logged: see conftest


def test_a_client_goes_on_after_the_last_request_that_it_saw(mock: Mock) -> None:
    for _ in range(3):
        mock.send("GET", "/database/export")
    url = f"{mock.base}/_mock/requests/events"
    with requests.get(f"{url}?after=1", stream=True, timeout=10) as answer:
        assert next(events(answer))["number"] == 2
    with requests.get(url, headers={"Last-Event-ID": "2"}, stream=True, timeout=10) as answer:
        assert next(events(answer))["number"] == 3
