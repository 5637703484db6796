"""Record archives as checks look at them: the list, the files, and the days on which records were written.

What is archived is told by a value of its own in each record, a mark, and not by its key or the form around
it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit

from ...authoring.answer import Answer
from ...authoring.arrange import step
from ...authoring.check import CheckFailed, NotVerified, PrerequisiteFailed
from ...authoring.cleanup import clean_up_after
from ...authoring.formats import as_date
from ...environment.session import target_headers
from ...http.wire import Request
from .arrange import Database
from .context import PixieBrix
from .pages import every_page

DAY: Final = timedelta(days=1)

NIGHTS: Final = "the nightly job runs when the clock goes over midnight"
"""What a run notes of its target."""

NO_NIGHT: Final = (
    "tell what runs the nightly job (hooks.run_nightly), or name a command there that does nothing, if the "
    "clock alone is enough"
)

_FILE_NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.jsonl")


@dataclass(frozen=True, slots=True)
class Archive:
    """One item of a list of archives.

    Attributes:
        day: of the name of its file.
        link: where its file is; None if `file` is a bare name.
        item: all its fields.
    """

    day: date
    link: str | None
    item: dict[str, Any]


class Marks:
    """Values to be told apart anywhere in a text: none is part of another."""

    def __init__(self, ctx: PixieBrix) -> None:
        self._prefix = ctx.name("mark")
        self._count = 0

    def new(self, count: int) -> list[str]:
        """How many marks that were not given before."""
        first, self._count = self._count, self._count + count
        return [f"{self._prefix}-{number}." for number in range(first, self._count)]

    def within(self, text: str) -> set[str]:
        """The marks that are in a text."""
        return set(re.findall(rf"{re.escape(self._prefix)}-[0-9]+\.", text))

    def within_file(self, answer: Answer) -> set[str]:
        """The marks that are in the body of an answer, however long it is."""
        found: set[str] = set()
        longest = len(self._prefix) + len(f"-{self._count}.")
        rest = ""
        for part in answer.texts():
            found |= self.within(rest + part)
            rest = (rest + part)[-longest:]
        return found


class Days:
    """The date at the target, with at least an hour of it left at first.

    Args:
        ctx: of the check.
        nights: the check needs the nightly job, and not only other dates.

    Raises:
        NotVerified: the nightly job has to run, and nobody knows whether it does.
    """

    def __init__(self, ctx: PixieBrix, *, nights: bool = True) -> None:
        if nights:
            _require_nights(ctx)
        self._clock = ctx.clock
        now = self._clock.now()
        if now.hour == 23:
            self._clock.advance_to_next_midnight()
            now = self._clock.now()
        self.today: date = now.date()

    def next(self) -> date:
        """End the day, and tell the new date: the target's own, for a night may let more than one day pass.

        Raises:
            NotVerified: the day has not ended.
        """
        self._clock.advance_to_next_midnight()
        before, self.today = self.today, self._clock.now().date()
        if self.today <= before:
            raise NotVerified(f"the clock of the target still shows {before} after its midnight")
        return self.today

    def until(self, left: timedelta) -> None:
        """Let the day go on until so much is left of it."""
        end = datetime.combine(self.today + DAY, time(tzinfo=UTC)) - left
        self._clock.advance(max(0.0, (end - self._clock.now()) / timedelta(seconds=1)))

    def is_over(self) -> bool:
        """Whether the day has ended by itself."""
        return self._clock.now().date() != self.today


def _require_nights(ctx: PixieBrix) -> None:
    """Go on if the nightly job runs when the clock goes over midnight: by a hook, or seen once in the run."""
    if ctx.clock.runs_nights:
        return
    if NIGHTS not in ctx.run.seen:
        ctx.run.seen[NIGHTS] = _night_comes(ctx)
    if not ctx.run.seen[NIGHTS]:
        raise NotVerified(f"no archive came when the clock went over midnight; {NO_NIGHT}")


def _night_comes(ctx: PixieBrix) -> bool:
    """Whether a date with a record has a file after its end, with no hook for the nightly job."""
    # A context of its own: the database that the check itself gets must not depend on this.
    own = PixieBrix(ctx.run, ctx.environment, ctx.rule_id, ctx.trace)
    gate = ctx.run.session.gate
    since = gate.inventory.last if gate is not None else 0
    try:
        database, today = own.given.database(), own.clock.now().date()
        write(own, database, Marks(own).new(1))
        own.clock.advance_to_next_midnight()
        return any(archive.day >= today for archive in listed(own, path_of(database)))
    finally:
        clean_up_after(ctx.run, since)


def path_of(database: Database) -> dict[str, str]:
    """The path parameters of a database's archives."""
    return {"organizationId": database.organization, "databaseId": database.id}


def write(
    ctx: PixieBrix, database: Database, marks: Sequence[str], *, keys: Sequence[str] | None = None
) -> None:
    """Add one record a mark."""
    ctx.given.records(database, [{"probe": mark} for mark in marks], keys=keys)


def change(ctx: PixieBrix, database: Database, key: str, data: Mapping[str, Any]) -> None:
    """Replace the data of a record that exists."""
    path = {"databaseId": database.id, "recordKey": key}
    with step("PB-REC-14", "change a record"):
        ctx.call("putRecord", path=path, json={"id": key, "data": dict(data)}).expect_status(200, 201)


# The list


