"""The fifth round's faults of PixieBrix: records, and the conventions around them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import unquote

from ..servers.strict import records, rest
from ..servers.strict.__main__ import Strict
from ..servers.strict.records import chosen
from ..servers.strict.rest import Call, Reply
from ..servers.strict.world import Row
from . import first_pixiebrix_a, first_pixiebrix_b, fourth_pixiebrix_a, second_pixiebrix_a, third_pixiebrix_a
from .registry import Kind, around, instead, pixiebrix, unlocked

MERGING = ("shallow", "deep", "deep_append")
BATCH = 500


def _filter(name: str, value: str) -> tuple[str, str]:
    """A filter's name and value, the `=` of which may have come encoded."""
    if "=" in name and not value:
        name, _, value = name.partition("=")
    return name, value


# Databases and records: merge_strategy
@pixiebrix(Kind.SAME_TIME, "published", like=second_pixiebrix_a.merges_at_once_lose_one)
def merges_at_once_forget_one(_: Strict) -> None:
    """A record is read, merged and written back without a lock: of two merges at once only one stays."""


# Databases and records: DELETE …/records/, limited by the same filters as the list
@pixiebrix(Kind.SAME_TIME, "published")
def a_filtered_delete_loses_new_records(server: Strict) -> None:
    """A delete with filters writes back the records that were to stay, without those that came meanwhile."""

    @around(server, "clearRecords")
    def change(right: Any, call: Call) -> Reply:
        if not call.request.query:
            reply: Reply = right(call)
            return reply
        database = call.database()
        gone = {row.key for row in chosen(call, database)}
        kept = {key: row for key, row in database.rows.items() if key not in gone}
        with unlocked(server):
            pass
        database.rows = kept
        return Reply(204)


# Databases and records: merge_strategy decides how data merges into a record that exists
@pixiebrix(Kind.AFTER, "published", like=first_pixiebrix_a.deleted_record_merged)
def a_deleted_record_is_merged_into(_: Strict) -> None:
    """Records are only marked as deleted, and a later write that merges finds the old data again."""


# Databases and records: names are case-sensitive
@pixiebrix(Kind.IDENTITY, "documented")
def field_names_ignore_case(_: Strict) -> None:
    """A filter finds its field whatever the case of its name."""

    @instead(records, "_fits")
    def fits(right: Any, row: Row, name: str, value: str) -> bool:
        name, value = _filter(name, value)
        low = {key.casefold(): each for key, each in row.data.items()}
        return bool(right(replace(row, data=low), name.casefold(), value))


# Conventions: record keys are any string
@pixiebrix(Kind.IDENTITY, "inferred", like=first_pixiebrix_b.keys_composed)
def keys_are_composed(_: Strict) -> None:
    """Record keys are brought into Unicode's composed form: two keys that only look the same are one."""


# Databases and records: merge_strategy `deep_append`: arrays are appended
@pixiebrix(Kind.FIDELITY, "published")
def arrays_are_appended_as_sets(_: Strict) -> None:
    """`deep_append` makes a union of the arrays: an element that is there already is not appended again."""

    @instead(records, "_merged")
    def merged(right: Any, old: Any, new: Any, strategy: str) -> Any:
        if strategy == "deep_append" and isinstance(old, list) and isinstance(new, list):
            return old + [one for one in new if one not in old]
        return right(old, new, strategy)


# Databases and records: at most 10,000 a request
@pixiebrix(Kind.SIZES, "documented", like=fourth_pixiebrix_a.no_limit_without_pages)
def without_pages_there_is_no_cap(_: Strict) -> None:
    """Version 1.0, which has no pages, lists every record there is, more than 10,000 too."""


# Databases and records: POST one record or an array
@pixiebrix(Kind.SIZES, "published")
def the_rest_of_a_long_array_is_lost(server: Strict) -> None:
    """An array of more than 500 is written in full batches of 500, and what remains is echoed but lost."""

    @around(server, "createRecords")
    @around(server, "putRecords")
    def change(right: Any, call: Call) -> Reply:
        database = call.database()
        before = dict(database.rows)
        reply: Reply = right(call)
        if isinstance(reply.data, list) and len(reply.data) > BATCH:
            full = len(reply.data) // BATCH * BATCH
            written = {item["id"] for item in reply.data[:full]}
            for key in {item["id"] for item in reply.data[full:]} - written:
                database.rows.pop(key, None)
                if key in before:
                    database.rows[key] = before[key]
        return reply


# Conventions: pagination, Link with next
@pixiebrix(Kind.COMBINED, "published")
def the_next_page_forgets_the_filters(_: Strict) -> None:
    """The links to other pages keep `page_size` alone: behind `next` the filters hold no longer."""

    @instead(Call, "_at")
    def at(_: Any, call: Call, page: int) -> str:
        size = call.request.one("page_size")
        query = f"page={page}" + (f"&page_size={size}" if size else "")
        return f"{call.base.removesuffix('/api')}{call.request.path}?{query}"


# Databases and records: start_date and end_date are both inclusive
@pixiebrix(Kind.COMPARED, "documented")
def the_end_date_is_midnight(_: Strict) -> None:
    """`end_date` is compared as the midnight at which it begins, so that its own day is left out."""

    @instead(records, "_day")
    def day(right: Any, call: Call, name: str) -> date | None:
        found: date | None = right(call, name)
        return found - timedelta(days=1) if name == "end_date" and found and found > date.min else found


# Databases and records: data__<field>=<value> keeps the records whose string field equals the value
@pixiebrix(Kind.COMPARED, "documented")
def values_are_compared_by_collation(_: Strict) -> None:
    """The database's collation compares values of filters: case and spaces at the end do not count."""

    def plain(value: Any) -> Any:
        return value.rstrip(" ").casefold() if isinstance(value, str) else value

    @instead(records, "_fits")
    def fits(right: Any, row: Row, name: str, value: str) -> bool:
        name, value = _filter(name, value)
        if name.endswith("__isnull"):
            return bool(right(row, name, value))
        data = {key: plain(each) for key, each in row.data.items()}
        return bool(right(replace(row, data=data), name, plain(value)))


# Databases and records: values of filters are URL-encoded
@pixiebrix(Kind.TRANSPORT, "documented", like=third_pixiebrix_a.filter_values_are_decoded_twice)
def values_are_decoded_twice(_: Strict) -> None:
    """A filter's value is URL-decoded by the framework and again by the filter: a plus becomes a space."""


# Conventions: the version is a media-type parameter
@pixiebrix(Kind.TRANSPORT, "published", like=first_pixiebrix_a.version_needs_a_blank)
def parameters_need_a_space(_: Strict) -> None:
    """The Accept header is split at `; `: in `application/json;version=2.0` no version is seen."""


# Conventions: bodies may come as application/x-www-form-urlencoded
@pixiebrix(Kind.TRANSPORT, "published")
def a_plus_in_a_form_stays(_: Strict) -> None:
    """Forms are decoded like paths, so that a plus, which stands for a space there, stays a plus."""

    @instead(rest, "pairs_of")
    def pairs(_: Any, text: str) -> list[tuple[str, str]]:
        parts = (part.partition("=") for part in text.split("&") if part)
        return [(unquote(name), unquote(value)) for name, _, value in parts]
