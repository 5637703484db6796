"""The body of an answer as it comes: in memory while it is short, then in a temporary file."""

from __future__ import annotations

import http.client
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from .spool import Spool

IN_MEMORY: Final = 4 * 1024 * 1024
"""A longer body goes to a temporary file."""
_BEGINNING: Final = 65_536
"""So much of a body in a file is at hand, in bytes."""
_CHUNK: Final = 65_536


class Body:
    """A body as it comes: in memory while it is short, then in a file.

    Attributes:
        size: what has come of it, in bytes.
        is_cut: there was more than the limit.
        spool: where a long one is.
    """

    def __init__(self, limit: int, memory: int) -> None:
        self.limit = limit
        self.memory = memory
        self.size = 0
        self.is_cut = False
        self._begin = bytearray()
        self.spool: Spool | None = None

    def fill(self, parts: Iterable[bytes]) -> None:
        """Take all of it, up to the limit."""
        for part in parts:
            self.is_cut = self.size + len(part) > self.limit
            self._add(part[: self.limit - self.size])
            if self.is_cut:
                break

    def _add(self, part: bytes) -> None:
        self.size += len(part)
        if self.spool is None and self.size > IN_MEMORY:
            self.spool = Spool(self.memory)
            self.spool.write(self._begin)
            del self._begin[_BEGINNING:]
        if self.spool is None:
            self._begin += part
        else:
            self.spool.write(part)

    @property
    def begin(self) -> bytes:
        """All of a short one, the beginning of a long one."""
        return bytes(self._begin)

    def parts(self) -> Iterable[bytes]:
        """What was taken."""
        return [self.begin] if self.spool is None else self.spool.parts()


def parts_of(response: http.client.HTTPResponse, limit: int) -> Iterator[bytes]:
    """At most this many bytes of a body; in parts, as a chunk of one byte takes fifty of memory."""
    while limit > 0 and (part := response.read(min(_CHUNK, limit))):
        limit -= len(part)
        yield part


def forbidden(response: http.client.HTTPResponse, limit: int) -> bytes:
    """What follows a 204, which has no body: all up to the end of the connection, or what is announced.

    Without either, nobody can tell where it would end; the connection is seen to be dirty when it is used
    again.
    """
    announced = response.headers.get("Content-Length", "")
    with suppress(OSError, ValueError, http.client.HTTPException):
        if response.chunked:
            return b"".join(parts_of(response, min(limit, IN_MEMORY)))
        if response.will_close or announced.isdigit():
            limit = min(limit, IN_MEMORY)
            length = limit if response.will_close else min(int(announced), limit)
            return bytes(response.fp.read(length))
    return b""


def decoded(body: Body, encoding: str) -> Body:
    """Undo gzip and deflate, which nobody asked for; leave alone what cannot be undone."""
    window = {"gzip": 31, "x-gzip": 31, "deflate": 15}.get(encoding.strip().lower())
    if window is None:
        return body
    unpacked = Body(body.limit, body.memory)
    try:
        unpacked.fill(_unpacked(body.parts(), zlib.decompressobj(window)))
    except zlib.error:
        return body
    unpacked.is_cut = unpacked.is_cut or body.is_cut
    return unpacked


def _unpacked(parts: Iterable[bytes], unpacking: zlib._Decompress) -> Iterator[bytes]:
    for part in parts:
        left = part
        while left:
            yield unpacking.decompress(left, _CHUNK)
            left = unpacking.unconsumed_tail
