"""The settings that may change while a sandbox lives, each by what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .mock import V2, Mock, TokenGrant

DEFAULTS = {
    "record_limit": 500_000,
    "job_pace": {"seconds": 2.0},
    "os_version": "9.2.1",
    "migration": 50,
    "default_page_size": 100,
    "max_page_size": 1_000,
    "max_records": 10_000,
    "requests_per_minute": None,
    "default_version": "1.0",
    "strict_bodies": False,
}


def change(mock: Mock, **order: Any) -> dict[str, Any]:
    changed: dict[str, Any] = mock.control("PATCH", "/settings", order, 200)
    return changed


def test_the_settings_at_the_start(mock: Mock) -> None:
    assert mock.control("GET", "/settings") == DEFAULTS


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        ({"record_limit": 0}, {}),
        ({"record_limit": 7}, {}),
        ({"job_pace": "immediate"}, {"job_pace": {"seconds": 0.0}}),
        ({"job_pace": {"seconds": 0.25}}, {}),
        ({"job_pace": {"polls": 3}}, {}),
        ({"os_version": "10.0.0-alpha.1+build"}, {}),
        ({"migration": 99}, {}),
        ({"default_page_size": 5, "max_page_size": 50}, {}),
        ({"max_records": 20}, {}),
        ({"requests_per_minute": 5}, {}),
        ({"requests_per_minute": None}, {}),
        ({"default_version": "2.0", "strict_bodies": True}, {}),
    ],
)
def test_what_is_changed_is_shown_and_the_rest_stays(
    mock: Mock, order: dict[str, Any], shown: dict[str, Any]
) -> None:
    expected = {**DEFAULTS, **order, **shown}
    assert change(mock, **order) == expected
    assert mock.control("GET", "/settings") == expected


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({}, "non_field_errors"),
        ({"record_limit": -1}, "record_limit"),
        ({"record_limit": "7"}, "record_limit"),
        ({"record_limit": None}, "record_limit"),
        ({"record_limit": True}, "record_limit"),
        ({"job_pace": "fast"}, "job_pace"),
        ({"job_pace": {}}, "job_pace"),
        ({"job_pace": {"seconds": -1}}, "job_pace"),
        ({"job_pace": {"polls": 1, "seconds": 1}}, "job_pace"),
        ({"job_pace": {"polls": 1.5}}, "job_pace"),
        ({"job_pace": 3}, "job_pace"),
        ({"os_version": "nine"}, "os_version"),
        ({"os_version": "9.2"}, "os_version"),
        ({"os_version": ""}, "os_version"),
        ({"os_version": None}, "os_version"),
        ({"migration": -1}, "migration"),
        ({"migration": 1.5}, "migration"),
        ({"default_page_size": 0}, "default_page_size"),
        ({"max_page_size": 0}, "max_page_size"),
        ({"max_records": 0}, "max_records"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"requests_per_minute": "5"}, "requests_per_minute"),
        ({"limit": 3}, "limit"),
    ],
)
def test_a_bad_setting_is_refused_by_field_and_nothing_changes(
    mock: Mock, order: dict[str, Any], field: str
) -> None:
    good = {"max_page_size": 3} if order and field != "max_page_size" else {}
    errors = mock.control("PATCH", "/settings", {**good, **order}, 400)
    assert list(errors) == [field]
    assert mock.control("GET", "/settings") == DEFAULTS


def test_settings_of_one_sandbox_are_not_those_of_another(sandbox: Callable[[], Mock]) -> None:
    one, other = sandbox(), sandbox()
    change(one, max_page_size=3, os_version="1.0.0")
    assert other.control("GET", "/settings") == DEFAULTS


# The record limit


def test_the_record_limit_applies_at_night(mock: Mock) -> None:
    database = mock.new_database()
    for day in range(3):
        mock.put(database, f"a{day}", a=1)
        mock.put(database, f"b{day}", a=1)
        mock.control("POST", "/clock/advance", {"seconds": 86_400})
    change(mock, record_limit=3)
    assert len(mock.keys(database)) == 6
    mock.control("POST", "/clock/advance", {"to": "next-midnight"})
    # whole dates: two are not enough to go, for four are still too many
    assert mock.keys(database) == ["a2", "b2"]


# How fast jobs are


def test_immediate_jobs_are_done_at_the_first_look(mock: Mock) -> None:
    change(mock, job_pace="immediate")
    job = mock.job(mock.new_job(mock.new_database()))
    assert job["status"] == "SUCCESS"
    assert mock.send("GET", job["data"]).json() == []


def test_a_job_takes_the_seconds_that_were_set_when_it_began(mock: Mock) -> None:
    change(mock, job_pace={"seconds": 10})
    job = mock.new_job(mock.new_database())
    change(mock, job_pace="immediate")
    mock.control("POST", "/clock/advance", {"seconds": 9.999999})
    assert mock.job(job)["status"] == "STARTED"
    mock.control("POST", "/clock/advance", {"seconds": 0.000001})
    assert mock.job(job)["status"] == "SUCCESS"


@pytest.mark.parametrize("polls", [0, 1, 3])
def test_a_job_takes_so_many_polls_whatever_the_time(mock: Mock, polls: int) -> None:
    change(mock, job_pace={"polls": polls})
    job = mock.new_job(mock.new_database())
    mock.control("POST", "/clock/advance", {"seconds": 10**6})
    seen = [mock.job(job)["status"] for _ in range(polls + 2)]
    assert seen == ["STARTED"] * polls + ["SUCCESS"] * 2


# What Pieces says it is


@pytest.mark.parametrize(
    ("version", "migration", "status"),
    [
        ("9.2.1", 50, 204),
        ("9.2.0", 50, 505),
        ("9.2.1-rc.1", 50, 505),
        ("10.0.0", 50, 204),
        ("9.2.1", 49, 505),
        ("9.2.1", 51, 204),
    ],
)
def test_the_version_and_migration_decide_what_is_too_new(
    mock: Mock, version: str, migration: int, status: int
) -> None:
    export = mock.export()
    assert (export["version"], export["schema"]["migration"]) == ("9.2.1", 50)
    change(mock, os_version=version, migration=migration)
    after = mock.export()
    assert (after["version"], after["schema"]["migration"]) == (version, migration)
    assert mock.merge(export).status_code == status
    assert {**after, "version": "", "schema": {}} == {**export, "version": "", "schema": {}}


# Pages


def test_page_limits(mock: Mock) -> None:
    for number in range(7):
        mock.new_database(f"Another {number}")
    database = mock.new_database()
    for number in range(12):
        mock.put(database, f"{number:02}", a=1)
    change(mock, default_page_size=3, max_page_size=5, max_records=8)

    def sizes(path: str, accept: str = V2) -> list[int]:
        return [
            len(mock.api("GET", path, params=params, headers={"Accept": accept}).json())
            for params in ({}, {"page_size": 2}, {"page_size": 1000})
        ]

    assert sizes(f"/organizations/{mock.organization}/databases/") == [3, 2, 5]
    assert sizes(f"/databases/{database}/records/") == [3, 2, 8]
    assert sizes(f"/databases/{database}/records/", "application/json; version=1.0") == [8, 8, 8]


def test_a_default_above_the_maximum_gets_the_maximum(mock: Mock) -> None:
    for number in range(4):
        mock.new_database(f"Another {number}")
    change(mock, default_page_size=100, max_page_size=2)
    path = f"/organizations/{mock.organization}/databases/"
    assert len(mock.api("GET", path).json()) == 2


# The request limit


def statuses(mock: Mock, count: int, **options: Any) -> list[int]:
    path = f"/organizations/{mock.organization}/databases/"
    return [mock.api("GET", path, **options).status_code for _ in range(count)]


def test_a_token_that_asks_too_often_is_told_to_wait(mock: Mock) -> None:
    change(mock, requests_per_minute=2)
    mock.control("POST", "/clock/advance", {"seconds": 15.5})
    assert statuses(mock, 2) == [200, 200]
    response = mock.api("GET", f"/organizations/{mock.organization}/databases/")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "45"
    assert list(response.json()) == ["detail"]
    assert "45" in response.json()["detail"]


def test_every_operation_of_the_token_counts(mock: Mock) -> None:
    database = mock.new_database()
    change(mock, requests_per_minute=2)
    assert mock.api("POST", "/databases/records/jobs/", json={}).status_code == 400
    assert mock.api("GET", f"/databases/{database}/records/nothing/").status_code == 404
    for method, path in (
        ("GET", f"/databases/{database}/records/"),
        ("DELETE", f"/databases/{database}/records/"),
    ):
        assert mock.api(method, path).status_code == 429


def test_after_retry_after_it_works_again(mock: Mock) -> None:
    change(mock, requests_per_minute=1)
    mock.control("POST", "/clock/advance", {"seconds": 59})
    assert statuses(mock, 2) == [200, 429]
    wait = int(mock.api("GET", f"/organizations/{mock.organization}/databases/").headers["Retry-After"])
    assert wait == 1
    mock.control("POST", "/clock/advance", {"seconds": wait})
    assert statuses(mock, 2) == [200, 429]


def test_each_token_has_its_own_count(mock: Mock) -> None:
    change(mock, requests_per_minute=1)
    assert statuses(mock, 2) == [200, 429]
    assert statuses(mock, 2, headers={"Authorization": "Token another"}) == [200, 429]


def test_no_limit_by_default_nor_after_it_was_lifted(mock: Mock) -> None:
    assert set(statuses(mock, 30)) == {200}
    change(mock, requests_per_minute=1)
    assert statuses(mock, 2) == [200, 429]
    change(mock, requests_per_minute=None)
    assert statuses(mock, 3) == [200, 200, 200]


def test_who_may_not_come_in_is_not_counted(start: Callable[..., Mock]) -> None:
    mock = start(tokens=(TokenGrant("a-token"), TokenGrant("reader", read_only=True)))
    change(mock, requests_per_minute=1)
    assert statuses(mock, 3, headers={"Authorization": "Token wrong"}) == [401] * 3
    assert statuses(mock, 3, headers={"Authorization": ""}) == [401] * 3
    path = f"/organizations/{mock.organization}/databases/"
    reader = {"Authorization": "Token reader"}
    assert [mock.api("POST", path, json={"name": "x"}, headers=reader).status_code for _ in range(3)] == [
        403
    ] * 3
    assert statuses(mock, 2, headers=reader) == [200, 429]


def test_where_no_token_is_needed_the_limit_counts_all_the_same(start: Callable[..., Mock]) -> None:
    mock = start(auth=False)
    change(mock, requests_per_minute=1)
    path = f"/api/organizations/{mock.organization}/databases/"
    assert [mock.send("GET", path).status_code for _ in range(2)] == [200, 429]
    assert statuses(mock, 2) == [200, 429]


def test_pieces_and_the_control_api_have_no_limit(mock: Mock) -> None:
    change(mock, requests_per_minute=1)
    assert statuses(mock, 2) == [200, 429]
    for _ in range(3):
        assert mock.export()
        assert mock.control("GET", "/settings")
