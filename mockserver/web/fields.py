"""The header fields of a request by their names: put together once, as every layer asks for some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.types import Scope

FIELDS: Final = "dbcontract.fields"
"""Key of the ASGI scope: what `fields_of` gives for its headers."""


def fields_of(headers: Sequence[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """The values by name in lower case; several lines of one name are one list (RFC 9110, 5.3)."""
    found = dict(headers)
    if len(found) == len(headers):
        return found
    lines: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        lines.setdefault(name, []).append(value)
    return {name: b", ".join(values) for name, values in lines.items()}


def fields_in(scope: Scope) -> Mapping[bytes, bytes]:
    """Those of a request, for what is used without the outermost layer, too."""
    known: Mapping[bytes, bytes] | None = scope.get(FIELDS)
    if known is None:
        known = scope[FIELDS] = fields_of(scope["headers"])
    return known


def field(scope: Scope, name: bytes) -> str | None:
    """The value of a header field of a request; None where there is none."""
    value: bytes | None = scope[FIELDS].get(name)
    return None if value is None else value.decode("latin-1")
