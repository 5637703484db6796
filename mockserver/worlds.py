"""The worlds of one server, found by the path of a request."""

from __future__ import annotations

from .loading import load_base
from .settings import Settings
from .world import Base, World


class Worlds:
    """Holds the default world, which serves every path without a prefix."""

    def __init__(self, settings: Settings, base: Base) -> None:
        self.settings = settings
        self.base = base
        self.default = World.make(base, settings)

    @classmethod
    def load(cls, settings: Settings) -> Worlds:
        """The worlds over the data set that the settings name.

        Raises:
            DataError: the data set is unknown or cannot be read.
        """
        return cls(settings, load_base(settings))

    def find(self, path: str) -> tuple[World, str]:
        """The world that a path belongs to, and the path inside it."""
        return self.default, path
