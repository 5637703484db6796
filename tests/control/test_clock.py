"""The clock: freeze, set, advance; every midnight that passes runs the nightly job once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from .mock import NOW, ClockSetting, Mock

DAY = 86_400


def now(mock: Mock) -> datetime:
    return datetime.fromisoformat(mock.control("GET", "/clock")["now"])


def dates(mock: Mock, database: str) -> list[str]:
    return [archive["date"] for archive in mock.archives(database)]


def lines(mock: Mock, archive: dict[str, Any]) -> int:
    response = mock.send("GET", archive["file"])
    assert response.status_code == 200, response.text
    return len(response.text.splitlines())


def test_a_frozen_clock_stands_still(mock: Mock) -> None:
    assert mock.control("GET", "/clock") == {"now": NOW, "frozen": True}
    assert mock.control("GET", "/clock") == {"now": NOW, "frozen": True}


def test_a_running_clock_runs(mock: Mock) -> None:
    mock.control("PATCH", "/clock", {"frozen": False})
    first, second = now(mock), now(mock)
    assert first < second
    assert mock.control("PATCH", "/clock", {"frozen": True})["frozen"] is True
    assert now(mock) == now(mock) >= second


def test_the_clock_follows_real_time_by_default(start: Callable[..., Mock]) -> None:
    mock = start(clock=ClockSetting())
    clock = mock.control("GET", "/clock")
    assert clock["frozen"] is False
    assert abs((datetime.now().astimezone() - now(mock)).total_seconds()) < 60


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2030-01-02T03:04:05.678901Z", "2030-01-02T03:04:05.678901Z"),
        ("2030-01-02T03:04:05+01:00", "2030-01-02T02:04:05.000000Z"),
        ("2030-01-02T03:04Z", "2030-01-02T03:04:00.000000Z"),
        ("1999-12-31T23:59:59.999999Z", "1999-12-31T23:59:59.999999Z"),
        ("0001-01-02T00:00:00Z", "0001-01-02T00:00:00.000000Z"),
        ("9999-12-30T00:00:00Z", "9999-12-30T00:00:00.000000Z"),
        ("2030-01-02", "2030-01-02T00:00:00.000000Z"),
    ],
)
def test_the_clock_is_set_forwards_and_backwards(mock: Mock, text: str, shown: str) -> None:
    answer = mock.control("PATCH", "/clock", {"now": text}, 200)
    assert answer == {"now": shown, "frozen": True}
    assert mock.control("GET", "/clock") == answer
    assert mock.new_database()
    assert mock.state()


def test_setting_a_running_clock_lets_it_run_from_there(mock: Mock) -> None:
    answer = mock.control("PATCH", "/clock", {"now": "2030-01-01T00:00:00Z", "frozen": False})
    assert answer["frozen"] is False
    assert mock.control("GET", "/clock")["now"].startswith("2030-01-01T00:00")
    assert now(mock) < now(mock)


def test_freezing_at_an_instant(mock: Mock) -> None:
    mock.control("PATCH", "/clock", {"frozen": False})
    answer = mock.control("PATCH", "/clock", {"now": "2030-01-01T00:00:00Z", "frozen": True})
    assert answer == {"now": "2030-01-01T00:00:00.000000Z", "frozen": True}


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (1, "2024-05-10T12:00:01.000000Z"),
        (0.000001, "2024-05-10T12:00:00.000001Z"),
        (-3600, "2024-05-10T11:00:00.000000Z"),
        (366 * DAY, "2025-05-11T12:00:00.000000Z"),
        (0, NOW),
    ],
)
def test_advance_by_seconds(mock: Mock, seconds: float, shown: str) -> None:
    assert mock.control("POST", "/clock/advance", {"seconds": seconds}) == {"now": shown, "frozen": True}


def test_advance_to_the_next_midnight(mock: Mock) -> None:
    for day in ("11", "12", "13"):
        answer = mock.control("POST", "/clock/advance", {"to": "next-midnight"})
        assert answer["now"] == f"2024-05-{day}T00:00:00.000000Z"


def test_a_running_clock_advances_and_runs_on(mock: Mock) -> None:
    mock.control("PATCH", "/clock", {"frozen": False})
    answer = mock.control("POST", "/clock/advance", {"to": "next-midnight"})
    assert answer["frozen"] is False
    assert answer["now"].startswith("2024-05-11T00:00:")


@pytest.mark.parametrize("path", ["/clock", "/clock/advance"])
@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({}, "non_field_errors"),
        ({"now": "yesterday"}, "now"),
        ({"now": "2024-02-30T00:00:00Z"}, "now"),
        ({"now": "2016-12-31T23:59:60Z"}, "now"),
        ({"now": "0001-01-01T00:00:00Z"}, "now"),
        ({"now": "9999-12-31T00:00:00Z"}, "now"),
        ({"now": 5}, "now"),
        ({"now": None}, "now"),
        ({"frozen": "true"}, "frozen"),
        ({"frozen": None}, "frozen"),
        ({"now": "2030-01-01T00:00:00Z", "frozen": 0}, "frozen"),
        ({"now": "2030-01-01T00:00:00Z", "tick": 1}, "tick"),
        ({"seconds": "60"}, "seconds"),
        ({"seconds": None}, "seconds"),
        ({"seconds": 1e300}, "seconds"),
        ({"seconds": 300_000_000_000}, "seconds"),
        ({"seconds": -300_000_000_000}, "seconds"),
        ({"to": "noon"}, "to"),
        ({"to": None}, "to"),
        ({"seconds": 1, "to": "next-midnight"}, "non_field_errors"),
        ({"minutes": 5}, "minutes"),
    ],
)
def test_a_bad_order_is_refused_by_field_and_changes_nothing(
    mock: Mock, path: str, order: dict[str, Any], field: str
) -> None:
    method = "PATCH" if path == "/clock" else "POST"
    mine = {"/clock": {"now", "frozen"}, "/clock/advance": {"seconds", "to"}}[path]
    if order and not mine & order.keys():
        field = next(iter(order))  # what belongs to the other operation is unknown here
    before = mock.state()
    errors = mock.control(method, path, order, 400)
    assert field in errors
    assert all(isinstance(message, str) and message for messages in errors.values() for message in messages)
    assert mock.state() == before


def test_the_last_midnight_cannot_be_passed(mock: Mock) -> None:
    mock.control("PATCH", "/clock", {"now": "9999-12-29T12:00:00Z"})
    mock.control("POST", "/clock/advance", {"to": "next-midnight"}, 200)
    assert list(mock.control("POST", "/clock/advance", {"to": "next-midnight"}, 400)) == ["to"]


def test_each_midnight_that_passes_writes_the_archive_of_its_date_once(mock: Mock) -> None:
    database = mock.new_database()
    for day in ("2024-05-11", "2024-05-12", "2024-05-13"):
        mock.put(database, day, a=1)
        assert day not in dates(mock, database)
        mock.control("POST", "/clock/advance", {"seconds": DAY})
    # created on the 10th, 11th, 12th at noon
    assert dates(mock, database) == ["2024-05-12", "2024-05-11", "2024-05-10"]
    before = mock.archives(database)
    mock.control("POST", "/clock/advance", {"seconds": 100 * DAY})
    assert [item["updated_at"] for item in mock.archives(database)] == [item["updated_at"] for item in before]
    assert len({item["id"] for item in mock.archives(database)}) == 3


def test_one_jump_over_many_midnights_is_as_many_small_steps(sandbox: Callable[[], Mock]) -> None:
    stepwise, at_once = sandbox(), sandbox()
    at_once.restore(stepwise.state())
    for mock in (stepwise, at_once):
        mock.control("PATCH", "/settings", {"record_limit": 10})
        for number in range(30):
            mock.put(mock.database["id"], f"new {number}", a=number)
    for _ in range(9):
        stepwise.control("POST", "/clock/advance", {"to": "next-midnight"})
    stepwise.control("POST", "/clock/advance", {"seconds": DAY // 2})
    at_once.control("POST", "/clock/advance", {"seconds": 9 * DAY})
    assert at_once.state() == stepwise.state()
    assert len(at_once.keys(at_once.database["id"])) <= 10


@pytest.mark.parametrize(
    "order",
    [("PATCH", "/clock", {"now": "2024-05-13T00:00:00Z"}), ("POST", "/clock/advance", {"seconds": 3 * DAY})],
    ids=["set", "advanced"],
)
def test_when_the_call_answers_the_nights_are_done(mock: Mock, order: tuple[str, str, Any]) -> None:
    mock.control("PATCH", "/settings", {"record_limit": 0})
    database = mock.new_database()
    mock.put(database, "gone", a=1)
    mock.control(*order)
    # the list of the control API itself runs nothing
    assert {item["records"] for item in mock.control("GET", "/databases")} == {0}
    assert dates(mock, database) == ["2024-05-10"]


BACK = pytest.mark.parametrize(
    "back",
    [("PATCH", "/clock", {"now": NOW}), ("POST", "/clock/advance", {"seconds": -36 * 3600})],
    ids=["set", "advanced"],
)


@BACK
def test_a_clock_set_back_runs_the_nights_that_come_again(
    mock: Mock, back: tuple[str, str, dict[str, Any]]
) -> None:
    database = mock.new_database()
    mock.put(database, "a", a=1)
    mock.control("POST", "/clock/advance", {"to": "next-midnight"})
    (first,) = mock.archives(database)
    mock.control("POST", "/clock/advance", {"seconds": DAY})
    mock.control(*back)
    assert mock.control("GET", "/clock")["now"] == NOW
    mock.put(database, "b", a=1)
    assert [item["updated_at"] for item in mock.archives(database)] == [first["updated_at"]]
    mock.control("POST", "/clock/advance", {"to": "next-midnight"})
    (second,) = mock.archives(database)
    assert second["id"] == first["id"]
    assert lines(mock, second) == 2


@BACK
def test_a_night_that_comes_again_applies_the_limit_of_now(
    mock: Mock, back: tuple[str, str, dict[str, Any]]
) -> None:
    database = mock.new_database()
    mock.put(database, "a", a=1)
    mock.control("POST", "/clock/advance", {"seconds": 36 * 3600})
    mock.control(*back)
    mock.control("PATCH", "/settings", {"record_limit": 0})
    assert mock.keys(database) == ["a"]
    mock.control("POST", "/clock/advance", {"to": "next-midnight"})
    assert mock.keys(database) == []


def test_a_night_that_comes_again_without_news_changes_nothing(mock: Mock) -> None:
    database = mock.new_database()
    mock.put(database, "a", a=1)
    mock.control("POST", "/clock/advance", {"seconds": 3 * DAY})
    before = mock.state()
    mock.control("POST", "/clock/advance", {"seconds": -3 * DAY})
    mock.control("POST", "/clock/advance", {"seconds": 3 * DAY})
    assert mock.state() == before


def test_a_midnight_in_real_time_runs_the_night_on_the_next_request(mock: Mock) -> None:
    database = mock.new_database()
    mock.put(database, "a", a=1)
    mock.control("PATCH", "/clock", {"now": "2024-05-10T23:59:59.999900Z", "frozen": False})
    # 100 µs later, which the next request takes in any case
    assert dates(mock, database) == ["2024-05-10"]


def test_jobs_and_links_follow_the_clock(mock: Mock) -> None:
    job = mock.new_job(mock.new_database())
    assert mock.job(job)["status"] == "STARTED"
    mock.control("POST", "/clock/advance", {"seconds": 1.999999})
    assert mock.job(job)["status"] == "STARTED"
    mock.control("POST", "/clock/advance", {"seconds": 0.000001})
    link = mock.job(job)["data"]
    mock.control("POST", "/clock/advance", {"seconds": 3599.999999})
    assert mock.send("GET", link).status_code == 200
    mock.control("POST", "/clock/advance", {"seconds": 0.000001})
    assert mock.send("GET", link).status_code == 403
    assert mock.send("GET", mock.job(job)["data"]).status_code == 200


@pytest.mark.parametrize("pace", ["immediate", {"seconds": 5}, {"polls": 2}])
def test_a_finished_job_stays_finished_when_the_clock_is_moved_back(mock: Mock, pace: object) -> None:
    mock.control("PATCH", "/settings", {"job_pace": pace})
    id_ = mock.new_job(mock.new_database())
    mock.control("POST", "/clock/advance", {"seconds": 5})
    while (before := mock.job(id_))["status"] == "STARTED":
        pass
    for order in ({"now": "2020-01-01T00:00:00Z"}, {"now": "2000-01-01T00:00:00Z"}):
        mock.control("PATCH", "/clock", order)
        now = mock.job(id_)
        assert (now["status"], now["created_at"]) == ("SUCCESS", before["created_at"])
        assert mock.send("GET", now["data"]).status_code == 200
    document = mock.state()
    mock.control("POST", "/reset")
    mock.restore(document)
    assert mock.job(id_)["status"] == "SUCCESS"
