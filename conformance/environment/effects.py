"""What operations may do to a target, and what a path names.

Which operation may do what, the description says: `x-effect: {may: [create], thing: database}`, where `may`
has create, change and destroy for what is there, and import, which may write over what is there. What the
things are, the `effects.yaml` of the API says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import unquote

import yaml

from ..apis.base import ApiNotUsable, apis
from ..target.target import Target

CREATE, CHANGE, DESTROY, IMPORT = "create", "change", "destroy", "import"

READING: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110, safe methods)."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of thing that an operation makes.

    Attributes:
        api: that makes it.
        called: in words, in the singular.
        parameter: of paths, that its id stands for; empty where no path names it.
        removed_by: paths of DELETE requests, each of which removes one; none where it stays.
        inside: the kind of thing that it is in, and is gone with; empty for what is in none.
    """

    name: str
    api: str
    called: str
    parameter: str
    removed_by: tuple[str, ...]
    inside: str = ""


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
        rest: what follows that is not a kind of ours, such as `schema`.
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
    """All kinds of things of all APIs, by name.

    Raises:
        ApiNotUsable: two APIs have things of the same name.
    """
    found: dict[str, Thing] = {}
    for api in apis():
        parameters = {kind: parameter for parameter, kind in _read(api).get("segments", {}).values()}
        for name, raw in _read(api)["things"].items():
            removed_by = tuple(raw.get("removed_by", ()))
            thing = Thing(name, api, raw["called"], parameters.get(name, ""), removed_by, raw.get("in", ""))
            if found.setdefault(name, thing) != thing:
                raise ApiNotUsable(f"the effects.yaml of {api} has another API's thing {name!r}; rename it")
    return found


def inside(thing: str, ids: Mapping[str, str]) -> str | None:
    """The id, out of those of a path, of what a thing of this kind is in; None where it is in none."""
    holder = things()[thing].inside if thing in things() else ""
    return ids.get(things()[holder].parameter) if holder else None


@cache
def effects(api: str) -> Mapping[str, Effect]:
    """The effects of the operations of an API that do not only read, by operationId."""
    return {
        operation["operationId"]: Effect(frozenset(raw["may"]), raw["thing"])
        for item in apis()[api].description()["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and (raw := operation.get("x-effect")) is not None
    }


@cache
def _read(api: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load(apis()[api].effects())
    return found


DELETED, KEPT = "deletes them", "which stay: no operation deletes them"
"""What becomes of what a run creates."""


def plans_of(api: str, target: Target) -> list[str]:
    """What a run may create at a target, and what of it stays, by kind of thing: one sentence each."""
    made = {effect.thing for effect in effects(api).values() if CREATE in effect.may}
    url = target.endpoints[api].url
    return [
        f"{url}: may create things of the kind {one.called}"
        + (f", and {DELETED}." if one.removed_by else f", {KEPT}.")
        for one in things().values()
        if one.api == api and one.name in made
    ]


def named(api: str, path: str) -> Named:
    """What a path below the base URL of an API names, percent-decoded."""
    known: Mapping[str, tuple[str, str]] = _read(api).get("segments", {})
    segments = [unquote(segment) for segment in path.split("/") if segment]
    # A server may decode before it takes a path apart, and leave out dots and what is empty.
    plain = "//" not in path and not {".", ".."} & {part for one in segments for part in one.split("/")}
    for start in _read(api).get("at_the_root", ()):
        parts = start.strip("/").split("/")
        if segments[: len(parts)] == parts:
            del segments[: len(parts) - 1]
    ids: dict[str, str] = {}
    kind, last = "", None
    while segments:
        name = segments.pop(0)
        if name not in known:
            return Named(ids, kind, last, "/".join([name, *segments]), plain)
        parameter, kind = known[name]
        last = segments.pop(0) if segments else None
        if last is not None:
            ids[parameter] = last
    return Named(ids, kind, last, plain=plain)
