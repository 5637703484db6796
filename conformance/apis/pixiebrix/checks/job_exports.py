"""What an export job exports: which records, from which databases."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from ....authoring.arrange import step
from ....authoring.check import check
from .. import archives as archived
from ..archives import Marks
from ..context import PixieBrix
from ..exports import expect_marks, exported, link_of, succeeded, write
from ..job_links import followed
from ..records import fill

MORE_THAN_A_PAGE = 101
BATCH = 5_000


@check("PB-JOB-24")
def the_link_leads_to_the_data(ctx: PixieBrix) -> None:
    """Follows the link of a finished job without the token, and where that is refused and the link is of the
    target itself with it, and expects a body.
    """
    database = ctx.given.database()
    ctx.given.record(database)
    details = succeeded(ctx, database)
    with step("PB-JOB-22", "find the link to the exported data"):
        link = link_of(details)
    answer = followed(ctx, link)
    good = 200 <= answer.status < 300 and answer.size
    ctx.expect_true("the answer to the link", good, expected="a 2xx and the data", actual=answer.summary)


@check("PB-JOB-29")
def the_label_is_in_the_file_name(ctx: PixieBrix) -> None:
    """Exports under a name of letters, digits and hyphens, and looks for it in the path of the link and in
    Content-Disposition.
    """
    _expect_name(ctx, ctx.name("label"))


@check("PB-JOB-29")
def a_label_does_not_end_at_its_dot(ctx: PixieBrix) -> None:
    """Exports under a name with a dot in it, and looks for what is before and behind it; what becomes of the
    dot is left open.
    """
    _expect_name(ctx, ctx.name("label"), "last")


def _expect_name(ctx: PixieBrix, *parts: str) -> None:
    """Go on if the file of a job has all parts of its label in its name, in order."""
    label = ".".join(parts)
    details = succeeded(ctx, ctx.given.database(), name=label)
    answer = exported(ctx, details)
    disposition = unquote(answer.headers.get("Content-Disposition") or "")
    file = unquote(urlsplit(link_of(details)).path).rpartition("/")[2]
    named = any(re.search(".{0,3}".join(map(re.escape, parts)), name) for name in (file, disposition))
    actual = f"{file or 'no name'} in the link, Content-Disposition: {disposition or 'none'}"
    ctx.expect_true("the name of the exported file", named, expected=f"one with {label}", actual=actual)


@check("PB-JOB-30")
def an_export_has_every_record(ctx: PixieBrix) -> None:
    """Writes more records than a page has, exports their database and looks for a value of each, wherever it
    is in the JSON.
    """
    database, marks = ctx.given.database(), Marks(ctx).new(MORE_THAN_A_PAGE)
    write(ctx, database, marks)
    expect_marks(ctx, exported(ctx, succeeded(ctx, database)), present=marks)


@check("PB-JOB-31")
def several_databases(ctx: PixieBrix) -> None:
    """Exports two databases with one job and looks for values of both, also of records with one key."""
    databases, marks = (ctx.given.database(), ctx.given.database()), Marks(ctx).new(4)
    keys = [ctx.name("record") for _ in range(3)]
    archived.write(ctx, databases[0], marks[:2], keys=keys[:2])
    archived.write(ctx, databases[1], marks[2:], keys=keys[1:])
    expect_marks(ctx, exported(ctx, succeeded(ctx, *databases)), present=marks)


@check("PB-JOB-32")
def no_records_of_other_databases(ctx: PixieBrix) -> None:
    """Writes to two databases, exports one and looks for values of the other."""
    chosen, other = ctx.given.database(), ctx.given.database()
    marks = Marks(ctx).new(2)
    for database, mark in zip((chosen, other), marks, strict=True):
        write(ctx, database, [mark])
    answer = exported(ctx, succeeded(ctx, chosen))
    with step("PB-JOB-30", "find the records of the exported database"):
        expect_marks(ctx, answer, present=marks[:1])
    expect_marks(ctx, answer, absent=marks[1:])


@check("PB-JOB-45")
def an_export_is_of_the_jobs_creation(ctx: PixieBrix) -> None:
    """Creates a job, changes, deletes and adds records at once, and follows the link only then."""
    database, known = ctx.given.database(), Marks(ctx)
    marks, (changed, added) = known.new(3), known.new(2)
    keys = [str(record["id"]) for record in write(ctx, database, marks)]
    job_id = ctx.given.job(database)
    path = {"databaseId": database.id}
    with step("PB-REC-14", "change a record"):
        body = {"data": {"probe": changed}}
        ctx.call("putRecord", path={**path, "recordKey": keys[0]}, json=body).expect_status(200, 201)
    with step("PB-REC-15", "delete a record"):
        ctx.call("deleteRecord", path={**path, "recordKey": keys[1]}).expect_status(204)
    write(ctx, database, [added])
    details = ctx.given.finished_job(job_id)
    with step("PB-JOB-21", "export records"):
        ctx.expect("the status of the job", "SUCCESS", details.get("status"))
    expect_marks(ctx, exported(ctx, details), present=marks, absent=[changed, added])


@check("PB-JOB-48")
def an_export_is_not_bound_to_10000_records(ctx: PixieBrix) -> None:
    """Writes one record more than one answer may hold, exports them as CSV, and counts the rows."""
    count = ctx.scratch.records_cap + 1
    database, mark = ctx.given.database(empty=True), Marks(ctx).new(1)[0]
    for start in range(0, count, BATCH):
        fill(ctx, database, min(BATCH, count - start), {"probe": mark})
    rows = exported(ctx, succeeded(ctx, database, media_type="text/csv")).rows()
    found = [tuple(row) for row in rows if any(mark in cell for cell in row)]
    ctx.expect("the rows of the export that hold a record", count, len(found))
    ctx.expect("the different rows of the export", count, len(set(found)))
