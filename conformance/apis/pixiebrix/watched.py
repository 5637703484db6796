"""What is remembered of PixieBrix while its clients are watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, TypeGuard

from ...schema.description import leads_to_other_form
from ...watching.seen import Memory, Recent, Seen

LISTS: Final = ("listDatabases", "listRecords", "listAssets", "listRecordArchives")
COUNTED: Final = ("listDatabases", "listAssets", "listRecordArchives")
HOUR: Final = 3_600.0
_LARGEST: Final = 16 * 1024
"""A longer record is not remembered, in characters."""
_LONGEST: Final = 2_000
"""A longer id or URL is not remembered, in characters."""
_LISTS_REMEMBERED: Final = 100
_OF_A_JOB: Final = ("status", "id", "created_at")


@dataclass(frozen=True, slots=True)
class Link:
    """A link to the file of an archive.

    Attributes:
        file: whose file it is: database and date.
        first, last: when an answer had it, by the observer's clock.
        refused: it was followed in vain.
    """

    file: tuple[str, str]
    first: float
    last: float
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A record as the last write through the proxy left it.

    Attributes:
        data: None where it was deleted.
        ended: when the write was acknowledged, by the observer's clock.
        day: of that, by the implementation's: a night may archive records.
    """

    data: Any
    ended: float
    day: str

    def stands(self, seen: Seen) -> bool:
        """Whether it is what an exchange must show, if nobody else has written."""
        return self.ended < seen.began and self.day == day_of(seen)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, at its number.

    Attributes:
        ids: the hashes of the ids on it, for pages may be long, and ids too.
    """

    number: int
    ids: frozenset[int]
    ended: float


class Remembered(Memory):
    """What was seen of PixieBrix.

    Attributes:
        uploaded: of an asset, whether it is marked, and since when that is known.
        unmarked: assets that a PATCH has unmarked.
        made: the time of creation of assets and records, by kind and ids.
        jobs: those that have ended: status, id and time of creation as they were.
        links: to the files of archives, by their address.
        files: the digest of the file of each date, by database and date.
        written: records, by database and key.
        pages: the last page of each list that was read.
        uploads: where files go: what is posted there changes nothing else.
    """

    def __init__(self) -> None:
        self.uploaded: Recent[tuple[str, str], tuple[bool, float]] = Recent()
        self.unmarked: Recent[tuple[str, str], bool] = Recent()
        self.made: Recent[tuple[str, ...], str] = Recent()
        self.jobs: Recent[str, Mapping[str, Any]] = Recent()
        self.links: Recent[str, Link] = Recent()
        self.files: Recent[tuple[str, str], bytes] = Recent()
        self.written: Recent[tuple[str, str], Written] = Recent()
        self.pages: Recent[str, Page] = Recent(_LISTS_REMEMBERED)
        self.uploads: Recent[str, bool] = Recent()

    def forget(self) -> None:
        """Something may have been written: what can change by that is not known any more."""
        for known in (self.uploaded, self.unmarked, self.written, self.pages, self.made):
            known.clear()

    def learn(self, seen: Seen) -> None:
        """Remember what an exchange tells."""
        if not seen.passage.reads:
            self.pages.clear()
            if seen.status >= 500 or (not seen.passage.api and seen.url not in self.uploads):
                self.forget()
            self._learn_write(seen)
        elif seen.succeeded or seen.status in {302, 303, 307}:
            self._learn_read(seen)
        link = self.links.get(seen.url)
        if link is not None and seen.status == 403 and is_plain_get(seen):
            self.links[seen.url] = Link(link.file, link.first, link.last, refused=True)

    def _learn_write(self, seen: Seen) -> None:
        database = id_in(seen, "databaseId")
        if seen.operation in {"createAsset", "updateAsset"}:
            self.uploaded.pop((database, id_in(seen, "assetId")), None)
            item = asset_of(seen) if seen.succeeded else None
            upload_url = seen.object.get("upload_url") if seen.object is not None else None
            if is_short(upload_url):
                self.uploads[upload_url] = True
            if item is not None:
                self._learn_asset(database, item, seen)
                if seen.operation == "updateAsset":
                    key = (database, str(item.get("id")))
                    self.unmarked[key] = item.get("is_uploaded") is False
        elif seen.operation in {"createRecords", "putRecord", "putRecords", "deleteRecord"}:
            self._learn_records(database, seen)
        elif seen.operation not in {"createExportJob", "createDatabase"} and seen.passage.api:
            self.forget()

    def _learn_records(self, database: str, seen: Seen) -> None:
        """What the body says is known for sure only of a write that replaces, and was acknowledged."""
        key = seen.ids.get("recordKey")
        if seen.operation == "deleteRecord" and key is not None:
            self.written.pop((database, key), None)
            self.made.pop(("record", database, key), None)
            if seen.status in {200, 204}:
                self.written[database, key] = Written(None, seen.ended, day_of(seen))
            return
        sent = seen.sent
        several = sent if isinstance(sent, list) else [sent]
        items = [one for one in several if isinstance(one, dict)]
        keys = [key or str(one.get("id")) for one in items]
        if len(items) != len(several) or len(set(keys)) != len(keys) or not seen.succeeded:
            self._doubt(database, [key] if key is not None else keys, sent)
            return
        for one, name in zip(items, keys, strict=True):
            self.written.pop((database, name), None)
            whole = is_one_of(one.get("merge_strategy", "replace"), "replace", "") and isinstance(
                one.get("data"), dict
            )
            if whole and (key is not None or isinstance(one.get("id"), str)) and len(str(one)) < _LARGEST:
                self.written[database, name] = Written(one["data"], seen.ended, day_of(seen))

    def _doubt(self, database: str, keys: list[str], sent: Any) -> None:
        """A write that may have happened in part, or whose keys are not told."""
        if sent is None and not keys:
            for known in [one for one in self.written if one[0] == database]:
                del self.written[known]
        for key in keys:
            self.written.pop((database, key), None)

    def _learn_read(self, seen: Seen) -> None:
        database = id_in(seen, "databaseId")
        if seen.operation == "getAsset" and "meta" in seen.query and seen.object is not None:
            self._learn_asset(database, seen.object, seen)
        elif seen.operation == "listAssets":
            for item in seen.objects or ():
                self._learn_asset(database, item, seen)
        elif seen.operation == "getRecord" and seen.object is not None and not seen.beside:
            created = seen.object.get("created_at")
            if is_short(created):
                self.made["record", database, seen.ids.get("recordKey", "")] = created
        elif seen.operation == "getExportJob" and seen.object is not None:
            job = {name: seen.object.get(name) for name in _OF_A_JOB}
            if (
                is_one_of(job["status"], "SUCCESS", "FAILURE")
                and is_short(job["id"])
                and is_short(job["created_at"])
            ):
                self.jobs[id_in(seen, "jobId")] = job
        elif seen.operation == "listRecordArchives":
            self._learn_archives(database, seen)
        self._learn_page(seen)
        self._learn_file(seen)

    def _learn_asset(self, database: str, item: Mapping[str, Any], seen: Seen) -> None:
        if not is_short(item.get("id")):
            return
        key = (database, item["id"])
        marked, created = item.get("is_uploaded"), item.get("created_at")
        if isinstance(marked, bool) and not seen.beside:
            self.uploaded[key] = (marked, seen.ended)
        else:
            self.uploaded.pop(key, None)
        if is_short(created):
            self.made[("asset", *key)] = created

    def _learn_archives(self, database: str, seen: Seen) -> None:
        for item in seen.objects or ():
            url, day = item.get("file"), item.get("date")
            if is_short(url) and "://" in url and is_short(day):
                known = self.links.get(url)
                first = known.first if known is not None else seen.ended
                self.links[url] = Link((database, day), first, seen.ended)

    def _learn_page(self, seen: Seen) -> None:
        number = number_of(seen.query.get("page", "1"))
        if seen.operation in LISTS and number is not None and (ids := ids_of(seen)) is not None:
            self.pages.pop(list_of(seen), None)
            if not seen.beside:
                self.pages[list_of(seen)] = Page(number, frozenset(map(hash, ids)), seen.ended)

    def _learn_file(self, seen: Seen) -> None:
        link = self.links.get(seen.url)
        if link is not None and seen.status == 200 and is_plain_get(seen) and seen.answer.is_whole:
            self.files[link.file] = digest(seen)


def is_short(value: object) -> TypeGuard[str]:
    """Whether a value is a text that can be remembered."""
    return isinstance(value, str) and len(value) <= _LONGEST


def is_one_of(value: object, *words: str) -> bool:
    """Whether a value is one of these texts; a server may send anything in their place."""
    return isinstance(value, str) and value in words


def id_in(seen: Seen, name: str) -> str:
    """An id in the path, in lower case: a UUID is the same in either; empty without it."""
    return seen.ids.get(name, "").lower()


def day_of(seen: Seen) -> str:
    """The day of an answer by the server's own clock; empty where it does not tell."""
    return (seen.headers.get("Date") or "").rpartition(":")[0][:16]


