"""The request journal of a sandbox: what was asked and what was answered, the latest of it."""

from __future__ import annotations

import asyncio
import marshal
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple
from urllib.parse import unquote

from ..coverage.exchange import Exchange, Message
from ..state.instants import format_instant
from .limits import Limits

_ENTRY = 100
"""What an exchange takes beside its bytes, in bytes, about."""

_SECRET_HEADERS = frozenset({b"authorization", b"proxy-authorization", b"cookie", b"set-cookie"})
_PRIVATE_NAME = (
    r"[\w.-]*(?:token|secret|passw(?:or)?d|api[-_]?key|apikey|access[-_]?key|private[-_]?key|session[-_]?id"
    r"|authorization|credentials?)"
)
"""Names of headers, parameters and fields whose values are nobody's business."""
_IS_PRIVATE = re.compile(_PRIVATE_NAME, re.IGNORECASE)
_QUERY_PRIVATE = re.compile(rf"((?:^|[?&;]){_PRIVATE_NAME}=)[^&\"<\s]*", re.IGNORECASE)
_JSON_PRIVATE = re.compile(
    rf'("{_PRIVATE_NAME}"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|-?[0-9][0-9.eE+-]*)', re.IGNORECASE
)
_REPEATED = 8
"""Characters that a token has at least if it is masked wherever it stands in its exchange."""
_SIGNATURE = re.compile(r"(X-Amz-Signature=)[^&\"<\s]*", re.IGNORECASE)
_JSON_SIGNATURE = re.compile(r'("x-amz-signature"\s*:\s*")[^"]*', re.IGNORECASE)
_BEGUN = r'name="x-amz-signature"'
# A header line in which a further part begins is left to that one: a text that only begins parts, in a row,
# would take its square.
_FORM_SIGNATURE = re.compile(
    rf"({_BEGUN}(?:\r?\n(?![^\r\n]*{_BEGUN}\r?\n)[^\r\n]++)*+\r?\n\r?\n)[^\r\n]*", re.IGNORECASE
)

Headers = list[tuple[bytes, bytes]]


class Entry(NamedTuple):
    """One exchange as it was; it is worded only when somebody looks.

    Attributes:
        number: counts up from 1 in each sandbox.
        request_id: as the answer has it.
        at: the sandbox's instant, in µs.
        operation: which is addressed, if one is.
        path: as sent, without the sandbox's prefix.
        seconds: real time that the answer took.
        status: 0 when the connection was closed without an answer.
        forced: a fault or the client's `Prefer` decided the answer.
    """

    number: int
    request_id: str
    at: int
    operation: str | None
    method: str
    path: str
    query: bytes
    request_headers: Headers
    request_body: bytes
    request_size: int
    status: int
    response_headers: Headers
    response_body: bytes
    response_size: int
    seconds: float
    forced: bool

    def describe(self) -> dict[str, Any]:
        """The exchange as the control API shows it, secrets masked; the request's token, wherever it is."""
        shown = self._described()
        token = _token(self.request_headers)
        return shown if token is None else _without(token, shown)

    def exchange(self) -> Exchange:
        """The exchange as coverage is told of it."""
        return Exchange(
            number=self.number,
            at=self.at,
            method=self.method,
            path=self.path,
            query=self.query.decode("latin-1"),
            operation=self.operation,
            request=Message.of(self.request_headers, self.request_body, self.request_size),
            status=self.status,
            response=Message.of(self.response_headers, self.response_body, self.response_size),
            forced=self.forced,
            describe=self.describe,
        )

    def _described(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "request_id": self.request_id,
            "at": format_instant(self.at),
            "operation": self.operation,
            "method": self.method,
            "path": self.path,
            "query": mask(self.query.decode("latin-1")),
            "status": self.status,
            "milliseconds": round(self.seconds * 1000, 3),
            "request": _message(self.request_headers, self.request_body, self.request_size),
            "response": _message(self.response_headers, self.response_body, self.response_size),
        }


def mask(text: str) -> str:
    """The text without signatures, and without the values of what is named as a secret."""
    for pattern in (_SIGNATURE, _JSON_SIGNATURE, _FORM_SIGNATURE, _QUERY_PRIVATE):
        text = pattern.sub(r"\1***", text)
    return _JSON_PRIVATE.sub(r'\1"***"', text)


def without_token(headers: Headers, text: str) -> str:
    """A text without the token of the request with these headers."""
    token = _token(headers)
    return text if token is None else text.replace(token, "***")


