"""Sandboxes: `/~NAME` before any path is a sandbox of its own."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .mock import NOW, V2, Mock, ServerThread, settings

Sandboxes = Callable[[], Mock]


def names(mock: Mock) -> list[str]:
    return [item["name"] for item in mock.control("GET", "/sandboxes")]


def test_a_sandbox_is_made_when_it_is_first_addressed(start: Callable[..., Mock]) -> None:
    mock = start()
    assert mock.control("GET", "/sandboxes") == []
    assert mock.send("GET", "/~one/database/export").status_code == 200
    assert mock.control("GET", "/sandboxes") == [{"name": "one", "data": "small", "requests": 1}]


def test_it_begins_as_the_default_sandbox_began(start: Callable[..., Mock]) -> None:
    mock = start()
    mock.new_database("Later")
    fresh = Mock(f"{mock.base}/~fresh")
    mock.control("POST", "/reset")
    mine, theirs = mock.control("GET", "/state"), fresh.control("GET", "/state")
    # chance and the key of its links are its own
    for document in (mine, theirs):
        for name in ("ids", "signing_key", "faults"):
            document.pop(name)
    assert theirs == mine


def test_sandboxes_share_nothing(sandbox: Sandboxes) -> None:
    one, other = sandbox(), sandbox()
    before = other.state()
    database = one.database["id"]
    one.put(database, "mine", a=1)
    one.new_database("Mine")
    one.merge({**one.export(), "values": {"iterable": [{"id": "mine", "raw": [1]}]}})
    one.upload(one.new_asset(database), b"mine")
    one.new_job(database)
    one.control("POST", "/clock/advance", {"seconds": 10**6})
    one.control("PATCH", "/settings", {"record_limit": 3, "os_version": "1.0.0", "requests_per_minute": 1})
    one.fault("exportDatabase", status=500)
    assert other.state() == before
    assert other.control("GET", "/faults") == []
    assert other.journal() == []
    assert "mine" not in other.keys(database)
    assert other.api("GET", f"/databases/{database}/records/").status_code == 200


def test_ids_of_sandboxes_differ_and_repeat(sandbox: Sandboxes) -> None:
    one, other = sandbox(), sandbox()
    first = one.new_database()
    assert other.new_database() != first
    one.control("POST", "/reset")
    assert one.new_database() == first


# Every URL that is handed out


def test_every_url_that_is_handed_out_stays_inside(mock: Mock) -> None:
    database = mock.new_database()
    for number in range(3):
        mock.put(database, f"k{number}", a=1)
        mock.new_asset(database, f"{number}.txt")
    created = mock.new_asset(database)
    prefix = f"{mock.base}/"
    assert created["upload_url"].startswith(prefix)
    assert created["asset"]["download_url"].startswith(f"{mock.pixiebrix}/")

    uploaded = mock.upload(created, b"content")
    assert uploaded.status_code == 204
    assert uploaded.headers["Location"].startswith(prefix)

    asset = created["asset"]["download_url"]
    mock.send("PATCH", asset, json={"is_uploaded": True}, headers=mock.authorization)
    redirect = mock.send("GET", asset, headers=mock.authorization)
    assert redirect.headers["Location"].startswith(prefix)
    assert mock.send("GET", redirect.headers["Location"]).content == b"content"

    job = mock.new_job(database)
    mock.control("POST", "/clock/advance", {"to": "next-midnight"})
    data = mock.job(job)["data"]
    assert data.startswith(prefix)
    assert len(mock.send("GET", data).json()) == 3

    file = mock.archives(database)[0]["file"]
    assert file.startswith(prefix)
    assert mock.send("GET", file).status_code == 200

    for path in (
        f"/databases/{database}/records/?page=2&page_size=1",
        f"/databases/{database}/assets/?page=2&page_size=1",
        f"/organizations/{mock.organization}/databases/?page_size=1&page=2",
    ):
        links = re.findall(r'<([^>]*)>; rel="(\w+)"', mock.api("GET", path).headers["Link"])
        assert {"prev", "next"} <= {relation for _, relation in links}
        for link, _ in links:
            assert link.startswith(f"{mock.pixiebrix}/")
            assert mock.send("GET", link, headers=mock.authorization).status_code == 200

    page = mock.send("GET", "/api/ui/")
    assert page.status_code == 200


def test_a_link_of_one_sandbox_does_not_work_in_another(sandbox: Sandboxes) -> None:
    one, other = sandbox(), sandbox()
    for mock in (one, other):
        mock.control("PATCH", "/settings", {"job_pace": "immediate"})
    job = one.new_job(one.database["id"])
    link = one.job(job)["data"]
    assert one.send("GET", link).status_code == 200
    assert other.send("GET", link.replace(one.base, other.base)).status_code == 403


def test_the_swagger_ui_of_a_sandbox_calls_the_sandbox(mock: Mock) -> None:
    shown = mock.send("GET", "/api/openapi.json").json()
    prefix = "/" + mock.base.rpartition("/")[2]
    assert any(server["url"].startswith((prefix, mock.base)) for server in shown["servers"])


# Names


@pytest.fixture(scope="module")
def without() -> Iterator[Mock]:
    """A server in which no test makes a sandbox."""
    with ServerThread(settings()) as running, contextlib.closing(Mock(running.base_url)) as mock:
        yield mock


@pytest.mark.parametrize("name", ["a", "A-1", "checkout_test.7", "0", "x" * 64, "a~b"[:1]])
def test_names(start: Callable[..., Mock], name: str) -> None:
    mock = start()
    assert Mock(f"{mock.base}/~{name}").control("GET", "/health")["sandbox"] == name
    assert names(mock) == [name]


@pytest.mark.parametrize(
    "name", ["", "-a", ".a", "_a", "a b", "a%20b", "ü", "x" * 65, "a~", "a:b", "a%2Fb%00"]
)
@pytest.mark.parametrize("rest", ["", "/", "/database/export", "/_mock/health"])
def test_what_is_not_a_name_is_refused_and_makes_nothing(without: Mock, name: str, rest: str) -> None:
    response = without.send("GET", f"/~{name}{rest}")
    assert response.status_code in {400, 404}
    assert response.json()["detail"]
    assert names(without) == []


@pytest.mark.parametrize("tilde", ["~", "%7E", "%7e"])
def test_a_client_may_encode_the_tilde(start: Callable[..., Mock], tilde: str) -> None:
    mock = start()
    path = f"/{tilde}one/api/organizations/{mock.organization}/databases/"
    address = mock.base.removeprefix("http://")
    import http.client

    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", f"{path}?page_size=1", headers={"Accept": V2, **mock.authorization})
    response = connection.getresponse()
    assert response.status == 200
    assert f"<{mock.base}/~one/api/organizations/" in str(response.headers["Link"])
    connection.close()
    assert names(mock) == ["one"]


def test_a_sandbox_holds_no_sandboxes(start: Callable[..., Mock]) -> None:
    mock = start()
    assert mock.send("GET", "/~one/~two/database/export").status_code == 404
    assert names(mock) == ["one"]


# The bound


def test_the_least_recently_used_one_goes(
    start: Callable[..., Mock], caplog: pytest.LogCaptureFixture
) -> None:
    mock = start(max_sandboxes=2)
    sandboxes = {name: Mock(f"{mock.base}/~{name}") for name in "abc"}
    kept = sandboxes["a"].new_database("Kept")
    sandboxes["b"].new_database("Lost")
    assert names(mock) == ["a", "b"]
    assert sandboxes["a"].keys(kept) == []  # used again, so b is next
    with caplog.at_level(logging.WARNING, "dbcontract.mockserver"):
        sandboxes["c"].control("GET", "/health")
    assert names(mock) == ["a", "c"]
    (record,) = [record for record in caplog.records if "sandbox" in record.getMessage()]
    assert '"b"' in record.getMessage()
    assert "2" in record.getMessage()
    assert sandboxes["a"].keys(kept) == []
    assert "Lost" not in str(sandboxes["b"].control("GET", "/databases"))
    assert names(mock) == ["a", "b"]


def test_the_default_sandbox_never_goes(start: Callable[..., Mock]) -> None:
    mock = start(max_sandboxes=1)
    database = mock.new_database()
    for number in range(5):
        mock.send("GET", f"/~s{number}/database/export")
    assert names(mock) == ["s4"]
    assert mock.keys(database) == []


def test_listing_uses_no_sandbox(start: Callable[..., Mock]) -> None:
    mock = start()
    for name in "ab":
        mock.send("GET", f"/~{name}/database/export")
    assert [names(mock) for _ in range(2)] == [["a", "b"], ["a", "b"]]


# Deleting


def test_a_deleted_sandbox_begins_anew(start: Callable[..., Mock]) -> None:
    mock = start()
    one = Mock(f"{mock.base}/~one")
    before = one.state()
    one.new_database()
    mock.control("DELETE", "/sandboxes/one", status=204)
    assert names(mock) == []
    assert one.state() == before
    mock.control("DELETE", "/sandboxes/one", status=204)
    mock.control("DELETE", "/sandboxes/one", status=404)
    mock.control("DELETE", "/sandboxes/no%20name", status=404)


def test_deleting_all_leaves_the_default_sandbox(start: Callable[..., Mock]) -> None:
    mock = start()
    database = mock.new_database()
    for name in "abc":
        mock.send("GET", f"/~{name}/database/export")
    mock.control("DELETE", "/sandboxes", status=204)
    assert names(mock) == []
    assert mock.keys(database) == []


def test_sandboxes_may_be_managed_from_within_one(start: Callable[..., Mock]) -> None:
    mock = start()
    one = Mock(f"{mock.base}/~one")
    mock.send("GET", "/~two/database/export")
    assert names(one) == ["two", "one"]
    one.control("DELETE", "/sandboxes/two", status=204)
    assert names(mock) == ["one"]


def test_the_data_of_a_sandbox_is_listed(start: Callable[..., Mock]) -> None:
    mock = start()
    one = Mock(f"{mock.base}/~one")
    one.control("POST", "/reset", {"data": "edge"})
    one.export()
    expected: list[dict[str, Any]] = [{"name": "one", "data": "edge", "requests": 1}]
    assert mock.control("GET", "/sandboxes") == expected


# Sandboxes that are set like another sandbox


@pytest.mark.parametrize("place", ["", "/~pattern"])
def test_a_sandbox_is_set_like_the_sandbox_that_makes_it(start: Callable[..., Mock], place: str) -> None:
    pattern = Mock(f"{start().base}{place}")
    pattern.control("PUT", "/defects", {"names": ["last-byte-lost"]})
    changed = {
        "record_limit": 3,
        "job_pace": {"polls": 4},
        "os_version": "1.0.0",
        "migration": 7,
        "default_page_size": 5,
        "max_page_size": 6,
        "max_records": 8,
        "requests_per_minute": 1_000,
        "default_version": "2.0",
        "strict_bodies": True,
    }
    pattern.control("PATCH", "/settings", {**changed, "tokens": ["mine:read-only"]})
    pattern.fault("importDatabase", status=505, times=3)
    assert pattern.send("POST", "/database/import").status_code == 505
    pattern.fault("exportDatabase", status=500)

    made = pattern.control("PUT", "/sandboxes/like")
    assert made == {"name": "like", "data": "small", "requests": 0}
    like = Mock(f"{pattern.base.removesuffix(place)}/~like", token="mine")
    assert like.control("GET", "/defects")["on"] == ["last-byte-lost"]
    assert like.control("GET", "/settings") == changed
    assert like.control("GET", "/faults") == pattern.control("GET", "/faults")
    assert [fault["left"] for fault in like.control("GET", "/faults")] == [2, None]
    health = like.control("GET", "/health")
    assert (health["defects"], health["faults"]) == (["last-byte-lost"], 2)
    organization = health["organizations"][0]
    assert like.api("GET", f"/organizations/{organization}/databases/").status_code == 200
    assert (
        like.api("POST", f"/organizations/{organization}/databases/", json={"name": "x"}).status_code == 403
    )
    # what is ordered later in one of them is its own affair
    like.control("DELETE", "/faults")
    assert len(pattern.control("GET", "/faults")) == 2


def test_what_the_sandbox_holds_does_not_go_over(start: Callable[..., Mock]) -> None:
    mock = start()
    mock.new_database("Later")
    mock.control("POST", "/clock/advance", {"seconds": 10**6})
    mock.control("PUT", "/sandboxes/like")
    like = Mock(f"{mock.base}/~like")
    assert "Later" not in [one["name"] for one in like.control("GET", "/databases")]
    assert like.control("GET", "/clock") == {"now": NOW, "frozen": True}
    assert like.journal() == []


def test_the_data_set_goes_over_or_is_named(start: Callable[..., Mock]) -> None:
    mock = start()
    mock.control("POST", "/reset", {"data": "edge"})
    assert mock.control("PUT", "/sandboxes/like")["data"] == "edge"
    assert mock.control("PUT", "/sandboxes/like", {"data": "empty"})["data"] == "empty"
    assert names(mock) == ["like"]
    answer = mock.send("PUT", "/_mock/sandboxes/like", json={"data": "no-such"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["data"]


def test_a_name_that_is_none_makes_no_sandbox(start: Callable[..., Mock]) -> None:
    mock = start()
    answer = mock.send("PUT", "/_mock/sandboxes/-x")
    assert answer.status_code == 400
    assert list(answer.json()) == ["sandboxName"]
    assert names(mock) == []
