"""What operations may do to a target: `effects.yaml` as values, and what the path of a request names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import unquote

import yaml

CREATE, CHANGE, DESTROY, IMPORT = "create", "change", "destroy", "import"

READING: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110, safe methods)."""

_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "organizations": ("organizationId", "organization"),
    "databases": ("databaseId", "database"),
    "records": ("recordKey", "record"),
    "assets": ("assetId", "asset"),
    "jobs": ("jobId", "job"),
}
"""The segments of paths behind which an id stands: the parameter, and what it is the id of."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of thing that an operation makes.

    Attributes:
        called: in words, in the singular.
        removed_by: paths of DELETE requests, each of which removes one; none where it stays.
    """

    name: str
    called: str
    removed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a request may do, and to what kind of thing."""

    may: frozenset[str]
    thing: str


@dataclass(frozen=True, slots=True)
class Named:
    """What a path names.

    Attributes:
        ids: by the names of the path parameters, decoded.
        kind: of the last thing; empty for a path that names no kind of ours.
        id: of the last thing; None where the path ends with the kind, as that of a list does.
        rest: what follows that is no kind of ours, such as `schema`.
        plain: no server can read another path from it.
    """

    ids: Mapping[str, str]
    kind: str = ""
    id: str | None = None
    rest: str = ""
    plain: bool = True

    @property
    def last(self) -> str | None:
        """The last id in the path, of the thing itself or of what the list of such things is in."""
        return next(reversed(tuple(self.ids.values())), None)


@cache
def things() -> Mapping[str, Thing]:
    """All kinds of things, by name."""
    return {
        name: Thing(name, raw["called"], tuple(raw.get("removed_by", ())))
        for name, raw in _read()["things"].items()
    }


@cache
def effects() -> Mapping[str, Effect]:
    """The effects of the operations that do not only read, by operationId."""
    return {
        operation: Effect(frozenset(raw["may"]), raw["thing"])
        for operation, raw in _read()["operations"].items()
    }


@cache
def _read() -> Mapping[str, Mapping[str, dict[str, Any]]]:
    text = files(__package__ or "").joinpath("effects.yaml").read_bytes()
    found: Mapping[str, Mapping[str, dict[str, Any]]] = yaml.safe_load(text)
    return found


def named(path: str) -> Named:
    """What a path below the base URL names, percent-decoded."""
    segments = [unquote(segment) for segment in path.split("/") if segment]
    # A server may decode before it takes a path apart, and leave out dots and what is empty.
    plain = "//" not in path and not {".", ".."} & {part for one in segments for part in one.split("/")}
    if segments[:3] == ["databases", "records", "jobs"]:
        del segments[:2]
    ids: dict[str, str] = {}
    kind, last = "", None
    while segments:
        name = segments.pop(0)
        if name not in _NAMES:
            return Named(ids, kind, last, "/".join([name, *segments]), plain)
        parameter, kind = _NAMES[name]
        last = segments.pop(0) if segments else None
        if last is not None:
            ids[parameter] = last
    return Named(ids, kind, last, plain=plain)
