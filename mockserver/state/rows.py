"""A record as the state keeps it and the artifacts render it: a plain tuple, for there are many."""

from __future__ import annotations

from typing import Final

Row = tuple[int, int, str, int, bytes]
"""(created µs, sequence, key, updated µs, data): `data` is the object as `jsonio.dumps` writes it."""
CREATED: Final = 0
SEQUENCE: Final = 1
KEY: Final = 2
UPDATED: Final = 3
DATA: Final = 4
