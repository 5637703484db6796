"""Rules of PixieBrix that a single list shows: pages and their links, filters, archives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from ...authoring.formats import as_date, as_timestamp
from ...outcomes import CheckFailed
from ...watching.seen import Memory, Seen, watches
from .archives import day_in
from .watched import COUNTED, LISTS, number_of
from .watched_calls import single_version, told

_DEFAULT: Final = 100
_CAP: Final = 1_000
_MOST: Final = 10_000


def is_page(seen: Seen) -> bool:
    """Whether it is a page of a list: one at version 2.0, which the client asked for."""
    return seen.status == 200 and single_version(seen) == "2.0" and seen.objects is not None


def _size(seen: Seen) -> int | None:
    """The size that was asked for, or the usual one; None where it is odd or beyond the maximum."""
    size = number_of(seen.query["page_size"]) if "page_size" in seen.query else _DEFAULT
    most = _CAP if seen.operation in COUNTED else _MOST
    return size if size is not None and size <= most else None


def _page(seen: Seen) -> int | None:
    return number_of(seen.query.get("page", "1"))


def _items(seen: Seen) -> list[dict[str, Any]]:
    return seen.objects or []


def _links(seen: Seen) -> dict[str, str]:
    return seen.headers.links(seen.url)


@watches("PB-PAGE-01", *COUNTED)
def page_size_kept(seen: Seen, _: Memory) -> bool | None:
    """Counts the items of pages whose size was asked for."""
    size = _size(seen)
    if not is_page(seen) or "page_size" not in seen.query or size is None:
        return None
    if len(_items(seen)) > size:
        raise CheckFailed(
            f"the items of {told(seen)} with page_size={size}", f"{size} at most", len(_items(seen))
        )
    return len(_items(seen)) == size or None


@watches("PB-PAGE-20", "listRecords")
def page_of_records(seen: Seen, memory: Memory) -> bool | None:
    """Counts the records of pages whose size was asked for."""
    return page_size_kept.look(seen, memory)


@watches("PB-PAGE-04", *LISTS)
def usual_size(seen: Seen, _: Memory) -> bool | None:
    """Counts the items of pages whose size was left open."""
    if not is_page(seen) or "page_size" in seen.query:
        return None
    if len(_items(seen)) > _DEFAULT:
        raise CheckFailed(f"the items of {told(seen)} without page_size", "100 at most", len(_items(seen)))
    return len(_items(seen)) == _DEFAULT or None


@watches("PB-PAGE-06", *COUNTED)
def largest_page(seen: Seen, _: Memory) -> bool | None:
    """Counts the items of pages for which more than the maximum was asked."""
    if not is_page(seen):
        return None
    if len(_items(seen)) > _CAP:
        raise CheckFailed(f"the items of {told(seen)}", "1,000 at most", len(_items(seen)))
    return (number_of(seen.query.get("page_size", "1")) or 0) > _CAP or None


@watches("PB-REC-06", "listRecords")
def most_records(seen: Seen, _: Memory) -> bool | None:
    """Counts the records of answers, where more than 10,000 were asked for."""
    if seen.status != 200 or seen.objects is None:
        return None
    if len(_items(seen)) > _MOST:
        raise CheckFailed(f"the records of {told(seen)}", "10,000 at most", len(_items(seen)))
    return (number_of(seen.query.get("page_size", "1")) or 0) > _MOST or None


@watches("PB-PAGE-07", *COUNTED)
def leads_on(seen: Seen, _: Memory) -> bool | None:
    """Looks for the link to the next page where the total count tells that there is a next page."""
    size, number = _size(seen), _page(seen)
    total = number_of(seen.headers.get("X-Total-Count") or "")
    if not is_page(seen) or size is None or number is None or total is None:
        return None
    if number * size < total and len(_items(seen)) == size and "next" not in _links(seen):
        raise CheckFailed(
            f"the links of page {number} of {told(seen)}, of {total} items", "next", list(_links(seen))
        )
    return "next" in _links(seen) or None


@watches("PB-PAGE-08", *COUNTED)
def leads_back(seen: Seen, _: Memory) -> bool | None:
    """Looks for the link to the previous page on pages behind the first."""
    number = _page(seen)
    if not is_page(seen) or number is None or number == 1 or not _items(seen):
        return None
    if "prev" not in _links(seen):
        raise CheckFailed(f"the links of page {number} of {told(seen)}", "prev", list(_links(seen)))
    return True


@watches("PB-PAGE-11", *COUNTED)
def leads_nowhere(seen: Seen, _: Memory) -> bool | None:
    """Looks for a link to the next page on pages that have fewer items than their size."""
    size = _size(seen)
    if not is_page(seen) or size is None or len(_items(seen)) >= size:
        return None
    if "next" in _links(seen):
        raise CheckFailed(f"the links of the last page of {told(seen)}", "no next", _links(seen)["next"])
    return True


@watches("PB-PAGE-12", *COUNTED)
def begins(seen: Seen, _: Memory) -> bool | None:
    """Looks for a link to the previous page on first pages."""
    if not is_page(seen) or _page(seen) != 1:
        return None
    if "prev" in _links(seen):
        raise CheckFailed(f"the links of the first page of {told(seen)}", "no prev", _links(seen)["prev"])
    return True


@watches("PB-PAGE-13", *COUNTED)
def counted(seen: Seen, _: Memory) -> bool | None:
    """Looks for the count on every page, and compares it with the items where there is only one page."""
    if not is_page(seen):
        return None
    total = seen.headers.get("X-Total-Count")
    if total is None:
        raise CheckFailed(f"the headers of {told(seen)}", "X-Total-Count", "none of that name")
    alone = _page(seen) == 1 and "next" not in _links(seen) and len(_items(seen)) < (_size(seen) or 0)
    if alone and total.strip() != str(len(_items(seen))):
        raise CheckFailed(f"X-Total-Count of {told(seen)}", len(_items(seen)), total)
    return alone or None


@watches("PB-PAGE-14", "listRecords")
def records_have_no_last(seen: Seen, _: Memory) -> bool | None:
    """Looks at the links of pages of records."""
    if not is_page(seen):
        return None
    if "last" in _links(seen):
        raise CheckFailed(f"the links of {told(seen)}", "no last", _links(seen)["last"])
    return True


@watches("PB-PAGE-15", "listRecords")
def records_are_not_counted(seen: Seen, _: Memory) -> bool | None:
    """Looks at the headers of lists of records."""
    if not is_page(seen):
        return None
    if "X-Total-Count" in seen.headers:
        raise CheckFailed(f"X-Total-Count of {told(seen)}", "none", seen.headers.get("X-Total-Count"))
    return True


@watches("PB-PAGE-16", *LISTS)
def past_the_end(seen: Seen, _: Memory) -> bool | None:
    """Looks for empty pages behind the first."""
    if (_page(seen) or 1) == 1 or single_version(seen) != "2.0":
        return None
    if seen.status == 200 and seen.objects == []:
        raise CheckFailed(f"the status of page {_page(seen)} of {told(seen)}, which is empty", "404", 200)
    return seen.status == 404 or None


@watches("PB-PAGE-19", "listRecords")
def links_keep_filters(seen: Seen, _: Memory) -> bool | None:
    """Compares the filters in the links of pages with those of the request."""
    wanted = {name: value for name, value in _filters(seen) if value}
    links = _links(seen)
    if not is_page(seen) or not wanted or not links:
        return None
    for relation, link in links.items():
        kept = dict(parse_qsl(urlsplit(link).query, keep_blank_values=True))
        lost = {name: value for name, value in wanted.items() if kept.get(name) != value}
        if lost:
            raise CheckFailed(f"the link {relation} of {told(seen)}", f"the filters {lost}", link)
    return True


def _filters(seen: Seen) -> Iterator[tuple[str, str]]:
    """The filters of a request that mean one thing only: a plus in a query may be a blank."""
    if "+" not in urlsplit(seen.url).query:
        for name, value in seen.query.items():
            if name.startswith("data__") or name in {"start_date", "end_date"}:
                yield name, value


def _days(seen: Seen) -> tuple[date | None, date | None]:
    return as_date(seen.query.get("start_date")), as_date(seen.query.get("end_date"))


def _outside(seen: Seen) -> bool | None:
    """Look for records outside of the dates."""
    start, end = _days(seen)
    created = [as_timestamp(item.get("created_at")) for item in _items(seen)]
    for day in (instant.date() for instant in created if instant is not None):
        if (start is not None and day < start) or (end is not None and day > end):
            raise CheckFailed(f"the dates of creation in {told(seen)}", f"from {start} to {end}", day)
    return bool(created) or None


@watches("PB-FILT-01", "listRecords")
def since(seen: Seen, _: Memory) -> bool | None:
    """Looks for earlier records in lists with a start date alone."""
    start, end = _days(seen)
    return (
        _outside(seen) if seen.status == 200 and start and "end_date" not in seen.query and not end else None
    )


@watches("PB-FILT-02", "listRecords")
def until(seen: Seen, _: Memory) -> bool | None:
    """Looks for later records in lists with an end date alone."""
    start, end = _days(seen)
    return (
        _outside(seen)
        if seen.status == 200 and end and "start_date" not in seen.query and not start
        else None
    )


@watches("PB-FILT-03", "listRecords")
def between(seen: Seen, _: Memory) -> bool | None:
    """Looks for records outside of the dates in lists with both."""
    start, end = _days(seen)
    return _outside(seen) if seen.status == 200 and start and end else None


def _wanted(seen: Seen) -> Iterator[tuple[str, str]]:
    """The fields that a request filters by, each with its value; no name with a double underscore."""
    for name, value in _filters(seen):
        field = name.removeprefix("data__")
        if field != name and "__" not in field and "=" not in field:
            yield field, value


def _data(seen: Seen) -> list[dict[str, Any]]:
    return [item["data"] for item in _items(seen) if isinstance(item.get("data"), dict)]


@watches("PB-FILT-13", "listRecords")
def others_left_out(seen: Seen, _: Memory) -> bool | None:
    """Looks for other texts in the fields that lists of records are filtered by."""
    exercised = False
    for field, value in _wanted(seen) if seen.status == 200 else ():
        for data in _data(seen):
            exercised = True
            if isinstance(data.get(field), str) and data[field] != value:
                raise CheckFailed(f"{field!r} of a record in {told(seen)}", repr(value), repr(data[field]))
    return exercised or None


@watches("PB-FILT-17", "listRecords")
def only_texts(seen: Seen, _: Memory) -> bool | None:
    """Looks for values of another kind in the fields that lists of records are filtered by."""
    exercised = False
    for field, value in _wanted(seen) if seen.status == 200 else ():
        for data in _data(seen):
            exercised = True
            if field in data and not isinstance(data[field], str):
                raise CheckFailed(f"{field!r} of a record in {told(seen)}", repr(value), repr(data[field]))
    return exercised or None


@watches("PB-FILT-21", "listRecords")
def only_nulls(seen: Seen, _: Memory) -> bool | None:
    """Looks for texts in the fields that have to be null in a list of records."""
    exercised = False
    for name, value in _filters(seen) if seen.status == 200 else ():
        field = name.removeprefix("data__").removesuffix("__isnull")
        if not name.endswith("__isnull") or value.lower() != "true" or "__" in field:
            continue
        for data in _data(seen):
            exercised = True
            if isinstance(data.get(field), str):
                raise CheckFailed(f"{field!r} of a record in {told(seen)}", "null", repr(data[field]))
    return exercised or None


@watches("PB-ARCH-04", "listRecordArchives")
def named_after_dates(seen: Seen, _: Memory) -> bool | None:
    """Looks at the name of the file of each archive that is listed."""
    if seen.status != 200:
        return None
    for item in _items(seen):
        if not isinstance(item.get("file"), str) or day_in(item["file"]) != item.get("date"):
            raise CheckFailed(
                f"`file` in {told(seen)}", f"a name that ends with {item.get('date')}.jsonl", item.get("file")
            )
    return bool(_items(seen)) or None


@watches("PB-ARCH-06", "listRecordArchives")
def of_the_database(seen: Seen, _: Memory) -> bool | None:
    """Looks at the database of each archive that is listed."""
    wanted = seen.ids.get("databaseId", "").lower()
    databases = [item["database"] for item in _items(seen) if isinstance(item.get("database"), dict)]
    for database in databases if seen.status == 200 else ():
        if str(database.get("id")).lower() != wanted:
            raise CheckFailed(f"the database of an archive in {told(seen)}", wanted, database.get("id"))
    return bool(databases) or None


def _ordered(seen: Seen, *, descending: bool) -> bool | None:
    dates = [str(item.get("date")) for item in _items(seen)]
    if seen.status != 200 or len(dates) < 2:
        return None
    if dates != sorted(dates, reverse=descending):
        expected = "descending" if descending else "ascending"
        raise CheckFailed(f"the dates in {told(seen)}", expected, ", ".join(dates[:10]))
    return len(set(dates)) > 1 or None


@watches("PB-ARCH-07", "listRecordArchives")
def newest_first(seen: Seen, _: Memory) -> bool | None:
    """Looks at the order of the dates in lists whose order was left open."""
    return _ordered(seen, descending=True) if "ordering" not in seen.query else None


@watches("PB-ARCH-08", "listRecordArchives")
def oldest_first(seen: Seen, _: Memory) -> bool | None:
    """Looks at the order of the dates in lists with ordering=date."""
    return _ordered(seen, descending=False) if seen.query.get("ordering") == "date" else None


@watches("PB-ARCH-09", "listRecordArchives")
def newest_first_by_wish(seen: Seen, _: Memory) -> bool | None:
    """Looks at the order of the dates in lists with ordering=-date."""
    return _ordered(seen, descending=True) if seen.query.get("ordering") == "-date" else None


@watches("PB-ARCH-23", "listRecordArchives")
def dates_once(seen: Seen, _: Memory) -> bool | None:
    """Looks for dates that are twice in a list."""
    dates = [str(item.get("date")) for item in _items(seen)]
    if seen.status != 200 or len(dates) < 2:
        return None
    twice = [one for one, count in Counter(dates).items() if count > 1]
    if twice:
        raise CheckFailed(f"the dates in {told(seen)}", "each once", ", ".join(sorted(twice)))
    return True
