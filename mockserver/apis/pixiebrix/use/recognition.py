"""How the situations of PixieBrix are recognised from an exchange and what is remembered of those before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ....coverage.exchange import Exchange
from ....state.instants import DAY, parse_instant
from ..versions import VERSIONS
from .memory import PixieBrixMemory, address, database_of, links_of, written

Met = Callable[[Exchange, PixieBrixMemory], bool]

LISTS: Final = (
    "listDatabases",
    "listUserDatabases",
    "listOrganizations",
    "listRecords",
    "listRecordArchives",
    "listAssets",
)
DATES: Final = frozenset({"start_date", "end_date"})


def filters(exchange: Exchange) -> list[str]:
    """The names of the parameters that filter records."""
    return [name for name, _ in exchange.parameters if name in DATES or name.startswith("data__")]


def _is_paged(exchange: Exchange) -> bool:
    return exchange.version_asked == VERSIONS[-1] or exchange.version_answered == VERSIONS[-1]


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else None


def is_past_the_end(exchange: Exchange, _: PixieBrixMemory) -> bool:
    """Whether a page is asked for that is not there."""
    page = _number(exchange.parameter("page"))
    return exchange.status == 404 and page is not None and page > 1


def follows_next(exchange: Exchange, memory: PixieBrixMemory) -> bool:
    """Whether a page is asked for that a link led to."""
    return (
        exchange.succeeded
        and exchange.parameter("page") not in {None, "1"}
        and address(exchange.path, exchange.query) in memory.pages
    )


def is_capped(exchange: Exchange, _: PixieBrixMemory) -> bool:
    """Whether a page is shorter than was asked for because of a maximum."""
    asked = _number(exchange.parameter("page_size"))
    if not exchange.succeeded or asked is None or not _is_paged(exchange):
        return False
    most = 10_000 if exchange.operation == "listRecords" else 1_000
    items = exchange.response.json
    fewer = isinstance(items, list) and len(items) < asked
    return asked > most or (fewer and any(relation == "next" for relation, _ in links_of(exchange)))


def is_empty_list(exchange: Exchange) -> bool:
    """Whether a list has no items."""
    return exchange.status == 200 and exchange.response.json == []


def status(status: int) -> Met:
    """Whether the answer has this status."""
    return lambda exchange, _: exchange.status == status


def job_is(*statuses: str) -> Met:
    """Whether a job is shown with one of these statuses."""
    return lambda exchange, _: exchange.response.object.get("status") in statuses


def is_renewed_job(exchange: Exchange, memory: PixieBrixMemory) -> bool:
    """Whether a job has another link than before."""
    before = memory.jobs.get(exchange.segments[-1])
    data = exchange.response.object.get("data")
    return before is not None and isinstance(data, str) and bool(before.data) and data != before.data


def is_renewed_download(exchange: Exchange, memory: PixieBrixMemory) -> bool:
    """Whether a file is had after a link to it was refused."""
    refused = memory.expired.get(exchange.path)
    return exchange.succeeded and refused is not None and refused != exchange.query


def orders(media_type: str) -> Met:
    """Whether an export in this media type is ordered."""

    def met(exchange: Exchange, _: PixieBrixMemory) -> bool:
        order = exchange.request.object
        return exchange.status == 201 and order.get("media_type", "application/json") == media_type

    return met


def merges(*strategies: str) -> Met:
    """Whether a record that exists is written with one of these strategies."""

    def met(exchange: Exchange, memory: PixieBrixMemory) -> bool:
        if not exchange.succeeded:
            return False
        database, seen = database_of(exchange), set()
        for key, record in written(exchange):
            if (key in seen or (database, key) in memory.keys) and record.get(
                "merge_strategy", ""
            ) in strategies:
                return True
            seen.add(key)
        return False

    return met


def is_archived_since(exchange: Exchange, memory: PixieBrixMemory) -> bool:
    """Whether the archive has a date that had not ended when the sandbox was first asked."""
    if memory.began is None or not exchange.succeeded:
        return False
    return any(
        isinstance(one.get("date"), str) and _day(one["date"]) >= memory.began // DAY
        for one in exchange.response.objects
    )


def _day(date: str) -> int:
    try:
        return parse_instant(f"{date}T00:00:00Z") // DAY
    except ValueError:
        return -1


def is_gone(exchange: Exchange, memory: PixieBrixMemory) -> bool:
    """Whether a record is missed that was seen on an earlier day, and that the client did not delete."""
    database = database_of(exchange)
    today = exchange.at // DAY
    if exchange.operation == "getRecord":
        seen = memory.keys.get((database, exchange.segments[-1]))
        return exchange.status == 404 and seen is not None and seen // DAY < today
    items = exchange.response.json
    whole = (
        exchange.status == 200
        and isinstance(items, list)
        and not filters(exchange)
        and exchange.parameter("page") in {None, "1"}
        and not any(relation == "next" for relation, _ in links_of(exchange))
    )
    if not whole:
        return False
    there = {one.get("id") for one in exchange.response.objects}
    return any(
        one == database and key not in there and at // DAY < today for (one, key), at in memory.keys.items()
    )


def knows_asset(exchange: Exchange, memory: PixieBrixMemory) -> bool:
    """Whether an asset that is known cannot be downloaded."""
    return (
        exchange.status == 404
        and exchange.segments[-1] in memory.assets
        and exchange.parameter("meta") != "true"
    )


def marks(*, uploaded: bool) -> Met:
    """Whether an asset is shown as uploaded, or as not uploaded, after a change."""
    return lambda exchange, _: exchange.succeeded and exchange.response.object.get("is_uploaded") is uploaded


def waited(exchange: Exchange, memory: PixieBrixMemory) -> bool:
    """Whether a request succeeds after the time that a 429 asked to wait."""
    again = memory.again_at.get(exchange.request.headers.get("authorization", ""))
    return exchange.succeeded and again is not None and exchange.at >= again
