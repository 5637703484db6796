"""What every rendering shares: instants as text, JSON strings, and the size of a chunk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

import orjson

from ..state.instants import SECOND, day_to_date

CHUNK_ROWS = 500
# Looked up instead of formatted: instants are most of what rendering a short record costs.
_MINUTES = tuple(f"T{hour:02d}:{minute:02d}:" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f"{second:02d}." for second in range(60))

T = TypeVar("T")

_date_text = lru_cache(maxsize=64)(day_to_date)


def instant_text(us: int) -> str:
    """An instant (µs) as ISO 8601 UTC with microseconds and Z: the fast twin of `format_instant`."""
    seconds, fraction = divmod(us, SECOND)
    minutes, second = divmod(seconds, 60)
    day, minute = divmod(minutes, 1440)
    return f"{_date_text(day)}{_MINUTES[minute]}{_SECONDS[second]}{fraction:06d}Z"


def json_string(text: str) -> bytes:
    """A string as JSON text."""
    try:
        return orjson.dumps(text)
    except TypeError:  # a lone surrogate has no UTF-8 form; an escape can carry it
        return json.dumps(text).encode()


def batches(rows: Sequence[T], size: int = CHUNK_ROWS) -> Iterator[Sequence[T]]:
    """The rows in slices of at most `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
