"""What a request is: where it goes, which operation it calls, and what it might do there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from dbcontract.plain_json import read_json

from ..http.spool import Spool, TooLarge
from ..http.wire import Header, Received, Request
from ..target.target import Endpoint, Target
from .effects import CHANGE, CREATE, DESTROY, READING, Effect, Named, effects, named

_ANYTHING: Final = frozenset({CREATE, CHANGE, DESTROY})
"""What a method that no description has may do."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A request, and what is known of it before it is sent.

    Attributes:
        api: that it goes to; empty where it goes elsewhere.
        endpoint: the same.
        operation: the operationId.
        effect: None for a request that only reads.
        names: what its path names.
        document: its body, if that is JSON.
        link: it goes where an answer of the target said that a file goes.
    """

    request: Request
    api: str = ""
    endpoint: Endpoint | None = None
    operation: str | None = None
    effect: Effect | None = None
    names: Named = field(default_factory=lambda: Named({}))
    document: Any = None
    link: bool = False

    @property
    def reads(self) -> bool:
        """Whether its method is a safe one."""
        return self.request.method.upper() in READING

    @property
    def deletes(self) -> bool:
        """Whether it is a DELETE."""
        return self.request.method.upper() == "DELETE"

    @property
    def only_creates(self) -> bool:
        """Whether it cannot change what is there."""
        return self.effect is not None and self.effect.may == {CREATE}

    @property
    def keys(self) -> Collection[str] | None:
        """The keys of the records that it writes, in path or body; None where they cannot be told."""
        if self.names.id is not None:
            return {self.names.id}
        if (
            self.operation is None
            or self.deletes
            or "form" in header(self.request.headers, "content-type").lower()
        ):
            return None
        return ids_in(self.document)

    @property
    def told(self) -> str:
        """Method and path."""
        return f"{self.request.method} {urlsplit(self.request.url).path}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request may not be sent, and the permissions that it takes."""

    reason: str
    missing: tuple[str, ...] = ()


class Routes:
    """Finds out what a request is.

    Args:
        target: with its base URLs.
        operations: the operationIds by API, method and template of the path.
    """

    def __init__(self, target: Target, operations: Mapping[tuple[str, str, str], str]) -> None:
        self._operations = {
            (api, method, _shape(api, path)): name for (api, method, path), name in operations.items()
        }
        self._bases: list[tuple[str, str, Endpoint]] = []
        for api in target.apis:
            endpoint = target.endpoint(api)
            urls = [] if endpoint is None else [endpoint.url, endpoint.second_url]
            for url in urls:
                if url is not None and endpoint is not None:
                    self._bases.append((api, address_of(url), replace(endpoint, url=url)))
        # One may lie below the other.
        self._bases.sort(key=lambda base: -len(base[1]))

    def passage(self, request: Request) -> Passage:
        """A request with what is known of it."""
        address = address_of(request.url)
        for api, base, endpoint in self._bases:
            if address == base or address.startswith(base + "/"):
                path = urlsplit(request.url).path[len(urlsplit(base).path) :] or "/"
                names = named(api, path)
                operation = self._operations.get((api, request.method.upper(), _shape(api, path)))
                effect = _effect(api, operation, request, names)
                document = None if effect is None else parsed(request.body or b"")
                return Passage(request, api, endpoint, operation, effect, names, document)
        return Passage(request)


def _effect(api: str, operation: str | None, request: Request, names: Named) -> Effect | None:
    if request.method.upper() in READING:
        return None
    known = effects(api).get(operation or "")
    if known is not None or not names.kind:
        return known
    return Effect(frozenset({DESTROY}) if request.method.upper() == "DELETE" else _ANYTHING, names.kind)


def _shape(api: str, path: str) -> str:
    """A path without its ids."""
    names = named(api, path)
    if not names.kind:
        return path.rstrip("/")
    return f"{' '.join(names.ids)} {names.kind} {'one' if names.id is not None else 'all'} {names.rest}"


def address_of(url: str) -> str:
    """A URL without its query, in one spelling of scheme and host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}".rstrip("/")


def parsed(content: bytes | Spool) -> Any:
    """A body as JSON; None where it is not one, or longer than is held in memory."""
    try:
        return content.json() if isinstance(content, Spool) else read_json(content)
    except (TooLarge, ValueError, RecursionError):
        return None


def answered(received: Received) -> Any:
    """The body of an answer as JSON; None as for `parsed`."""
    return parsed(received.content if received.spool is None else received.spool)


def ids_in(document: object) -> set[str]:
    """The ids of an object, or of the objects of an array; what is not text or number is not an id."""
    several = document if isinstance(document, list) else [document]
    ids = [one["id"] for one in several if isinstance(one, dict) and "id" in one]
    return {str(one) for one in ids if one is not None and not isinstance(one, list | dict)}


def header(headers: Iterable[Header], name: str) -> str:
    """The first header of that name; nothing where there is none."""
    return next((value for known, value in headers if known.lower() == name), "")
