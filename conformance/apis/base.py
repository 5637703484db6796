"""What an API brings to be judged, and which APIs there are.

An API is a package with a module `api` that holds one `JudgedApi`. The distribution that the package is in
names it in the group `dbcontract.conformance.apis` of its entry points; the two that come with the kit are
named there like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self, TypeVar

__all__ = [
    "GROUP",
    "ApiNotUsable",
    "JudgedApi",
    "Key",
    "Kind",
    "OwnKeys",
    "Probe",
    "apis",
    "names",
    "options",
    "practice_of",
    "title_of",
]

_Part = TypeVar("_Part")

GROUP: Final = "dbcontract.conformance.apis"
"""The group of entry points; each is called as its API, and stands for the `JudgedApi`."""


class ApiNotUsable(RuntimeError):
    """An installed package names an API that cannot be used, or none names any; the message has a remedy."""


class Kind(Enum):
    """What the value of a key is."""

    ID = "a UUID"
    IDS = "a list of UUIDs"
    FLAG = "true or false"
    LIMIT = "a whole number above 0, in the table `limits`"
    SECRET = "the name of an environment variable that holds a secret"  # noqa: S105 (no secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that only one API has in a target file: in its own table or, if it is a limit, in `limits`.

    Attributes:
        name: in the table: `organization`. No two APIs have a limit of the same name.
        kind: of its value.
        help: a sentence for who fills it in: the comment in the template.
        field: of the API's `OwnKeys` that holds the value; by default it is called as the key.
        option: the flag that says the same on the command line, without dashes: `database`. Only for ids.
        option_help: of that flag; by default as `help`.
        example: as the template has it, in TOML.
        needed: the template has it as a line to fill in, and not as a comment.
    """

    name: str
    kind: Kind
    help: str
    field: str = ""
    option: str | None = None
    option_help: str = ""
    example: str
    needed: bool = False

    @property
    def told(self) -> str:
        """The help of the option."""
        return (self.option_help or self.help) + (" Repeatable." if self.several else "")

    @property
    def several(self) -> bool:
        """Whether it takes more than one value."""
        return self.kind is Kind.IDS


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """The values of an API's own keys: what of a target may be used beside its URL.

    A subclass is a frozen dataclass, each of whose fields has a default, with the `keys` that fill it.
    """

    keys: ClassVar[tuple[Key, ...]] = ()

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """What must not be shown, and what to call each."""
        return ()

    def on_mock(self, health: Mapping[str, Any]) -> Self:
        """The values for a mock that says this of itself, `GET /_mock/health`."""
        del health
        return self

    def in_sandbox(self) -> Self:
        """The values for a new sandbox of a mock, which has nothing that the user could have named."""
        return self

    def with_read_only(self, token: str) -> Self:
        """The same, where the target takes this token for one that may not write."""
        del token
        return self

    def rehearsed(self, ask: Callable[[str], Any], read_only: str) -> Self:
        """The values on a mock that stands for the target.

        Args:
            ask: gives the answer of the mock's control API to a GET of a path.
            read_only: a token that may not write there.
        """
        del ask, read_only
        return self


@dataclass(frozen=True, slots=True)
class Probe:
    """A GET below a base URL that tells an API from others: it alone would answer with such a status."""

    path: str
    statuses: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedApi:
    """What the kit has to know of an API.

    It is cheap to load, as commands that only list rules read it, too; what is not is `PRACTICE` in the
    module `practice` of its package.

    Attributes:
        name: on the command line, in target files and in reports: `pieces`.
        title: in sentences: `Pieces OS`.
        prefix: that the ids of its rules begin with: `PI` of `PI-EXP-01`.
        package: the package that holds `requirements.yaml`, `effects.yaml`, the module `practice` and the
            package `checks`, and may hold a `fault_model.yaml` and a `costs.json`.
        description: its OpenAPI 3.0 description, made anew for each caller, who may change it.
        probe: tells whether the API is at a base URL.
        schema_rules: the rules that all answers feed: by id, the kinds of findings that each is about (see
            `catalogue.findings`).
        usual_url: a base URL to begin with, for the template of a target file.
        mock_path: below which a mock serves it.
        needs_token: its requests carry a token, if the target has one.
        own_keys: the class of the values of the keys that only this API has in a target file; None for none.
    """

    name: str
    title: str
    prefix: str
    package: str
    description: Callable[[], dict[str, Any]]
    probe: Probe
    usual_url: str = "http://localhost:8000"
    mock_path: str = ""
    needs_token: bool = False
    own_keys: type[OwnKeys] | None = None
    schema_rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that only this API has in its table of a target file."""
        return self.own_keys.keys if self.own_keys is not None else ()

    @property
    def checks(self) -> str:
        """The package whose modules hold its checks."""
        return f"{self.package}.checks"

    def requirements(self) -> bytes:
        """The text of its catalogue, as YAML."""
        return files(self.package).joinpath("requirements.yaml").read_bytes()

    def fault_model(self) -> bytes | None:
        """The text that tells what could go wrong with its operations, as YAML; None where there is none."""
        file = files(self.package).joinpath("fault_model.yaml")
        return file.read_bytes() if file.is_file() else None

    def costs(self) -> bytes | None:
        """How many requests its rules and its fuzzing take, as JSON; None where nobody has counted."""
        file = files(self.package).joinpath("costs.json")
        return file.read_bytes() if file.is_file() else None

    def effects(self) -> bytes:
        """The text that tells which things its operations make at a target, as YAML."""
        return files(self.package).joinpath("effects.yaml").read_bytes()


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


def practice_of(api: str, part: type[_Part]) -> _Part:
    """What a run needs of an API, as much of it as one room takes.

    Args:
        api: its name.
        part: one of the classes that `apis.practice.Practice` is put together from, or that itself.

    Raises:
        ApiNotUsable: its package has no `practice` with such a `PRACTICE`.
    """
    package = apis()[api].package
    practice = import_module(f"{package}.practice").PRACTICE
    if not isinstance(practice, part):
        raise ApiNotUsable(f"{package}.practice.PRACTICE is not a Practice; mend that module")
    return practice


def options() -> Mapping[str, Key]:
    """The flags that stand for keys of single APIs, by their names without dashes."""
    return {key.option: key for api in apis().values() for key in api.keys if key.option is not None}


def title_of(name: str) -> str:
    """The title of an API; the name itself where it is not installed, as in a report from elsewhere."""
    known = apis().get(name)
    return name if known is None else known.title
