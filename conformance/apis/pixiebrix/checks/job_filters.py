"""The dates of an export job: which records they let through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ....authoring.arrange import step
from ....authoring.check import check
from ..archives import Marks
from ..arrange import Database
from ..context import PixieBrix
from ..exports import (
    Written,
    as_text,
    as_written,
    between,
    elements,
    expect_marks,
    exported,
    succeeded,
    write,
    written_apart,
)

_WITHIN = 0.2
OFFSETS = (timedelta(hours=5, minutes=30), -timedelta(hours=8))


def _expect(
    ctx: PixieBrix, database: Database, records: Sequence[Written], chosen: Sequence[Written], **filters: str
) -> None:
    """Export under filters, and go on if of the records the chosen ones are there."""
    answer = exported(ctx, succeeded(ctx, database, filters=filters))
    expect_marks(
        ctx,
        answer,
        present=[one.mark for one in chosen],
        absent=[one.mark for one in records if one not in chosen],
    )


@check("PB-JOB-33")
def a_start_date_leaves_earlier_records_out(ctx: PixieBrix) -> None:
    """Writes two records one after the other, exports from between them, and expects the later one only."""
    database = ctx.given.database()
    records = written_apart(ctx, database, 2)
    _expect(ctx, database, records, records[1:], start_date=as_text(between(*records)))


@check("PB-JOB-34")
def an_end_date_leaves_later_records_out(ctx: PixieBrix) -> None:
    """Writes two records one after the other, exports up to between them, and expects the
    earlier one only.
    """
    database = ctx.given.database()
    records = written_apart(ctx, database, 2)
    _expect(ctx, database, records, records[:1], end_date=as_text(between(*records)))


@check("PB-JOB-35")
def the_two_dates_hold_together(ctx: PixieBrix) -> None:
    """Writes three records one after the other and exports around the middle one."""
    database = ctx.given.database()
    records = written_apart(ctx, database, 3)
    start, end = as_text(between(*records[:2])), as_text(between(*records[1:]))
    _expect(ctx, database, records, records[1:2], start_date=start, end_date=end)


@check("PB-JOB-35")
def the_two_dates_hold_within_a_second(ctx: PixieBrix) -> None:
    """Writes three records within a second, where their times tell them apart, and exports around one."""
    database = ctx.given.database()
    records: list[Written] = []
    for mark in Marks(ctx).new(3):
        if records and ctx.can("clock"):
            ctx.clock.advance(_WITHIN)
        elif records:
            ctx.pause(_WITHIN)
        records.append(as_written(write(ctx, database, [mark])[0], mark))
    times = [one.created for one in records]
    if sorted(set(times)) != times:
        return  # they were written at one instant, as far as the target tells
    start, end = as_text(between(*records[:2])), as_text(between(*records[1:]))
    _expect(ctx, database, records, records[1:2], start_date=start, end_date=end)


@check("PB-JOB-36")
def a_start_date_is_inclusive(ctx: PixieBrix) -> None:
    """Exports from the very creation time that the later of two records shows."""
    database = ctx.given.database()
    records = written_apart(ctx, database, 2)
    _expect(ctx, database, records, records[1:], start_date=records[1].shown)


@check("PB-JOB-37")
def an_end_date_is_inclusive(ctx: PixieBrix) -> None:
    """Exports up to the very creation time that the earlier of two records shows."""
    database = ctx.given.database()
    records = written_apart(ctx, database, 2)
    with step("PB-JOB-40", "read the times of an exported record"):
        element = elements(ctx, exported(ctx, succeeded(ctx, database)), [records[0].mark])[0]
    if element.get("updated_at") not in {None, element.get("created_at")}:
        ctx.skip("a new record has two times, and which one the filters look at is not documented")
    _expect(ctx, database, records, records[:1], end_date=records[0].shown)


@check("PB-JOB-38")
def the_offset_counts(ctx: PixieBrix) -> None:
    """Exports from and up to between two records, the instant written as it is called east and west of UTC,
    and expects the later one only, or the earlier one.
    """
    database = ctx.given.database()
    records = written_apart(ctx, database, 2)
    for offset in OFFSETS:
        instant = as_text(between(*records), offset=offset)
        _expect(ctx, database, records, records[1:], start_date=instant)
        _expect(ctx, database, records, records[:1], end_date=instant)
