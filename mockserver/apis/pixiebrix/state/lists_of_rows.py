"""Rows put in order for a table, and taken out of a long list."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from ....state.rows import Row


def numbered(rows: Iterable[tuple[int, str, int, bytes]], before: int) -> tuple[dict[str, Row], int]:
    """Rows by key, in the order given, with sequence numbers above `before`; the highest of these.

    A number only tells rows of one instant apart. Those that follow in order of creation all have the same,
    which saves half a million integers; what steps back gets a higher one than all before it.
    """
    by_key: dict[str, Row] = {}
    first = number = highest = before
    latest: int | None = None
    for created, key, updated, data in rows:
        if created == latest:
            number += 1
            highest = max(highest, number)
        else:
            if latest is None or created < latest:
                first = highest = highest + 1
            number, latest = first, created
        by_key.pop(key, None)
        by_key[key] = (created, number, key, created if updated == created else updated, data)
    return by_key, highest


def cut(rows: list[Row], gone: list[Row]) -> None:
    """Take `gone` (a sorted part of `rows`) out of `rows`, copying whole runs of what stays."""
    first = bisect_left(rows, gone[0])
    last = bisect_left(rows, gone[-1]) + 1
    if last - first == len(gone):
        del rows[first:last]
        return
    kept: list[Row] = []
    start = position = first
    for row in gone:
        if rows[position] is not row:
            position = bisect_left(rows, row, position)
        kept += rows[start:position]
        start = position = position + 1
    rows[first:last] = kept
