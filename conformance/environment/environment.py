"""Where one check runs: the base URLs, and what can be done there to time and to failures.

A recognized mock gives every check a sandbox of its own; any other target is one place for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from ..apis.base import OwnKeys
from ..target.target import Endpoint, own_of


class Controls(Protocol):
    """What a place can do beyond its APIs. Every method finishes before it returns.

    Any of them raises `NotVerified` where the place cannot do it, or it did not work.
    """

    def now(self) -> datetime | None:
        """The instant at the target (UTC); None when only its `Date` headers tell."""

    def advance(self, seconds: float) -> None:
        """Let that many seconds pass."""

    @property
    def runs_nights(self) -> bool:
        """Whether the nightly job is sure to run with `advance_to_next_midnight`."""

    def advance_to_next_midnight(self, now: Callable[[], datetime]) -> None:
        """Let the day end (UTC), and the nightly job run; `now` asks the target for its time."""

    def fail_next(self, operation_id: str, status: int | None) -> None:
        """Let the next call of an operation fail."""

    def fail_import_inside(self, after: int) -> None:
        """Let the next import fail when this many entries are merged."""

    def fail_next_job(self, message: str) -> None:
        """Let the next export job end as FAILURE."""

    def change(self, **settings: Any) -> None:
        """Change settings of a mock."""

    def told(self, path: str) -> Any:
        """What a mock tells at a path of its control API."""


_O = TypeVar("_O", bound=OwnKeys)


@dataclass(frozen=True, slots=True)
class Environment:
    """Base URLs and controls of one environment.

    Attributes:
        endpoints: where each API is served here, by name.
        own: the values of the APIs' own keys, as they are here.
        name: of the sandbox, or empty.
        disposable: everything in it is thrown away afterwards, so that nothing needs cleaning up.
    """

    endpoints: Mapping[str, Endpoint]
    controls: Controls
    own: tuple[OwnKeys, ...]
    disposable: bool = False
    name: str = ""

    def of(self, kind: type[_O]) -> _O:
        """The values of an API's own keys; their defaults where none are given."""
        return own_of(kind, self.own)

    def endpoint(self, api: str) -> Endpoint | None:
        """Where an API is served here."""
        return self.endpoints.get(api)

    def with_endpoint(self, api: str, endpoint: Endpoint) -> Environment:
        """The same place, with another endpoint for an API."""
        return replace(self, endpoints={**self.endpoints, api: endpoint})


class Environments(Protocol):
    """Gives places to checks."""

    @property
    def independent(self) -> bool:
        """Whether every place is a sandbox of its own, so that checks may run side by side."""

    @property
    def is_variant(self) -> bool:
        """Whether what answers is known to be wrong on purpose."""

    def open(self) -> Environment:
        """A place for one check.

        Raises:
            NotVerified: none can be made.
        """

    def open_second(self, environment: Environment) -> Environment:
        """A second, empty instance beside a place.

        Raises:
            NotVerified: there is none.
        """

    def begin_group(self) -> bool:
        """A group of checks begins: put the data back, where places share it and the target can do that.

        Returns:
            Whether it was put back.

        Raises:
            NotVerified: it did not work.
        """

    def close(self, environment: Environment) -> None:
        """The check is over."""
