"""Export jobs as checks look at them: orders, jobs that have ended, and the records in the exported data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from ...authoring.answer import Answer
from ...authoring.arrange import field_of, step
from ...authoring.check import CheckFailed, NotVerified, PrerequisiteFailed
from ...authoring.formats import as_timestamp
from .archives import Marks
from .arrange import Database
from .context import PixieBrix
from .job_links import followed

MEDIA_TYPES: Final = ("application/json", "application/xlsx", "text/csv")
COLUMNS: Final = ("id", "database", "created_at", "updated_at")
"""The columns of an export, before those of the data."""

APART: Final = 10.0
"""How many seconds lie between records that are to be told apart by time, where the clock can be moved."""

REALLY_APART: Final = 1.1
"""The same where they have to pass: enough for times that end at seconds."""


# Orders


def order(ctx: PixieBrix, *databases: str, **fields: Any) -> dict[str, Any]:
    """A good order for an export of databases, with other or further fields."""
    return {"name": ctx.name("export"), "databases": list(databases), **fields}


def send(ctx: PixieBrix, body: Mapping[str, Any]) -> Answer:
    """Send an order, good or bad."""
    return ctx.call("createExportJob", json=dict(body))


def expect_accepted(ctx: PixieBrix, answer: Answer, what: str) -> dict[str, Any]:
    """The job that an order has made.

    Raises:
        CheckFailed: it was not accepted, or the answer is not an object.
    """
    ok = 200 <= answer.status < 300
    ctx.expect_true(f"the answer to {what}", ok, expected="a 2xx and a job", actual=answer.summary)
    return answer.expect_json(dict)


# Jobs


def succeeded(ctx: PixieBrix, *databases: Database, **fields: Any) -> dict[str, Any]:
    """The details of a new job that has ended well.

    Raises:
        CheckFailed: it has failed, and plain jobs do not.
    """
    details = ctx.given.finished_job(ctx.given.job(*databases, **fields))
    with _alone(ctx):
        _expect_success(ctx, details)
    return details


def _expect_success(ctx: PixieBrix, details: Mapping[str, Any]) -> None:
    with step("PB-JOB-21", "export records"):
        ctx.expect("the status of the job", "SUCCESS", details.get("status"))


@contextmanager
def _alone(ctx: PixieBrix) -> Iterator[None]:
    """Tell the failure of a step as one of the check, if a plain job comes further.

    The rule of the step holds then, and nobody would hear of jobs for one media type, or with filters, that
    always fail.
    """
    try:
        yield
    except PrerequisiteFailed as error:
        try:
            details = ctx.given.finished_job(ctx.given.job(ctx.given.database()))
            _expect_success(ctx, details)
            _followed(ctx, details)
        except (PrerequisiteFailed, NotVerified):
            raise error from None
        raise CheckFailed(error.what, "that it works, as it does for a plain job", "it does not") from error


def link_of(details: Mapping[str, Any]) -> str:
    """The link to the exported data.

    Raises:
        CheckFailed: `data` is not an absolute URL.
    """
    link = field_of(details, "data")
    try:
        parts = urlsplit(link if isinstance(link, str) else "")
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise CheckFailed("the data of a job that has succeeded", "an absolute http or https URL", link)
    return str(link)


def exported(ctx: PixieBrix, details: Mapping[str, Any]) -> Answer:
    """What the link of a job that has succeeded leads to.

    Raises:
        CheckFailed: to nothing, and the links of plain jobs work.
    """
    with _alone(ctx):
        return _followed(ctx, details)


def _followed(ctx: PixieBrix, details: Mapping[str, Any]) -> Answer:
    with step("PB-JOB-22", "find the link to the exported data"):
        link = link_of(details)
    with step("PB-JOB-24", "follow the link to the exported data"):
        return followed(ctx, link).expect_status(200)


# Records


@dataclass(frozen=True, slots=True)
class Written:
    """A record that was written.

    Attributes:
        mark: a value that only this record has.
        shown, created: when it was created, as the record shows it.
    """

    key: str
    mark: str
    shown: str
    created: datetime


def write(
    ctx: PixieBrix, database: Database, marks: Sequence[str], *fields: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Add one record a mark; `fields` are further fields of each, in order."""
    more: Sequence[Mapping[str, Any]] = fields or [{}] * len(marks)
    data = [{"probe": mark, **one} for mark, one in zip(marks, more, strict=True)]
    return ctx.given.records(database, data)


