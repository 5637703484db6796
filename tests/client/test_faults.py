from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from dbcontract.mockserver.client import Fault, MockClient, MockError


def post_import(mock: MockClient, export: Any = None) -> requests.Response:
    return mock.session().post(f"{mock.pieces_url}/database/import", json=export)


def get_export(mock: MockClient) -> requests.Response:
    return mock.session().get(f"{mock.pieces_url}/database/export")


def test_a_status_so_many_times(mock: MockClient) -> None:
    fault = mock.faults.add("importDatabase", status=505, times=2)
    assert fault == Fault(
        id=fault.id, operation="importDatabase", status=505, body=None, headers={}, delay=None,
        connection=None, inside=None, times=2, probability=1.0, left=2,
    )  # fmt: skip
    assert post_import(mock).status_code == 505
    assert [item.left for item in mock.faults.list()] == [1]
    assert [post_import(mock).status_code for _ in range(2)] == [505, 204]
    assert mock.faults.list() == []


def test_a_body_and_headers_of_ones_own(mock: MockClient) -> None:
    mock.faults.add("exportDatabase", status=503, body="Later.", headers={"Retry-After": "7"})
    answer = get_export(mock)
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "Later.", "7")


def test_a_body_of_json(mock: MockClient) -> None:
    fault = mock.faults.add("listDatabases", status=429, body={"detail": "Slow down."})
    assert fault.body == {"detail": "Slow down."}
    answer = mock.session().get(f"{mock.pixiebrix_url}/organizations/{mock.organization_id}/databases/")
    assert (answer.status_code, answer.json()) == (429, {"detail": "Slow down."})


def test_a_delay(mock: MockClient) -> None:
    assert mock.faults.add("exportDatabase", delay=0.05, times=1).delay == (0.05, 0.05)
    began = time.perf_counter()
    assert get_export(mock).status_code == 200
    assert time.perf_counter() - began >= 0.05


def test_a_delay_within_bounds_and_by_chance(mock: MockClient) -> None:
    fault = mock.faults.add("exportDatabase", delay=(30, 60), probability=0)
    assert (fault.delay, fault.probability) == ((30, 60), 0)
    assert get_export(mock).elapsed.total_seconds() < 30


@pytest.mark.parametrize("connection", ["drop", "truncate"])
def test_a_broken_connection(mock: MockClient, connection: Any) -> None:
    mock.faults.add("exportDatabase", connection=connection, times=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get_export(mock)
    assert get_export(mock).status_code == 200


def test_an_import_fails_inside_and_leaves_nothing_behind(mock: MockClient) -> None:
    before = get_export(mock).json()
    export = {**before, "values": {"iterable": [{"id": f"new-{n}", "raw": [n]} for n in range(3)]}}
    fault = mock.faults.add("importDatabase", inside={"after": 2}, times=1)
    assert fault.inside == {"after": 2}
    assert post_import(mock, export).status_code == 500
    assert get_export(mock).json() == before


def test_an_export_job_fails(mock: MockClient) -> None:
    mock.faults.add("createExportJob", inside={"error_message": "Out of disk."})
    mock.settings(job_pace="immediate")
    jobs = f"{mock.pixiebrix_url}/databases/records/jobs/"
    session = mock.session()
    job = session.post(jobs, json={"name": "x", "databases": mock.database_ids[:1]}).json()
    shown = session.get(f"{jobs}{job['id']}/").json()
    assert (shown["status"], shown["error_message"]) == ("FAILURE", "Out of disk.")


def test_an_unknown_operation_is_refused_with_the_possible_ones(mock: MockClient) -> None:
    with pytest.raises(MockError, match=r'"importDatabse" is not an operation.*importDatabase') as refused:
        mock.faults.add("importDatabse", status=500)
    assert list(refused.value.errors) == ["operation"]
    assert mock.faults.list() == []


def test_an_impossible_fault_is_refused(mock: MockClient) -> None:
    with pytest.raises(MockError, match="importDatabase only"):
        mock.faults.add("exportDatabase", inside={"after": 2})
    with pytest.raises(MockError, match="needs an effect"):
        mock.faults.add("exportDatabase")
    with pytest.raises(TypeError, match="satus"):
        mock.faults.add("exportDatabase", satus=500)  # type: ignore[call-arg]


def test_taking_back(mock: MockClient) -> None:
    first = mock.faults.add("importDatabase", status=500)
    second = mock.faults.add("exportDatabase", status=500)
    third = mock.faults.add("listRecords", status=500)
    mock.faults.remove(first)
    mock.faults.remove(second.id)
    assert mock.faults.list() == [third]
    with pytest.raises(MockError, match="Not found") as refused:
        mock.faults.remove(first)
    assert refused.value.status == 404
    mock.faults.clear()
    assert mock.faults.list() == []
