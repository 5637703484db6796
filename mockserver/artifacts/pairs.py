"""The rows of a job as pairs with their database, made only when they are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from ..state.rows import Row

Pair = tuple[str, Row]
"""(database id, row)."""


class Pairs(Sequence[Pair]):
    """What `Job.rows` is, without a list of half a million tuples of which each is needed once.

    Args:
        parts: the rows of each database, as a job has them.
    """

    def __init__(self, parts: Sequence[tuple[str, list[Row]]]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(len(rows) for _, rows in self._parts)

    def __iter__(self) -> Iterator[Pair]:
        for database, rows in self._parts:
            for row in rows:
                yield database, row

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> list[Pair]: ...
    def __getitem__(self, index: int | slice) -> Pair | list[Pair]:
        wanted = range(len(self))[index]
        if isinstance(wanted, int):
            return self._between(wanted, wanted + 1)[0]
        if wanted.step != 1:
            return [self[position] for position in wanted]
        return self._between(wanted.start, wanted.stop)

    def _between(self, start: int, stop: int) -> list[Pair]:
        found: list[Pair] = []
        for database, rows in self._parts:
            if start < len(rows):
                found += [(database, row) for row in rows[start : max(0, stop)]]
            start, stop = max(0, start - len(rows)), stop - len(rows)
        return found
