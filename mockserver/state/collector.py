"""The collector of garbage, out of whose sight a process may keep what it holds for long."""

from __future__ import annotations

import gc
from typing import Final

_IMMORTAL: Final = 5_000
"""More than Python 3.12 itself counts as frozen: some hundred objects that never go away."""


def keeps_data_out() -> bool:
    """Whether the process keeps its data out of the collector's sight, by `gc.freeze`."""
    return gc.get_freeze_count() > _IMMORTAL
