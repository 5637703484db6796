"""What an API brings to be judged, and which APIs there are.

An API is a package with a module `api` that holds one `JudgedApi`. The distribution that the package is in
names it in the group `dbcontract.conformance.apis` of its entry points; the two that come with the kit are
named there like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

__all__ = ["GROUP", "ApiNotUsable", "JudgedApi", "api_named", "apis", "names", "title_of"]

GROUP: Final = "dbcontract.conformance.apis"
"""The group of entry points; each is called as its API, and stands for the `JudgedApi`."""


class ApiNotUsable(RuntimeError):
    """An installed package names an API that cannot be used, or none names any; the message has a remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedApi:
    """What the kit has to know of an API.

    Everything here is cheap to load: commands that only list rules read it, too.

    Attributes:
        name: on the command line, in target files and in reports: `pieces`.
        title: in sentences: `Pieces OS`.
        prefix: that the ids of its rules begin with: `PI` of `PI-EXP-01`.
        package: the package that holds `requirements.yaml` and the package `checks`.
        description: its OpenAPI 3.0 description, made anew for each caller, who may change it.
    """

    name: str
    title: str
    prefix: str
    package: str
    description: Callable[[], dict[str, Any]]

    @property
    def checks(self) -> str:
        """The package whose modules hold its checks."""
        return f"{self.package}.checks"

    def requirements(self) -> bytes:
        """The text of its catalogue, as YAML."""
        return files(self.package).joinpath("requirements.yaml").read_bytes()


@cache
def _registered() -> Mapping[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise ApiNotUsable(
                f"two installed packages name an API {point.name!r}: {other.value} and {point.value}; "
                "uninstall one of them"
            )
    return MappingProxyType(found)


def names() -> tuple[str, ...]:
    """The names of all installed APIs, in the order of the alphabet; nothing else of them is loaded.

    Raises:
        ApiNotUsable: two have the same name.
    """
    return tuple(_registered())


@cache
def apis() -> Mapping[str, JudgedApi]:
    """All installed APIs by name, in the order of `names`.

    Raises:
        ApiNotUsable: there is none, or one cannot be loaded.
    """
    found = {name: _loaded(point) for name, point in _registered().items()}
    if not found:
        raise ApiNotUsable(
            f"no installed package names an API (entry points {GROUP}): what is known of the installation is "
            "older than its code; install dbcontract again, in a checkout with `pip install -e .`"
        )
    prefixes: dict[str, str] = {}
    for api in found.values():
        if prefixes.setdefault(api.prefix, api.name) != api.name:
            raise ApiNotUsable(
                f"the APIs {prefixes[api.prefix]} and {api.name} both call their rules {api.prefix}-…; "
                "change the prefix of one of them"
            )
    return MappingProxyType(found)


def _loaded(point: EntryPoint) -> JudgedApi:
    try:
        api = point.load()
    except (ImportError, AttributeError) as error:
        raise ApiNotUsable(
            f"the API {point.name!r} cannot be loaded from {point.value}: {error}; install its package again"
        ) from error
    if not isinstance(api, JudgedApi) or api.name != point.name:
        raise ApiNotUsable(f"{point.value} is not a JudgedApi with the name {point.name!r}; mend its api.py")
    return api


def api_named(name: str) -> JudgedApi:
    """The API of that name.

    Raises:
        KeyError: there is none, see `names`.
        ApiNotUsable: as for `apis`.
    """
    return apis()[name]


def title_of(name: str) -> str:
    """The title of an API; the name itself where it is not installed, as in a report from elsewhere."""
    known = apis().get(name)
    return name if known is None else known.title