def _token(headers: Headers) -> str | None:
    for name, value in headers:
        if name == b"authorization" and len(word := value.decode("latin-1").split(" ")[-1]) >= _REPEATED:
            return word
    return None


def _without(token: str, shown: Any) -> Any:
    if isinstance(shown, str):
        return shown.replace(token, "***")
    if isinstance(shown, dict):
        return {name: _without(token, value) for name, value in shown.items()}
    return shown


def _message(headers: Headers, body: bytes, size: int) -> dict[str, Any]:
    shown: dict[str, list[str]] = {}
    for raw, value in headers:
        shown.setdefault(raw.decode("latin-1").lower(), []).append(_masked_header(raw, value))
    return {
        "headers": {name: ", ".join(texts) for name, texts in shown.items()},
        "body": mask(body.decode("utf-8", "replace")),
        "size": size,
        "truncated": size > len(body),
    }


def _masked_header(name: bytes, value: bytes) -> str:
    text = value.decode("latin-1")
    if name.lower() in _SECRET_HEADERS or _IS_PRIVATE.fullmatch(name.decode("latin-1")):
        scheme, space, _ = text.partition(" ")
        return f"{scheme} ***" if space else "***"
    return mask(text)


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which exchanges to show; None lets everything pass. `since` is a sandbox's instant in µs, inclusive."""

    operation: str | None = None
    method: str | None = None
    path: str | None = None
    status: int | None = None
    since: int | None = None

    def matches(self, entry: Entry) -> bool:
        """Whether an exchange passes all that is asked for."""
        return (
            (self.operation is None or entry.operation == self.operation)
            and (self.method is None or entry.method == self.method.upper())
            and (self.path is None or self.path in entry.path or self.path in unquote(entry.path))
            and (self.status is None or entry.status == self.status)
            and (self.since is None or entry.at >= self.since)
        )


Exchanged = tuple[
    int, str, int, str | None, str, str, bytes, Headers, bytes, int, int, Headers, bytes, int, float, bool
]
"""What an `Entry` is made of, in its order, as a plain tuple."""
_PLAIN = 2
"""The format of what is kept: the latest that does not look for equal parts."""


def _entry(kept: bytes) -> Entry:
    return Entry(*marshal.loads(kept))  # noqa: S302 - our own, and never left this process


class Journal:
    """The latest exchanges of one sandbox, oldest first; see `Limits` for how many.

    Each is kept as one object. Of the dozens that it consists of, a thousand times as many would leave a
    processor's cache, and come back one by one when they go.
    """

    __slots__ = ("_entries", "_limits", "_number", "_watchers", "_weight", "ended")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._entries: deque[bytes] = deque()
        self._weight = 0
        self._watchers: list[asyncio.Event] = []
        self.ended = False
        self._number = 0

    def __len__(self) -> int:
        return len(self._entries)

    def next_number(self) -> int:
        """The number of the next exchange."""
        self._number += 1
        return self._number

    def add(self, exchange: Exchanged) -> None:
        """Keep an exchange; the oldest go when there are too many, or they are too large together."""
        entries, limits = self._entries, self._limits
        kept = marshal.dumps(exchange, _PLAIN)
        entries.append(kept)
        self._weight += len(kept) + _ENTRY
        while self._weight > limits.journal_bytes or len(entries) > limits.journal:
            self._weight -= len(entries.popleft()) + _ENTRY
        for watcher in self._watchers:
            watcher.set()

    @contextmanager
    def watched(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever an exchange is added, for as long as the context lasts."""
        watcher = asyncio.Event()
        self._watchers.append(watcher)
        try:
            yield watcher
        finally:
            self._watchers.remove(watcher)

    def end_watching(self) -> None:
        """Wake all watchers for the last time; `ended` tells them why."""
        self.ended = True
        for watcher in self._watchers:
            watcher.set()

    def latest(self) -> list[Entry]:
        """All kept exchanges, oldest first."""
        return [_entry(kept) for kept in self._entries]

    def after(self, number: int) -> list[Entry]:
        """The kept exchanges with a higher number, oldest first."""
        newer = takewhile(lambda entry: entry.number > number, map(_entry, reversed(self._entries)))
        return list(newer)[::-1]

    def select(self, wanted: JournalFilter) -> Iterator[Entry]:
        """The kept exchanges that pass, oldest first."""
        return (entry for entry in map(_entry, list(self._entries)) if wanted.matches(entry))

    def clear(self) -> int:
        """Forget all; how many there were."""
        count = len(self._entries)
        self._entries.clear()
        self._weight = 0
        return count
