"""The list of a database's record archives: its items and their order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, Final

from ....authoring.arrange import field_of, step
from ....authoring.check import NotVerified, PrerequisiteFailed, check
from ....authoring.formats import as_date, as_timestamp, is_uuid
from .. import archives as archived
from ..archives import Archive
from ..context import PixieBrix
from ..lists import walked
from ..retention import filled

_FOLLOWED: Final = 3
"""How many pages are gone through from next to next."""


@check("PB-ARCH-01")
def the_list_is_an_array(ctx: PixieBrix) -> None:
    """Lists the archives of the configured database, and of a new one, which has none, and expects arrays."""
    ctx.call("listRecordArchives", path=archived.existing(ctx)).expect_status(200).expect_json(list)
    with suppress(NotVerified):  # where no database can be made, the first one has to do
        path = archived.path_of(ctx.given.database())
        ctx.call("listRecordArchives", path=path).expect_status(200).expect_json(list)


@check("PB-ARCH-02")
def version_1_is_refused(ctx: PixieBrix) -> None:
    """Lists the archives at version 2.0, then at version 1.0, and expects a 4xx for the second."""
    path = archived.existing(ctx)
    with step("PB-ARCH-01", "list the archives"):
        ctx.call("listRecordArchives", path=path, version="2.0").expect_status(200)
    answer = ctx.call("listRecordArchives", path=path, version="1.0")
    ctx.expect_true("the answer at version 1.0", answer.refused, expected="a 4xx", actual=answer.summary)


@check("PB-ARCH-03")
def pages_have_the_size_and_every_archive(ctx: PixieBrix) -> None:
    """Goes through two or more archives in two or three pages, and compares them with the whole list; makes
    them where it may and the clock can be moved.
    """
    path, archives = archived.at_least(ctx, 2)
    size = max(1, math.ceil(len(archives) / 3))
    starts = range(0, len(archives), size)
    pages = [archived.read_page(ctx, path, page=page, page_size=size) for page in range(1, len(starts) + 1)]
    for start, page in zip(starts, pages, strict=True):
        expected = [str(archive.day) for archive in archives[start : start + size]]
        what = f"the dates on page {start // size + 1} with a page_size of {size}"
        ctx.expect(what, expected, [str(archive.day) for archive in page])


@check("PB-ARCH-04")
def a_file_is_named_after_its_date(ctx: PixieBrix) -> None:
    """Compares the end of each `file` with the date of its item."""
    for item in _items(ctx):
        file, day = item.get("file"), item.get("date")
        named = archived.day_in(file)
        ctx.expect_true("the end of a file", as_date(named), expected="<date>.jsonl", actual=file)
        if as_date(day) is not None:
            ctx.expect("the date in the name of a file", day, named)


@check("PB-ARCH-05")
def an_archive_has_its_fields(ctx: PixieBrix) -> None:
    """Checks each field of each item: ids, date, file and timestamps."""
    for item in _items(ctx):
        database = item.get("database")
        inner = database if isinstance(database, Mapping) else {}
        fields = {
            "id, a UUID": is_uuid(item.get("id")),
            "database.id, a UUID": is_uuid(inner.get("id")),
            "database.name, a text": isinstance(inner.get("name"), str),
            "date, YYYY-MM-DD": as_date(item.get("date")) is not None,
            "file, a text": isinstance(item.get("file"), str) and item["file"] != "",
            "created_at, a timestamp": as_timestamp(item.get("created_at")) is not None,
            "updated_at, a timestamp": as_timestamp(item.get("updated_at")) is not None,
        }
        for field, there in fields.items():
            ctx.expect_true("the fields of an archive", there, expected=field, actual=item)


@check("PB-ARCH-06")
def archives_are_those_of_the_database(ctx: PixieBrix) -> None:
    """Compares the id of each item's database with the one in the path."""
    path, archives = archived.at_least(ctx, 1)
    with step("PB-ARCH-05", "read the databases of the archives"):
        ids = {str(field_of(archive.item, "database", "id")).lower() for archive in archives}
    ctx.expect("the databases of the archives", {path["databaseId"].lower()}, ids)


@check("PB-ARCH-07")
def the_newest_date_comes_first(ctx: PixieBrix) -> None:
    """Lists two or more archives without `ordering`, as a whole and a page of one, and compares dates."""
    path, archives = archived.at_least(ctx, 2)
    _expect_order(ctx, archives, newest_first=True, what="the dates without ordering")
    first = archived.read_page(ctx, path, page_size=1)
    _expect_first(ctx, first, max(archive.day for archive in archives))


