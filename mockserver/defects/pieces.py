"""Wrong exports and imports (document: Database API | Python SDK)."""

from __future__ import annotations

from semver import Version

from ..state.pieces import PiecesDatabase
from .base import defect


@defect("PI-VER-07", "PI-VER-08")
class VersionsComparedAsText(PiecesDatabase):
    """Compares versions letter by letter, so that 10.0.0 comes before 9.0.0."""

    def _newer(self, version: Version) -> bool:
        return str(version) > self.version
