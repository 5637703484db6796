"""The records of one database, built for half a million of them."""

from __future__ import annotations

import gc
from bisect import bisect_left
from collections import deque
from collections.abc import Generator, Iterable, KeysView, Sequence
from typing import Any, Final

from ....state.collector import keeps_data_out
from ....state.instants import DAY
from ....state.jsonio import dumps, loads
from ....state.rows import CREATED, DATA, KEY, SEQUENCE, UPDATED, Row
from .field_index import FieldIndex
from .lists_of_rows import cut, numbered
from .merging import MergeStrategy, merge

__all__ = ["CREATED", "DATA", "KEY", "SEQUENCE", "UPDATED", "Discarded", "RecordTable", "Row", "merged"]

_LARGE: Final = 50_000
_INDEXED: Final = 20_000
# Text, as another type would make a dictionary of texts arrange itself anew.
_NO_KEY: Final = "\0"

# Plain tuples of plain values on purpose: the garbage collector stops tracking them, which it does not do for
# a NamedTuple or any other class, so that half a million rows do not slow every full collection down.


class _Core:
    """What a table and its forks share until one of them writes."""

    __slots__ = ("by_key", "index", "moved", "owners", "per_day", "rows", "sequence", "writes")

    def __init__(self) -> None:
        self.rows: list[Row] = []  # sorted by (created, sequence)
        self.by_key: dict[str, Row] = {}
        # day -> keys of the rows updated on that day but created on another; the rest is found by creation
        self.moved: dict[int, set[str]] = {}
        self.per_day: dict[int, int] = {}  # day -> how many rows were last updated on it
        self.sequence = 0
        self.owners = 1
        self.writes = 0  # how often it was written to
        self.index: FieldIndex | None = None  # of the rows as they are: whoever changes them takes it away

    def copy(self) -> _Core:
        other = _Core()
        deque(self.copy_into(other), maxlen=0)
        return other

    def copy_into(self, other: _Core) -> Generator[None, None, None]:
        """Copy in steps, each as a whole: entry by entry it takes fifteen times as long."""
        other.by_key = self.by_key.copy()
        yield
        other.rows = self.rows.copy()
        yield
        other.moved = {day: keys.copy() for day, keys in self.moved.items()}
        other.per_day = self.per_day.copy()
        other.sequence = self.sequence

    def position(self, row: Row) -> int:
        return bisect_left(self.rows, row)

    def take_out(self, gone: list[Row]) -> None:
        """Remove these rows, all of which are there, in order; `per_day` and `moved` stay."""
        cut(self.rows, gone)
        for row in gone:
            del self.by_key[row[KEY]]

    def count(self, row: Row) -> None:
        """Note the day on which the row was updated."""
        day = row[UPDATED] // DAY
        self.per_day[day] = self.per_day.get(day, 0) + 1
        if row[CREATED] // DAY != day:
            self.moved.setdefault(day, set()).add(row[KEY])

    def discount(self, row: Row) -> None:
        """Take back what `count` noted."""
        day = row[UPDATED] // DAY
        left = self.per_day[day] - 1
        if left:
            self.per_day[day] = left
        else:
            del self.per_day[day]
        if row[CREATED] // DAY != day:
            keys = self.moved[day]
            keys.remove(row[KEY])
            if not keys:
                del self.moved[day]


class Discarded:
    """What a cleared table held. Dropping it frees everything at once; `release` frees it bit by bit."""

    __slots__ = ("_by_key", "_moved", "_rows", "count")

    def __init__(self, count: int, core: _Core | None) -> None:
        self.count = count
        """How many records the table held."""
        self._rows: list[Row] = core.rows if core is not None else []
        self._by_key: dict[str, Row] = core.by_key if core is not None else {}
        self._moved: list[set[str]] = list(core.moved.values()) if core is not None else []

    def __len__(self) -> int:
        """How many records are still to be released."""
        return max(len(self._rows), len(self._by_key))

    def release(self, limit: int = 10_000) -> bool:
        """Free at most `limit` records. True as long as there are more."""
        del self._rows[max(0, len(self._rows) - limit) :]
        for _ in range(min(limit, len(self._by_key))):
            self._by_key.popitem()
        left = limit
        while left > 0 and self._moved:
            keys = self._moved[-1]
            for _ in range(min(left, len(keys))):
                keys.pop()
                left -= 1
            if not keys:
                self._moved.pop()
        return bool(self._rows or self._by_key or self._moved)


