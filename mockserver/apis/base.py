"""What an API brings to the mock: one value of `ServedApi`, found through an entry point.

The rooms above know this class and what `served_apis` finds, and no API by name. Those below know the part
that they take (`installed`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..coverage.api import CoveredApi
from ..extension_point import ExtensionPoint
from ..sandbox.sandbox import Sandbox
from ..snapshot.api import WrittenApi
from ..storage.api import StoringApi
from ..web.api import ExtraPaths, WebApi
from .installed import GROUP, ApiError, api_names, installed

__all__ = [
    "GROUP",
    "ApiError",
    "ExtraPaths",
    "KnownSamples",
    "NextStep",
    "Samples",
    "ServedApi",
    "Shown",
    "api_names",
    "served_apis",
]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a sandbox holds of one kind, as the banner lists it.

    Attributes:
        kind: in the plural: `Databases`.
        items: ids and names, of which the first few are enough.
        count: how many there are.
    """

    kind: str
    items: tuple[tuple[str, str], ...]
    count: int


@dataclass(frozen=True, slots=True)
class NextStep:
    """What is done with the answer of an operation.

    Attributes:
        name: in a few words: `upload a file`.
        command: a shell command that takes the answer's body as its input.
    """

    name: str
    command: str


class Samples(Protocol):
    """What exists in a sandbox, to try operations on."""

    @property
    def filename(self) -> str | None:
        """The name of a file that can be downloaded."""

    def path_parameter(self, name: str, path: str) -> str | None:
        """The value for a parameter of a path of the description; None if there is nothing to put there."""

    def body(self, example: Any) -> Any:
        """The body of an example as this sandbox takes it; None if it cannot."""

    def next_step(self, operation: str) -> NextStep | None:
        """What to do with the answer of an operation, if it is made for something else to be done with."""


@dataclass(frozen=True, slots=True)
class KnownSamples:
    """Samples that are ids by path parameter, whatever the path."""

    ids: Mapping[str, str]
    filename: str | None = None

    def path_parameter(self, name: str, path: str) -> str | None:
        """The id for a parameter."""
        del path
        return self.ids.get(name)

    def body(self, example: Any) -> Any:
        """The body of an example as it is."""
        return example

    def next_step(self, operation: str) -> NextStep | None:
        """Nothing."""
        del operation
        return None


def _nothing_shown(sandbox: Sandbox) -> list[Shown]:
    del sandbox
    return []


def _nothing_known(sandbox: Sandbox) -> Mapping[str, Any]:
    del sandbox
    return {}


@dataclass(frozen=True, kw_only=True)
class ServedApi(WebApi, StoringApi, WrittenApi, CoveredApi):
    """One API that the mock serves; what each room takes of it is described there.

    Attributes:
        extension_points: what a variant can override that shows in this API, what it shares with others too.
        defects: the package of its defects.
        conforming: the package of its conforming variants.
        overview: what a sandbox holds of it at an instant (µs), as members of the control API's overview;
            None lists there what `shown` has.
        health: what the control API's health tells of it.
        control: has a method for each operation that the control API has because of it.
        contents: what a sandbox holds of it, for programs that read `/`: lists by name, that are cut.
        shown: the same for the banner, and for people on the landing page.
        samples: what exists, for commands to be tried; by default the `known_ids`.
        variable: what the names of its environment variables begin with; by default its name.
    """

    extension_points: tuple[ExtensionPoint[Any], ...] = ()
    defects: str | None = None
    conforming: str | None = None
    overview: Callable[[Sandbox, int], Mapping[str, Any]] | None = None
    health: Callable[[Sandbox], Mapping[str, Any]] = _nothing_known
    control: object | None = None
    contents: Callable[[Sandbox], Mapping[str, Any]] = _nothing_known
    shown: Callable[[Sandbox], list[Shown]] = _nothing_shown
    samples: Callable[[Sandbox], Samples] | None = None
    variable: str = ""

    @property
    def url_variable(self) -> str:
        """The environment variable for its base URL."""
        return f"{self.variable or self.name.upper()}_URL"

    @property
    def token_variable(self) -> str | None:
        """The environment variable for a token that it takes; None for an API without tokens."""
        takes_one = "securitySchemes" in self.description().get("components", {})
        return f"{self.variable or self.name.upper()}_TOKEN" if takes_one else None

    def samples_of(self, sandbox: Sandbox) -> Samples:
        """What exists in a sandbox, to try operations on."""
        return KnownSamples(self.known_ids(sandbox)) if self.samples is None else self.samples(sandbox)

    def contents_of(self, sandbox: Sandbox, most: int) -> list[dict[str, Any]]:
        """What `shown` has as JSON, with at most that many items of each kind."""
        return [
            {
                "kind": shown.kind,
                "count": shown.count,
                "items": [{"id": id_, "name": name} for id_, name in shown.items[:most]],
            }
            for shown in self.shown(sandbox)
        ]


def served_apis() -> Mapping[str, ServedApi]:
    """The APIs that are installed, by name, those with the longer base path first.

    Raises:
        ApiError: an entry point has another name than its API, or two APIs have one base path.
    """
    return installed(ServedApi)