def read_list(ctx: PixieBrix, path: Mapping[str, object], **query: object) -> list[Archive]:
    """The archives of a database, of all pages, in the order of the list.

    Raises:
        CheckFailed: they cannot be listed.
        PrerequisiteFailed: their files have no dates.
    """
    pages = list(every_page(ctx, "listRecordArchives", path, query))
    with step("PB-ARCH-04", "read the dates of the archives"):
        return [_read(item, page.url) for page in pages for item in page.expect_objects()]


def read_page(ctx: PixieBrix, path: Mapping[str, object], **query: object) -> list[Archive]:
    """One page of the archives; errors as for `read_list`."""
    return read(ctx.call("listRecordArchives", path=path, query=query).expect_status(200))


def read(page: Answer) -> list[Archive]:
    """The archives of a page that was answered; errors as for `read_list`."""
    items = page.expect_objects()
    with step("PB-ARCH-04", "read the dates of the archives"):
        return [_read(item, page.url) for item in items]


def listed(ctx: PixieBrix, path: Mapping[str, object]) -> list[Archive]:
    """The archives of a database, as a step of a check."""
    with step("PB-ARCH-01", "list the archives"):
        return read_list(ctx, path)


def _read(item: dict[str, Any], base: str) -> Archive:
    file = item.get("file")
    day = as_date(day_in(file))
    if not isinstance(file, str) or day is None:
        raise CheckFailed("the file of an archive", "a name or link that ends in <date>.jsonl", file)
    return Archive(day, urljoin(base, file) if file.startswith(("http://", "https://", "/")) else None, item)


def day_in(file: object) -> str | None:
    """What stands for the date in a file name, or in the path of a link; None where nothing does."""
    if not isinstance(file, str):
        return None
    try:
        name = unquote(urlsplit(file).path)
    except ValueError:
        return None
    found = _FILE_NAME.search(name)
    return found[1] if found is not None and found.end() == len(name) else None


def existing(ctx: PixieBrix) -> dict[str, str]:
    """The path of the archives of any database."""
    return {"organizationId": ctx.given.organization, "databaseId": ctx.given.existing_database()}


def made(ctx: PixieBrix, count: int) -> dict[str, str]:
    """The path of a database with this many new archives: records are written on as many days.

    Raises:
        NotVerified: that cannot be done at this target.
    """
    if not (ctx.can("write") and ctx.can("clock")):
        reason = f"the database has fewer than {count} archives, and none can be made"
        raise NotVerified(reason, missing=("write", "clock"))
    database, days, marks = ctx.given.database(), Days(ctx), Marks(ctx)
    for _ in range(count):
        write(ctx, database, marks.new(1))
        days.next()
    return path_of(database)


def at_least(ctx: PixieBrix, count: int) -> tuple[dict[str, str], list[Archive]]:
    """The path of archives of this many dates, and the archives. Makes them where there are not enough.

    Raises:
        NotVerified: there are not, and none can be made.
    """
    for path_to in (existing, lambda ctx: made(ctx, count)):
        path = path_to(ctx)
        archives = listed(ctx, path)
        if len({archive.day for archive in archives}) >= count:
            return path, archives
    message = f"records were written on {count} dates, which are over, but the list is {_days(archives)}"
    raise PrerequisiteFailed("PB-ARCH-19", message)


def _days(archives: Sequence[Archive]) -> str:
    return ", ".join(str(archive.day) for archive in archives) or "empty"


# The files


def file_of(ctx: PixieBrix, archives: Sequence[Archive], day: date, rule: str = "PB-ARCH-19") -> Answer:
    """The file of a date; `rule` is the one that lets it be expected.

    Raises:
        NotVerified: the list has bare names and no links.
        PrerequisiteFailed: the date has no file, or it cannot be downloaded.
    """
    found = [archive for archive in archives if archive.day == day]
    if not found:
        message = f"{day} is over and had records, but the list is {_days(archives)}"
        raise PrerequisiteFailed(rule, message)
    return download(ctx, found[0])


def files_of(ctx: PixieBrix, database: Database, *days: date) -> list[Answer]:
    """The files of some dates; errors as for `file_of`."""
    archives = listed(ctx, path_of(database))
    return [file_of(ctx, archives, day) for day in days]


def link_of(archive: Archive) -> str:
    """Where the file of an archive is.

    Raises:
        NotVerified: `file` is a bare name.
    """
    if archive.link is None:
        raise NotVerified(f"the file of an archive is a bare name, {archive.item['file']}, and no link")
    return archive.link


def download(ctx: PixieBrix, archive: Archive) -> Answer:
    """The file of an archive; errors as for `file_of`."""
    link = link_of(archive)
    with step("PB-LINK-01", "download the file of an archive"):
        return follow(ctx, link).expect_status(200)


def follow(ctx: PixieBrix, link: str) -> Answer:
    """Follow a link without the token; where it is wanted, and the link leads to the target, with it."""
    answer = ctx.fetch(link)
    credentials = target_headers(ctx.endpoint, link, auth=True)
    if answer.status not in {401, 403} or not credentials:
        return answer
    return ctx.send(Request("GET", link, credentials), follow=True, note="the same with the token")


def had_token(answer: Answer) -> bool:
    """Whether a link was followed with the token."""
    asked = (answer.history or (answer,))[0].request
    return any(name == "Authorization" for name, _ in asked.headers)
