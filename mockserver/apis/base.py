"""What an API brings to the mock: one value of `ServedApi`, found through an entry point.

The rooms around `apis/` know this class and what `served_apis` finds, and no API by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final, Protocol

from dbcontract import openapi

from ..extension_point import ExtensionPoint
from ..web.request_policy import RequestPolicy

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Receive

    from ..sandbox.api_settings import ApiSettings, StartOption
    from ..sandbox.sandbox import Sandbox
    from ..sandbox.settings import Settings
    from ..snapshot.section import Section
    from ..state.lifecycle import ApiState
    from ..state.objects import ObjectStore
    from ..storage.downloads import Item
    from ..web.documented import Answer
    from ..web.negotiated import Negotiated

GROUP: Final = "dbcontract.mockserver.apis"
"""The group of entry points: the name is the API's, the value a `ServedApi`."""


class ApiError(Exception):
    """An API that is installed, but cannot be served; the message names the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraPaths:
    """What an API answers beside the operations of its description.

    Attributes:
        paths: below the base path, as a request has them.
        respond: answers one of them, given the path, the method and the body's messages.
    """

    paths: frozenset[str]
    respond: Callable[[Sandbox, str, str, Receive], Awaitable[Response]]


class Loader(Protocol):
    """Makes what an API remembers of the entries of a data set."""

    @property
    def kinds(self) -> Mapping[str, Callable[[Mapping[str, Any]], None]]:
        """What takes an entry, by the kind of the entry; each comes after those that it refers to."""

    def finish(self, as_of: int, seed: int) -> ApiState:
        """The state, once all entries were taken; also of a data set that has none for this API.

        Args:
            as_of: the instant that is now for the data, in µs.
            seed: of the data, for what is drawn by chance.

        Raises:
            StateError: the contents break a rule of the API.
        """


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


def _nothing_to_see(sandbox: Sandbox, now: int) -> Mapping[str, Any]:
    del sandbox, now
    return {}


def _as_documented(answer: Answer, sandbox: Sandbox) -> Answer:
    del sandbox
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedApi:
    """One API that the mock serves.

    Attributes:
        name: as the user chooses it, and as its entry point is called.
        label: what people call it, `Pieces OS`; by default its title.
        base_path: before every path of its description; empty at the root.
        handlers: what has a method for each operationId, for a request to this sandbox.
        error: the answer to an error, given what was negotiated before it.
        request_policy: how requests are checked before an operation sees them.
        security: what verifies tokens, as an extension point; None where no variant overrides it.
        options: what a user decides of it when a server starts.
        settings: what may be set of it while a sandbox lives.
        loader: begins to load a data set; what it holds of uploads goes into the store. None for an API
            without state.
        section: how its state goes into a sandbox's document and back; None leaves it
            out, and as it is.
        stored: what its links lead to beside uploads, by key and instant (µs); None for a key of others.
        state: the class of what it remembers, as an extension point, where a variant can override it.
        extension_points: what a variant can override that shows in this API, what it shares with others too.
        description_package: the package in which `NAME.yaml` describes it.
        amend: adds to the description what only the running server knows.
        defects: the package of its defects.
        conforming: the package of its conforming variants.
        extra_paths: what it answers beside its description; None for nothing.
        known_ids: ids that exist, by the path parameters that take them, for examples to be tried.
        overview: what a sandbox holds of it at an instant (µs), as members of the control API's overview.
        health: what the control API's health tells of it.
        control: has a method for each operation that the control API has because of it.
        contents: what a sandbox holds of it, for the landing page: lists by name, that are cut.
        shown: the same for the banner.
        samples: what exists, for commands to be tried; by default the `known_ids`.
        variable: what the names of its environment variables begin with; by default its name.
        example: a documented example as this sandbox would say it.
    """

    name: str
    label: str = ""
    base_path: str
    handlers: Callable[[Sandbox], object]
    error: Callable[[Sandbox, Exception, Negotiated | None], Response]
    request_policy: RequestPolicy = field(default_factory=RequestPolicy)
    security: ExtensionPoint[Any] | None = None
    options: tuple[StartOption, ...] = ()
    settings: ApiSettings | None = None
    loader: Callable[[Settings, ObjectStore], Loader] | None = None
    section: Section | None = None
    stored: Callable[[Any, str, int], Awaitable[Item | None]] | None = None
    state: ExtensionPoint[Any] | None = None
    extension_points: tuple[ExtensionPoint[Any], ...] = ()
    description_package: str = openapi.__name__
    amend: Callable[[dict[str, Any]], None] | None = None
    defects: str | None = None
    conforming: str | None = None
    extra_paths: ExtraPaths | None = None
    known_ids: Callable[[Sandbox], Mapping[str, str]] = _nothing_known
    overview: Callable[[Sandbox, int], Mapping[str, Any]] = _nothing_to_see
    health: Callable[[Sandbox], Mapping[str, Any]] = _nothing_known
    control: object | None = None
    contents: Callable[[Sandbox], Mapping[str, Any]] = _nothing_known
    shown: Callable[[Sandbox], list[Shown]] = _nothing_shown
    samples: Callable[[Sandbox], Samples] | None = None
    variable: str = ""
    example: Callable[[Answer, Sandbox], Answer] = _as_documented

    def description(self, *, written_out: bool = False) -> dict[str, Any]:
        """Its description, parsed anew; `written_out` as for `openapi.load`."""
        description = openapi.load(self.name, written_out=written_out, package=self.description_package)
        if self.amend is not None:
            self.amend(description)
        return description

    def samples_of(self, sandbox: Sandbox) -> Samples:
        """What exists in a sandbox, to try operations on."""
        return KnownSamples(self.known_ids(sandbox)) if self.samples is None else self.samples(sandbox)

    @property
    def title(self) -> str:
        """What it is called in the description."""
        title: str = self.description()["info"]["title"]
        return title


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


@cache
def served_apis() -> Mapping[str, ServedApi]:
    """The APIs that are installed, by name, those with the longer base path first.

    Raises:
        ApiError: an entry point has another name than its API, or two APIs have one base path.
    """
    found = []
    for name in sorted(api_names()):
        (entry, *others) = entry_points(group=GROUP, name=name)
        api = entry.load()
        if others or not isinstance(api, ServedApi) or api.name != name:
            msg = f"{GROUP}: {name} = {entry.value} must be one ServedApi of that name"
            raise ApiError(msg)
        found.append(api)
    paths = [api.base_path for api in found]
    twice = {path for path in paths if paths.count(path) > 1}
    if twice:
        names = ", ".join(api.name for api in found if api.base_path in twice)
        msg = f"{names}: several APIs at one base path; uninstall all but one"
        raise ApiError(msg)
    return {api.name: api for api in sorted(found, key=lambda api: -len(api.base_path))}
