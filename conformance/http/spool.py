"""A long body in a temporary file, and its JSON without the bytes in it.

What is asked of an answer of hundreds of megabytes is seldom more than a few of them. An exported database,
above all, is arrays of numbers: each is told by its length and a digest, and read from the file only where it
is wanted.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from uuid import uuid4

import orjson

from ..outcomes import NotVerified

CHUNK: Final = 1024 * 1024
FOLDED_FROM: Final = 512
"""Arrays of bytes whose text is shorter than this stay what they are."""


class NoRoom(NotVerified):
    """The temporary folder takes no more."""


class TooLarge(NotVerified):
    """More of a body would have to be held in memory than the pace allows."""

    def __init__(self, memory: int) -> None:
        super().__init__(f"more than {memory} bytes would be in memory at once; raise pace.max_memory_bytes")


class Spool:
    """A body in a temporary file, which is gone as soon as nobody refers to it.

    Args:
        memory: this many bytes of it may be held in memory at a time.

    Attributes:
        size: of the body, in bytes.
    """

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.size = 0
        self._lock = threading.Lock()
        try:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as this object)
        except OSError as error:
            raise NoRoom(_why(error)) from error
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return self.size

    def write(self, part: bytes | bytearray) -> None:
        """Add to the end.

        Raises:
            NoRoom: it cannot be stored.
        """
        try:
            with self._lock:
                self._file.seek(self.size)
                self._file.write(part)
                self._file.flush()
        except OSError as error:
            raise NoRoom(_why(error)) from error
        self.size += len(part)

    def read(self, start: int, count: int) -> bytes:
        """Some of its bytes."""
        with self._lock:
            self._file.seek(start)
            return self._file.read(count)

    def parts(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Its bytes, or those between two places, some at a time."""
        last = self.size if end is None else end
        while start < last:
            part = self.read(start, min(CHUNK, last - start))
            start += len(part)
            yield part

    def whole(self) -> bytes:
        """All of it.

        Raises:
            TooLarge: more than may be held in memory.
        """
        self.require(self.size)
        return self.read(0, self.size)

    def require(self, size: int) -> None:
        """Go on if this many bytes may be held in memory.

        Raises:
            TooLarge: they may not.
        """
        if size > self.memory:
            raise TooLarge(self.memory)

    @cached_property
    def folded(self) -> Folding:
        """Its JSON, with the long arrays of bytes left in the file.

        Raises:
            TooLarge: the rest is more than may be held in memory.
        """
        return _Folder(self).folding()

    def sample(self) -> bytes:
        """Its JSON with one byte in place of each long array of them; all of it, where it is not in UTF-8.

        Raises:
            TooLarge: that is more than may be held in memory.
        """
        return self.folded.sample() if self._is_utf_8() else self.whole()

    def json(self) -> Any:
        """Its JSON as a value, in which long arrays of bytes are `Folded`.

        Raises:
            TooLarge: the rest is more than may be held in memory.
            ValueError, RecursionError: it is not one, or cannot be read.
        """
        return self.folded.value(self) if self._is_utf_8() else json.loads(self.whole())

    def _is_utf_8(self) -> bool:
        return json.detect_encoding(self.read(0, 4)) in {"utf-8", "utf-8-sig"}


def _why(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"the temporary folder {tempfile.gettempdir()} takes no more: {reason}"


class Folded:
    """A long array of bytes, 0 to 255, that stays in the file; it equals any array of the same bytes."""

    __slots__ = ("_count", "_end", "_spool", "_start", "digest")

    def __init__(self, spool: Spool, place: _Place) -> None:
        self._spool, self._start, self._end = spool, place.start, place.end
        self._count = place.count
        self.digest: bytes = place.digest

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        """The numbers.

        Raises:
            TooLarge: they are more than may be held in memory.
        """
        self._spool.require(self._end - self._start)
        return iter(orjson.loads(b"".join(self.text())))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Folded):
            return (self._count, self.digest) == (other._count, other.digest)
        if isinstance(other, list):
            return len(other) == self._count and digest_of(other) == self.digest
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"[{self._count} bytes with the SHA-256 {self.digest.hex()}]"

    @property
    def memory(self) -> int:
        """How many bytes of it may be held in memory at a time."""
        return self._spool.memory

    def text(self) -> Iterator[bytes]:
        """The array as it stands in the JSON, brackets and all, some bytes at a time."""
        return self._spool.parts(self._start, self._end)


def digest_of(value: object) -> bytes | None:
    """The SHA-256 of an array of bytes; None of anything else."""
    if isinstance(value, Folded):
        return value.digest
    if isinstance(value, list) and set(map(type, value)) <= {int}:
        try:
            return hashlib.sha256(bytes(value)).digest()
        except (ValueError, OverflowError):
            pass  # a number is not a byte
    return None


def dump(value: Any, *, ensure_ascii: bool = True) -> bytes | Spool:
    """A value as JSON in UTF-8: in a file, where arrays in it are in one.

    Raises:
        NoRoom: it cannot be stored.
    """
    name, left = uuid4().hex, list[Folded]()

    def leave(one: object) -> str:
        if not isinstance(one, Folded):
            raise TypeError
        left.append(one)
        return name

    text = json.dumps(value, ensure_ascii=ensure_ascii, default=leave).encode(errors="surrogatepass")
    if not left:
        return text
    first, *others = text.split(f'"{name}"'.encode())
    spool = Spool(left[0].memory)
    spool.write(first)
    for array, other in zip(left, others, strict=True):
        for part in array.text():
            spool.write(part)
        spool.write(other)
    return spool


