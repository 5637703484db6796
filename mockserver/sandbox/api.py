"""What a sandbox takes of an API: how what it remembers of it begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..extension_point import ExtensionPoint
from ..state.lifecycle import ApiState
from ..state.objects import ObjectStore
from .options import ApiWithOptions
from .settings import Settings


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


class InitialSettings(Protocol):
    """The settings of one API, as a sandbox begins with them."""

    def initial(self, settings: Settings) -> Any:
        """The values with which a sandbox of a server begins.

        They are in `SandboxSettings.apis`, by the API's name, and copied with `copy.copy`. What the state
        keeps itself need not be there.
        """


@dataclass(frozen=True, kw_only=True)
class RememberedApi(ApiWithOptions):
    """What a sandbox takes of an API.

    Attributes:
        settings: what may be set of it while a sandbox lives.
        loader: begins to load a data set; what it holds of uploads goes into the store. None for an API
            without state.
        state: the class of what it remembers, as an extension point, where a variant can override it.
    """

    settings: InitialSettings | None = None
    loader: Callable[[Settings, ObjectStore], Loader] | None = None
    state: ExtensionPoint[Any] | None = None
