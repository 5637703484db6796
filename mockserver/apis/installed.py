"""Which APIs are installed: found through entry points, each as much of it as the asking room knows.

What an API brings is one object (`base.ServedApi`), a class put together from what each room takes of it.
A room asks for its own part, and so needs to know nothing of the others'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final, TypeVar

GROUP: Final = "dbcontract.mockserver.apis"
"""The group of entry points: the name is the API's, the value a `ServedApi`."""


class ApiError(Exception):
    """An API that is installed, but cannot be served; the message names the remedy."""


@dataclass(frozen=True, kw_only=True)
class Api:
    """What all rooms know of an API.

    Attributes:
        name: as the user chooses it, and as its entry point is called.
        base_path: before every path of its description; empty at the root.
    """

    name: str
    base_path: str


_Part = TypeVar("_Part", bound=Api)


@cache
def api_names() -> frozenset[str]:
    """The names of the APIs that are installed; nothing of them is imported.

    Raises:
        ApiError: there are none, as in a checkout that was installed before it had them.
    """
    names = frozenset(entry.name for entry in entry_points(group=GROUP))
    if not names:
        msg = f"no API is installed (entry points {GROUP}); install again: pip install -e ."
        raise ApiError(msg)
    return names


def installed(part: type[_Part]) -> Mapping[str, _Part]:
    """The APIs that are installed, by name, those with the longer base path first.

    Args:
        part: what is to be known of each.

    Raises:
        ApiError: an entry point has another name than its API, or two APIs have one base path.
    """
    found: dict[str, _Part] = {}
    for entry, api in _loaded():
        if not isinstance(api, part) or api.name != entry.name:
            msg = f"{GROUP}: {entry.name} = {entry.value} must be one ServedApi of that name"
            raise ApiError(msg)
        found[api.name] = api
    paths = [api.base_path for api in found.values()]
    twice = {path for path in paths if paths.count(path) > 1}
    if twice:
        names = ", ".join(api.name for api in found.values() if api.base_path in twice)
        msg = f"{names}: several APIs at one base path; uninstall all but one"
        raise ApiError(msg)
    return dict(sorted(found.items(), key=lambda item: -len(item[1].base_path)))


@cache
def _loaded() -> tuple[tuple[EntryPoint, object], ...]:
    found = []
    for name in sorted(api_names()):
        (entry, *others) = entry_points(group=GROUP, name=name)
        found.append((entry, None if others else entry.load()))
    return tuple(found)
