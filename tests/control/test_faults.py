"""Faults that answer in place of an operation, late, or not to the end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from .mock import Mock


def listing(mock: Mock) -> str:
    return f"/organizations/{mock.organization}/databases/"


def test_an_ordered_fault_is_shown_and_taken_back(mock: Mock) -> None:
    assert mock.control("GET", "/faults") == []
    first = mock.fault("importDatabase", status=505, times=2)
    assert first == {
        "id": first["id"],
        "operation": "importDatabase",
        "status": 505,
        "times": 2,
        "probability": 1.0,
        "left": 2,
    }
    second = mock.fault("listRecords", delay=0)
    assert mock.control("GET", "/faults") == [first, second]
    mock.control("DELETE", f"/faults/{first['id']}", status=204)
    assert mock.control("GET", "/faults") == [second]
    mock.control("DELETE", f"/faults/{first['id']}", status=404)
    mock.control("DELETE", "/faults", status=204)
    assert mock.control("GET", "/faults") == []
    assert mock.merge(mock.export()).status_code == 204


def test_no_two_faults_have_one_id(mock: Mock) -> None:
    mock.control("DELETE", f"/faults/{mock.fault('listRecords', status=500)['id']}")
    document = mock.state()
    first = mock.fault("listRecords", status=500)
    mock.restore(document)
    mock.fault("listRecords", status=500)
    second = mock.fault("listRecords", status=500)
    assert first["id"] != second["id"]
    assert len(mock.control("GET", "/faults")) == 2


@pytest.mark.parametrize("status", [500, 505])
def test_a_documented_status_comes_with_the_documented_example(mock: Mock, status: int) -> None:
    mock.fault("importDatabase", status=status)
    before = mock.export()
    response = mock.merge({**before, "values": {"iterable": [{"id": "x", "raw": [1]}]}})
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.text.strip()
    assert mock.export() == before


def test_a_documented_error_of_pixiebrix(mock: Mock) -> None:
    path = listing(mock)
    mock.fault("listDatabases", status=404)
    response = mock.api("GET", path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/json; version=2.0"
    assert list(response.json()) == ["detail"]


def test_a_success_that_did_not_happen(mock: Mock) -> None:
    mock.fault("createDatabase", status=201)
    before = len(mock.api("GET", listing(mock)).json())
    response = mock.api("POST", listing(mock), json={"name": "not made"})
    assert response.status_code == 201
    assert {"id", "name"} <= response.json().keys()
    assert len(mock.api("GET", listing(mock)).json()) == before


@pytest.mark.parametrize("status", [200, 299, 418, 429, 502, 503, 599])
def test_a_status_that_is_not_documented(mock: Mock, status: int) -> None:
    mock.fault("importDatabase", status=status)
    mock.fault("listDatabases", status=status)
    response = mock.merge({})
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.text.strip()
    response = mock.api("GET", listing(mock))
    assert response.status_code == status
    assert response.json()


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_a_body(mock: Mock, status: int) -> None:
    mock.fault("listDatabases", status=status)
    response = mock.api("GET", listing(mock))
    assert (response.status_code, response.content) == (status, b"")
    assert mock.api("GET", listing(mock)).status_code == status  # the connection is still usable


@pytest.mark.parametrize(
    ("body", "media_type", "content"),
    [
        ("sorry\n", "text/plain", b"sorry\n"),
        ("", "text/plain", b""),
        ({"why": ["ü", 1.5, None]}, "application/json", b'{"why":["\xc3\xbc",1.5,null]}'),
        ([], "application/json", b"[]"),
        (0, "application/json", b"0"),
        (False, "application/json", b"false"),
    ],
)
@pytest.mark.parametrize("operation", ["importDatabase", "listDatabases"])
def test_a_body_of_the_users_own(
    mock: Mock, operation: str, body: Any, media_type: str, content: bytes
) -> None:
    path = listing(mock)
    mock.fault(operation, status=500, body=body)
    response = mock.merge({}) if operation == "importDatabase" else mock.api("GET", path)
    assert (response.status_code, response.content) == (500, content)
    assert response.headers["Content-Type"].partition(";")[0] == media_type


def test_headers_of_the_users_own(mock: Mock) -> None:
    path = listing(mock)
    headers = {"Retry-After": "120", "CONTENT-TYPE": "application/problem+json", "x-empty": ""}
    mock.fault("listDatabases", status=503, body={"type": "x"}, headers=headers)
    response = mock.api("GET", path)
    assert response.headers["Retry-After"] == "120"
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Empty"] == ""
    assert response.json() == {"type": "x"}


def test_a_fault_strikes_whatever_the_request(mock: Mock) -> None:
    path = listing(mock)
    mock.fault("listDatabases", status=503)
    mock.fault("getRecord", status=503)
    assert mock.api("GET", path).status_code == 503
    assert mock.send("GET", f"/api{path}").status_code == 503  # no token
    assert mock.api("GET", path, headers={"Accept": "text/html"}).status_code == 503
    assert mock.api("GET", path.rstrip("/")).status_code == 503
    assert mock.api("HEAD", path).status_code == 503
    assert mock.api("GET", f"/databases/{mock.database['id']}/records/a%2Fb/").status_code == 503
    assert mock.api("POST", path, json={"name": "x"}).status_code == 201  # another operation


def test_faults_of_one_sandbox_do_not_strike_another(sandbox: Callable[[], Mock]) -> None:
    one, other = sandbox(), sandbox()
    one.fault("exportDatabase", status=500)
    assert other.control("GET", "/faults") == []
    assert other.send("GET", "/database/export").status_code == 200
    assert one.send("GET", "/database/export").status_code == 500


def test_the_control_api_goes_on_working(mock: Mock) -> None:
    for operation in ("exportDatabase", "importDatabase", "listDatabases"):
        mock.fault(operation, connection="drop")
    assert len(mock.control("GET", "/faults")) == 3


# How often


def test_times(mock: Mock) -> None:
    made = mock.fault("exportDatabase", status=500, times=2)
    seen = []
    for _ in range(3):
        status = mock.send("GET", "/database/export").status_code
        seen.append((status, [item["left"] for item in mock.control("GET", "/faults")]))
    assert seen == [(500, [1]), (500, []), (200, [])]
    mock.control("DELETE", f"/faults/{made['id']}", status=404)


def test_one_after_the_other_in_the_order_of_ordering(mock: Mock) -> None:
    mock.fault("exportDatabase", status=502, times=1)
    mock.fault("exportDatabase", status=503, times=2)
    mock.fault("exportDatabase", status=504)
    seen = [mock.send("GET", "/database/export").status_code for _ in range(5)]
    assert seen == [502, 503, 503, 504, 504]


def outcomes(mock: Mock, count: int = 60) -> list[int]:
    return [mock.send("GET", "/database/export").status_code for _ in range(count)]


def test_probability_is_drawn_anew_each_time_and_repeats_with_the_seed(mock: Mock) -> None:
    mock.fault("exportDatabase", status=503, probability=0.3)
    first = outcomes(mock)
    assert 5 <= first.count(503) <= 35
    second = outcomes(mock)
    assert second != first
    mock.control("POST", "/reset")
    mock.fault("exportDatabase", status=503, probability=0.3)
    assert outcomes(mock) == first
    mock.control("POST", "/reset", {"seed": 2})
    mock.fault("exportDatabase", status=503, probability=0.3)
    assert outcomes(mock) != first


@pytest.mark.parametrize(("probability", "status"), [(0, 200), (1, 503)])
def test_never_and_always(mock: Mock, probability: float, status: int) -> None:
    mock.fault("exportDatabase", status=503, probability=probability, times=1000)
    assert set(outcomes(mock, 20)) == {status}


def test_what_did_not_strike_is_not_used_up(mock: Mock) -> None:
    mock.fault("exportDatabase", status=503, probability=0.5, times=5)
    assert outcomes(mock).count(503) == 5


# Late


def seconds(mock: Mock) -> float:
    began = time.perf_counter()
    assert mock.send("GET", "/database/export").status_code == 200
    return time.perf_counter() - began


@pytest.mark.parametrize("delay", [0.03, {"min": 0.03, "max": 0.03}])
def test_a_fixed_delay(mock: Mock, delay: Any) -> None:
    made = mock.fault("exportDatabase", delay=delay, times=1)
    assert made["delay"] == {"min": 0.03, "max": 0.03}
    assert seconds(mock) >= 0.03
    assert mock.control("GET", "/faults") == []
    (entry, *_) = mock.journal(operation="exportDatabase")
    assert entry["milliseconds"] >= 30


def test_a_random_delay_keeps_to_its_bounds_and_repeats_with_the_seed(mock: Mock) -> None:
    def waits() -> list[float]:
        mock.control("POST", "/reset")
        mock.fault("exportDatabase", delay={"min": 0.002, "max": 0.03})
        for _ in range(6):
            seconds(mock)
        return [entry["milliseconds"] for entry in mock.journal()]

    first, second = waits(), waits()
    assert all(wait >= 2 for wait in first)
    assert max(first) - min(first) > 5
    order = sorted(range(6), key=first.__getitem__)
    # the longest and the shortest come at the same places; milliseconds themselves are real time
    assert second[order[-1]] > second[order[0]]


def test_a_delay_before_a_status(mock: Mock) -> None:
    mock.fault("exportDatabase", status=503, delay=0.02)
    began = time.perf_counter()
    assert mock.send("GET", "/database/export").status_code == 503
    assert time.perf_counter() - began >= 0.02


def test_others_are_served_while_one_waits(mock: Mock, sandbox: Callable[[], Mock]) -> None:
    mock.fault("exportDatabase", delay=0.3)
    other = sandbox()
    patient = threading.Thread(target=seconds, args=[mock])
    patient.start()
    assert other.send("GET", "/database/export").status_code == 200
    assert other.control("GET", "/health")
    assert patient.is_alive()
    patient.join()


# Broken connections


def broken(mock: Mock, method: str, path: str, **options: Any) -> requests.RequestException:
    with pytest.raises(requests.RequestException) as caught:
        mock.api(method, path, **options) if path.startswith("/o") else mock.send(method, path, **options)
    return caught.value


def read_until_it_breaks(response: requests.Response) -> bytes:
    chunks: list[bytes] = []
    with pytest.raises(requests.RequestException):
        chunks.extend(response.iter_content(1_000))  # keeps what came before the error
    return b"".join(chunks)


def test_a_dropped_connection(mock: Mock) -> None:
    mock.fault("exportDatabase", connection="drop", times=1)
    assert isinstance(broken(mock, "GET", "/database/export"), requests.ConnectionError)
    assert mock.send("GET", "/database/export").status_code == 200
    first, second = mock.journal(operation="exportDatabase")
    assert (first["status"], second["status"]) == (0, 200)
    assert first["response"] == {"headers": {}, "body": "", "size": 0, "truncated": False}


def test_a_dropped_connection_changes_nothing(mock: Mock) -> None:
    before = mock.state()
    mock.fault("createDatabase", connection="drop", times=1)
    broken(mock, "POST", listing(mock), json={"name": "x"})
    document = json.loads(mock.state())
    assert {**document, "faults": None} == {**json.loads(before), "faults": None}


def test_a_truncated_body(mock: Mock) -> None:
    whole = mock.send("GET", "/database/export").content
    mock.fault("exportDatabase", connection="truncate", times=1)
    response = mock.session.get(f"{mock.base}/database/export", stream=True, timeout=10)
    assert response.status_code == 200
    assert int(response.headers["Content-Length"]) == len(whole)
    got = read_until_it_breaks(response)
    assert got
    assert whole.startswith(got)
    assert len(got) < len(whole)
    assert mock.send("GET", "/database/export").content == whole
    entry = mock.journal(operation="exportDatabase")[1]
    assert (entry["status"], entry["response"]["size"]) == (200, len(whole) // 2)


def test_a_truncated_body_that_came_in_chunks(mock: Mock) -> None:
    database = mock.new_database()
    body = [{"id": str(number), "data": {"text": "x" * 100}} for number in range(2_000)]
    assert mock.api("POST", f"/databases/{database}/records/", json=body).status_code == 201
    mock.fault("listRecords", connection="truncate", times=1)
    path = f"/api/databases/{database}/records/?page_size=2000"
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        mock.send("GET", path, headers=mock.authorization)
    assert len(mock.send("GET", path, headers=mock.authorization).json()) == 2_000


def test_where_there_is_no_body_to_truncate_nothing_comes(mock: Mock) -> None:
    mock.fault("importDatabase", connection="truncate", times=1)
    document = {**mock.export(), "values": {"iterable": [{"id": "x", "raw": [1]}]}}
    assert isinstance(broken(mock, "POST", "/database/import", json=document), requests.ConnectionError)
    # what was cut is the answer: the import itself has happened
    assert {"id": "x", "raw": [1]} in mock.export()["values"]["iterable"]
    assert mock.journal(operation="importDatabase")[0]["status"] == 0


def test_a_web_page_meets_broken_connections_too(start: Callable[..., Mock]) -> None:
    mock = start(cors=("*",))
    origin = {"Origin": "http://page.example"}
    for kind in ("drop", "truncate"):
        mock.fault("exportDatabase", connection=kind, times=1)
        broken(mock, "GET", "/database/export", headers=origin)
    response = mock.send("GET", "/database/export", headers=origin)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, "*")


def test_a_client_that_reads_slowly_sees_the_truncation_too(mock: Mock) -> None:
    raw = [7] * 3_000_000
    entries = {"iterable": [{"id": "long", "raw": raw}]}
    assert mock.merge({**mock.export(), "values": entries}).status_code == 204
    whole = len(mock.send("GET", "/database/export").content)
    mock.fault("exportDatabase", connection="truncate", times=1)
    response = mock.session.get(f"{mock.base}/database/export", stream=True, timeout=10)
    assert mock.control("GET", "/health")  # the server waits for nobody
    assert 0 < len(read_until_it_breaks(response)) <= whole // 2