class RecordTable:
    """Records by key, in order of creation, and by the day of their last update.

    The clock may run backwards: rows stay sorted by (created, sequence), whatever the order of the writes.
    """

    __slots__ = ("_core",)

    def __init__(self) -> None:
        self._core = _Core()

    def __len__(self) -> int:
        return len(self._core.rows)

    def __contains__(self, key: object) -> bool:
        return key in self._core.by_key

    def keys(self) -> KeysView[str]:
        """The keys of all records: a live view, for where many are looked for."""
        return self._core.by_key.keys()

    def get(self, key: str) -> Row:
        """The record's row. Raises `KeyError`."""
        return self._core.by_key[key]

    def store(self, key: str, data: bytes, now: int) -> tuple[Row, bool]:
        """Write the final data (compact JSON) of a record. The row, and whether it is new.

        The creation instant of an existing record stays, its update instant becomes `now`.
        """
        is_new = key not in self._core.by_key
        return self.store_all([(key, data)], now)[0], is_new

    def store_all(self, written: Iterable[tuple[str, bytes]], now: int) -> list[Row]:
        """Write the final data of several records, one after the other, as `store` does; their rows."""
        core = self._own()
        by_key, rows, per_day = core.by_key, core.rows, core.per_day
        day = now // DAY
        stored: list[Row] = []
        for key, data in written:
            old = by_key.get(key)
            if old is None:
                core.sequence += 1
                row: Row = (now, core.sequence, key, now, data)
                if not rows or rows[-1] < row:
                    rows.append(row)
                else:
                    rows.insert(core.position(row), row)
                per_day[day] = per_day.get(day, 0) + 1
            else:
                created = old[CREATED]
                # One integer object serves both columns where they are equal.
                row = (created, old[SEQUENCE], old[KEY], created if now == created else now, data)
                rows[core.position(old)] = row
                core.discount(old)
                core.count(row)
            by_key[row[KEY]] = row
            stored.append(row)
        return stored

    def load(self, rows: Iterable[tuple[int, str, int, bytes]]) -> None:
        """Add many records at once, each (created µs, key, updated µs, data as `jsonio.dumps` writes it).

        Records created at the same instant keep the order given. Of one key, the last entry wins, also over a
        record that the table holds.
        """
        core = self._own()
        by_key, core.sequence = numbered(rows, core.sequence)
        again = core.by_key.keys() & by_key.keys()
        if again:
            for key in again:
                core.discount(core.by_key[key])
            core.rows = [row for row in core.rows if row[KEY] not in again]
        added = sorted(by_key.values())
        in_order = not (core.rows and added) or core.rows[-1] < added[0]
        core.rows += added
        if not in_order:
            core.rows.sort()
        for row in added:
            core.count(row)
        core.by_key.update(by_key)

    @property
    def sequence(self) -> int:
        """The sequence number of the latest record that was new."""
        return self._core.sequence

    def append(self, row: Row) -> None:
        """Add a row as another table had it, after all others, its sequence number included.

        Raises `ValueError` for a key that is there already, and for a row that does not sort after the last.
        """
        core = self._own()
        if row[KEY] in core.by_key:
            raise ValueError(f"record {row[KEY]!r} is there twice")
        if core.rows and core.rows[-1][:KEY] >= row[:KEY]:
            raise ValueError(f"record {row[KEY]!r} is not in the order of creation")
        core.rows.append(row)
        core.by_key[row[KEY]] = row
        core.count(row)
        core.sequence = max(core.sequence, row[SEQUENCE])

    def continue_after(self, sequence: int) -> None:
        """Give new records higher sequence numbers than this. Raises `ValueError` if one is in use."""
        core = self._own()
        if sequence < core.sequence:
            raise ValueError(f"a record has a higher sequence number than {sequence}")
        core.sequence = sequence

    def delete(self, key: str) -> Row:
        """Remove a record. Raises `KeyError`."""
        row = self._core.by_key[key]
        core = self._own()
        del core.rows[core.position(row)]
        del core.by_key[key]
        core.discount(row)
        return row

    def clear(self) -> Discarded:
        """Remove every record, at once; what there was can then be released bit by bit."""
        core, self._core = self._core, _Core()
        self._core.sequence = core.sequence
        core.owners -= 1
        return Discarded(len(core.rows), core if core.owners == 0 else None)

    def rows(self) -> Sequence[Row]:
        """All rows in order of creation: a live view, not to be changed."""
        return self._core.rows

    def slice(self, lo: int, hi: int) -> list[Row]:
        """The rows from position `lo` up to, not including, `hi`, in order of creation."""
        return self._core.rows[lo:hi]

    def span(self, start: int | None, end: int | None) -> tuple[int, int]:
        """The positions (lo, hi) of the rows created from `start` to before `end` (µs; None: open)."""
        rows = self._core.rows
        # A tuple of the instant alone sorts before every row created at it.
        lo = 0 if start is None else bisect_left(rows, (start,))
        hi = len(rows) if end is None else bisect_left(rows, (end,))
        return lo, max(lo, hi)

    def index(self) -> FieldIndex | None:
        """What filters found of the rows as they are now; None of a few, which are searched faster."""
        core = self._core
        if core.index is None and len(core.rows) >= _INDEXED:
            core.index = FieldIndex()
        return core.index

    def updated_on(self, day: int) -> list[Row]:
        """The rows last updated on that day, in order of creation."""
        core = self._core
        if day not in core.per_day:
            return []
        lo, hi = self.span(day * DAY, (day + 1) * DAY)
        found = [row for row in core.rows[lo:hi] if row[UPDATED] // DAY == day]
        moved = core.moved.get(day)
        if moved:
            found.extend(core.by_key[key] for key in moved)
            found.sort()
        return found

    def count_on(self, day: int) -> int:
        """How many rows were last updated on that day."""
        return self._core.per_day.get(day, 0)

    def days(self) -> list[int]:
        """The days on which rows were last updated, in order."""
        return sorted(self._core.per_day)

    def remove_day(self, day: int) -> list[Row]:
        """Remove the rows last updated on that day; they are returned in order of creation."""
        gone = self.updated_on(day)
        if not gone:
            return gone
        core = self._own()
        core.take_out(gone)
        del core.per_day[day]
        core.moved.pop(day, None)
        return gone

    def remove(self, rows: Iterable[Row]) -> list[Row]:
        """Remove these rows, given in order of creation, where they are as they were given; those removed."""
        by_key = self._core.by_key
        gone = [row for row in rows if by_key.get(row[KEY]) is row]
        if gone:
            core = self._own()
            core.take_out(gone)
            for row in gone:
                core.discount(row)
        return gone

    def fork(self, kind: type[RecordTable] | None = None) -> RecordTable:
        """A table with the same records that shares them until either side writes. Costs nothing now.

        `kind` is the class of the new table, by default that of this one.
        """
        other = (kind or type(self))()
        other._core = self._core  # noqa: SLF001 - of its own kind
        self._core.owners += 1
        return other

    def release(self) -> None:
        """Give a fork up, so that the other side need not copy what it writes to. The table is then empty."""
        self._core.owners -= 1
        self._core = _Core()

    @property
    def copies_long(self) -> bool:
        """Whether the next write takes long, as it copies many records that a fork shares."""
        return self._core.owners > 1 and len(self._core.rows) > _LARGE

    def copy_steps(self) -> Generator[None, None, None]:
        """Copy what a fork shares, in short steps, so that the next write need not copy it at once.

        What the table holds stays the same; if it is written to between two steps, the copy is given up.
        """
        core, writes = self._core, self._core.writes
        copy = _Core()
        for _ in core.copy_into(copy):
            yield
            if self._core is not core or core.writes != writes:
                return
        if core.owners > 1:
            self._keep(copy)

    def _own(self) -> _Core:
        """The core, copied first if a fork may still read it."""
        if self._core.owners > 1:
            self._keep(self._core.copy())
        core = self._core
        core.writes += 1
        core.index = None
        return core

    def _keep(self, copy: _Core) -> None:
        """Have a copy of the core for this table alone."""
        # First the copy, so that whoever shares it copies it, too, while a night is copying in a thread.
        self._core.owners -= 1
        self._core = copy
        if len(copy.rows) > _LARGE and keeps_data_out():
            # A process that keeps its data out of the collector's sight keeps the copy out, too: the next
            # collection would look at every row of the new index, which takes longer than the copying. It
            # knows of a dictionary only once that held something that it tracks, hence the list.
            index: dict[str, Any] = copy.by_key
            if _NO_KEY not in index:
                index[_NO_KEY] = []
                del index[_NO_KEY]
            gc.freeze()


def merged(old: bytes | None, data: dict[str, Any], strategy: MergeStrategy) -> bytes:
    """The data that a record has after a write, as compact JSON; `old` is None for a new record.

    Raises `MalformedJSON` for data that JSON cannot hold.
    """
    if old is None or strategy is MergeStrategy.REPLACE:
        return dumps(data)
    return dumps(merge(strategy, loads(old), data))
