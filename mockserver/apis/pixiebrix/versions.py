"""The versions of the PixieBrix API (contract: Conventions)."""

from __future__ import annotations

VERSIONS = ("1.0", "1.1", "2.0")
"""The versions that there are; the first one is the default."""
PAGED = frozenset({"2.0"})
"""Those at which lists come in pages."""
