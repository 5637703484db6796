"""What there is to meet: operations with their documented outcomes, and situations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from .api import CoveredApi
from .exchange import Exchange
from .misuse import STORAGE, Accepted, Misuse, of_descriptions
from .situation import Memory, Situation, Step, fault

METHODS: Final = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One operation of a description.

    Attributes:
        around: it is in neither of the documents, and served for convenience; it does not count.
        statuses: the documented ones.
        formats: the media types of its successes.
        versions: of the API that it serves.
        default_version: where none is asked for.
    """

    id: str
    method: str
    path: str
    summary: str
    around: bool
    statuses: tuple[str, ...]
    formats: tuple[str, ...]
    versions: tuple[str, ...]
    default_version: str | None
    accepted: Accepted

    def outcomes(self) -> Iterable[tuple[str, str]]:
        """Kind and value of each outcome that there is to meet."""
        yield from (("status", status) for status in self.statuses)
        yield from (("format", media_type) for media_type in self.formats)
        yield from (("version", version) for version in self.versions)

    def met(self, exchange: Exchange) -> Iterable[tuple[str, str]]:
        """Kind and value of each outcome that an exchange shows."""
        status = str(exchange.status)
        if status in self.statuses:
            yield "status", status
        if not exchange.succeeded:
            return
        if 200 <= exchange.status < 300 and exchange.response.media_type in self.formats:
            yield "format", exchange.response.media_type
        version = exchange.version_answered or exchange.version_asked or self.default_version
        if version in self.versions:
            yield "version", version

    def steps(self, kind: str, value: str) -> tuple[Step, ...]:
        """What brings an outcome about; nothing where an ordinary call does."""
        if kind == "status" and value[0] in "45":
            return (fault(self.id, status=int(value), times=1),)
        return ()

    def then(self, kind: str, value: str) -> str:
        """What the client does for it."""
        accept = {
            "format": f" with `Accept: {value}{self._newest}`",
            "version": f" with `Accept: application/json; version={value}`",
        }
        return f"call {self.id}{accept.get(kind, '')}"

    @property
    def _newest(self) -> str:
        return f"; version={self.versions[-1]}" if self.versions else ""


class CoveredContract:
    """All that there is to meet, and to do wrong.

    Args:
        apis: each with its description, whose references are resolved.
    """

    def __init__(self, apis: Iterable[tuple[CoveredApi, str, Mapping[str, Any]]]) -> None:
        self.apis: dict[str, CoveredApi] = {}
        self.labels: dict[str, str] = {}
        self.operations: dict[str, dict[str, Operation]] = {}
        accepted: dict[str, Accepted] = {}
        for api, label, description in apis:
            self.apis[api.name], self.labels[api.name] = api, label
            self.operations[api.name] = found = {
                one.id: one for one in _operations(description, judges_fields=api.judges_fields)
            }
            accepted |= {one.id: one.accepted for one in found.values()}
        self.general = of_descriptions(accepted)

    @cached_property
    def _api_of(self) -> Mapping[str, str]:
        return {id_: name for name, found in self.operations.items() for id_ in found}

    def apis_of(self, operation: str | None) -> tuple[str, ...]:
        """The names of the APIs that are told of an exchange of an operation."""
        if operation in STORAGE:
            return tuple(self.apis)
        api = self._api_of.get(operation or "")
        return () if api is None else (api,)

    @property
    def misuses(self) -> list[Misuse]:
        """All that a client can do wrong."""
        return [*self.general, *(one for api in self.apis.values() for one in api.misuses)]

    def situations(self, api: str, operation: str | None) -> Iterable[Situation]:
        """Those that an exchange of an operation can show."""
        return (
            one
            for one in self.apis[api].situations
            if operation in one.operations or (not one.operations and operation not in STORAGE)
        )

    def misuses_of(self, api: str, operation: str | None) -> Iterable[Misuse]:
        """Those that an exchange of an operation can show, beside the general ones."""
        return (
            one
            for one in self.apis[api].misuses
            if operation in one.operations or (not one.operations and operation not in STORAGE)
        )

    def memories(self) -> dict[str, Memory]:
        """What is remembered of a sandbox in which nothing has happened."""
        return {name: api.memory() for name, api in self.apis.items()}


Contracts = Callable[[], CoveredContract]


def _operations(description: Mapping[str, Any], *, judges_fields: bool) -> Iterable[Operation]:
    for path, item in description["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(path, method, item, judges_fields=judges_fields)


def _operation(path: str, method: str, item: Mapping[str, Any], *, judges_fields: bool) -> Operation:
    one = item[method]
    responses = {status: answer for status, answer in one["responses"].items() if status.isdigit()}
    formats = {
        media_type: None
        for status, answer in responses.items()
        if status.startswith("2")
        for media_type in answer.get("content", {})
        if "*" not in media_type
    }
    parameters = [
        parameter
        for parameter in (*item.get("parameters", ()), *one.get("parameters", ()))
        if parameter["in"] == "query"
    ]
    accepted = Accepted(
        frozenset(parameter["name"] for parameter in parameters),
        tuple(prefix for parameter in parameters for prefix in _prefixes(parameter)),
        _sent(one) if judges_fields else None,
    )
    return Operation(
        id=one["operationId"],
        method=method.upper(),
        path=path,
        summary=one.get("summary", ""),
        around=bool(one.get("x-around")),
        statuses=tuple(sorted(responses)),
        formats=tuple(formats),
        versions=tuple(one.get("x-versions", ())),
        default_version=one.get("x-default-version"),
        accepted=accepted,
    )


def _prefixes(parameter: Mapping[str, Any]) -> list[str]:
    """How the names begin that a parameter stands for, if that is an object of any names."""
    if not parameter.get("x-free-form"):
        return []
    return sorted({name.partition("__")[0] + "__" for name in parameter.get("example", {})})


def _sent(operation: Mapping[str, Any]) -> frozenset[str] | None:
    """The names of the fields that may be in a body: who sends back what was answered does nothing wrong."""
    known = _fields(operation.get("requestBody"))
    if known is None:
        return None
    answers = [_fields(one) for status, one in operation["responses"].items() if status.startswith("2")]
    return known.union(*(fields for fields in answers if fields is not None))


def _fields(body: Mapping[str, Any] | None) -> frozenset[str] | None:
    """The names of the fields of a body, if it is an object of named fields, or an array of such."""
    if body is None:
        return None
    schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    found: set[str] = set()
    for choice in schema.get("oneOf") or [schema]:
        one = choice.get("items", choice) if choice.get("type") == "array" else choice
        parts = [one, *one.get("allOf", ())]
        properties = [part["properties"] for part in parts if "properties" in part]
        if not properties or any(part.get("additionalProperties") for part in parts):
            return None
        found.update(name for some in properties for name in some)
    return frozenset(found)
