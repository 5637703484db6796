"""The request journal of a sandbox: what was asked and what was answered, the latest of it."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from urllib.parse import unquote

from ..coverage.exchange import Exchange, Message
from ..state.instants import format_instant
from .limits import Limits

_ENTRY = 1_000
"""What an exchange takes without its head and bodies, in bytes, about."""

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
_FORM_SIGNATURE = re.compile(r'(name="x-amz-signature"(?:\r?\n[^\r\n]+)*\r?\n\r?\n)[^\r\n]*', re.IGNORECASE)

Headers = list[tuple[bytes, bytes]]
_END = b"\0"
"""Ends names and values in a packed head; neither can have it."""


def packed(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as one object: thousands of exchanges of many small ones leave a processor's cache."""
    return _END.join(chain.from_iterable(headers))


def _unpacked(head: bytes) -> Headers:
    parts = head.split(_END)
    return list(zip(parts[::2], parts[1::2], strict=False))


@dataclass(slots=True)
class Entry:
    """One exchange, kept raw: it is rendered only when somebody looks.

    Attributes:
        number: counts up from 1 in each sandbox.
        request_id: as the answer has it.
        at: the sandbox's instant, in µs.
        path: as sent, without the sandbox's prefix.
        decoded_path: the same, percent-decoded.
        request_head, response_head: the headers, packed.
        find_operation: which is addressed, by the method and both paths.
        seconds: real time that the answer took.
        status: 0 when the connection was closed without an answer.
        forced: a fault or the client's `Prefer` decided the answer.
    """

    number: int
    request_id: str
    at: int
    method: str
    path: str
    decoded_path: str
    query: bytes
    request_head: bytes
    request_body: bytes
    request_size: int
    status: int
    response_head: bytes
    response_body: bytes
    response_size: int
    seconds: float
    find_operation: Callable[[str, str, str], str | None]
    forced: bool = False
    _operation: str | None = field(init=False, default=None)
    _looked_up: bool = field(init=False, default=False)
    _weight: int = field(init=False, default=0)

    @property
    def operation(self) -> str | None:
        """The addressed operation, looked up only now: most exchanges are never looked at."""
        if not self._looked_up:
            self._operation = self.find_operation(self.method, self.decoded_path, self.path)
            self._looked_up = True
        return self._operation

    @property
    def weight(self) -> int:
        """What it takes in memory, in bytes, about; weighed once, because it is asked when it goes, too."""
        if not self._weight:
            heads = len(self.request_head) + len(self.response_head)
            bodies = len(self.request_body) + len(self.response_body)
            self._weight = _ENTRY + len(self.path) + len(self.query) + heads + bodies
        return self._weight

    def describe(self) -> dict[str, Any]:
        """The exchange as the control API shows it, secrets masked; the request's token, wherever it is."""
        shown = self._described()
        token = _token(_unpacked(self.request_head))
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
            request=Message.of(_unpacked(self.request_head), self.request_body, self.request_size),
            status=self.status,
            response=Message.of(_unpacked(self.response_head), self.response_body, self.response_size),
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
            "request": _message(_unpacked(self.request_head), self.request_body, self.request_size),
            "response": _message(_unpacked(self.response_head), self.response_body, self.response_size),
        }


def mask(text: str) -> str:
    """The text without signatures, and without the values of what is named as a secret."""
    for pattern in (_SIGNATURE, _JSON_SIGNATURE, _FORM_SIGNATURE, _QUERY_PRIVATE):
        text = pattern.sub(r"\1***", text)
    return _JSON_PRIVATE.sub(r'\1"***"', text)


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


class Journal:
    """The latest exchanges of one sandbox, oldest first; see `Limits` for how many."""

    __slots__ = ("_entries", "_limits", "_number", "_watchers", "_weight", "ended")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._entries: deque[Entry] = deque()
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

    def add(self, entry: Entry) -> None:
        """Keep an exchange; the oldest go when there are too many, or they are too large together."""
        self._entries.append(entry)
        self._weight += entry.weight
        while self._weight > self._limits.journal_bytes or len(self._entries) > self._limits.journal:
            self._weight -= self._entries.popleft().weight
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
        return list(self._entries)

    def select(self, wanted: JournalFilter) -> Iterator[Entry]:
        """The kept exchanges that pass, oldest first."""
        return (entry for entry in list(self._entries) if wanted.matches(entry))

    def clear(self) -> int:
        """Forget all; how many there were."""
        count = len(self._entries)
        self._entries.clear()
        self._weight = 0
        return count
