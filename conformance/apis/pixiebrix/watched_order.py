"""Rules of PixieBrix that only show in what was seen before: assets, records, jobs, pages, links, files.

What somebody else could have brought about, who does not pass through the proxy, is `Doubtful`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, Final

from ...authoring.formats import as_timestamp
from ...outcomes import CheckFailed
from ...watching.seen import Doubtful, Seen, watches
from .watched import HOUR, LISTS, Remembered, digest, id_in, ids_of, is_plain_get, list_of, number_of, opens
from .watched_calls import single_version, told

_MARGIN: Final = 60.0
"""Seconds that clocks may differ, and that an answer may be under way."""


def _download(seen: Seen, memory: Remembered, *, unmarked: bool) -> bool | None:
    key = (id_in(seen, "databaseId"), id_in(seen, "assetId"))
    marked, since = memory.uploaded.get(key, (True, 0.0))
    again = memory.unmarked.get(key, False)
    if "meta" in seen.query or seen.beside or marked or since > seen.began or again is not unmarked:
        return None
    if opens(seen):
        expected = "404, as is_uploaded was false when it was last seen"
        raise Doubtful(f"the download {told(seen)}", expected, seen.status)
    return seen.status == 404 or None


@watches("PB-ASSET-03", "getAsset")
def not_before_the_mark(seen: Seen, memory: Remembered) -> bool | None:
    """Looks at downloads of assets that were last seen not to be uploaded."""
    return _download(seen, memory, unmarked=False)


@watches("PB-ASSET-23", "getAsset")
def not_after_unmarking(seen: Seen, memory: Remembered) -> bool | None:
    """Looks at downloads of assets that a client has unmarked."""
    return _download(seen, memory, unmarked=True)


@watches("PB-ASSET-26", "updateAsset")
def creation_kept(seen: Seen, memory: Remembered) -> bool | None:
    """Compares the time of creation in the answer to a change with the one that was seen before."""
    item = seen.object if seen.succeeded else None
    before = memory.made.get(("asset", id_in(seen, "databaseId"), str((item or {}).get("id"))))
    if item is None or before is None:
        return None
    if not _same_instant(item.get("created_at"), before):
        raise CheckFailed(f"`created_at` in the answer to {told(seen)}", before, item.get("created_at"))
    return True


def _same_instant(one: object, other: object) -> bool:
    return one == other or (as_timestamp(one) is not None and as_timestamp(one) == as_timestamp(other))


@watches("PB-JOB-46", "getExportJob")
def job_stays(seen: Seen, memory: Remembered) -> bool | None:
    """Compares status, id and time of creation of a job with what they were when it had ended."""
    before, now = memory.jobs.get(id_in(seen, "jobId")), seen.object
    if seen.status != 200 or before is None or now is None or seen.beside:
        return None
    same = all(now.get(name) == before.get(name) for name in ("status", "id"))
    if not same or not _same_instant(now.get("created_at"), before.get("created_at")):
        shown = [{name: job.get(name) for name in ("status", "id", "created_at")} for job in (before, now)]
        raise CheckFailed(f"the job in {told(seen)}, which had ended", *shown)
    return True


def _written(seen: Seen, memory: Remembered, key: str | None = None) -> Any:
    """What the last write left of the record that is read: `...` where that is not known."""
    key = seen.ids.get("recordKey", "") if key is None else key
    written = memory.written.get((id_in(seen, "databaseId"), key))
    if written is None or seen.beside or not written.stands(seen):
        return ...
    return written.data


@watches("PB-REC-11", "getRecord")
def record_found(seen: Seen, memory: Remembered) -> bool | None:
    """Reads along whether a record is found after its write was acknowledged."""
    data = _written(seen, memory)
    if data is ... or data is None:
        return None
    if seen.status == 404:
        raise Doubtful(f"the status of {told(seen)}, whose write was acknowledged", 200, 404)
    return seen.status == 200 or None


@watches("PB-REC-10", "getRecord", "listRecords")
def data_come_back(seen: Seen, memory: Remembered) -> bool | None:
    """Compares the data of records with those of their last writes, where these replaced them."""
    if seen.status != 200 or seen.headers.media_type != "application/json":
        return None
    items = seen.objects if seen.operation == "listRecords" else [seen.object or {}]
    exercised = False
    for item in items or ():
        data = _written(seen, memory, str(item.get("id")) if seen.operation == "listRecords" else None)
        if data is ... or data is None or "data" not in item:
            continue
        exercised = True
        if not _same(item["data"], data):
            raise Doubtful(f"the data of a record in {told(seen)}", _short(data), _short(item["data"]))
    return exercised or None


@watches("PB-REC-15", "getRecord")
def deleted_is_gone(seen: Seen, memory: Remembered) -> bool | None:
    """Reads along whether a record is refused after its deletion was acknowledged."""
    if _written(seen, memory) is not None:
        return None
    if seen.status == 200:
        raise Doubtful(f"the status of {told(seen)}, whose deletion was acknowledged", 404, 200)
    return seen.status == 404 or None


@watches("PB-REC-25", "getRecord")
def record_keeps_its_creation(seen: Seen, memory: Remembered) -> bool | None:
    """Compares the time of creation of a record with the one that was seen before."""
    before = memory.made.get(("record", id_in(seen, "databaseId"), seen.ids.get("recordKey", "")))
    if before is None or seen.status != 200 or seen.object is None or seen.beside:
        return None
    if "created_at" in seen.object and not _same_instant(seen.object["created_at"], before):
        raise Doubtful(f"`created_at` in {told(seen)}", before, seen.object["created_at"])
    return True


@watches("PB-REC-02", "listRecords")
def written_are_listed(seen: Seen, memory: Remembered) -> bool | None:
    """Looks for the records whose writes were acknowledged in lists that are whole, without filters."""
    ids = ids_of(seen)
    whole = set(seen.query) <= {"page_size", "page"} and number_of(seen.query.get("page", "1")) == 1
    if seen.status != 200 or ids is None or not whole or seen.beside or single_version(seen) != "2.0":
        return None
    size = number_of(seen.query.get("page_size", "100"))
    if size is None or len(ids) >= min(size, 1_000) or "next" in seen.headers.links(seen.url):
        return None
    database, there = id_in(seen, "databaseId"), set(ids)
    expected = {
        key
        for (one, key), written in memory.written.items()
        if one == database and written.data is not None and written.stands(seen)
    }
    lost = sorted(expected - there)
    if lost:
        raise Doubtful(
            f"the records in {told(seen)}", f"{', '.join(lost[:5])}, as acknowledged", f"{len(ids)} others"
        )
    return bool(expected) or None


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal to a server that holds numbers as most do, with double precision."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    if numbers:
        return bool(one == other or math.isclose(one, other, rel_tol=1e-15))
    return type(one) is type(other) and bool(one == other)


def _short(value: Any) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= 300 else f"{text[:300]} …"


@watches("PB-PAGE-03", *(name for name in LISTS if name != "listRecordArchives"))
def pages_do_not_repeat(seen: Seen, memory: Remembered) -> bool | None:
    """Looks for the items of a page on the one that follows it, where nothing was written in between."""
    ids, number = ids_of(seen), number_of(seen.query.get("page", "1"))
    before = memory.pages.get(list_of(seen))
    if seen.status != 200 or ids is None or number is None or before is None or seen.beside:
        return None
    if single_version(seen) != "2.0" or number != before.number + 1 or before.ended > seen.began:
        return None
    again = sorted(one for one in ids if hash(one) in before.ids)
    if again:
        raise Doubtful(
            f"page {number} of {told(seen)}", f"other items than page {before.number}", ", ".join(again[:5])
        )
    return True


@watches("PB-LINK-03")
def link_ends(seen: Seen, memory: Remembered) -> bool | None:
    """Looks at links to archives that are followed more than an hour after they were given."""
    link = memory.links.get(seen.url)
    if link is None or not is_plain_get(seen) or seen.began - link.last <= HOUR + _MARGIN:
        return None
    if seen.succeeded:
        raise CheckFailed(f"the status of {told(seen)} after its hour", "a refusal", seen.status)
    return seen.status in {400, 401, 403, 404, 410} or None


@watches("PB-LINK-05", "listRecordArchives")
def link_is_fresh(seen: Seen, memory: Remembered) -> bool | None:
    """Looks for links in lists of archives that were refused before, or are older than an hour."""
    exercised = False
    ended = {link.file for url, link in memory.links.items() if link.refused or _is_old(seen, url, memory)}
    for item in (seen.objects or ()) if seen.status == 200 else ():
        url = str(item.get("file"))
        link = memory.links.get(url)
        if link is not None and (link.refused or _is_old(seen, url, memory)):
            raise CheckFailed(
                f"a link in {told(seen)}", "a fresh one", "one that was given, and has ended, before"
            )
        exercised = exercised or (id_in(seen, "databaseId"), str(item.get("date"))) in ended
    return exercised or None


def _is_old(seen: Seen, url: str, memory: Remembered) -> bool:
    return seen.began - memory.links[url].first > HOUR + _MARGIN


def _file(seen: Seen, memory: Remembered) -> list[bytes] | None:
    """The lines of the file of an archive, where that is what was downloaded, and it was kept in memory."""
    if memory.links.get(seen.url) is None or seen.status != 200 or not is_plain_get(seen):
        return None
    if not seen.answer.is_whole or seen.answer.spool is not None:
        return None
    return [line for line in seen.answer.content.split(b"\n") if line.strip()]


@watches("PB-ARCH-10")
def lines_of_json(seen: Seen, memory: Remembered) -> bool | None:
    """Reads each line of the files of archives that are downloaded."""
    lines = _file(seen, memory)
    for line in lines or ():
        try:
            json.loads(line.decode())
        except RecursionError:
            return None
        except ValueError:
            shown = repr(line[:200].decode(errors="replace"))
            raise CheckFailed(f"a line of {told(seen)}", "one JSON value", shown) from None
    return bool(lines) or None


@watches("PB-ARCH-16")
def one_line_a_record(seen: Seen, memory: Remembered) -> bool | None:
    """Looks for ids that are twice in the files of archives that are downloaded."""
    try:
        values = [json.loads(line) for line in _file(seen, memory) or ()]
    except (ValueError, RecursionError):
        return None
    ids = [value["id"] for value in values if isinstance(value, dict) and isinstance(value.get("id"), str)]
    if not ids or len(ids) != len(values):
        return None
    twice = sorted(one for one, count in Counter(ids).items() if count > 1)
    if twice:
        raise CheckFailed(
            f"the lines of {told(seen)}", "one for each record", f"several for {', '.join(twice[:5])}"
        )
    return True


@watches("PB-ARCH-26")
def file_stays(seen: Seen, memory: Remembered) -> bool | None:
    """Compares the file of a date with what it was when it was downloaded before."""
    link = memory.links.get(seen.url)
    if link is None or seen.status != 200 or not is_plain_get(seen) or not seen.answer.is_whole:
        return None
    before = memory.files.get(link.file)
    if before is None:
        return None
    if before != digest(seen):
        raise CheckFailed(f"the file {told(seen)} of {link.file[1]}", "the bytes of before", "others")
    return True
