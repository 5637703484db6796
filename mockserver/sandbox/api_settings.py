"""What can be set of one API while a sandbox lives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from .api import InitialSettings
from .sandbox import Sandbox


class ApiSettings(InitialSettings, Protocol):
    """The settings of one API that may change while a sandbox lives."""

    @property
    def members(self) -> frozenset[str]:
        """The names of those that a sandbox's document keeps among its settings, unique among all APIs."""

    @property
    def schemas(self) -> Mapping[str, Mapping[str, Any]]:
        """The JSON Schema of each setting that the control API does not describe itself, by name."""

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
