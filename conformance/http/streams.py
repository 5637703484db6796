"""JSON arrays, lines and rows of a long body, one at a time."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from .spool import TooLarge

_BLANK = re.compile(r"[ \t\n\r]*")
_MORE_DIGITS = re.compile(r"(?:\.|[eE][+-]?)?")
_UNENDED: Final = "Unterminated string"
_NEAR: Final = 16
"""An error so near to the end of what is there may be none when more has come."""


def texts(parts: Iterable[bytes], encoding: str, errors: str = "strict") -> Iterator[str]:
    """Parts of a text, decoded.

    Raises:
        UnicodeDecodeError: it is not in that encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for part in parts:
        yield decoder.decode(part)
    yield decoder.decode(b"", final=True)


def lines(parts: Iterable[bytes], memory: int) -> Iterator[bytes]:
    """The lines of a body without their ends; one that the last line feed leaves empty is none.

    Raises:
        TooLarge: a line is longer than may be held in memory.
    """
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        yield from whole
        _require(len(rest), memory)
    if rest:
        yield rest


def text_lines(parts: Iterable[str], memory: int) -> Iterator[str]:
    """The lines of a text with their ends, CR, LF or both, as they stand.

    Raises:
        TooLarge: a line is longer than may be held in memory.
    """
    rest = ""
    for part in parts:
        # The last one stays, whole or not: a CR at the end of a part may have its LF in the next one.
        *whole, rest = io.StringIO(rest + part, newline="") if rest or part else ("",)
        yield from whole
        _require(len(rest), memory)
    if rest:
        yield rest


def elements(parts: Iterable[str], memory: int) -> Iterator[Any]:
    """The elements of a JSON array, read as `json.loads` reads them.

    Raises:
        TypeError: it is not an array; nothing was said of whether it is JSON.
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
        TooLarge: an element is longer than may be held in memory.
    """
    text = _Text(parts, memory)
    if text.next() != "[":
        raise TypeError
    text.at += 1
    if text.next() == "]":
        text.at += 1
    else:
        while True:
            yield text.value()
            mark = text.next()
            text.at += 1
            if mark == "]":
                break
            if mark != ",":
                raise json.JSONDecodeError("Expecting ',' delimiter", text.text, text.at - 1)
    if text.next():
        raise json.JSONDecodeError("Extra data", text.text, text.at)


class _Text:
    """What has come of a text and is not read yet, from `at` on."""

    def __init__(self, parts: Iterable[str], memory: int) -> None:
        self._parts = iter(parts)
        self._memory = memory
        self._decoder = json.JSONDecoder()
        self.text = ""
        self.at = 0

    def next(self) -> str:
        """The next character that is not blank, which `at` is moved to; nothing at the end."""
        while True:
            found = _BLANK.match(self.text, self.at)
            assert found is not None  # noqa: S101 (it matches nothing, too)
            self.at = found.end()
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._more():
                return ""

    def value(self) -> Any:
        """The next value; `at` is moved behind it."""
        self.next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                unended = error.msg.startswith(_UNENDED) or len(self.text) - error.pos <= _NEAR
                if not unended or not self._more():
                    raise
                continue
            # A number at the end may go on, also behind a point or an exponent's letter.
            if not _MORE_DIGITS.fullmatch(self.text, end) or not self._more():
                self.at = end
                return value

    def _more(self) -> bool:
        part = next(self._parts, None)
        if part is None:
            return False
        self.text, self.at = self.text[self.at :] + part, 0
        _require(len(self.text), self._memory)
        return True


def _require(count: int, memory: int) -> None:
    if count > memory:
        raise TooLarge(memory)
