"""Which operation a request is meant for, and which methods a path allows; Connexion tells neither."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
"""The methods that a description may have operations for."""


class OperationTable:
    """The operations of one description, found by method and path alone: whether the request is valid or not.

    Args:
        description: its paths end without a slash.
        base_path: where it is served.
    """

    def __init__(self, description: Mapping[str, Any], base_path: str) -> None:
        self._places: list[tuple[re.Pattern[str], dict[str, str]]] = [
            (
                _pattern(base_path, template),
                {method.upper(): item[method]["operationId"] for method in METHODS if method in item},
            )
            for template, item in description["paths"].items()
        ]

    def at(self, method: str, path: str) -> str | None:
        """The operation that a request is meant for, that of GET for HEAD; None outside all operations."""
        verb = "GET" if method == "HEAD" else method
        for pattern, operations in self._places:
            if verb in operations and pattern.fullmatch(path):
                return operations[verb]
        return None

    def allowed(self, path: str) -> list[str]:
        """All methods of a path, for a complete `Allow` (RFC 9110, 15.5.6); empty for an unknown path."""
        found: dict[str, None] = {}
        for pattern, operations in self._places:
            if pattern.fullmatch(path):
                for method in operations:
                    found |= dict.fromkeys(("GET", "HEAD") if method == "GET" else (method,))
        return list(found)


def _pattern(base_path: str, template: str) -> re.Pattern[str]:
    """A pattern for the paths of one template; a parameter is one segment."""
    return re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(base_path + template)))


def resolved(description: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the description with every `$ref` replaced by what it points at."""
    from .framework import resolve_refs  # noqa: PLC0415 (help and completion read what an API brings without it)

    copied: dict[str, Any] = resolve_refs(copy.deepcopy(dict(description)))
    return copied


def without_trailing_slashes(description: dict[str, Any]) -> dict[str, Any]:
    """The description with every path's trailing slash cut, as the gateway cuts it from requests."""
    paths = {path.rstrip("/") or "/": item for path, item in description["paths"].items()}
    return {**description, "paths": paths}
