"""Finding and sending what is stored: uploads as they came, what the APIs render on request."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import IO, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..state.lifecycle import HasStates
from ..state.objects import ObjectStore
from .conditions import Validators
from .errors import InvalidRange, NoSuchKey

_IN_MEMORY = 16 * 1024 * 1024  # what is rendered beyond this waits in a temporary file
_SLICE = 256 * 1024
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class Stored(HasStates, Protocol):
    """The part of a sandbox that holds what can be downloaded: its states and uploads."""

    @property
    def objects(self) -> ObjectStore:
        """Uploads."""


@dataclass(slots=True)
class Item:
    """Something to send: `file` is closed by whoever sends it; `modified` is in µs."""

    file: IO[bytes]
    size: int
    etag: str
    content_type: str
    filename: str
    modified: int

    @property
    def validators(self) -> Validators:
        """What tells this content from another."""
        return Validators(self.etag, self.modified)

    def rewritten(self, change: Callable[[bytes], bytes]) -> Item:
        """The item with other content, in place of this one."""
        with self.file:
            self.file.seek(0)
            content = change(self.file.read())
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return replace(self, file=io.BytesIO(content), size=len(content), etag=etag)


def uploaded(sandbox: Stored, key: str) -> Item:
    """What was uploaded under a key. Raises `NoSuchKey`."""
    stored = sandbox.objects.get(key)
    if stored is None:
        raise NoSuchKey(key)
    content = io.BytesIO(stored.content)
    size = len(stored.content)
    return Item(content, size, stored.etag, stored.content_type, stored.filename, stored.stored_at)


async def rendered(chunks: Iterator[bytes], content_type: str, filename: str, modified: int) -> Item:
    """Render to the end before the first byte goes out: as on S3, an answer has length, ETag and ranges."""
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by whoever sends it
    digest = hashlib.md5(usedforsecurity=False)
    try:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            await asyncio.sleep(0)
        return Item(file, file.tell(), digest.hexdigest(), content_type, filename, modified)
    except BaseException:
        file.close()
        raise


class ItemResponse(Response):
    """Sends an item, or the one range of it that is asked for, slice by slice.

    Args:
        item: what to send; closed afterwards.
        overrides: headers that a signed link asks for.
        requested: the request's Range header, if any.

    Raises:
        InvalidRange: the range begins past the end.
    """

    def __init__(self, item: Item, overrides: dict[str, str], requested: str | None) -> None:
        self._item = item
        window = _window(requested, item.size)
        self._start, length = window or (0, item.size)
        self._left = length
        headers = {
            "Content-Length": str(length),
            **item.validators.headers(),
            "Accept-Ranges": "bytes",
            **overrides,
        }
        if window is not None:
            headers["Content-Range"] = f"bytes {self._start}-{self._start + length - 1}/{item.size}"
        super().__init__(status_code=200 if window is None else 206, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Send, and close the item, whatever happens."""
        file, left = self._item.file, self._left
        try:
            headers = self.raw_headers
            await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
            file.seek(self._start)
            while left > 0 and (content := file.read(min(left, _SLICE))):
                left -= len(content)
                await send({"type": "http.response.body", "body": content, "more_body": True})
                await asyncio.sleep(0)  # a fast client takes all that it is sent, and nobody else has a turn
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            file.close()


def _window(requested: str | None, size: int) -> tuple[int, int] | None:
    """Start and length of the one requested range; None when all is to be sent.

    Several ranges at once are ignored, as S3 does, and so is what is not a range of bytes (RFC 9110, Range).
    """
    match = _RANGE.fullmatch((requested or "").strip())
    if match is None or match.group(1, 2) == ("", ""):
        return None
    first, last = match.group(1, 2)
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size or start >= end:
        raise InvalidRange(requested or "", size)
    return start, end - start
