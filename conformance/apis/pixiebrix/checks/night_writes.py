"""A night that comes while records are written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from threading import Event
from typing import Any, Final

from ....authoring.check import NotVerified, check
from ....authoring.together import together
from .. import archives as archived
from ..archives import Days
from ..arrange import CREATED, Database
from ..context import PixieBrix
from ..records import expect_data, fill, found, path_of, read

_LIMIT: Final = 50
"""The limit of records, where it can be set; a lower one leaves no room for what comes beside a night."""
_MOST_LIMIT: Final = 10_000
_DOOMED: Final = 5
_MERGES: Final = 300
"""How many merges may come beside a night."""


@check("PB-RET-16")
def what_is_written_beside_a_night_stays(ctx: PixieBrix) -> None:
    """Exceeds the limit, merges fields into a record, creates and deletes others until the night is over,
    reads them, and looks for them in the files.
    """
    limit = _limit(ctx)
    database, days = ctx.given.database(empty=True), Days(ctx)
    old = limit // 2 + _DOOMED
    fill(ctx, database, old)
    first = days.next()
    merged, *doomed = fill(ctx, database, limit + 1 + _DOOMED - old)[: 1 + _DOOMED]
    beside = _Beside(ctx, database, limit // 4)
    together(
        partial(beside.night, days),
        partial(beside.merge, merged),
        beside.create,
        partial(beside.delete, doomed),
    )
    expected = {f"field{number}": number for number in range(beside.merges)}
    expect_data("what was merged into a record beside the night", expected, read(ctx, database, merged))
    there = found(ctx, database, [*beside.created, *beside.deleted])
    ctx.expect("the created and the deleted records after the night", sorted(beside.created), there)
    if not ctx.can("storage"):
        return
    second = days.today
    days.next()
    listed = archived.listed(ctx, archived.path_of(database))
    # A nightly job that is started by hand may move the clock itself, by more than a day.
    files = [archived.download(ctx, one) for one in listed if first <= one.day <= second]
    wanted = {f'"{text}"' for text in (f"field{beside.merges - 1}", *beside.created)}
    seen: set[str] = set().union(*(file.containing(wanted) for file in files))
    ctx.expect("what was written beside the night and is in no file", [], sorted(wanted - seen))


def _limit(ctx: PixieBrix) -> int:
    try:
        return ctx.given.record_limit(_LIMIT)
    except NotVerified:
        limit = ctx.given.record_limit(_MOST_LIMIT)
    if limit < _LIMIT:
        ctx.skip(f"a limit of {limit} records leaves no room beside a night (limits.record_limit)")
    return limit


class _Beside:
    """What goes on while a night runs, each in a thread of its own.

    Attributes:
        merges: how many fields were merged into one record.
        created, deleted: the keys of records that were.
    """

    def __init__(self, ctx: PixieBrix, database: Database, most: int) -> None:
        self._ctx, self._database = ctx, database
        self._merging, self._deleted, self._over = Event(), Event(), Event()
        self._most = most
        self.merges = 0
        self.created: list[str] = []
        self.deleted: list[str] = []

    def night(self, days: Days) -> None:
        """The night itself, once writes are on their way: it may be over before they would have begun."""
        try:
            self._merging.wait()
            # A merge is sent while a deletion is answered, so that it is under way now, or soon over.
            self._deleted.wait()
            days.next()
        finally:
            self._over.set()

    def merge(self, key: str) -> None:
        """Add a field to a record, and another one, until the night is over."""
        for number in self._until_it_is_over(_MERGES):
            self._merging.set()
            self._put(key, data={f"field{number}": number}, merge_strategy="shallow")
            self.merges = number + 1

    def create(self) -> None:
        """Write new records, one by one."""
        for _ in self._until_it_is_over(self._most):
            key = self._ctx.name("record")
            self._put(key, data={"probe": key})
            self.created.append(key)

    def delete(self, keys: list[str]) -> None:
        """Delete records, one by one."""
        try:
            for number in self._until_it_is_over(len(keys)):
                self._merging.wait()
                path = path_of(self._database, keys[number])
                self._ctx.call("deleteRecord", path=path, described=False).expect_status(204)
                self.deleted.append(keys[number])
                self._deleted.set()
        finally:
            self._deleted.set()

    def _until_it_is_over(self, most: int) -> Iterator[int]:
        for number in range(most):
            yield number
            if self._over.is_set():
                return

    def _put(self, key: str, **body: Any) -> None:
        answer = self._ctx.call("putRecord", path=path_of(self._database, key), json=body, described=False)
        answer.expect_status(*CREATED)