# Folding


@dataclass(frozen=True, slots=True)
class _Place:
    """An array of bytes in a file."""

    start: int
    end: int
    count: int
    digest: bytes


@dataclass(frozen=True)
class Folding:
    """The text of a JSON document in parts; between two of them there is an array of bytes."""

    parts: tuple[bytes, ...]
    places: tuple[_Place, ...]

    def value(self, spool: Spool) -> Any:
        """The document as a value."""
        # Nobody can have guessed the name, so that no object of the document has it.
        name = uuid4().hex
        pieces = [self.parts[0]]
        for number, part in enumerate(self.parts[1:]):
            pieces += [b'{"%s":%d}' % (name.encode(), number), part]

        def unfold(found: dict[str, Any]) -> Any:
            return Folded(spool, self.places[found[name]]) if name in found else found

        return json.loads(b"".join(pieces), object_hook=unfold)

    def sample(self) -> bytes:
        """The document with a single byte in place of each long array: of the same form."""
        return b"[0]".join(self.parts)


_OUTSIDE = re.compile(rb'(?:[^"\[]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_NUMBERS = re.compile(rb"[0-9, \t\n\r]*+")


class _Folder:
    """Goes through a document once; what is not an array of bytes is kept as it stands, be it JSON or not."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._parts = [bytearray()]
        self._places: list[_Place] = []
        self._size = 0
        self._begins = 0
        self._array = _Numbers()
        self._step = self._outside
        self._offset = 0

    def folding(self) -> Folding:
        for chunk in self._spool.parts():
            at = 0
            while at < len(chunk):
                at = self._step(chunk, at)
            self._offset += len(chunk)
        if self._step == self._numbers:
            self._keep_array(self._offset)
        return Folding(tuple(map(bytes, self._parts)), tuple(self._places))

    def _keep(self, text: bytes) -> None:
        self._size += len(text)
        self._spool.require(self._size)
        self._parts[-1] += text

    def _keep_array(self, end: int) -> None:
        if self._array.text is not None:
            self._keep(b"[" + self._array.text)
        else:
            self._spool.require(self._size + end - self._begins)
            self._keep(self._spool.read(self._begins, end - self._begins))

    def _outside(self, chunk: bytes, at: int) -> int:
        found = _OUTSIDE.match(chunk, at)
        assert found is not None  # noqa: S101 (it matches nothing, too)
        end = found.end()
        self._keep(chunk[at:end])
        if end == len(chunk):
            return end
        if chunk[end] == ord("["):
            self._begins, self._array, self._step = self._offset + end, _Numbers(), self._numbers
        else:
            self._keep(b'"')
            self._step = self._string
        return end + 1

    def _string(self, chunk: bytes, at: int) -> int:
        """A string that goes on in the next chunk."""
        found = _INSIDE.match(chunk, at)
        assert found is not None  # noqa: S101 (it matches nothing, too)
        end = found.end()
        closed = end < len(chunk) and chunk[end] == ord('"')
        self._keep(chunk[at : end + 1])
        if closed:
            self._step = self._outside
        elif end < len(chunk):
            self._step = self._escaped
        return end + 1

    def _escaped(self, chunk: bytes, at: int) -> int:
        self._keep(chunk[at : at + 1])
        self._step = self._string
        return at + 1

    def _numbers(self, chunk: bytes, at: int) -> int:
        found = _NUMBERS.match(chunk, at)
        assert found is not None  # noqa: S101 (it matches nothing, too)
        end = found.end()
        self._array.take(chunk[at:end])
        if end == len(chunk):
            return end
        self._step = self._outside
        if chunk[end] == ord("]") and self._array.is_long_and_good():
            array = self._array
            self._places.append(_Place(self._begins, self._offset + end + 1, array.count, array.digest()))
            self._parts.append(bytearray())
            return end + 1
        self._keep_array(self._offset + end)
        return end


class _Numbers:
    """The inside of an array as it comes.

    Attributes:
        text: all of it, while it is short.
        count: of the numbers, once it is long.
    """

    def __init__(self) -> None:
        self.text: bytes | None = b""
        self.count = 0
        self._good = True
        self._rest = b""
        self._sha = hashlib.sha256()

    def take(self, text: bytes) -> None:
        if self.text is not None:
            text = self.text + text
            self.text = text if len(text) < FOLDED_FROM else None
            if self.text is not None:
                return
        whole, comma, rest = (self._rest + text).rpartition(b",")
        self._rest = rest
        if comma:
            self._add(whole)

    def is_long_and_good(self) -> bool:
        """Whether it was, to its end, an array of bytes that is worth to be left in the file."""
        if self.text is not None:
            return False
        self._add(self._rest)
        return self._good

    def digest(self) -> bytes:
        return self._sha.digest()

    def _add(self, numbers: bytes) -> None:
        try:
            values = bytes(orjson.loads(b"[%s]" % numbers))
        except (ValueError, TypeError):
            self._good = False
            return
        self._good = self._good and bool(values)  # nothing between two commas
        self.count += len(values)
        self._sha.update(values)
