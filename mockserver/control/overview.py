"""What a sandbox holds, for somebody who looks at it."""

from __future__ import annotations

from typing import Any

from ..apis.base import served_apis
from ..sandbox.sandbox import Sandbox
from ..state.instants import format_instant


def describe(sandbox: Sandbox) -> dict[str, Any]:
    """Clock, journal, and what each API shows, as the control API has them."""
    now = sandbox.now()
    shown: dict[str, Any] = {
        "clock": {"now": format_instant(now), "frozen": sandbox.clock.frozen},
        "requests": len(sandbox.journal),
    }
    for api in served_apis().values():
        shown |= api.overview(sandbox, now)
    return shown