@check("PB-ARCH-08")
def ordering_date_is_ascending(ctx: PixieBrix) -> None:
    """Lists two or more archives with `ordering=date`, whole and from page to page, and compares dates."""
    path, archives = archived.at_least(ctx, 2)
    ordered = archived.read_list(ctx, path, ordering="date")
    _expect_same(ctx, archives, ordered)
    _expect_order(ctx, ordered, newest_first=False, what="the dates with ordering=date")
    query = {"ordering": "date", "page_size": 1}
    first = ctx.call("listRecordArchives", path=path, query=query).expect_status(200)
    for number, page in enumerate(walked(ctx, first, _FOLLOWED)):
        days = [archive.day for archive in archived.read(page)[:1]]
        # Only the first item counts: that a page has one item is another rule's matter.
        expected = _shown([archive.day for archive in ordered[number : number + 1]])
        ctx.expect(
            f"the first date on page {number + 1} of one each, from next to next", expected, _shown(days)
        )


@check("PB-ARCH-09")
def ordering_minus_date_is_descending(ctx: PixieBrix) -> None:
    """Lists two or more archives with `ordering=-date`, and compares dates."""
    path, archives = archived.at_least(ctx, 2)
    ordered = archived.read_list(ctx, path, ordering="-date")
    _expect_same(ctx, archives, ordered)
    _expect_order(ctx, ordered, newest_first=True, what="the dates with ordering=-date")


@check("PB-ARCH-22")
def what_does_not_exist_has_no_archives(ctx: PixieBrix) -> None:
    """Lists with an invented organization, then with an invented database, and expects 404."""
    path = archived.existing(ctx)
    with step("PB-ARCH-01", "list the archives"):
        ctx.call("listRecordArchives", path=path).expect_status(200)
    for name in path:
        invented = ctx.invented_id()
        note = f"an invented {name}"
        ctx.call("listRecordArchives", path={**path, name: invented}, note=note).expect_status(404)


@check("PB-ARCH-23")
def a_date_is_there_once(ctx: PixieBrix) -> None:
    """Counts the dates of all pages; where retention can be provoked, also after it archived a date again."""
    _, archives = archived.at_least(ctx, 1)
    _expect_once(ctx, archives)
    if not all(map(ctx.can, ("write", "destroy", "clock"))):
        return
    with suppress(NotVerified):  # a limit that cannot be reached takes nothing from the first part
        full = filled(ctx, 2, over=1)
        full.clock.next()
        _expect_once(ctx, archived.listed(ctx, archived.path_of(full.database)))


def _items(ctx: PixieBrix) -> list[dict[str, Any]]:
    """The items of one page, as they are: what they have is the question here."""
    for path_to in (archived.existing, lambda ctx: archived.made(ctx, 1)):
        path = path_to(ctx)
        with step("PB-ARCH-01", "list the archives"):
            answer = ctx.call("listRecordArchives", path=path).expect_status(200)
            items = answer.expect_objects()
        if items:
            return items
    raise PrerequisiteFailed(
        "PB-ARCH-19", "a record was written on a date that is over, but the list is empty"
    )


def _expect_order(ctx: PixieBrix, archives: Sequence[Archive], *, newest_first: bool, what: str) -> None:
    days = [archive.day for archive in archives]
    ctx.expect(what, _shown(sorted(days, reverse=newest_first)), _shown(days))


def _expect_same(ctx: PixieBrix, archives: Sequence[Archive], ordered: Sequence[Archive]) -> None:
    before, after = (sorted(archive.day for archive in several) for several in (archives, ordered))
    ctx.expect("the dates with and without ordering, sorted", _shown(before), _shown(after))


def _expect_first(ctx: PixieBrix, page: Sequence[Archive], day: date) -> None:
    # Only the first item counts: that a page has one item is another rule's matter.
    ctx.expect("the first date on a page of one", [str(day)], _shown([archive.day for archive in page[:1]]))


def _expect_once(ctx: PixieBrix, archives: Sequence[Archive]) -> None:
    days = Counter(archive.day for archive in archives)
    twice = sorted(day for day, count in days.items() if count > 1)
    ctx.expect("the dates that are in the list more than once", [], _shown(twice))


def _shown(days: Sequence[date]) -> list[str]:
    return [str(day) for day in days]
