"""What a sandbox holds, for somebody who looks at it."""

from __future__ import annotations

from typing import Any, Final

from ..apis.base import served_apis
from ..sandbox.sandbox import Sandbox
from ..state.instants import format_instant

SHOWN: Final = 100
"""How many items of a kind are listed of an API that has no overview of its own."""


def describe(sandbox: Sandbox) -> dict[str, Any]:
    """Clock, journal, and what each API shows, as the control API has them."""
    now = sandbox.now()
    contents: list[dict[str, Any]] = []
    shown: dict[str, Any] = {
        "clock": {"now": format_instant(now), "frozen": sandbox.clock.frozen},
        "requests": len(sandbox.journal),
        "contents": contents,
    }
    for api in served_apis().values():
        if api.overview is not None:
            shown |= api.overview(sandbox, now)
        else:
            contents += [
                {"api": api.name, "label": api.label or api.name, **kind}
                for kind in api.contents_of(sandbox, SHOWN)
            ]
    return shown
