"""What is watched: one exchange of somebody else's, and what is said about rules because of it."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any, Final, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

from ..environment.request_effects import Passage, parsed
from ..http.evidence import Exchange
from ..http.headers import Headers
from ..http.spool import TooLarge
from ..http.wire import Received
from ..outcomes import CheckFailed

_REMEMBERED: Final = 10_000
"""How many things of a kind are remembered; the traffic may go on for days."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class Doubtful(CheckFailed):
    """The rule does not hold, unless somebody who does not pass through the proxy wrote in between."""


class Recent(OrderedDict[Key, Value], Generic[Key, Value]):
    """A dictionary that forgets what was set longest ago.

    Args:
        most: how many things it remembers.
    """

    def __init__(self, most: int = _REMEMBERED) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: Key, value: Value) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self._most:
            self.popitem(last=False)


@dataclass(frozen=True, eq=False)
class Seen:
    """One exchange that came to its end.

    Attributes:
        number: counts all exchanges from 1.
        passage: what the request is.
        exchange: as it happened, with the bodies that were kept.
        answer: the same answer, decoded.
        began, ended: seconds by the observer's clock.
        beside: another request, which may write, was under way at the same time, and nobody can tell which
            came first.
    """

    number: int
    passage: Passage
    exchange: Exchange
    answer: Received
    began: float
    ended: float
    beside: bool = False

    @property
    def operation(self) -> str | None:
        """The operationId."""
        return self.passage.operation

    @property
    def status(self) -> int:
        """Of the answer."""
        return self.answer.status

    @property
    def succeeded(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.answer.status < 300

    @property
    def ids(self) -> Mapping[str, str]:
        """The path parameters, decoded."""
        return self.passage.names.ids

    @property
    def url(self) -> str:
        """Where the request went."""
        return self.passage.request.url

    @cached_property
    def headers(self) -> Headers:
        """Of the answer."""
        return Headers(self.answer.headers)

    @cached_property
    def sent_headers(self) -> Headers:
        """Of the request."""
        return Headers(self.passage.request.headers)

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters of the query; of several with a name, the last one."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def version(self) -> str | None:
        """The version that the request asks for; None where it leaves it open."""
        for value in self.sent_headers.get_all("accept"):
            _, found, rest = value.partition("version=")
            if found:
                return rest.partition(";")[0].partition(",")[0].strip(' "')
        return None

    @cached_property
    def sent(self) -> Any:
        """The body of the request as JSON; None where it is something else, or too long."""
        body = self.passage.request.body
        return parsed(body) if body else None

    @cached_property
    def document(self) -> Any:
        """The body of the answer as JSON; None where it is something else, or was not kept whole."""
        if not self.answer.is_whole:
            return None
        try:
            spool = self.answer.spool
            return json.loads(self.answer.content) if spool is None else spool.json()
        except (TooLarge, ValueError, RecursionError):
            return None

    @property
    def objects(self) -> list[dict[str, Any]] | None:
        """The body of the answer, where it is an array of objects."""
        document = self.document
        if isinstance(document, list) and all(isinstance(one, dict) for one in document):
            return document
        return None

    @property
    def object(self) -> dict[str, Any] | None:
        """The body of the answer, where it is an object."""
        return self.document if isinstance(self.document, dict) else None


class Memory:
    """What was seen of one API before. An API has one of its own."""

    def learn(self, seen: Seen) -> None:
        """Take in an exchange, after the rules looked at it."""

    def forget(self) -> None:
        """Something may have changed, and nobody can tell what."""


_M = TypeVar("_M", bound=Memory)


@dataclass(frozen=True)
class Watch(Generic[_M]):
    """Tells of an exchange whether a rule holds.

    Attributes:
        rule: its id.
        operations: whose exchanges are looked at; none for all of the API.
        look: True where the exchange shows that the rule holds, None where it shows nothing; raises
            `CheckFailed` where it does not.
    """

    rule: str
    operations: tuple[str, ...]
    look: Callable[[Seen, _M], bool | None]

    @property
    def how(self) -> str:
        """How it can be told, as a sentence for reports."""
        return " ".join((self.look.__doc__ or "").partition("\n\n")[0].split())


def watches(rule: str, *operations: str) -> Callable[[Callable[[Seen, _M], bool | None]], Watch[_M]]:
    """Make a watch of a function; the first paragraph of its docstring says how."""

    def decorate(look: Callable[[Seen, _M], bool | None]) -> Watch[_M]:
        return Watch(rule, operations, look)

    return decorate


def watches_in(*modules: ModuleType) -> tuple[Watch[Any], ...]:
    """All watches that some modules have, in their order."""
    return tuple(one for module in modules for one in vars(module).values() if isinstance(one, Watch))


@dataclass(frozen=True, kw_only=True)
class WatchingPractice:
    """How an API is judged by watching.

    Attributes:
        watches: what can be told of single exchanges, and of what was remembered.
        memory: makes what is remembered.
    """

    watches: tuple[Watch[Any], ...] = ()
    memory: Callable[[], Memory] = field(default=Memory)
