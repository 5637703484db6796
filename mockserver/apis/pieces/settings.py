"""What can be set of Pieces OS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...sandbox.options import StartOption
from ...sandbox.sandbox import Sandbox
from ...sandbox.settings import Settings
from ...state.errors import InvalidInput
from .state.pieces import PiecesDatabase
from .state_of import state_of


class PiecesSettingsOrders:
    """The versions that the server says it has; the state keeps them."""

    schemas: Mapping[str, Mapping[str, Any]] = {}
    members: frozenset[str] = frozenset()

    def initial(self, settings: Settings) -> None:
        """Nothing: the state has it all."""

    def describe(self, sandbox: Sandbox) -> Mapping[str, Any]:
        """The versions."""
        state = state_of(sandbox)
        return {"os_version": state.version, "migration": state.migration}

    def check(self, order: Mapping[str, Any]) -> None:
        """Accept semantic versions. Raises `InvalidInput`."""
        version = order.get("os_version")
        if version is not None and not PiecesDatabase.is_version(version):
            raise InvalidInput({"os_version": [f'"{version}" is not a semantic version such as 9.0.0.']})

    def apply(self, sandbox: Sandbox, order: Mapping[str, Any]) -> None:
        """Have other versions."""
        if "os_version" in order or "migration" in order:
            state_of(sandbox).become(order.get("os_version"), order.get("migration"))

    def dump(self, sandbox: Sandbox) -> Mapping[str, Any]:
        """Nothing: the export has it."""
        del sandbox
        return {}

    def load(self, written: Mapping[str, Any]) -> None:
        """Nothing."""


def _semantic(version: str | None) -> None:
    if version is not None and not PiecesDatabase.is_version(version):
        raise ValueError("not a semantic version; write one such as 11.0.0")


OPTIONS: Final = (
    # the version of the server; None takes that of the data set
    StartOption(name="os_version", default=None, check=_semantic),
    # the database version of the server; None takes that of the data set
    StartOption(name="migration", default=None, parse=int),
)
