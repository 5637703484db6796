"""What can be set of one API: when a server starts, and while a sandbox lives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .sandbox import Sandbox
    from .settings import Settings


def _unchecked(value: Any) -> None:
    del value


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOption:
    """What a user decides of an API when a server starts, as `Settings.options` and `serve --set` have it.

    Attributes:
        name: unique among all APIs, in snake case.
        default: the value where nothing is said.
        parse: the value that a text of the command line stands for; raises `ValueError`.
        check: accepts a value, or raises `ValueError` with a message that says what to write.
    """

    name: str
    default: Any
    parse: Callable[[str], Any] = str
    check: Callable[[Any], None] = _unchecked


class ApiSettings(Protocol):
    """The settings of one API that may change while a sandbox lives.

    Their values are in `SandboxSettings.apis`, by the API's name, and copied with `copy.copy`. What the state
    keeps itself need not be there.
    """

    @property
    def members(self) -> frozenset[str]:
        """The names of those that a sandbox's document keeps among its settings, unique among all APIs."""

    @property
    def schemas(self) -> Mapping[str, Mapping[str, Any]]:
        """The JSON Schema of each setting that the control API does not describe itself, by name."""

    def initial(self, settings: Settings) -> Any:
        """The values with which a sandbox of a server begins."""

    def describe(self, sandbox: Sandbox) -> Mapping[str, Any]:
        """The settings, as the control API shows and takes them."""

    def check(self, order: Mapping[str, Any]) -> None:
        """Accept an order that is as described. Raises `InvalidInput`."""

    def apply(self, sandbox: Sandbox, order: Mapping[str, Any]) -> None:
        """Change those settings of the API that the order, which was accepted, names."""

    def dump(self, sandbox: Sandbox) -> Mapping[str, Any]:
        """The members."""

    def load(self, written: Mapping[str, Any]) -> Any:
        """The values that the members stand for.

        Raises:
            TypeError, ValueError: one is not as it was written; the message says what is wrong.
        """