def digest(seen: Seen) -> bytes:
    """What tells the body of an answer apart."""
    found = blake2b(digest_size=20)
    spool = seen.answer.spool
    for part in (seen.answer.content,) if spool is None else spool.parts():
        found.update(part)
    return found.digest()


def is_plain_get(seen: Seen) -> bool:
    """Whether a file is asked for as a whole, and with nothing that a storage would take amiss."""
    return seen.passage.request.method == "GET" and not any(
        name in seen.sent_headers for name in ("authorization", "range", "if-none-match", "if-modified-since")
    )


def asset_of(seen: Seen) -> dict[str, Any] | None:
    """The metadata in the answer to a creation or a change."""
    found = seen.object
    if found is not None and seen.operation == "createAsset":
        found = found.get("asset") if isinstance(found.get("asset"), dict) else None
    return found


def opens(seen: Seen) -> bool:
    """Whether a download is answered with the file, or leads to it."""
    location = seen.headers.get("Location") or ""
    if leads_to_other_form(seen.url, seen.status, location):
        return False
    return seen.status == 200 or (seen.status in {301, 302, 303, 307, 308} and location != "")


def number_of(text: str) -> int | None:
    """A number in a query; None where it is not a plain positive one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0 else None


def ids_of(seen: Seen) -> list[str] | None:
    """The ids of the items of a page."""
    items = seen.objects
    if items is None or not all(isinstance(item.get("id"), str) for item in items):
        return None
    return [item["id"] for item in items]


def list_of(seen: Seen) -> str:
    """What tells a list apart, but for the page: path, filters, size, version, and whose it is."""
    query = sorted((name, value) for name, value in seen.query.items() if name != "page")
    whose = seen.sent_headers.get("authorization")
    return repr((seen.url.partition("?")[0], query, seen.sent_headers.get("accept"), whose))
