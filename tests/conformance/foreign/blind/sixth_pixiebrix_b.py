"""The sixth round, PixieBrix, second half: texts and values, sizes, combinations, comparisons, transport."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..servers.strict import databases, records, rest
from ..servers.strict.__main__ import Strict
from ..servers.strict.rest import Call, Reply
from ..servers.strict.world import Row
from . import first_pixiebrix_a, fourth_pixiebrix_b, second_pixiebrix_b, third_pixiebrix_a, third_pixiebrix_b
from .registry import Kind, around, instead, pixiebrix

Run = Callable[[Call], Reply]
Fits = Callable[[Row, str, str], bool]
Form = Callable[[list[tuple[str, str]]], dict[str, Any]]
Parts = list[tuple[str, str | None, bytes]]

BATCH = 100


# export jobs: one or more databases from which to export
@pixiebrix(Kind.IDENTITY, "documented", like=fourth_pixiebrix_b.keys_are_unique_in_an_export)
def records_of_one_key_in_two_databases_become_one(_: Strict) -> None:
    """An export collects its records by keys alone, so two databases with the same key give one record."""


# data__<field>=<value>: the value is URL-encoded, once
@pixiebrix(Kind.IDENTITY, "documented", like=third_pixiebrix_a.filter_values_are_decoded_twice)
def values_of_filters_are_decoded_twice(_: Strict) -> None:
    """The value of a data filter is decoded once more, so an encoded plus sign becomes a space."""


# records as text/csv; field names are case-sensitive
@pixiebrix(Kind.IDENTITY, "documented")
def csv_columns_that_differ_in_case_become_one(_: Strict) -> None:
    """Fields whose names differ only in case share one column of the CSV of records."""

    @instead(rest, "_table")
    def table(right: Callable[[list[dict[str, Any]]], bytes], items: list[dict[str, Any]]) -> bytes:
        known: dict[str, str] = {}

        def folded(data: dict[str, Any]) -> dict[str, Any]:
            return {known.setdefault(name.casefold(), name): value for name, value in data.items()}

        return right([{**item, "data": folded(item["data"])} for item in items])


# merge_strategy replace: the data is replaced by what was sent, and a record is {id, data, created_at}
@pixiebrix(Kind.FIDELITY, "published")
def fields_that_are_null_are_not_listed(server: Strict) -> None:
    """The list is written without nulls, an option of the serializer, so null fields are missing in data."""

    @around(server, "listRecords")
    def listed(right: Run, call: Call) -> Reply:
        reply = right(call)
        kept = [
            {**item, "data": {name: value for name, value in item["data"].items() if value is not None}}
            for item in reply.data
        ]
        return replace(reply, data=kept)


# assets: what is downloaded is what was uploaded, byte for byte
@pixiebrix(Kind.FIDELITY, "inferred", like=third_pixiebrix_b.upload_loses_its_last_line_ends)
def an_upload_loses_its_last_line_break(_: Strict) -> None:
    """Line breaks that end an uploaded file are cut off with the one that belongs to the form."""


# POST /databases/:id/records/: one record or an array, 201
@pixiebrix(Kind.SIZES, "published")
def the_record_that_opens_a_batch_is_lost(server: Strict) -> None:
    """Arrays are stored in batches of 100, and the record that comes after each full batch gets into none."""

    @around(server, "createRecords")
    @around(server, "putRecords")
    def written(right: Run, call: Call) -> Reply:
        database = call.database()
        before, reply = dict(database.rows), right(call)
        if isinstance(reply.data, list):
            for item in reply.data[BATCH::BATCH]:
                database.rows.pop(item["id"], None)
                if item["id"] in before:
                    database.rows[item["id"]] = before[item["id"]]
        return reply


# assets: filename has 1-255 characters
@pixiebrix(Kind.SIZES, "published", like=second_pixiebrix_b.filenames_counted_in_bytes)
def the_length_of_a_file_name_is_counted_in_bytes(_: Strict) -> None:
    """A file name of 255 characters or less is refused where it has more than 255 bytes in UTF-8."""


# databases: name has up to 256 characters
@pixiebrix(Kind.SIZES, "published")
def the_name_of_a_database_is_cut_at_255(_: Strict) -> None:
    """The column for the name of a database holds 255 characters, and a name of 256 loses its last one."""

    @instead(databases, "text_field")
    def text_field(
        right: Callable[..., str | None], body: dict[str, Any], name: str, limit: int, **more: Any
    ) -> str | None:
        value = right(body, name, limit, **more)
        return value[:255] if value is not None and name == "name" else value


# lists are plain arrays without pages at 1.0 and 1.1
@pixiebrix(Kind.COMBINED, "published")
def version_1_1_gets_the_first_page_alone(server: Strict) -> None:
    """Only 1.0 is excepted from pages: at 1.1 a list ends after 100 items, and nothing leads to the rest."""

    def listed(right: Run, call: Call) -> Reply:
        reply = right(call)
        return replace(reply, data=reply.data[:100]) if call.version == "1.1" else reply

    for name in ("listDatabases", "listRecords", "listAssets"):
        around(server, name)(listed)


# archives: ordering=date is ascending, and paginated with links to the next page
@pixiebrix(Kind.COMBINED, "documented", like=third_pixiebrix_b.next_archives_forget_the_order)
def the_link_to_the_next_page_forgets_the_ordering(_: Strict) -> None:
    """Links to other pages are made without the ordering that was asked for, so these are descending."""


# data__<field>=<value> keeps the records whose string field equals the value
@pixiebrix(Kind.COMPARED, "documented")
def spaces_at_the_end_make_no_difference_to_a_filter(_: Strict) -> None:
    """The database pads what it compares, so a filter also finds texts that have more spaces at their end."""

    @instead(records, "_fits")
    def fits(right: Fits, row: Row, name: str, value: str) -> bool:
        mine = row.data.get(name)
        if isinstance(mine, str) and not name.endswith("__isnull"):
            return mine.rstrip(" ") == value.rstrip(" ")
        return right(row, name, value)


# export jobs: filters are ISO 8601 timestamps
@pixiebrix(Kind.COMPARED, "documented", like=first_pixiebrix_a.offset_of_timestamp_dropped)
def the_offset_of_a_timestamp_is_dropped(_: Strict) -> None:
    """The bounds of an export are compared by their wall clock time, whatever offset from UTC they have."""


# bodies may come as application/x-www-form-urlencoded or multipart/form-data; PATCH marks by is_uploaded
@pixiebrix(Kind.COMPARED, "published")
def a_false_of_a_form_counts_as_true(_: Strict) -> None:
    """In a form every text for is_uploaded that is not empty is true, false among them."""

    @instead(rest, "_form")
    def form(right: Form, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        found = right(pairs)
        if "is_uploaded" in found:
            found["is_uploaded"] = bool(dict(pairs)["is_uploaded"])
        return found


# pagination from version 2.0, with Link; records have the media type text/csv too
@pixiebrix(Kind.TRANSPORT, "published", like=third_pixiebrix_a.csv_pages_have_no_links)
def pages_of_csv_have_no_links(_: Strict) -> None:
    """The CSV of records has pages, but its way out forgets the Link header, so nobody learns of the next."""


# the version is a parameter of the media type (the space before it is optional)
@pixiebrix(Kind.TRANSPORT, "published", like=first_pixiebrix_a.version_needs_a_blank)
def the_version_is_only_read_after_a_space(_: Strict) -> None:
    """The Accept header is split at a semicolon with a space, so version=2.0 without one is not seen."""


# export jobs: one or more databases; bodies may come as forms
@pixiebrix(Kind.TRANSPORT, "published", like=third_pixiebrix_a.form_keeps_the_last_database)
def a_form_keeps_the_last_of_its_databases(_: Strict) -> None:
    """Of a field that a form repeats the last value alone is read, so an export has one database only."""