def written_apart(ctx: PixieBrix, database: Database, count: int) -> list[Written]:
    """Add records one after the other, so that the creation times differ by seconds; the earliest first."""
    found: list[Written] = []
    for mark in Marks(ctx).new(count):
        if found and ctx.can("clock"):
            ctx.clock.advance(APART)
        elif found:
            ctx.pause(REALLY_APART)
        found.append(as_written(write(ctx, database, [mark])[0], mark))
    times = [one.created for one in found]
    if sorted(set(times)) != times:
        message = f"records were written one after the other, and show the times {times}"
        raise PrerequisiteFailed("PB-REC-04", message)
    return found


def as_written(record: Mapping[str, Any], mark: str) -> Written:
    """A record as the creation of it was answered, as a step of a check."""
    with step("PB-REC-04", "read the creation time of a record"):
        shown = field_of(record, "created_at")
        created = as_timestamp(shown)
        if created is None:
            raise CheckFailed("created_at of a record", "a timestamp", shown)
        return Written(str(record["id"]), mark, shown, created)


def between(one: Written, other: Written) -> datetime:
    """An instant between two records."""
    return one.created + (other.created - one.created) / 2


def as_text(instant: datetime, *, offset: timedelta | None = None) -> str:
    """An instant in UTC as ISO 8601, with Z, or as it is called at an offset."""
    if offset is None:
        return instant.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    local = (instant + offset).replace(tzinfo=None).isoformat(timespec="microseconds")
    sign = "-" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"{local}{sign}{hours:02d}:{minutes:02d}"


# Exported data


def expect_marks(
    ctx: PixieBrix, answer: Answer, *, present: Sequence[str] = (), absent: Sequence[str] = ()
) -> None:
    """Go on if some marks are in the exported data, and others are not.

    Raises:
        CheckFailed: one is missing, or one is there that should not be.
    """
    found = answer.containing({*present, *absent})
    missing = [mark for mark in present if mark not in found]
    shown = [*missing[:3], "…"] if len(missing) > 3 else missing
    what = f"the records of {len(present)} that are missing from the export"
    ctx.expect_true(what, not missing, expected="none", actual=f"{len(missing)}: {', '.join(shown)}")
    ctx.expect("the other records in the export", [], [mark for mark in absent if mark in found])


def elements(ctx: PixieBrix, answer: Answer, marks: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The elements of a JSON export that hold one of some marks, in the order of the marks; or all.

    Raises:
        CheckFailed: it is not an array of objects, or a mark is in none of them, or in several.
    """
    if not marks:
        return answer.expect_objects()
    chosen: dict[str, list[dict[str, Any]]] = {mark: [] for mark in marks}
    for element in answer.objects():
        text = json.dumps(element)
        for mark in marks:
            if mark in text:
                chosen[mark].append(element)
    for mark, found in chosen.items():
        ctx.expect(f"how many elements of the export hold {mark}", 1, len(found))
    return [chosen[mark][0] for mark in marks]


def expect_a_row_each(
    ctx: PixieBrix, rows: Iterable[Sequence[str]], marks: Sequence[str]
) -> list[Sequence[str]]:
    """The rows that hold the marks, in the order of the marks.

    Raises:
        CheckFailed: a mark is in no row, or in several, or two marks share one.
    """
    chosen: dict[str, list[tuple[int, Sequence[str]]]] = {mark: [] for mark in marks}
    for number, row in enumerate(rows):
        for mark in marks:
            if any(mark in cell for cell in row):
                chosen[mark].append((number, row))
    for mark, found in chosen.items():
        ctx.expect(f"how many rows hold {mark}", 1, len(found))
    ones = [chosen[mark][0] for mark in marks]
    ctx.expect("how many rows the records have", len(marks), len({number for number, _ in ones}))
    return [row for _, row in ones]


def expect_columns(ctx: PixieBrix, header: Sequence[str], fields: Sequence[str], *, alone: bool) -> None:
    """Go on if the first row of an export names its columns.

    Args:
        ctx: the check.
        header: the first row.
        fields: of the data.
        alone: no other records are in the export.

    Raises:
        CheckFailed: one is missing, or one is there twice, or one too many.
    """
    wanted = {*COLUMNS, *(f"data.{field}" for field in fields)}
    ctx.expect("the columns that are missing", [], sorted(wanted - set(header)))
    ctx.expect("how many columns have a name that another has", 0, len(header) - len(set(header)))
    if alone:
        ctx.expect("the columns", sorted(wanted), sorted(header))
