"""What Connexion's routing leaves open: which methods a path allows."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from .framework import resolve_refs

METHODS = ("get", "post", "put", "patch", "delete")
"""The methods that a description may have operations for."""


def path_pattern(base_path: str, template: str) -> re.Pattern[str]:
    """A pattern for the paths of one template; a parameter is one segment."""
    return re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(base_path + template)))


class MethodTable:
    """All methods of every path of one description, for a complete `Allow` (RFC 9110, 15.5.6)."""

    def __init__(self, description: Mapping[str, Any], base_path: str) -> None:
        self._entries = []
        for template, item in description["paths"].items():
            methods = [method.upper() for method in METHODS if method in item]
            if "GET" in methods:
                methods.insert(1, "HEAD")
            self._entries.append((path_pattern(base_path, template), methods))

    def allowed(self, path: str) -> list[str]:
        """The methods of the operations at a path; empty for an unknown path."""
        found: list[str] = []
        for pattern, methods in self._entries:
            if pattern.fullmatch(path):
                found.extend(method for method in methods if method not in found)
        return found


def resolved(description: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the description with every `$ref` replaced by what it points at."""
    copied: dict[str, Any] = resolve_refs(copy.deepcopy(dict(description)))
    return copied


def without_trailing_slashes(description: dict[str, Any]) -> dict[str, Any]:
    """The description with every path's trailing slash cut, as the gateway cuts it from requests."""
    paths = {path.rstrip("/") or "/": item for path, item in description["paths"].items()}
    return {**description, "paths": paths}
