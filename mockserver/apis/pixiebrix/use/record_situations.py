"""The situations that a client of PixieBrix can meet with lists and records."""

from __future__ import annotations

from typing import Final

from ....coverage.situation import Situation, settings
from .memory import WRITES
from .recognition import (
    DATES,
    LISTS,
    filters,
    follows_next,
    is_capped,
    is_empty_list,
    is_past_the_end,
    merges,
)
from .requesting import RECORDS, request

_UNTIL_PAST = "1970-01-01"


def _strategy(name: str, *spelled: str, what: str, rules: tuple[str, ...]) -> Situation:
    said = {} if name == "replace" else {"merge_strategy": name}
    return Situation(
        id=f"merge-{name.replace('_', '-')}",
        title=f"A record is written that exists, with the strategy `{name}`: {what}",
        operations=tuple(sorted(WRITES)),
        met=merges(*spelled),
        steps=(
            request("PUT", f"{RECORDS}merged/", {"data": {"colors": ["red"]}}),
            request("PUT", f"{RECORDS}merged/", {"data": {"colors": ["blue"]}, **said}),
        ),
        rules=rules,
    )


_LISTS = (
    Situation(
        id="empty-page",
        title="A list has no items",
        operations=LISTS,
        met=lambda exchange, _: is_empty_list(exchange) and not filters(exchange),
        steps=(request("DELETE", RECORDS),),
        then="list the records of that database",
        rules=("PB-REC-16",),
    ),
    Situation(
        id="next-page",
        title="A list is longer than a page, and the link to the next one is followed",
        operations=LISTS,
        met=follows_next,
        steps=(settings(default_page_size=2),),
        then="list records at version 2.0, and follow `Link` with `rel=next`",
        rules=("PB-PAGE-07", "PB-PAGE-20"),
    ),
    Situation(
        id="page-past-the-end",
        title="A page is asked for that the list does not have, or has no more",
        operations=LISTS,
        met=is_past_the_end,
        steps=(settings(default_page_size=2),),
        then="list records at version 2.0, delete them, and follow the link to the next page",
        rules=("PB-PAGE-16",),
    ),
    Situation(
        id="capped-page",
        title="A page has fewer items than were asked for, because there is a maximum",
        operations=LISTS,
        met=is_capped,
        steps=(request("GET", f"{RECORDS}?page_size=20000"),),
        rules=("PB-PAGE-05", "PB-REC-06"),
    ),
    Situation(
        id="date-filter",
        title="Records are filtered by dates",
        operations=("listRecords", "clearRecords"),
        met=lambda exchange, _: exchange.succeeded and any(name in DATES for name in filters(exchange)),
        steps=(request("GET", f"{RECORDS}?start_date=2020-01-01"),),
        rules=("PB-FILT-01", "PB-FILT-02"),
    ),
    Situation(
        id="field-filter",
        title="Records are filtered by a field of their data",
        operations=("listRecords", "clearRecords"),
        met=lambda exchange, _: (
            exchange.succeeded
            and any(name.startswith("data__") and "__isnull" not in name for name in filters(exchange))
        ),
        steps=(request("GET", f"{RECORDS}?data__user%20email=david%40example.com"),),
        rules=("PB-FILT-12", "PB-FILT-19"),
    ),
    Situation(
        id="null-filter",
        title="Records are filtered by whether a field is null",
        operations=("listRecords", "clearRecords"),
        met=lambda exchange, _: exchange.succeeded and any("__isnull" in name for name in filters(exchange)),
        steps=(request("GET", f"{RECORDS}?data__email__isnull=true"),),
        rules=("PB-FILT-21", "PB-FILT-22"),
    ),
    Situation(
        id="filter-without-hit",
        title="No record passes a filter",
        operations=("listRecords",),
        met=lambda exchange, _: is_empty_list(exchange) and bool(filters(exchange)),
        steps=(request("GET", f"{RECORDS}?end_date={_UNTIL_PAST}"),),
        rules=("PB-FILT-28",),
    ),
    Situation(
        id="bad-date",
        title="A date is refused that is not one",
        operations=("listRecords", "clearRecords"),
        met=lambda exchange, _: (
            exchange.status == 400 and any(name in DATES for name in exchange.response.object)
        ),
        steps=(request("GET", f"{RECORDS}?start_date=yesterday"),),
        rules=("PB-FILT-11",),
    ),
)

_RECORDS = (
    _strategy(
        "replace",
        "",
        "replace",
        what="the new data take the place of the old",
        rules=("PB-REC-18", "PB-REC-19"),
    ),
    _strategy("shallow", "shallow", what="top-level fields are updated", rules=("PB-REC-20",)),
    _strategy("deep", "deep", what="objects are merged", rules=("PB-REC-21",)),
    _strategy("deep_append", "deep_append", what="and arrays are appended", rules=("PB-REC-22",)),
    Situation(
        id="filtered-deletion",
        title="Records are deleted that pass a filter",
        operations=("clearRecords",),
        met=lambda exchange, _: exchange.succeeded and bool(filters(exchange)),
        steps=(request("DELETE", f"{RECORDS}?end_date={_UNTIL_PAST}"),),
        rules=("PB-REC-31",),
    ),
)

RECORD_SITUATIONS: Final = (*_LISTS, *_RECORDS)
