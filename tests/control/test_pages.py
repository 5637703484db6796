"""The landing page and the dashboard as they are served, without a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
import requests

from .mock import Mock

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def index(mock: Mock) -> dict[str, Any]:
    found: dict[str, Any] = mock.send("GET", "/", headers={"Accept": "application/json"}).json()
    return found


def test_programs_read_at_the_root_what_runs_there(mock: Mock) -> None:
    found = index(mock)
    assert [(api["name"], api["url"]) for api in found["apis"]] == [
        ("pieces", mock.base),
        ("pixiebrix", f"{mock.base}/api"),
        ("control", f"{mock.base}/_mock"),
    ]
    for api in found["apis"]:
        assert requests.get(api["docs"], timeout=10).status_code == 200
        assert requests.get(api["description"], timeout=10).json()["info"]["title"] == api["title"]
    assert requests.get(found["dashboard"], timeout=10).status_code == 200
    assert found["token"] == "any"
    shown = [{key: one[key] for key in ("id", "name", "organization_id", "type")} for one in databases(mock)]
    assert found["databases"] == shown


def databases(mock: Mock) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mock.send("GET", "/_mock/databases").json()
    return found


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),  # as curl asks
        ("application/json, text/html;q=0.9, */*;q=0.1", "application/json"),
        ("text/html;q=0", "application/json"),
        ("text/html;q=nonsense", "application/json"),
        ("TEXT/HTML", "text/html"),
        (BROWSER["Accept"], "text/html"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_people_get_a_page_and_programs_json(mock: Mock, method: str, accept: str | None, kind: str) -> None:
    answer = mock.send(method, "/", headers={"Accept": accept})  # None: no such header
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    assert answer.headers["Vary"] == "Accept"
    assert bool(answer.content) is (method == "GET")


def test_no_program_is_told_which_tokens_there_are(mock: Mock) -> None:
    mock.send("PATCH", "/_mock/settings", json={"tokens": ["very-secret"]})
    answer = mock.send("GET", "/", headers={"Accept": "application/json"})
    assert answer.json()["token"] == "given"
    assert "very-secret" not in answer.text


def test_the_root_of_a_sandbox_lies_behind_a_slash(mock: Mock) -> None:
    for path in ("", "/_mock"):
        answer = mock.send("GET", f"{mock.base}{path}")
        assert (answer.status_code, answer.headers["Location"]) == (308, f"{mock.base}{path}/")


@pytest.mark.parametrize("path", ["/", "/_mock/"])
def test_a_page_loads_only_what_is_here(mock: Mock, path: str) -> None:
    page = mock.send("GET", path, headers=BROWSER)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+\.(?:js|css|svg))"', page.text)
    assert len(loaded) >= 3
    for link in loaded:
        found = requests.get(requests.compat.urljoin(f"{mock.base}{path}", link), timeout=10)
        assert found.status_code == 200
        assert found.headers["X-Content-Type-Options"] == "nosniff"


def test_no_file_of_the_pages_names_another_host() -> None:
    for file in files("dbcontract.mockserver.control.pages").iterdir():
        if file.is_file():
            hosts = re.findall(r"https?://([^/\"'`\s$]+)", file.read_text())
            assert set(hosts) <= {"www.w3.org"}, file.name  # the name of a format, which nothing loads


@pytest.mark.parametrize(
    "path", ["__init__.py", "nothing.js", "../overview.py", "..%2foverview.py", "%2e%2e/overview.py", ""]
)
def test_nothing_but_the_files_of_the_pages_is_handed_out(mock: Mock, path: str) -> None:
    assert mock.send("GET", f"{mock.base}/_pages/{path}").status_code == 404
    raw = requests.Request("GET", mock.base).prepare()
    raw.url = f"{mock.base}/_pages/{path}"
    assert mock.session.send(raw, timeout=10).status_code == 404


def test_without_the_control_api_there_is_no_dashboard(start: Callable[..., Mock]) -> None:
    mock = start(control=False)
    found = index(mock)
    assert found["dashboard"] is None
    assert "control" not in {api["name"] for api in found["apis"]}
    assert mock.send("GET", "/_mock/", headers=BROWSER).status_code == 404


def test_only_reading_a_page_is_possible(mock: Mock) -> None:
    for path in ("/", "/_mock/", "/_pages/style.css"):
        assert mock.send("POST", path).status_code in {404, 405}
        head = mock.send("HEAD", path, headers=BROWSER)
        assert (head.status_code, head.content) == (200, b"")
