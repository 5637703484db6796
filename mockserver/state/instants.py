"""Instants and days.

An instant is an `int`: microseconds since the Unix epoch, UTC. A day is an `int`: whole days since the epoch,
UTC. Only the years 1 to 9999 have a text form.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

SECOND: Final = 1_000_000
"""Microseconds in a second."""
HOUR: Final = 3600 * SECOND
"""Microseconds in an hour."""
DAY: Final = 24 * HOUR
"""Microseconds in a day."""

_MINUTE = 60 * SECOND
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # naive on purpose: it is UTC, and formats faster
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_FIRST = (1 - _EPOCH_ORDINAL) * DAY
_LAST = (date.max.toordinal() + 1 - _EPOCH_ORDINAL) * DAY - 1

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CANONICAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_INSTANT = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]"
    r"(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)"
    r"(?:(?<=:[0-9]{2}:[0-9]{2})[.,](?P<fraction>[0-9]+))?"  # of a second
    r"(?P<offset>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)


def day_of(us: int) -> int:
    """The UTC day that holds the instant."""
    return us // DAY


def day_to_date(day: int) -> str:
    """The day as `YYYY-MM-DD`. Raises `ValueError` outside the years 1 to 9999."""
    try:
        return date.fromordinal(day + _EPOCH_ORDINAL).isoformat()
    except (OverflowError, ValueError) as error:
        raise ValueError(f"day {day} is outside the years 1 to 9999") from error


def format_instant(us: int) -> str:
    """The instant as ISO 8601 in UTC with microseconds and `Z` (contract: Assets, times).

    Raises `ValueError` outside the years 1 to 9999.
    """
    minute, rest = divmod(us, _MINUTE)
    try:
        begins = _minute_to_text(minute)
    except OverflowError as error:
        raise ValueError(f"instant {us} is outside the years 1 to 9999") from error
    return "%s:%02d.%06dZ" % (begins, *divmod(rest, SECOND))  # noqa: UP031 - twice as fast as an f-string


@lru_cache(maxsize=1024)
def _minute_to_text(minute: int) -> str:
    return (_EPOCH + timedelta(minutes=minute)).isoformat(timespec="minutes")


def parse_instant(text: str) -> int:
    """The instant that an ISO 8601 date and time names; without an offset it is UTC.

    Digits beyond microseconds are cut off. Raises `ValueError` for anything else, a bare date included.
    """
    if _CANONICAL.fullmatch(text) is not None:  # as data sets have it, a million of them
        try:
            return (datetime.fromisoformat(text) - _EPOCH_UTC) // _MICROSECOND
        except ValueError as error:
            raise ValueError(f"not an ISO 8601 date and time: {error}") from None
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError("not an ISO 8601 date and time")
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    offset = match["offset"] or "Z"
    try:
        moment = datetime.fromisoformat(f"{match['date']}T{match['time']}{offset.upper()}")
    except ValueError as error:
        raise ValueError(f"not an ISO 8601 date and time: {error}") from None
    us = (moment - _EPOCH_UTC) // _MICROSECOND + int(fraction)
    if not _FIRST <= us <= _LAST:
        raise ValueError("outside the years 1 to 9999")
    return us


def parse_moment(text: str) -> int:
    """The instant that an ISO 8601 date and time names, or a date alone: its midnight, UTC.

    Raises `ValueError` for anything else.
    """
    return parse_date(text) * DAY if _DATE.fullmatch(text) else parse_instant(text)


def parse_date(text: str) -> int:
    """The day that `YYYY-MM-DD` names, strictly. Raises `ValueError` for anything else."""
    if _DATE.fullmatch(text) is None:
        raise ValueError("not a date of the form YYYY-MM-DD")
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL
    except ValueError as error:
        raise ValueError(f"not a date of the form YYYY-MM-DD: {error}") from None
