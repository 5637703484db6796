from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from dbcontract.mockserver.client import MockClient, MockError

START = datetime(2026, 1, 31, tzinfo=UTC)


def test_it_stands_where_the_data_ends(mock: MockClient) -> None:
    assert mock.clock.frozen is True
    assert mock.clock.now() == START
    assert mock.clock.now().tzinfo is not None


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({"hours": 1}, timedelta(hours=1)),
        ({"days": 2, "hours": 3, "minutes": 4, "seconds": 5}, timedelta(2, 5, hours=3, minutes=4)),
        ({"seconds": 0.000001}, timedelta(microseconds=1)),
        ({"days": -1}, timedelta(days=-1)),
        ({"minutes": 0.5}, timedelta(seconds=30)),
    ],
)
def test_advance(mock: MockClient, span: dict[str, float], expected: timedelta) -> None:
    assert mock.clock.advance(**span) == START + expected
    assert mock.clock.now() == START + expected


def test_advance_by_a_timedelta(mock: MockClient) -> None:
    assert mock.clock.advance(timedelta(hours=2), minutes=1) == START + timedelta(hours=2, minutes=1)


def test_the_next_midnight(mock: MockClient) -> None:
    mock.clock.advance(hours=13)
    assert mock.clock.advance_to_next_midnight() == START + timedelta(days=1)
    assert mock.clock.advance_to_next_midnight() == START + timedelta(days=2)
    assert mock.clock.frozen


@pytest.mark.parametrize(
    "at",
    [
        "2030-05-06T07:08:09.000010Z",
        "2030-05-06T09:08:09.000010+02:00",
        "2030-05-06T07:08:09.000010",
        datetime(2030, 5, 6, 7, 8, 9, 10, tzinfo=UTC),
        datetime(2030, 5, 6, 9, 8, 9, 10, tzinfo=timezone(timedelta(hours=2))),
        datetime(2030, 5, 6, 7, 8, 9, 10),  # noqa: DTZ001 - one without an offset is UTC
    ],
)
def test_times_are_text_or_datetimes(mock: MockClient, at: Any) -> None:
    expected = datetime(2030, 5, 6, 7, 8, 9, 10, tzinfo=UTC)
    assert mock.clock.set(at) == expected
    mock.clock.set(START)
    assert mock.clock.freeze(at=at) == expected
    assert mock.clock.now() == expected


@pytest.mark.parametrize("at", [1_893_456_000, date(2030, 1, 1), b"2030-01-01T00:00:00Z"])
def test_anything_else_is_not_a_time(mock: MockClient, at: Any) -> None:
    with pytest.raises(TypeError, match="is not a time: give a datetime or ISO 8601 text"):
        mock.clock.freeze(at=at)
    assert mock.clock.now() == START


@pytest.mark.parametrize("at", ["tomorrow", "2030-01-32", ""])
def test_text_that_is_not_a_time_is_refused_with_the_reason(mock: MockClient, at: str) -> None:
    with pytest.raises(MockError, match=r"now: Datetime has wrong format") as refused:
        mock.clock.set(at)
    assert refused.value.status == 400
    assert set(refused.value.errors) == {"now"}
    assert mock.clock.now() == START


def test_beyond_the_year_9999(mock: MockClient) -> None:
    with pytest.raises(MockError, match="years 1 to 9999"):
        mock.clock.advance(days=365_000 * 9)
    assert mock.clock.now() == START


def test_it_runs_on_and_stands_still_again(mock: MockClient) -> None:
    began = mock.clock.resume()
    assert began >= START
    assert mock.clock.frozen is False
    later = mock.clock.now()
    while mock.clock.now() == later:
        pass
    stopped = mock.clock.freeze()
    assert later < stopped < START + timedelta(minutes=1)
    assert mock.clock.now() == stopped


def test_a_set_clock_stays_as_it_was_running_or_frozen(mock: MockClient) -> None:
    mock.clock.set(START + timedelta(days=1))
    assert mock.clock.frozen
    mock.clock.resume()
    mock.clock.set(START)
    assert not mock.clock.frozen


def test_unknown_words_are_refused(mock: MockClient) -> None:
    with pytest.raises(TypeError, match="weeks"):
        mock.clock.advance(weeks=1)  # type: ignore[call-arg]
