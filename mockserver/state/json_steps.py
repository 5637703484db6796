"""Long JSON, parsed in short steps: others get their turn in between.

A parser in a thread would not do, as it holds the interpreter's lock from beginning to end. Here a container
that is long is cut where its members end, and the fast parser reads some of them at a time. Where a cut is
right is not looked for by a parser of our own: if what lies before it is a list of whole members, it is.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any, Final

import orjson

from .errors import MalformedJSON
from .jsonio import MAX_DEPTH, loads

_STEP: Final = 64 * 1024
_ENDS: Final = (b"}", b"]", b'"', b"")
"""What a member ends with, before the comma; the last stands for any other end."""
_BLANKS: Final = re.compile(rb"[ \t\r\n]*")


class _NotSoError(Exception):
    """The text is not JSON, or not such that it can be cut."""


def load_steps(raw: bytes, max_depth: int = MAX_DEPTH, step: int = _STEP) -> Generator[None, None, Any]:
    """The value that `jsonio.loads` has of the text, and its errors; yields between two steps.

    Args:
        raw: the text.
        max_depth: how deep it may nest.
        step: how many bytes at most are parsed at once, as long as no single text or number is longer.

    Raises:
        MalformedJSON: as `jsonio.loads`, at once: what is wrong is told of the whole text.
    """
    text = _Text(raw, step)
    try:
        value = yield from text.value(max_depth)
        text.end()
    except (_NotSoError, MalformedJSON):
        return loads(raw, max_depth)
    return value


class _Text:
    """A JSON text, read up to a position."""

    def __init__(self, raw: bytes, step: int) -> None:
        self._raw = raw
        self._step = step
        self._position = 0

    def end(self) -> None:
        """Fail unless nothing follows."""
        if self._mark():
            raise _NotSoError

    def value(self, depth: int) -> Generator[None, None, Any]:
        """The value that begins here; `depth` is how deep it may nest."""
        mark = self._mark()
        size = self._step
        while True:
            window = self._window(size)
            length = _length(window, is_all=self._position + size >= len(self._raw))
            if length is not None:
                self._position += length
                return loads(window[:length], depth)
            if mark == b"[":
                self._position += 1
                return (yield from self._array(depth - 1))
            if mark == b"{":
                self._position += 1
                return (yield from self._object(depth - 1))
            if self._position + size >= len(self._raw):
                raise _NotSoError
            size *= 4

    def _array(self, depth: int) -> Generator[None, None, list[Any]]:
        items: list[Any] = []
        more = self._mark() != b"]"
        while more:
            yield
            several = self._members(b"[", b"]", depth)
            if several is None:
                items.append((yield from self.value(depth)))
                more = self._goes_on(b"]")
            else:
                items += several[0]
                more = several[1]
        self._take(b"]")
        return items

    def _object(self, depth: int) -> Generator[None, None, dict[str, Any]]:
        items: dict[str, Any] = {}
        more = self._mark() != b"}"
        while more:
            yield
            several = self._members(b"{", b"}", depth)
            if several is None:
                if self._mark() != b'"':
                    raise _NotSoError
                key = yield from self.value(depth)
                self._take(b":")
                items[key] = yield from self.value(depth)
                more = self._goes_on(b"}")
            else:
                items |= several[0]
                more = several[1]
        self._take(b"}")
        return items

    def _members(self, opening: bytes, closing: bytes, depth: int) -> tuple[Any, bool] | None:
        """Some whole members, and whether more follow; None where the next one is too long for a step."""
        window = self._window(self._step)
        found = _whole_members(window, opening, closing, depth + 1)
        if found is None:
            text = opening + window
            length = _length(text, is_all=True)
            if length is not None:
                rest = text[:length].rstrip()
                self._position += len(rest) - 2  # before what closes
                return loads(rest, depth + 1), False
            # A long text at the end of a window can hold all marks; before it are members all the same.
            for size in (self._step >> 4, self._step >> 8):
                found = found or _whole_members(window[:size], opening, closing, depth + 1)
        if found is None:
            return None
        members, length = found
        self._position += length
        return members, self._goes_on(closing)

    def _goes_on(self, closing: bytes) -> bool:
        if self._mark() == closing:
            return False
        self._take(b",")
        if self._mark() == closing:
            raise _NotSoError
        return True

    def _take(self, mark: bytes) -> None:
        if self._mark() != mark:
            raise _NotSoError
        self._position += 1

    def _mark(self) -> bytes:
        """The next byte that is not blank."""
        blanks = _BLANKS.match(self._raw, self._position)
        assert blanks is not None  # noqa: S101 (none at all is a match, too)
        self._position = blanks.end()
        return self._raw[self._position : self._position + 1]

    def _window(self, size: int) -> bytes:
        end = self._position + size
        while self._position < end < len(self._raw) and self._raw[end] & 0b1100_0000 == 0b1000_0000:
            end -= 1  # what follows is not the rest of a character
        return self._raw[self._position : end]


def _whole_members(window: bytes, opening: bytes, closing: bytes, depth: int) -> tuple[Any, int] | None:
    """The members up to a comma near the end, in their container, and how many bytes they take."""
    for end in _ENDS:
        members = window.rpartition(end + b",")[0] + end
        if members:
            try:
                return loads(opening + members + closing, depth), len(members)
            except MalformedJSON:
                continue
    return None


def _length(text: bytes, *, is_all: bool) -> int | None:
    """How many bytes the value takes with which the text begins, and blanks after it; None where it goes on.

    Args:
        text: begins with a value.
        is_all: nothing follows, so that a number at the end is whole.
    """
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if error.msg.startswith("unexpected content after document"):
            return error.pos if text.isascii() else len(text.decode()[: error.pos].encode())
        if error.msg.startswith("unexpected end of data"):
            return None
        raise _NotSoError from None
    return len(text) if is_all else None
