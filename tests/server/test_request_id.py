"""The id of a request: in the answer, in the journal and in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import requests

from .mock import Running

ID = "X-Request-Id"


def ask(running: Running, path: str, method: str = "GET", **headers: str) -> requests.Response:
    return requests.request(
        method, running.base_url + path, headers=headers, timeout=10, allow_redirects=False
    )


def test_ids_are_of_the_sandbox_and_the_same_in_each_run(start: Callable[..., Running]) -> None:
    paths = ("/user", "/~a/user", "/_mock/clock", "/~a/nowhere", "/_storage/none", "/", "/~a/ui/", "/~-/x")
    seen = []
    for _ in range(2):
        running = start()
        seen.append([ask(running, path).headers[ID] for path in paths])
    assert seen[0] == ["mock-1", "~a-1", "mock-2", "~a-2", "mock-3", "mock-4", "~a-3", "server-1"] == seen[1]


def test_a_clients_own_is_taken_over_and_not_counted(start: Callable[..., Running]) -> None:
    running = start(cors=("http://page.example",))
    own = "Root=1-67891233:abc/=+~_@." + "x" * 102
    for path, status in (("/user", 200), ("/nowhere", 404), ("/api/me/", 401), ("/~-/x", 400)):
        answer = ask(running, path, **{ID: own})
        assert (answer.status_code, answer.headers[ID]) == (status, own)
    preflight = {"Origin": "http://page.example", "Access-Control-Request-Method": "GET"}
    assert ask(running, "/user", "OPTIONS", **preflight, **{ID: own}).headers[ID] == own
    assert ask(running, "/user", "OPTIONS", **preflight).headers[ID] == "server-1"
    assert ask(running, "/user").headers[ID] == "mock-1"


@pytest.mark.parametrize("sent", ["", "x" * 129, "two words", "a,b", "<b>", 'a"b', "é"])
def test_what_is_not_an_id_is_not_taken_over(server: Running, sent: str) -> None:
    assert ask(server, "/user", **{ID: sent.encode("latin-1")}).headers[ID] == "mock-1"  # type: ignore[arg-type]


def test_journal_and_log_have_it(start: Callable[..., Running], caplog: pytest.LogCaptureFixture) -> None:
    running = start()
    with caplog.at_level(logging.INFO, logger="dbcontract.requests"):
        ids = [ask(running, path).headers[ID] for path in ("/~b/user", "/~b/nowhere")]
        ids.append(ask(running, "/~b/user", **{ID: "mine"}).headers[ID])
    assert ids == ["~b-1", "~b-2", "mine"]
    assert [entry["request_id"] for entry in ask(running, "/~b/_mock/requests").json()] == ids
    lines = [record for record in caplog.records if record.name == "dbcontract.requests"]
    assert [vars(line)["request_id"] for line in lines] == ids


def test_the_token_of_a_request_is_in_no_line(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="dbcontract.requests"):
        url = f"{server.base_url}/nowhere/mine-123456?q=mine-123456"
        requests.get(url, headers={"Authorization": "Token mine-123456"}, timeout=10)
        assert len(ask(server, "/_mock/requests").json()) == 1  # by then the line is written
    (line,) = [record for record in caplog.records if record.name == "dbcontract.requests"]
    assert "404 GET /nowhere/***?q=***" in line.getMessage()
    assert "mine-123456" not in str(vars(line))
