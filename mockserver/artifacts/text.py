"""What every rendering shares: instants as text, JSON strings, and the size of a chunk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

import orjson

from ..state.instants import DAY, SECOND, day_to_date

CHUNK_ROWS = 500
# Looked up instead of formatted: instants are most of what rendering a short record costs.
_MINUTES = tuple(b"T%02d:%02d:" % (hour, minute) for hour in range(24) for minute in range(60))
_SECONDS = tuple(b"%02d." % second for second in range(60))
_MINUTE_TEXTS = tuple(minute.decode() for minute in _MINUTES)
_SECONDS_OF_DAY = DAY // SECOND

T = TypeVar("T")


@lru_cache(maxsize=64)
def _date(day: int) -> bytes:
    return day_to_date(day).encode()


@lru_cache(maxsize=256)  # what is written at once has the same instant
def instant_bytes(us: int) -> bytes:
    """An instant (µs) as ISO 8601 UTC with microseconds and Z: the fast twin of `format_instant`."""
    day, rest = divmod(us, DAY)
    second, fraction = divmod(rest, SECOND)
    return b"%b%b%b%06dZ" % (_date(day), _MINUTES[second // 60], _SECONDS[second % 60], fraction)


def instant_text(us: int) -> str:
    """The same as text."""
    return instant_bytes(us).decode()


def instant_texts(instants: Sequence[int]) -> list[str]:
    """The same of several, those of one day together for the most part."""
    texts = []
    day, date = None, ""
    for us in instants:
        second, fraction = divmod(us, SECOND)
        of, second = divmod(second, _SECONDS_OF_DAY)
        if of != day:
            day, date = of, day_to_date(of)
        texts.append(f"{date}{_MINUTE_TEXTS[second // 60]}{second % 60:02}.{fraction:06}Z")
    return texts


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
