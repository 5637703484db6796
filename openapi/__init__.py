"""The OpenAPI descriptions of the documented Database APIs, as package data."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

__all__ = ["UnknownDescription", "load", "names"]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SUFFIX = ".yaml"


class UnknownDescription(LookupError):
    """No description has this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no description is named {name!r}; there are: {', '.join(known)}")
        self.name = name
        self.known = known


def names() -> tuple[str, ...]:
    """The names that `load` takes, sorted."""
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX)))


def load(name: str) -> dict[str, Any]:
    """The description of that name, parsed anew: the caller may change it.

    Raises `UnknownDescription` for a name that `names` does not list.
    """
    known = names()
    if name not in known:
        raise UnknownDescription(name, known)
    text = files(__name__).joinpath(name + _SUFFIX).read_bytes()
    document: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader)
    return document
