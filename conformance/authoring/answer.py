"""An answer of the target, with the questions that checks ask of it."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from http import HTTPStatus
from os.path import commonprefix
from typing import Any, Final, TypeVar

from dbcontract.plain_json import read_json

from ..http.headers import Headers
from ..http.spool import CHUNK, Spool, TooLarge
from ..http.streams import elements, lines, text_lines, texts
from ..http.wire import Received, Request
from .check import CheckFailed, NotVerified

Json = TypeVar("Json", dict[str, Any], list[Any])


_BEGINNING: Final = 1_000
_TOO_MUCH: Final = "the JSON is nested deeper, or has longer numbers, than the kit reads"


def status_text(status: int) -> str:
    """`404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


class Answer:
    """What came back for one request (for the last one, where redirects were followed).

    Attributes:
        request: what was sent.
        status: the status code.
        size: of the body, as far as the kit has read it, in bytes.
        history: the redirects that were followed to come here, the first one first.
        seconds: from the first byte sent to the last one received.
        http: the version of HTTP of the answer, 10 or 11.
    """

    def __init__(self, request: Request, received: Received, *, history: tuple[Answer, ...] = ()) -> None:
        self.request = request
        self.status = received.status
        self.headers = Headers(received.headers)
        self.size = received.size
        self._cut = not received.is_whole
        self._spool = received.spool
        self._memory = self.size if received.spool is None else received.spool.memory
        self._begin = received.content
        self.seconds = received.seconds
        self.http = received.http
        self.history = history

    def __repr__(self) -> str:
        return f"<{self.request.method} {self.request.url}: {status_text(self.status)}>"

    @property
    def url(self) -> str:
        """The address that answered."""
        return self.request.url

    @property
    def content(self) -> bytes:
        """The bytes of the body.

        Raises:
            NotVerified: the kit has read only the first of them, or they are more than it holds in memory.
        """
        self._require_whole()
        with self._within_memory():
            return self._begin if self._spool is None else self._spool.whole()

    def _require_whole(self) -> None:
        if self._cut:
            reason = (
                f"only the first {self.size} bytes of {self._name()} were read; raise pace.max_body_bytes"
            )
            raise NotVerified(reason)

    @contextmanager
    def _within_memory(self) -> Iterator[None]:
        try:
            yield
        except TooLarge as error:
            raise NotVerified(f"{self._name()} has {self.size} bytes, and {error}") from None

    @property
    def body(self) -> bytes | Spool:
        """The body, to be sent again.

        Raises:
            NotVerified: the kit has read only the first of its bytes.
        """
        self._require_whole()
        return self._begin if self._spool is None else self._spool

    def _parts(self) -> Iterator[bytes]:
        """The bytes of the body, some at a time."""
        self._require_whole()
        if self._spool is not None:
            return self._spool.parts()
        return (self._begin[start : start + CHUNK] for start in range(0, len(self._begin), CHUNK))

    @property
    def text(self) -> str:
        """The body as text: in a usual charset that it claims, else UTF-8; what does not fit is replaced.

        Raises:
            NotVerified: as for `content`.
        """
        return self._decoded(self.content)

    def texts(self) -> Iterator[str]:
        """The same in parts, so that a body of any length can be looked through."""
        return texts(self._parts(), self.headers.charset, "replace")

    def containing(self, words: AbstractSet[str]) -> set[str]:
        """Those of some words that are in the text of the body, however long it is."""
        left, begin, rest = set(words), commonprefix([*words]), ""  # noqa: RUF071 (by characters)
        longest = max(map(len, words), default=0)
        for part in self.texts():
            text = rest + part
            # Where what all have in common is not, none of them is.
            if begin in text:
                left = {word for word in left if word not in text}
            if not left:
                break
            rest = text[-longest:]
        return set(words) - left

    def digest(self) -> bytes:
        """The SHA-256 of the body."""
        found = hashlib.sha256()
        for part in self._parts():
            found.update(part)
        return found.digest()

    @property
    def beginning(self) -> bytes:
        """The first bytes of the body, also where the kit does not read it to its end."""
        return self._begin[:_BEGINNING]

    def _decoded(self, content: bytes) -> str:
        return content.decode(self.headers.charset, errors="replace")

    @property
    def media_type(self) -> str | None:
        """`application/json`, in lower case and without parameters; None without a Content-Type."""
        return self.headers.media_type

    @property
    def media_parameters(self) -> dict[str, str]:
        """The parameters of the Content-Type, `{"version": "2.0"}`; names in lower case."""
        return self.headers.media_parameters

    @property
    def links(self) -> dict[str, str]:
        """The Link header (RFC 8288): absolute addresses by relation; anything else stays as it is."""
        return self.headers.links(self.url)

    @property
    def summary(self) -> str:
        """Status, media type and the beginning of the body, for messages."""
        body = " ".join(self._decoded(self._begin[:1_600])[:400].split())
        shown = f"{body[:200]} …" if len(body) > 200 else body
        kind = f" ({self.media_type})" if self.media_type else ""
        return f"{status_text(self.status)}{kind}{': ' if shown else ''}{shown}"

    @property
    def refused(self) -> bool:
        """Whether the call is refused, by any 4xx."""
        return 400 <= self.status < 500

    def _name(self) -> str:
        return f"{self.request.method} {self.request.url}"

    def expect_status(self, *statuses: int) -> Answer:
        """Give the answer back if it has one of these statuses.

        Raises:
            CheckFailed: it has another one.
        """
        if self.status not in statuses:
            expected = " or ".join(map(status_text, statuses))
            raise CheckFailed(f"the status of {self._name()}", expected, self.summary)
        return self

    def expect_media_type(self, *media_types: str) -> Answer:
        """Give the answer back if its Content-Type is one of these, whatever its parameters.

        Raises:
            CheckFailed: another one, or none.
        """
        if self.media_type not in media_types:
            actual = self.headers.get("Content-Type") or "no Content-Type"
            raise CheckFailed(f"the media type of {self._name()}", " or ".join(media_types), actual)
        return self

    def expect_header(self, name: str) -> str:
        """The value of a header that has to be there.

        Raises:
            CheckFailed: it is not.
        """
        value = self.headers.get(name)
        if value is None:
            actual = ", ".join(known for known, _ in self.headers)
            raise CheckFailed(
                f"the headers of {self._name()}", f"a header {name}", f"only {actual or 'none'}"
            )
        return value

    def json(self) -> Any:
        """The body as JSON; long arrays of bytes in a long one are `Folded`.

        Raises:
            CheckFailed: it is not one.
            NotVerified: it was cut at the size limit, or is more than the kit reads.
        """
        self._require_whole()
        try:
            with self._within_memory():
                return read_json(self._begin) if self._spool is None else self._spool.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise CheckFailed(f"the body of {self._name()}", "JSON", self.summary) from None
        except (ValueError, RecursionError):
            raise NotVerified(f"{self._name()}: {_TOO_MUCH}") from None

    def is_json(self, *kinds: type[dict[str, Any] | list[Any]]) -> bool:
        """Whether the body, an array of any length, is of one of these kinds.

        Raises:
            CheckFailed: it is not JSON.
        """
        if self._spool is None or self._begin.lstrip()[:1] != b"[":
            return isinstance(self.json(), kinds)
        for _ in self._elements():
            pass
        return list in kinds

    def expect_json(self, kind: type[Json]) -> Json:
        """The body as a JSON object (`dict`) or array (`list`).

        Raises:
            CheckFailed: no JSON, or a value of another type.
        """
        value = self.json()
        if not isinstance(value, kind):
            expected = {"dict": "a JSON object", "list": "a JSON array"}
            raise CheckFailed(f"the body of {self._name()}", expected[kind.__name__], self.summary)
        return value

    def expect_objects(self) -> list[dict[str, Any]]:
        """The body as an array of objects: a list of records, databases, assets or archives.

        Raises:
            CheckFailed: it is something else.
        """
        items = self.expect_json(list)
        if not all(isinstance(item, dict) for item in items):
            raise CheckFailed(f"the body of {self._name()}", "an array of objects", self.summary)
        return items

    def objects(self) -> Iterator[dict[str, Any]]:
        """The same as `expect_objects`, one after the other, so that the array can be of any length."""
        if self._spool is None:
            yield from self.expect_objects()
            return
        for element in self._elements():
            if not isinstance(element, dict):
                raise CheckFailed(f"the body of {self._name()}", "an array of objects", self.summary)
            yield element

    def _elements(self) -> Iterator[Any]:
        """The elements of a long array, one after the other."""
        try:
            with self._within_memory():
                encoding = json.detect_encoding(self._begin)
                yield from elements(texts(self._parts(), encoding), self._memory)
        except TypeError:
            raise CheckFailed(f"the body of {self._name()}", "a JSON array", self.summary) from None
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise CheckFailed(f"the body of {self._name()}", "JSON", self.summary) from None
        except (ValueError, RecursionError):
            raise NotVerified(f"{self._name()}: {_TOO_MUCH}") from None

    def jsonl(self) -> Iterator[Any]:
        """The body as JSON Lines: one value a line.

        Raises:
            CheckFailed: a line is not JSON or not UTF-8.
        """
        for number, line in enumerate(self.lines(), 1):
            yield self._value_of(line, number)

    def lines(self) -> Iterator[bytes]:
        """The lines of the body, without their ends."""
        with self._within_memory():
            yield from lines(self._parts(), self._memory)

    def _value_of(self, line: bytes, number: int) -> Any:
        try:
            return json.loads(line.decode())
        except RecursionError:
            raise NotVerified(f"line {number} of {self._name()}: {_TOO_MUCH}") from None
        except ValueError:
            shown = line[:200].decode(errors="replace")
            raise CheckFailed(f"line {number} of {self._name()}", "one JSON value", repr(shown)) from None

    def csv_rows(self) -> list[list[str]]:
        """The body as CSV (RFC 4180, UTF-8), the header row first.

        Raises:
            CheckFailed: no UTF-8, no CSV, or rows of different lengths.
            NotVerified: it is more than the kit holds in memory.
        """
        if self._spool is not None:
            with self._within_memory():
                self._spool.require(self.size)
        return list(self.rows())

    def rows(self) -> Iterator[list[str]]:
        """The same, row by row, so that there can be any number of them."""
        length = None
        for number, row in enumerate(self._csv(), 1):
            length = len(row) if length is None else length
            if len(row) != length:
                expected = f"{length} fields, as in the header"
                raise CheckFailed(f"row {number} of {self._name()}", expected, f"{len(row)} fields: {row}")
            yield row

    def _csv(self) -> Iterator[list[str]]:
        try:
            with self._within_memory():
                found = text_lines(texts(self._parts(), "utf-8-sig"), self._memory)
                for row in csv.reader(found, strict=True):
                    if row:
                        yield row
        except (ValueError, csv.Error) as error:
            if "field larger than field limit" in str(error):
                raise NotVerified(f"{self._name()}: {error}, and the kit reads no longer ones") from None
            raise CheckFailed(f"the body of {self._name()}", "CSV in UTF-8", str(error)) from None
