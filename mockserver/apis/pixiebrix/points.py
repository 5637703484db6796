"""What PixieBrix remembers, as extension points; those of its conventions are beside their classes."""

from __future__ import annotations

from typing import Final

from ...extension_point import ExtensionPoint
from .state.pixiebrix import PixieBrixState
from .state.records import RecordTable

STATE: Final = ExtensionPoint("pixiebrix.state", PixieBrixState)
TABLE: Final = ExtensionPoint("pixiebrix.table", RecordTable, attribute_of=(STATE, "table"))
