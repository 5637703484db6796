"""One exchange as it is judged: what was asked, and what was answered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

_MOST_PARAMETERS = 1_000
_NEXT = re.compile(r"\s*,\s*")


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Message:
    """A request or a response.

    Attributes:
        headers: by lower-case name.
        body: its bytes, or the first of them.
        whole: whether that is all.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = True

    @classmethod
    def of(cls, headers: Iterable[tuple[bytes, bytes]], body: bytes, size: int) -> Message:
        """A message of which `size` bytes of body were sent, and these are known."""
        found: dict[str, str] = {}
        for raw, value in headers:
            name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
            found[name] = f"{found[name]}, {text}" if name in found else text
        return cls(found, body, size <= len(body))

    @property
    def media_type(self) -> str:
        """That of the body, without parameters, in lower case; empty where none is named."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """The parsed body; None for what is not JSON, or not known as a whole."""
        if not self.whole or not self.body:
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def object(self) -> Mapping[str, Any]:
        """The parsed body, where that is an object; else an empty one."""
        return self.json if isinstance(self.json, dict) else {}

    @cached_property
    def objects(self) -> list[Mapping[str, Any]]:
        """The objects in the body: those of an array, as far as they are known, or the one that it is."""
        value = self.json if self.whole else _beginning(self.body)
        if isinstance(value, list):
            return [one for one in value if isinstance(one, dict)]
        return [value] if isinstance(value, dict) else []


def _beginning(body: bytes) -> list[Any]:
    """The first items of an array that was cut off."""
    text = body.decode("utf-8", "ignore").lstrip()
    if not text.startswith("["):
        return []
    found: list[Any] = []
    read = json.JSONDecoder().raw_decode
    at = len(text) - len(text[1:].lstrip())
    try:
        while True:
            item, end = read(text, at)
            after = _NEXT.match(text, end)
            if after is None:  # it may itself be cut, such as a number
                return found
            found.append(item)
            at = after.end()
    except (ValueError, RecursionError):
        return found


@dataclass(frozen=True)
class Exchange:
    """One exchange.

    Attributes:
        number: counts up in each sandbox, or in each run of whatever watches.
        at: when, in µs since the epoch.
        path: as sent, percent-encoded, from the root that the base paths of the APIs begin at.
        query: as sent, without the question mark.
        operation: the operationId, `downloadObject` or `uploadObject` of storage, or None.
        status: 0 when the connection was closed without an answer.
        forced: somebody ordered this answer, so that it says nothing about the request.
        describe: the exchange as it is shown, its secrets masked; asked for evidence only.
    """

    number: int
    at: int
    method: str
    path: str
    query: str
    operation: str | None
    request: Message
    status: int
    response: Message
    forced: bool = False
    describe: Callable[[], Mapping[str, Any]] = _nothing

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """The query's parameters, decoded, in order; none where there are too many to look at."""
        try:
            return parse_qsl(self.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
        except ValueError:
            return []

    def parameter(self, name: str) -> str | None:
        """The value of a query parameter, the first one; None without it."""
        return next((value for key, value in self.parameters if key == name), None)

    @cached_property
    def segments(self) -> list[str]:
        """The path, decoded segment by segment, without a slash at its end."""
        return [unquote(segment) for segment in self.path.strip("/").split("/")]

    @property
    def succeeded(self) -> bool:
        """Whether the answer is a success or a redirect."""
        return 200 <= self.status < 400

    @cached_property
    def version_asked(self) -> str | None:
        """The parameter `version` of the first type in `Accept` that has one."""
        return parameter_of(self.request.headers.get("accept", ""), "version")

    @cached_property
    def version_answered(self) -> str | None:
        """The parameter `version` of the answer's media type."""
        return parameter_of(self.response.headers.get("content-type", ""), "version")


def parameter_of(header: str, name: str) -> str | None:
    """The value of a media type's parameter in a header; of several types, that of the first that has it."""
    for part in header.replace(",", ";").split(";"):
        key, equals, value = part.partition("=")
        if equals and key.strip().lower() == name:
            return value.strip().strip('"')
    return None
