"""Calls of operations, as they are made and as Schemathesis has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from schemathesis.core import NOT_SET
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation

from ..http.spool import Spool, dump


@dataclass(frozen=True, slots=True)
class Operation:
    """What the description says of one operation.

    Attributes:
        around: none of the documents has it; only a rule of its own may judge it.
        versions: at which it is served; empty for an API without versions.
        asked_version: the one that is asked for, unless a check wants another; None for an API without
            versions.
        produces: the media types of its answers of success, without wildcards.
        statuses: the described ones; errors that no vendor publishes are not among them.
    """

    id: str
    method: str
    path: str
    around: bool
    versions: tuple[str, ...]
    asked_version: str | None
    produces: tuple[str, ...]
    statuses: tuple[int, ...]
    described: APIOperation[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an operation.

    Attributes:
        path: the path parameters, percent-encoded.
        query: the query parameters, unquoted.
        json: the body, as a value; `NOT_SET` for none.
    """

    operation: Operation
    path: Mapping[str, str]
    query: Mapping[str, object]
    json: Any

    def url(self, base_url: str) -> str:
        """Its address: base URL, path and query, percent-encoded."""
        url = base_url.rstrip("/") + self.operation.path.format_map(self.path)
        query = query_string(self.query)
        return f"{url}?{query}" if query else url

    @property
    def body(self) -> bytes | Spool | None:
        """Its JSON body in UTF-8; None when it has none."""
        return None if self.json is NOT_SET else dump(self.json, ensure_ascii=False)

    def case(self) -> Case[Any]:
        """The same as Schemathesis has it."""
        case: Case[Any] = self.operation.described.Case(
            path_parameters=dict(self.path),
            query=dict(self.query),
            body=self.json,
            media_type="application/json" if self.json is not NOT_SET else None,
        )
        return case


def query_string(query: Mapping[str, object]) -> str:
    """The query, percent-encoded; booleans as JSON has them, lists as repeated parameters, None left out."""
    pairs = []
    for name, value in query.items():
        several = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, _plain(one)) for one in several if one is not None]
    return urlencode(pairs, quote_via=quote)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
