"""Databases that are filled up to their limit of records and beyond, over several days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from ...authoring.arrange import step
from ...authoring.check import NotVerified, PrerequisiteFailed
from .archives import NO_NIGHT, Days, Marks, write
from .arrange import Database
from .context import PixieBrix
from .pages import every_page

FEW: Final = 6
"""The limit of records that retention is tried with, where it can be set."""

FEWEST: Final = 4
"""The lowest limit of records that leaves room for several dates."""

REACHABLE: Final = 10_000
"""The highest limit of records that is worth reaching; see the rule about the documented limit, too."""


NOTHING_WENT: Final = f"nothing was archived when the clock went over midnight; {NO_NIGHT}"


@dataclass(slots=True)
class Written:
    """What was written on a date: the keys of the records by their marks."""

    day: date
    keys: dict[str, str]


@dataclass(slots=True)
class Filled:
    """A database that was filled over several days, the last of which is not over.

    Attributes:
        limit: how many records it may hold.
        clock: to go on with.
        known: all marks, and more where they are needed.
        written: what was written, by date.
    """

    database: Database
    limit: int
    clock: Days
    known: Marks
    written: list[Written] = field(default_factory=list)

    def left(self, ctx: PixieBrix, **query: object) -> set[str]:
        """The marks in the list of records."""
        path = {"databaseId": self.database.id}
        with step("PB-REC-02", "list the records"):
            pages = list(every_page(ctx, "listRecords", path, query))
        return set().union(*(self.known.within(page.text) for page in pages))

    def gone(self, ctx: PixieBrix) -> dict[date, list[str]]:
        """The marks that are not in the list of records, by date; dates that are whole are left out."""
        left = self.left(ctx)
        gone = {one.day: [mark for mark in one.keys if mark not in left] for one in self.written}
        return {day: marks for day, marks in gone.items() if marks}

    def night(self, ctx: PixieBrix) -> None:
        """End a day on which the limit was exceeded.

        Raises:
            NotVerified: nothing was archived, and nobody knows whether the nightly job runs.
        """
        self.clock.next()
        if not ctx.clock.runs_nights and not self.gone(ctx):
            raise NotVerified(NOTHING_WENT)

    def archived(self, ctx: PixieBrix) -> dict[date, list[str]]:
        """End the day, and tell what is gone, by date.

        Raises:
            PrerequisiteFailed: more records are left than there may be.
            NotVerified: see `night`.
        """
        self.night(ctx)
        gone = self.gone(ctx)
        count = sum(len(one.keys) for one in self.written) - sum(map(len, gone.values()))
        if count > self.limit:
            message = f"after the night {count} records are left, and the limit is {self.limit}"
            raise PrerequisiteFailed("PB-RET-05", message)
        return gone


def limit_of(ctx: PixieBrix) -> int:
    """How many records a database may hold: few, where that can be set.

    Raises:
        NotVerified: too many, or too few for dates of several records.
    """
    try:
        return ctx.given.record_limit(FEW)
    except NotVerified:
        limit = ctx.given.record_limit(REACHABLE)
    if limit < FEWEST:
        raise NotVerified(f"a limit of {limit} records is too low for several dates (limits.record_limit)")
    return limit


def filled(ctx: PixieBrix, *sizes: int, over: int) -> Filled:
    """Fill a database up to its limit and beyond.

    Args:
        ctx: the check.
        sizes: how many records to write on each of the first days, `FEWEST` in all at most.
        over: how many more than the limit there are after one more day.
    """
    database = ctx.given.database(empty=True)
    full = Filled(database, limit_of(ctx), Days(ctx), Marks(ctx))
    for number, size in enumerate((*sizes, full.limit + over - sum(sizes))):
        day = full.clock.next() if number else full.clock.today
        keys = {mark: ctx.name("record") for mark in full.known.new(size)}
        write(ctx, database, list(keys), keys=list(keys.values()))
        full.written.append(Written(day, keys))
    return full
