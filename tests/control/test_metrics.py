"""What a server tells Prometheus, read back by its own parser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from .mock import Mock

Figures = dict[tuple[str, str, str], float]


def figures(mock: Mock) -> Figures:
    """Each value by name, operation and status."""
    answer = mock.send("GET", "/_mock/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found: Figures = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        for sample in family.samples:
            assert set(sample.labels) <= {"operation", "status"}
            labels = sample.labels.get("operation", ""), sample.labels.get("status", "")
            found[sample.name, *labels] = sample.value
    return found


def counted(mock: Mock) -> dict[tuple[str, str], int]:
    return {
        labels: int(value)
        for (name, *labels_), value in figures(mock).items()
        if name == "dbcontract_requests_total"
        for labels in [(labels_[0], labels_[1])]
    }


def test_requests_are_counted_by_operation_and_status(start: Callable[..., Mock]) -> None:
    mock = start()
    mock.send("GET", "/_mock/clock")
    mock.send("GET", "/ui/")
    assert counted(mock) == {}
    for _ in range(2):
        mock.export()
    mock.send("GET", "/api/me/")
    mock.api("GET", "/me/")
    mock.send("POST", "/database/import", data=b"{")
    for path in ("/nowhere", f"/{'x' * 50}", "/api/none/"):
        mock.send("GET", path)
    mock.send("PUT", "/database/export")
    mock.send("GET", "/_storage/none")
    other = Mock(f"{mock.base}/~other")
    other.export()
    seen = counted(other)
    other.close()
    assert seen[("exportDatabase", "200")] == 3
    assert seen[("importDatabase", "500")] == 1
    me = {status: count for (operation, status), count in seen.items() if operation == "getMe"}
    assert me == {"200": 1, "401": 1}
    assert {status: count for (operation, status), count in seen.items() if operation == "none"} == {
        "404": 3,
        "405": 1,
    }
    assert sum(count for (operation, _), count in seen.items() if operation == "downloadObject") == 1
    assert sum(seen.values()) == 11


def test_faults_are_counted_when_they_strike(start: Callable[..., Mock]) -> None:
    mock = start()
    mock.fault("exportDatabase", status=503, times=2)
    mock.fault("importDatabase", inside={"after": 0})
    mock.send("GET", "/database/export")
    with_none = figures(mock)
    assert with_none["dbcontract_faults_fired_total", "exportDatabase", ""] == 1
    assert ("dbcontract_faults_fired_total", "importDatabase", "") not in with_none
    document = mock.state()
    mock.restore(document)
    mock.send("GET", "/database/export")
    mock.control("POST", "/reset")
    mock.fault("exportDatabase", connection="drop")
    with pytest.raises(requests.ConnectionError):
        mock.send("GET", "/database/export")
    found = figures(mock)
    assert found["dbcontract_faults_fired_total", "exportDatabase", ""] == 3
    assert found["dbcontract_requests_total", "exportDatabase", "503"] == 2
    assert found["dbcontract_requests_total", "exportDatabase", "none"] == 1


def test_sandboxes_that_go_leave_what_they_counted(start: Callable[..., Mock]) -> None:
    mock = start(max_sandboxes=2)
    for name in "abc":
        one = Mock(f"{mock.base}/~{name}")
        one.fault("exportDatabase", status=500)
        one.send("GET", "/database/export")
        one.close()
    found = figures(mock)
    assert found["dbcontract_sandboxes", "", ""] == 2
    assert found["dbcontract_sandboxes_evicted_total", "", ""] == 1
    assert found["dbcontract_journal_entries", "", ""] == 2
    mock.control("DELETE", "/sandboxes")
    found = figures(mock)
    assert found["dbcontract_sandboxes", "", ""] == 0
    assert found["dbcontract_journal_entries", "", ""] == 0
    assert found["dbcontract_faults_fired_total", "exportDatabase", ""] == 3
    assert found["dbcontract_requests_total", "exportDatabase", "500"] == 3


def test_the_uptime_goes_on(start: Callable[..., Mock]) -> None:
    mock = start()
    first, second = (figures(mock)["dbcontract_uptime_seconds", "", ""] for _ in range(2))
    assert 0 < first < second < 600


def test_a_scraper_gets_text_and_a_stranger_nothing(start: Callable[..., Mock]) -> None:
    mock = start()
    accept = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    assert mock.send("GET", "/_mock/metrics", headers={"Accept": accept}).status_code == 200
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-For": "1.2.3.4"}):
        assert mock.send("GET", "/_mock/metrics", headers=headers).status_code == 403


def test_a_server_that_nobody_asks_goes_without_the_library() -> None:
    code = (
        "import sys\n"
        "from dbcontract.mockserver.server.application import create_app\n"
        "from dbcontract.mockserver.sandbox.settings import Settings\n"
        "create_app(Settings(data='empty'))\n"
        "sys.exit('prometheus_client' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-Ic", code], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
