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


def load(name: str, *, written_out: bool = False) -> dict[str, Any]:
    """The description of that name, parsed anew: the caller may change it.

    Args:
        name: one of `names`.
        written_out: say with `oneOf` what the description says with `x-also`, as generators of clients cannot
            deal with the former: that an item of an array may stand alone (`one`), or several in an array
            (`several`).

    Raises `UnknownDescription` for a name that `names` does not list.
    """
    known = names()
    if name not in known:
        raise UnknownDescription(name, known)
    text = files(__name__).joinpath(name + _SUFFIX).read_bytes()
    document: dict[str, Any] = _unshared(yaml.load(text, Loader=_Loader))  # noqa: S506 (a safe loader)
    if written_out:
        _write_out(document)
    return document


def _unshared(node: Any) -> Any:
    """A copy in which no part is shared, as those are that the text repeats by an alias."""
    if isinstance(node, dict):
        return {name: _unshared(value) for name, value in node.items()}
    return [_unshared(value) for value in node] if isinstance(node, list) else node


def _write_out(node: Any) -> None:
    """Replace `x-also` in all media types below a part of a description."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _write_out(child)
    if isinstance(node, dict) and "x-also" in node:
        schema = node["schema"]
        several = schema if node.pop("x-also") == "one" else {"type": "array", "items": schema}
        node["schema"] = {"oneOf": [several["items"], several]}
