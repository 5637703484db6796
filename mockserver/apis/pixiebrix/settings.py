"""What can be set of PixieBrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...sandbox.options import StartOption
from ...sandbox.sandbox import Sandbox
from ...sandbox.settings import Settings
from ...snapshot.values import number, optional, text
from .state_of import state_of
from .versions import VERSIONS

_PLAIN: Final = (
    "default_page_size",
    "max_page_size",
    "max_records",
    "requests_per_minute",
    "default_version",
)
"""Those that are taken as they come."""


@dataclass(slots=True)
class PixieBrixSettings:
    """The settings of a sandbox, except the record limit, which the state keeps.

    Attributes:
        default_page_size, max_page_size: of every paginated list (contract: Conventions).
        max_records: of one answer of the records endpoint (document: Retrieve Organization Database Records).
        requests_per_minute: of one token before it is answered 429; None: no limit.
        default_version: the version that is meant where `Accept` asks for none.
    """

    default_page_size: int = 100
    max_page_size: int = 1_000
    max_records: int = 10_000
    requests_per_minute: int | None = None
    default_version: str = VERSIONS[0]


def settings_of(sandbox: Sandbox) -> PixieBrixSettings:
    """What is set in a sandbox."""
    settings: PixieBrixSettings = sandbox.settings.apis["pixiebrix"]
    return settings


class PixieBrixSettingsOrders:
    """The settings as the control API and the document have them."""

    schemas: Mapping[str, Mapping[str, Any]] = {}
    members = frozenset({*_PLAIN, "record_limit"})

    def initial(self, settings: Settings) -> PixieBrixSettings:
        """With what a sandbox begins."""
        return PixieBrixSettings(default_version=settings.options["default_version"])

    def describe(self, sandbox: Sandbox) -> Mapping[str, Any]:
        """The settings."""
        settings = settings_of(sandbox)
        return {
            "record_limit": state_of(sandbox).record_limit,
            **{name: getattr(settings, name) for name in _PLAIN},
        }

    def check(self, order: Mapping[str, Any]) -> None:
        """Accept every order: the description says it all."""

    def apply(self, sandbox: Sandbox, order: Mapping[str, Any]) -> None:
        """Change what the order names."""
        settings = settings_of(sandbox)
        for name in _PLAIN:
            if name in order:
                setattr(settings, name, order[name])
        if "record_limit" in order:
            state_of(sandbox).record_limit = order["record_limit"]

    def dump(self, sandbox: Sandbox) -> Mapping[str, Any]:
        """As the document keeps them."""
        settings = settings_of(sandbox)
        return {
            **{name: getattr(settings, name) for name in _PLAIN},
            "record_limit": state_of(sandbox).record_limit,
        }

    def load(self, written: Mapping[str, Any]) -> PixieBrixSettings:
        """Read what the document keeps.

        Raises:
            TypeError, ValueError: one is not as it was written.
        """
        number(written["record_limit"])  # the state takes it
        return PixieBrixSettings(
            default_page_size=number(written["default_page_size"], 1),
            max_page_size=number(written["max_page_size"], 1),
            max_records=number(written["max_records"], 1),
            requests_per_minute=optional(lambda limit: number(limit, 1), written["requests_per_minute"]),
            default_version=_version(written["default_version"]),
        )


def _version(value: object) -> str:
    version = text(value)
    _known_version(version)
    return version


def _known_version(version: str) -> None:
    if version not in VERSIONS:
        raise ValueError(f"choose from {', '.join(VERSIONS)}")


def _limit(value: int) -> None:
    if value < 0:
        raise ValueError("a number of records, 0 or more")


OPTIONS: Final = (
    # how many records a database may hold before the nightly job archives some
    StartOption(name="record_limit", default=500_000, parse=int, check=_limit),
    # the version that is meant where `Accept` asks for none
    StartOption(name="default_version", default=VERSIONS[0], check=_known_version),
)
