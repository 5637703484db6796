from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.state.instants import (
    DAY,
    HOUR,
    SECOND,
    day_of,
    day_to_date,
    format_instant,
    parse_date,
    parse_instant,
    parse_moment,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def test_the_example_of_the_document_survives_the_round_trip() -> None:
    text = "2024-11-15T20:42:47.670046Z"
    moment = datetime(2024, 11, 15, 20, 42, 47, 670046, tzinfo=UTC)
    assert parse_instant(text) == (moment - EPOCH) // timedelta(microseconds=1)
    assert format_instant(parse_instant(text)) == text


def test_microseconds_are_written_even_when_they_are_zero() -> None:
    assert format_instant(0) == "1970-01-01T00:00:00.000000Z"


@given(st.datetimes(timezones=st.timezones()))
def test_every_offset_names_the_same_instant(moment: datetime) -> None:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return
    offset = moment.utcoffset()
    if offset is None or offset % timedelta(minutes=1):
        return  # offsets with seconds have no ISO 8601 form
    assert parse_instant(moment.isoformat()) == (moment - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("2024-01-31T23:30:00", "2024-01-31T23:30:00.000000Z"),
        ("2024-01-31 23:30", "2024-01-31T23:30:00.000000Z"),
        ("2024-01-31t23:30:00z", "2024-01-31T23:30:00.000000Z"),
        ("2024-01-31T23:30:00-0230", "2024-02-01T02:00:00.000000Z"),
        ("2024-02-01T01:30:00+02", "2024-01-31T23:30:00.000000Z"),
        ("2024-01-31T23:30:00.5Z", "2024-01-31T23:30:00.500000Z"),
        ("2024-01-31T23:30:00,123456789Z", "2024-01-31T23:30:00.123456Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_spellings_of_an_instant(text: str, same_as: str) -> None:
    assert format_instant(parse_instant(text)) == same_as


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2024-01-31",
        "20240131T233000Z",
        "2024-W05-3T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-01-31T24:00:00Z",
        "2024-01-31T23:60:00Z",
        "2024-01-31T23:30.5Z",
        "2024-01-31T23:30:00+24:00",
        "2024-01-31T23:30:00Z ",
        "2024-01-31T23:30:00Z\n",
        "\u0662\u0660\u0662\u0664-01-31T23:30:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_is_not_an_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an ISO|outside the years"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text", ["", "2024-2-1", "20240201", "2024-02-30", "2024-02-01T00:00:00Z", "2024-02-01\n", "0000-01-01"]
)
def test_what_is_not_a_date(text: str) -> None:
    with pytest.raises(ValueError, match="not a date"):
        parse_date(text)


@pytest.mark.parametrize("text", ["2024-02-30T00:00:00.000000Z", "2024-02-30T00:00:00Z", "2024-02-30"])
def test_what_is_wrong_with_a_date_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a.*: day is out of range for month"):
        parse_moment(text)


def test_a_moment_is_an_instant_or_the_midnight_of_a_date() -> None:
    assert format_instant(parse_moment("2024-02-01")) == "2024-02-01T00:00:00.000000Z"
    assert format_instant(parse_moment("2024-02-01T01:30+02:00")) == "2024-01-31T23:30:00.000000Z"
    with pytest.raises(ValueError, match="not an ISO 8601"):
        parse_moment("2024-02")


@given(st.dates())
def test_dates_survive_the_round_trip(date: object) -> None:
    assert day_to_date(parse_date(str(date))) == str(date)


@given(st.datetimes())
def test_the_day_of_an_instant_is_its_utc_date(moment: datetime) -> None:
    us = parse_instant(moment.isoformat())
    assert day_to_date(day_of(us)) == moment.date().isoformat()
    assert format_instant(us)[:10] == moment.date().isoformat()


def test_days_begin_at_midnight_also_before_the_epoch() -> None:
    assert (day_of(-1), day_of(0), day_of(DAY - 1), day_of(DAY)) == (-1, 0, 0, 1)
    assert HOUR == 3600 * SECOND == DAY // 24


@pytest.mark.parametrize("us", [-(10**18), 10**18, 10**30])
def test_instants_without_a_text_form_are_refused(us: int) -> None:
    with pytest.raises(ValueError, match="outside the years"):
        format_instant(us)
    with pytest.raises(ValueError, match="outside the years"):
        day_to_date(day_of(us))
