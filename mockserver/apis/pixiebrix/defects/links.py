"""Wrong links to archive files (document: Retrieve Archived Organization Database Records)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ....state.instants import DAY, HOUR, SECOND
from ....storage.app import Storage, StorageSandbox
from ....storage.downloads import Item
from ....storage.errors import AccessDenied, Expired, NoSuchKey, StorageError
from ....storage.signing import ISSUED, Signer
from ....variants.defect import defect
from ....web.call import Call
from ....web.responses import json_error
from ..handlers.archives import ArchiveHandlers
from ..state.archives import Archive
from ..state.databases import Database

MINUTE = 60 * SECOND


def _is_archive(key: str) -> bool:
    return key.startswith("archives/")


# That they work


@defect("PB-LINK-01")
class ArchiveFileMissing(Storage):
    """Lists archives whose files were never written to storage."""

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> Item:
        if _is_archive(key):
            raise NoSuchKey(key)
        return await super().find(sandbox, key, now)


@defect("PB-LINK-01")
class ArchiveFileEmpty(Storage):
    """Gives an empty file behind the link of each archive."""

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> Item:
        item = await super().find(sandbox, key, now)
        return item.rewritten(lambda _: b"") if _is_archive(key) else item


@defect("PB-LINK-01")
class LinkSignedForHead(Signer):
    """Signs archive links for HEAD, so that S3 refuses to GET them."""

    def verify(self, method: str, path: str, query: Iterable[tuple[str, str]], now: int) -> None:
        if method == "GET" and path.startswith("/_storage/archives/"):
            raise AccessDenied
        super().verify(method, path, query, now)


# For how long


@defect("PB-LINK-02")
class LinksWorkForMinutes(Signer):
    """Makes links that work for a quarter of an hour."""

    def presigned_get(self, base: str, key: str, now: int, **more: Any) -> str:
        return super().presigned_get(base, key, now, **{**more, "lifetime": 15 * MINUTE})


@defect("PB-LINK-02")
class LinksEndAtTheFullHour(Signer):
    """Lets all links expire at the next full hour, for they are cached until then."""

    def presigned_get(self, base: str, key: str, now: int, **more: Any) -> str:
        return super().presigned_get(base, key, now - now % HOUR, **more)


@defect("PB-LINK-02")
class LinksKeptForTheNextCaller(ArchiveHandlers):
    """Hands the link of an archive out again until it has expired, so that it is old when it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, tuple[int, dict[str, Any]]] = {}

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        now = call.sandbox.now()
        until, shown = self.kept.get(archive.id, (now, {}))
        if now >= until:
            shown = super().describe_archive(archive, database, call)
            self.kept[archive.id] = now + HOUR, shown
        return shown


@defect("PB-LINK-02")
class LinksWorkOnce(Storage):
    """Lets a link be followed once only."""

    def __init__(self) -> None:
        self.used: set[bytes] = set()

    async def download(self, sandbox: StorageSandbox, key: str, request: Request) -> Response:
        query = request.scope["query_string"]
        if query in self.used and _is_archive(key):
            raise AccessDenied
        self.used.add(query)
        return await super().download(sandbox, key, request)


@defect("PB-LINK-03", "PB-LINK-04")
class LinksWorkForADay(Signer):
    """Makes links that work for a whole day."""

    def presigned_get(self, base: str, key: str, now: int, **more: Any) -> str:
        return super().presigned_get(base, key, now, **{**more, "lifetime": DAY})


@defect("PB-LINK-03", "PB-LINK-04")
class LinksNeverExpire(Signer):
    """Checks the signature of a link, and never looks at its time."""

    def verify(self, method: str, path: str, query: Iterable[tuple[str, str]], now: int) -> None:
        with suppress(Expired):
            super().verify(method, path, query, now)


@defect("PB-LINK-03")
class LinksForgetTheDay(Signer):
    """Looks at the time of the day alone, so that an old link works again for an hour each day."""

    def verify(self, method: str, path: str, query: Iterable[tuple[str, str]], now: int) -> None:
        pairs = list(query)
        with suppress(KeyError, ValueError):
            issued = int(dict(pairs)[ISSUED])
            now = issued + (now - issued) % DAY
        super().verify(method, path, pairs, now)


class _Remembering(Storage, ABC):
    def __init__(self) -> None:
        self.followed: dict[tuple[str, bytes], int] = {}

    @abstractmethod
    def may_follow(self, last: int, now: int) -> bool:
        """Whether a link that was followed before may be followed, whatever it says itself."""

    async def download(self, sandbox: StorageSandbox, key: str, request: Request) -> Response:
        link, now = (key, request.scope["query_string"]), sandbox.now()
        if link in self.followed and self.may_follow(self.followed[link], now):
            self.followed[link] = now
            item = await self.find(sandbox, key, now)
            with item.file as file:
                return Response(file.read(), 200, {"Content-Type": item.content_type})
        answer = await super().download(sandbox, key, request)
        self.followed[link] = now
        return answer


@defect("PB-LINK-03")
class CacheOutlivesLinks(_Remembering):
    """Keeps what a link gave in a cache, which serves it on after the link has expired."""

    def may_follow(self, last: int, now: int) -> bool:
        return True


