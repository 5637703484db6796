"""What happens in the night to a database that holds more records than it may."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ....authoring.arrange import step
from ....authoring.check import NotVerified, PrerequisiteFailed, check
from .. import archives as archived
from ..archives import Days, Marks
from ..arrange import CREATED
from ..context import PixieBrix
from ..exports import expect_marks
from ..pages import every_item, every_page
from ..records import expect_data, found, read
from ..retention import NOTHING_WENT, Filled, filled

_DOCUMENTED: Final = 500_000
_AT_ONCE: Final = 10_000
_PATIENCE: Final = 3_600.0
"""How many seconds may pass while a database is filled up to the documented limit."""

_LATE: Final = timedelta(minutes=1)


@check("PB-RET-01")
def a_database_holds_500000_records(ctx: PixieBrix) -> None:
    """Writes 500,000 records, passes a night, writes one more and passes another; only where the user asks
    for it, as it takes minutes.
    """
    if ctx.scratch.record_limit != _DOCUMENTED:
        ctx.skip(
            f"the target's limit is {ctx.scratch.record_limit} records by its own account "
            f"(limits.record_limit), and not the documented {_DOCUMENTED}"
        )
    if not ctx.can("wait"):
        raise NotVerified("writing 500,000 records takes minutes; waiting is not allowed", missing=("wait",))
    ctx.until += _PATIENCE
    holds_exactly(ctx, _DOCUMENTED)


def holds_exactly(ctx: PixieBrix, limit: int) -> None:
    """Expect that a night takes nothing of this many records, and the oldest date of one more."""
    database, days = ctx.given.database(empty=True), Days(ctx)
    path = {"databaseId": database.id}
    _pour(ctx, path, range(2))
    days.next()
    for start in range(2, limit, _AT_ONCE):
        _pour(ctx, path, range(start, min(start + _AT_ONCE, limit)))
    days.next()
    oldest = {**path, "recordKey": "record-0"}
    ctx.call("getRecord", path=oldest, note=f"after a night with {limit} records").expect_status(200)
    _pour(ctx, path, range(limit, limit + 1))
    days.next()
    answer = ctx.call("getRecord", path=oldest, note=f"after a night with {limit + 1} records")
    if answer.status == 200 and not ctx.clock.runs_nights:
        raise NotVerified(NOTHING_WENT)
    answer.expect_status(404)


def _pour(ctx: PixieBrix, path: dict[str, str], numbers: range) -> None:
    """Add records to a database that had none: many, so they are short, and no answer is looked through."""
    # Written out: half a million objects would take longer to make than the target takes for all the rest.
    body = ",".join([f'{{"id":"record-{number}","data":{{"n":{number}}}}}' for number in numbers])
    with step("PB-REC-09", "create records"):
        answer = ctx.call("createRecords", path=path, body=f"[{body}]".encode(), described=False)
        answer.expect_status(200, 201)


@check("PB-RET-02")
def a_full_database_keeps_every_record(ctx: PixieBrix) -> None:
    """Fills a database to exactly the limit, on several dates, after some records were deleted and others
    written again, passes a night and looks for every record; the limit is set low where it can be.
    """
    full = filled(ctx, 2, over=2)
    last, path = full.written[-1], {"databaseId": full.database.id}
    for mark in [*last.keys][:2]:
        with step("PB-REC-15", "delete a record"):
            key = last.keys.pop(mark)
            ctx.call("deleteRecord", path={**path, "recordKey": key}).expect_status(204)
    for mark, key in [*last.keys.items()][:3]:
        archived.change(ctx, full.database, key, {"probe": mark})
    full.clock.next()
    ctx.expect(f"what is gone of {full.limit} records, which is the limit", {}, full.gone(ctx))


@check("PB-RET-03")
def a_full_database_takes_another_record(ctx: PixieBrix) -> None:
    """Fills a database to the limit, writes one more record, and looks for it."""
    full = filled(ctx, over=0)
    (mark,) = full.known.new(1)
    record = {"id": ctx.name("record"), "data": {"probe": mark}}
    ctx.call("createRecords", path={"databaseId": full.database.id}, json=[record]).expect_status(*CREATED)
    there = mark in full.left(ctx)
    ctx.expect_true("the list of records", there, expected="the new record", actual="the list lacks it")


@check("PB-RET-04")
def nothing_goes_before_the_night(ctx: PixieBrix) -> None:
    """Exceeds the limit, lists the records at once and late on the same day, and looks for all of them."""
    full = filled(ctx, 2, over=1)
    ctx.expect("what is gone at once", {}, full.gone(ctx))
    full.clock.until(_LATE)
    ctx.expect("what is gone before the night", {}, full.gone(ctx))


@check("PB-RET-05")
def the_night_brings_the_count_to_the_limit(ctx: PixieBrix) -> None:
    """Exceeds the limit by one, passes the night and counts."""
    full = filled(ctx, 2, over=1)
    full.night(ctx)
    count = len(full.left(ctx))
    most = f"{full.limit} at most"
    ctx.expect_true(
        "how many records are left after the night", count <= full.limit, expected=most, actual=count
    )


@check("PB-RET-05")
def each_night_brings_the_count_to_the_limit(ctx: PixieBrix) -> None:
    """Exceeds the limit and passes the night, three times in one database, and counts each time."""
    full = filled(ctx, 2, over=1)
    full.night(ctx)
    for _ in range(2):
        marks = full.known.new(full.limit + 1 - len(full.left(ctx)))
        archived.write(ctx, full.database, marks)
        full.clock.next()
        count = len(full.left(ctx))
        what = "how many records are left after a further night"
        ctx.expect_true(what, count <= full.limit, expected=f"{full.limit} at most", actual=count)


@check("PB-RET-06")
def the_oldest_dates_go(ctx: PixieBrix) -> None:
    """Writes on three dates, exceeds the limit by one, and looks for dates older than one that went."""
    full = filled(ctx, 2, 2, over=1)
    gone = full.archived(ctx)
    youngest = max(gone)
    older = [
        one.day for one in full.written if one.day < youngest and len(gone.get(one.day, ())) < len(one.keys)
    ]
    ctx.expect_true(
        "the dates that went", not older, expected="the oldest first", actual=f"{youngest}, not {older}"
    )


@check("PB-RET-07")
def whole_dates_go(ctx: PixieBrix) -> None:
    """Writes on three dates, two records or more each, exceeds the limit by one, and counts by date."""
    full = filled(ctx, 2, 2, over=1)
    gone = full.archived(ctx)
    for one in full.written:
        if one.day in gone:
            ctx.expect(f"how many records of {one.day} went", len(one.keys), len(gone[one.day]))


@check("PB-RET-08")
def no_further_date_goes(ctx: PixieBrix) -> None:
    """Writes on three dates, each of which is enough, exceeds the limit by one, and counts dates."""
    gone = filled(ctx, 2, 2, over=1).archived(ctx)
    dates = [str(day) for day in gone]
    ctx.expect_true("the dates that went", len(dates) == 1, expected="one, for that is enough", actual=dates)


@check("PB-RET-09")
def several_dates_go_in_one_night(ctx: PixieBrix) -> None:
    """Writes one record on the oldest date and two on the next, exceeds the limit by two, passes one night
    and counts.
    """
    full = filled(ctx, 1, 2, over=2)
    full.night(ctx)
    gone = full.gone(ctx)
    if not gone:
        raise PrerequisiteFailed("PB-RET-05", "the night took nothing, though the limit was exceeded")
    went = [len(gone.get(one.day, ())) for one in full.written[:2]]
    ctx.expect("how many records of the two oldest dates went", [1, 2], went)


@check("PB-RET-10")
def what_went_is_not_listed(ctx: PixieBrix) -> None:
    """Exceeds the limit, passes the night, and lists what went by itself, by its date and by its value.

    It is asked for before the night too: an answer that is kept would show it still.
    """
    full = filled(ctx, 2, over=1)
    for one in full.written:
        full.left(ctx, start_date=one.day, end_date=one.day)
        full.left(ctx, data__probe=next(iter(one.keys)))
    day, went = next(iter(full.archived(ctx).items()))
    for query in ({"start_date": day, "end_date": day}, {"data__probe": went[0]}):
        found = sorted(full.left(ctx, **query) & set(went))
        ctx.expect(f"archived records in the list with {', '.join(query)}", [], found)


@check("PB-RET-11")
def what_went_cannot_be_read(ctx: PixieBrix) -> None:
    """Exceeds the limit, reads all, passes the night, and reads by key what went, and one that is left."""
    full = filled(ctx, 2, over=1)
    with step("PB-REC-12", "read the records before the night"):
        for one in full.written[:2]:
            for key in one.keys.values():
                _read(ctx, full, key, 200)
    gone = {mark for marks in full.archived(ctx).values() for mark in marks}
    keys = {mark: key for one in full.written for mark, key in one.keys.items()}
    for key in [key for mark, key in keys.items() if mark not in gone][:1]:
        with step("PB-REC-12", "read a record that is left"):
            _read(ctx, full, key, 200)
    for mark in sorted(gone):
        _read(ctx, full, keys[mark], 404, 410)


@check("PB-RET-17")
def what_went_is_not_counted_nor_exported(ctx: PixieBrix) -> None:
    """Exceeds the limit, passes the night, compares the count in the list of databases, and exports."""
    full = filled(ctx, 2, over=1)
    gone = [mark for marks in full.archived(ctx).values() for mark in marks]
    left = full.left(ctx)
    with step("PB-DB-01", "list the databases"):
        databases = every_item(ctx, "listDatabases", {"organizationId": full.database.organization})
    for one in databases:
        if one.get("id") == full.database.id and one.get("num_records") is not None:
            ctx.expect("num_records after the night", len(left), one["num_records"])
    if ctx.can("storage"):
        expect_marks(ctx, ctx.given.export(full.database), present=sorted(left), absent=gone)


@check("PB-RET-15")
def what_went_can_be_written_again(ctx: PixieBrix) -> None:
    """Exceeds the limit, passes the night, merges new data under keys that went, and expects these alone."""
    full = filled(ctx, 2, over=1)
    gone = {mark for marks in full.archived(ctx).values() for mark in marks}
    keys = [key for one in full.written for mark, key in one.keys.items() if mark in gone]
    for key, strategy in zip(keys, ("deep", "shallow"), strict=False):
        path = {"databaseId": full.database.id, "recordKey": key}
        body = {"data": {"again": True}, "merge_strategy": strategy}
        with step("PB-REC-14", "put a record"):
            ctx.call("putRecord", path=path, json=body).expect_status(*CREATED)
        what = f"the data of a record that is new ({strategy})"
        expect_data(what, {"again": True}, read(ctx, full.database, key))
        ctx.expect("how often its key is in the list", [key], found(ctx, full.database, [key]))


def _read(ctx: PixieBrix, full: Filled, key: str, *statuses: int) -> None:
    path = {"databaseId": full.database.id, "recordKey": key}
    ctx.call("getRecord", path=path).expect_status(*statuses)


@check("PB-RET-12")
def what_went_is_in_the_archive(ctx: PixieBrix) -> None:
    """Exceeds the limit, passes the night, and looks for what went in the file of its date."""
    full = filled(ctx, 2, over=1)
    gone = full.archived(ctx)
    archives = archived.listed(ctx, archived.path_of(full.database))
    for day, went in gone.items():
        there = day in {archive.day for archive in archives}
        ctx.expect_true(
            f"the archive of {day}, which went", there, expected="in the list", actual="not there"
        )
        found = full.known.within_file(archived.file_of(ctx, archives, day))
        ctx.expect(f"what went, but is not in the file of {day}", [], sorted(set(went) - found))


@check("PB-RET-13")
def every_database_has_its_own_limit(ctx: PixieBrix) -> None:
    """Exceeds the limit in one database, with two records of the same dates in another, and looks at both."""
    other, marks = ctx.given.database(empty=True), Marks(ctx)
    few = marks.new(2)
    Days(ctx)  # late in the evening it goes on to the next date, so that both databases begin on the same
    archived.write(ctx, other, few)
    gone = filled(ctx, 2, over=1).archived(ctx)
    with step("PB-REC-02", "list the records"):
        pages = list(every_page(ctx, "listRecords", {"databaseId": other.id}))
    left = set().union(*(marks.within(page.text) for page in pages))
    ctx.expect("the records of the database that is within its limit", set(few), left)
    dates = [str(day) for day in gone]
    ctx.expect_true("the dates that went from the other one", len(dates) == 1, expected="one", actual=dates)


@check("PB-RET-14")
def a_single_date_goes_as_a_whole(ctx: PixieBrix) -> None:
    """Exceeds the limit on one date, passes the night and counts."""
    full = filled(ctx, over=1)
    full.night(ctx)
    ctx.expect("how many records are left", 0, len(full.left(ctx)))
