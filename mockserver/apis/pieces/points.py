"""What Pieces OS remembers, as an extension point."""

from __future__ import annotations

from typing import Final

from ...extension_point import ExtensionPoint
from .state.pieces import PiecesDatabase

STATE: Final = ExtensionPoint("pieces.state", PiecesDatabase)
