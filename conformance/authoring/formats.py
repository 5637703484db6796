"""The forms of single values: ids, dates and timestamps."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


def is_uuid(value: object) -> bool:
    """Whether a value is a UUID with its hyphens, in either case."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def as_date(value: object) -> date | None:
    """The date of a text `YYYY-MM-DD`; None of anything else."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def as_timestamp(value: object) -> datetime | None:
    """The instant, in UTC, of an ISO 8601 timestamp with its offset; None of anything else."""
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
