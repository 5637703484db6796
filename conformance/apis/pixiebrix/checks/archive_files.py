"""What is in the archive file of a date, and when there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from ....authoring.answer import Answer
from ....authoring.arrange import step
from ....authoring.check import NotVerified, check
from .. import archives as archived
from ..archives import Days, Marks
from ..context import PixieBrix
from ..records import path_of as record_path

_END = object()
_ODD = 'é 東京 🦊 "quoted"\n\r\n\t\u2028\u0085 next'
"""Text that breaks a line, or an encoding, where it is written carelessly."""


@check("PB-ARCH-10")
def a_file_is_json_lines(ctx: PixieBrix) -> None:
    """Downloads a file, of a record with odd text where one can be made, and parses it line by line."""
    file = _a_file(ctx)
    ctx.expect_true("the file of a date with records", file.size, expected="a line or more", actual="nothing")
    for value in file.jsonl():
        listing = isinstance(value, list) and any(isinstance(one, Mapping) for one in value)
        ctx.expect_true("a line", not listing, expected="one record", actual="an array of them")


@check("PB-ARCH-11")
def every_record_of_the_date_is_there(ctx: PixieBrix) -> None:
    """Writes 1,025 records on one date and three on the next, and looks for each in the file of its date."""
    for day, (own, _, found) in _two_days(ctx, 1_025, 3).items():
        missing = [mark for mark in own if mark not in found]
        ctx.expect(f"the records that are missing from the file of {day}", [], missing)


@check("PB-ARCH-12")
def no_record_of_another_date_is_there(ctx: PixieBrix) -> None:
    """Writes records on two dates, and to another database, and looks in each file for the others."""
    for day, (own, _, found) in _two_days(ctx, 2, 2, beside=True).items():
        with step("PB-ARCH-11", "find the records of a date in its file"):
            ctx.expect(f"the records of {day} in its file", sorted(own), sorted(found & set(own)))
        ctx.expect(f"the other records in the file of {day}", set(), found - set(own))


@check("PB-ARCH-13")
def a_change_is_in_the_file_of_its_date(ctx: PixieBrix) -> None:
    """Writes records, changes each in another way on the next day, alone, in an array and by merging, and
    looks for them in the file of that day.
    """
    database, days, marks = ctx.given.database(), Days(ctx), Marks(ctx)
    ways = ("putRecord", "createRecords", "putRecords", "merge")
    new, keys = marks.new(len(ways)), [ctx.name("record") for _ in ways]
    archived.write(ctx, database, marks.new(len(ways)), keys=keys)
    changed = days.next()
    for way, key, mark in zip(ways, keys, new, strict=True):
        item = {"id": key, "data": {"probe": mark}}
        with step("PB-REC-14", f"change a record ({way})"):
            if way in {"putRecord", "merge"}:
                body = {**item, "merge_strategy": "shallow"} if way == "merge" else item
                ctx.call("putRecord", path=record_path(database, key), json=body).expect_status(200, 201)
            else:
                ctx.call(way, path=record_path(database), json=[item]).expect_status(200, 201)
    days.next()
    path = archived.path_of(database)
    archives = archived.listed(ctx, path)
    there = changed in {archive.day for archive in archives}
    ctx.expect_true("the date of the change", there, expected=f"{changed} in the list", actual="no such date")
    found = marks.within_file(archived.file_of(ctx, archives, changed))
    missing = [way for way, mark in zip(ways, new, strict=True) if mark not in found]
    ctx.expect("the changes that are missing from the file of their date", [], missing)


@check("PB-ARCH-14")
def each_file_has_the_version_of_its_date(ctx: PixieBrix) -> None:
    """Writes a record, changes it on the next day, and looks for both values in both files."""
    database, days, marks = ctx.given.database(), Days(ctx), Marks(ctx)
    (old, new), key, first = marks.new(2), ctx.name("record"), days.today
    archived.write(ctx, database, [old], keys=[key])
    second = days.next()
    archived.change(ctx, database, key, {"probe": new})
    days.next()
    archives = archived.listed(ctx, archived.path_of(database))
    files = archived.file_of(ctx, archives, first), archived.file_of(ctx, archives, second, "PB-ARCH-13")
    found = [marks.within_file(file) for file in files]
    ctx.expect(f"the version of {first} and of {second}", [{old}, {new}], found)


@check("PB-ARCH-15")
def only_the_last_version_is_there(ctx: PixieBrix) -> None:
    """Writes a record five times on one day, and looks for all five values in the file."""
    marks = Marks(ctx)
    values = marks.new(5)
    file = _written_again_and_again(ctx, [{"probe": value} for value in values])
    ctx.expect("the versions in the file", {values[-1]}, marks.within_file(file))


@check("PB-ARCH-16")
def a_record_has_one_line(ctx: PixieBrix) -> None:
    """Writes a record five times on one day, with one value that stays, and counts the lines that have it."""
    (mark,) = Marks(ctx).new(1)
    file = _written_again_and_again(ctx, [{"probe": mark, "version": number} for number in range(5)])
    ctx.expect("the lines of the record", 1, sum(mark.encode() in line for line in file.lines()))


@check("PB-ARCH-17")
def a_date_without_records_is_skipped(ctx: PixieBrix) -> None:
    """Writes on two dates with a day between them, and looks for the day between."""
    database, days, marks = ctx.given.database(), Days(ctx), Marks(ctx)
    first = days.today
    archived.write(ctx, database, marks.new(1))
    between, last = days.next(), days.next()
    archived.write(ctx, database, marks.new(1))
    days.next()
    listed = {archive.day for archive in archived.listed(ctx, archived.path_of(database))}
    with step("PB-ARCH-19", "find the dates with records"):
        ctx.expect("the dates with records in the list", {first, last}, listed & {first, last})
    ctx.expect_true("the list", between not in listed, expected=f"no file of {between}", actual="one")


@check("PB-ARCH-18")
def a_date_has_no_file_before_its_end(ctx: PixieBrix) -> None:
    """Writes on a date, lists a minute before its end and after it, and looks for the date."""
    database, days = ctx.given.database(), Days(ctx)
    today, path = days.today, archived.path_of(database)
    archived.write(ctx, database, Marks(ctx).new(1))
    for left in (timedelta(minutes=30), timedelta(minutes=1)):
        days.until(left)
        listed = {archive.day for archive in archived.listed(ctx, path)}
        what = f"the list {left} before the end of {today}"
        ctx.expect_true(what, today not in listed, expected=f"no file of {today}", actual="one")
    days.next()
    with step("PB-ARCH-19", "find the date once it is over"):
        listed = {archive.day for archive in archived.listed(ctx, path)}
        ctx.expect_true("the list", today in listed, expected=f"a file of {today}", actual="none")


@check("PB-ARCH-19")
def a_date_has_its_file_after_its_end(ctx: PixieBrix) -> None:
    """Writes on a date, moves the clock past midnight, and looks for the date."""
    database, days = ctx.given.database(), Days(ctx)
    today = days.today
    archived.write(ctx, database, Marks(ctx).new(1))
    days.next()
    listed = [str(archive.day) for archive in archived.listed(ctx, archived.path_of(database))]
    ctx.expect_true("the list", str(today) in listed, expected=f"a file of {today}", actual=listed)


@check("PB-ARCH-20")
def a_line_is_an_object_with_id_and_data(ctx: PixieBrix) -> None:
    """Downloads a file and checks each line; of a record that it wrote, where it can, the values too."""
    made = _odd_record(ctx)
    found = []
    for line in _read(made[2] if made else _existing_file(ctx)):
        ok = (
            isinstance(line, Mapping)
            and isinstance(line.get("id"), str)
            and isinstance(line.get("data"), Mapping)
        )
        ctx.expect_true("a line", ok, expected="an object with id, a text, and data, an object", actual=line)
        if made and line["id"] == made[0]:
            found.append(line["data"])
    if made:
        key, data, _ = made
        good = found and all(one == data for one in found)
        ctx.expect_true(f"the data of the record {key} in the file", good, expected=data, actual=found)


def _read(file: Answer) -> Iterator[Any]:
    """The lines of a file; one that cannot be read is the fault of another rule."""
    lines = file.jsonl()
    while True:
        with step("PB-ARCH-10", "read a file line by line"):
            line = next(lines, _END)
        if line is _END:
            return
        yield line


@check("PB-ARCH-21")
def a_date_ends_at_midnight_utc(ctx: PixieBrix) -> None:
    """Writes in the last second before midnight UTC and just after it, and looks for both two days later."""
    database, days, marks = ctx.given.database(), Days(ctx), Marks(ctx)
    day, early, late, noon = marks.new(4)
    today = days.today
    archived.write(ctx, database, [day])  # so that both dates have files in any case
    days.until(timedelta(seconds=1))
    archived.write(ctx, database, [early])
    if days.is_over():
        ctx.skip("midnight passed while a record was written in the last second before it")
    tomorrow = days.next()
    archived.write(ctx, database, [late])
    days.until(timedelta(hours=12))
    archived.write(ctx, database, [noon])
    days.next()
    days.next()
    found = [marks.within_file(file) for file in archived.files_of(ctx, database, today, tomorrow)]
    ctx.expect(f"the records in the files of {today} and {tomorrow}", [{day, early}, {late, noon}], found)


def _two_days(
    ctx: PixieBrix, first: int, second: int, *, beside: bool = False
) -> dict[date, tuple[list[str], list[str], set[str]]]:
    """Write this many records on two days: by date, its marks, those of the other, and those in its file.

    With `beside` another database, where there is one, gets a record on the first day, too.
    """
    database, days, marks = ctx.given.database(), Days(ctx), Marks(ctx)
    early, late = marks.new(first), marks.new(second)
    today = days.today
    if beside:
        with suppress(NotVerified):
            archived.write(ctx, ctx.given.database(), marks.new(1))
    archived.write(ctx, database, early)
    tomorrow = days.next()
    archived.write(ctx, database, late)
    days.next()
    files = archived.files_of(ctx, database, today, tomorrow)
    return {
        today: (early, late, marks.within_file(files[0])),
        tomorrow: (late, early, marks.within_file(files[1])),
    }


def _written_again_and_again(ctx: PixieBrix, versions: list[dict[str, object]]) -> Answer:
    """Write one record in several versions on one day, and give the file of that day."""
    database, days, key = ctx.given.database(), Days(ctx), ctx.name("record")
    today = days.today
    ctx.given.records(database, versions[:1], keys=[key])
    for version in versions[1:]:
        archived.change(ctx, database, key, version)
    days.next()
    (file,) = archived.files_of(ctx, database, today)
    return file


def _odd_record(ctx: PixieBrix) -> tuple[str, dict[str, Any], Answer] | None:
    """Write a record of odd text: its key, its data, and the file of its date; None where that cannot be."""
    if not (ctx.can("write") and ctx.can("clock")):
        return None
    database, days, key = ctx.given.database(), Days(ctx), ctx.name("record")
    data = {"probe": _ODD, "nested": {"list": [1, 2.5, None, True]}, "ключ": ""}
    today = days.today
    ctx.given.records(database, [data], keys=[key])
    days.next()
    return key, data, archived.file_of(ctx, archived.listed(ctx, archived.path_of(database)), today)


def _existing_file(ctx: PixieBrix) -> Answer:
    _, archives = archived.at_least(ctx, 1)
    return archived.download(ctx, archives[0])


def _a_file(ctx: PixieBrix) -> Answer:
    made = _odd_record(ctx)
    return made[2] if made else _existing_file(ctx)
