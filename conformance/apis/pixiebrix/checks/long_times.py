"""What several days leave of archives, links and jobs."""

from __future__ import annotations

from datetime import timedelta

from ....authoring.check import check
from .. import archives as archived
from ..archives import Days, Marks
from ..context import PixieBrix
from ..exports import expect_marks, exported, succeeded, write
from ..records import path_of

_MINUTE = 60
_DAY = timedelta(days=1)


@check("PB-ARCH-25")
def no_night_is_left_out(ctx: PixieBrix) -> None:
    """Writes on a date, lets four days pass at once, writes and lets two pass, and looks for both files."""
    database, days, marks = ctx.given.database(), Days(ctx), Marks(ctx)
    written = {}
    for passing in (4, 2):
        (mark,) = marks.new(1)
        days.today = ctx.clock.now().date()
        written[days.today] = mark
        archived.write(ctx, database, [mark])
        ctx.clock.advance((passing * _DAY).total_seconds())
        days.today = ctx.clock.now().date()
        days.next()
    there = {archive.day: archive for archive in archived.listed(ctx, archived.path_of(database))}
    missing = [str(day) for day in written if day not in there]
    ctx.expect("the dates with records that have no file", [], missing)
    for day, mark in written.items():
        if there[day].link is not None:
            found = marks.within_file(archived.download(ctx, there[day]))
            ctx.expect(f"the records in the file of {day}", {mark}, found)


@check("PB-ARCH-26")
def a_file_stays_as_it_is(ctx: PixieBrix) -> None:
    """Reads a file, then changes, deletes and adds records, lets days and weeks pass, and reads it after
    each.
    """
    database, days, marks = ctx.given.database(), Days(ctx), Marks(ctx)
    today, keys = days.today, [ctx.name("record") for _ in range(3)]
    archived.write(ctx, database, marks.new(3), keys=keys)
    days.next()

    def lines() -> list[bytes]:
        archives = archived.listed(ctx, archived.path_of(database))
        return sorted(archived.file_of(ctx, archives, today).lines())

    before = lines()
    archived.change(ctx, database, keys[0], {"probe": "changed"})
    for delete in (keys[1], keys[2]):
        ctx.call("deleteRecord", path=path_of(database, delete)).expect_status(204)
        ctx.expect(f"the file of {today} after a change and a deletion", before, lines())
        days.next()
        ctx.expect(f"the file of {today}, days later", before, lines())
    archived.write(ctx, database, marks.new(1), keys=keys[1:2])
    ctx.clock.advance((40 * _DAY).total_seconds())
    ctx.expect(f"the file of {today}, weeks later", before, lines())


@check("PB-LINK-09")
def each_answer_gives_its_links_an_hour(ctx: PixieBrix) -> None:
    """Lists, lists again 40 minutes later, and follows the second link 50 minutes after that."""
    path, archives = archived.at_least(ctx, 1)
    archived.download(ctx, archives[0])
    for minutes in (40, 50):
        ctx.clock.advance(minutes * _MINUTE)
        if minutes == 40:
            again = [one for one in archived.listed(ctx, path) if one.day == archives[0].day]
    ctx.expect_true("the list", again, expected=f"{archives[0].day}, as before", actual="no such date")
    archived.follow(ctx, archived.link_of(again[0])).expect_status(200)


@check("PB-JOB-53")
def a_job_is_kept_for_days(ctx: PixieBrix) -> None:
    """Finishes a job, lets an hour, a day and a week pass, runs other jobs, and reads its details and data
    each time.
    """
    database, marks = ctx.given.database(), Marks(ctx).new(2)
    write(ctx, database, marks[:1])
    job_id = ctx.given.job(database)
    expect_marks(ctx, exported(ctx, ctx.given.finished_job(job_id)), present=marks[:1])
    write(ctx, database, marks[1:])
    for hours in (1, 25, 24 * 8):
        ctx.clock.advance(hours * 60 * _MINUTE)
        expect_marks(ctx, exported(ctx, succeeded(ctx, database)), present=marks)
        details = ctx.given.finished_job(job_id)
        ctx.expect(f"the status of the job, {hours} hours later", "SUCCESS", details.get("status"))
        expect_marks(ctx, exported(ctx, details), present=marks[:1], absent=marks[1:])