@defect("PB-LINK-03")
class UseKeepsLinksAlive(_Remembering):
    """Lets a link live for another hour each time that it is followed."""

    def may_follow(self, last: int, now: int) -> bool:
        return now < last + HOUR


# How they are refused


@defect("PB-LINK-04")
class ExpiredIs410(Storage):
    """Answers 410 to a link that has expired."""

    def refuse(self, error: StorageError, request: Request) -> Response:
        answer = super().refuse(error, request)
        if isinstance(error, Expired):
            answer.status_code = 410
        return answer


@defect("PB-LINK-04")
class ExpiredIsToldAsJson(Storage):
    """Tells in JSON that a link has expired."""

    def refuse(self, error: StorageError, request: Request) -> Response:
        if isinstance(error, Expired):
            return json_error(403, error.message)
        return super().refuse(error, request)


@defect("PB-LINK-04")
class ExpiredCodeOfATokenService(Storage):
    """Calls it `ExpiredToken` that a link has expired."""

    def refuse(self, error: StorageError, request: Request) -> Response:
        if isinstance(error, Expired):
            error.code = "ExpiredToken"
        return super().refuse(error, request)


@defect("PB-LINK-04")
class ExpiredIsNotFound(Storage):
    """Answers that there is no such file once a link has expired."""

    def refuse(self, error: StorageError, request: Request) -> Response:
        if isinstance(error, Expired):
            error = NoSuchKey(request.scope["path"].partition("/_storage/")[2])
        return super().refuse(error, request)


# Fresh links


@defect("PB-LINK-02", "PB-LINK-05")
class LinkMadeOnce(ArchiveHandlers):
    """Makes the link of an archive when it is first asked for, and gives the same one for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, dict[str, Any]] = {}

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        if archive.id not in self.made:
            self.made[archive.id] = super().describe_archive(archive, database, call)
        return self.made[archive.id]


class _NoSignatureWanted(Signer):
    def verify(self, method: str, path: str, query: Iterable[tuple[str, str]], now: int) -> None:
        pairs = list(query)
        if pairs:
            super().verify(method, path, pairs, now)


@defect("PB-LINK-03", "PB-LINK-04", "PB-LINK-05", also=(_NoSignatureWanted,))
class PublicFiles(ArchiveHandlers):
    """Keeps the files of archives in public, where their addresses work for ever."""

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        shown = super().describe_archive(archive, database, call)
        return {**shown, "file": shown["file"].partition("?")[0]}


@defect("PB-LINK-05")
class FileGoneWithItsLink(Storage):
    """Deletes a file when the first link to it expires, so that a fresh link leads nowhere."""

    def __init__(self) -> None:
        self.first: dict[str, int] = {}

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> Item:
        if _is_archive(key) and now >= self.first.setdefault(key, now) + HOUR:
            raise NoSuchKey(key)
        return await super().find(sandbox, key, now)


# For whom


@defect("PB-LINK-06", "PB-LINK-04")
class LinkWantsTheToken(Storage):
    """Wants the token with each request to an archive's link, as the API does."""

    async def download(self, sandbox: StorageSandbox, key: str, request: Request) -> Response:
        if _is_archive(key) and "authorization" not in request.headers:
            return json_error(401, "Authentication credentials were not provided.")
        return await super().download(sandbox, key, request)


_LOGIN = "<!DOCTYPE html><title>Log in</title><form><input type=password></form>"


@defect("PB-LINK-01", "PB-LINK-06")
class LinkLeadsToALogin(Storage):
    """Answers whoever follows the link of an archive without the token with a page to log in, and 200."""

    async def download(self, sandbox: StorageSandbox, key: str, request: Request) -> Response:
        if _is_archive(key) and "authorization" not in request.headers:
            return Response(_LOGIN, 200, {"Content-Type": "text/html; charset=utf-8"})
        return await super().download(sandbox, key, request)


@defect("PB-LINK-07")
class AnySignatureWorks(Signer):
    """Looks whether a link has a signature and has not expired, but not whether it is the right one."""

    def verify(self, method: str, path: str, query: Iterable[tuple[str, str]], now: int) -> None:
        pairs = dict(query)
        if "X-Amz-Signature" in pairs:
            pairs["X-Amz-Signature"] = self._sign_get(
                path, [pair for pair in pairs.items() if pair[0] != "X-Amz-Signature"]
            )
        super().verify(method, path, list(pairs.items()), now)


@defect("PB-LINK-07")
class LinkWorksForEveryFile(Signer):
    """Signs the time of a link and not its path, so that it opens every other file."""

    def _sign_get(self, path: str, query: Iterable[tuple[str, str]]) -> str:
        return super()._sign_get("/", query)


@defect("PB-LINK-03", "PB-LINK-04", "PB-LINK-07")
class LinksUnchecked(Signer):
    """Serves every file to whoever knows its address, whatever the signature and the time."""

    def verify(self, method: str, path: str, query: Iterable[tuple[str, str]], now: int) -> None:
        return
