"""Metrics over the control API, for Prometheus."""

from __future__ import annotations

import asyncio
from importlib import import_module

from starlette.responses import Response

from ..sandbox.registry import Sandboxes
from ..web.call import Call


class MetricsHandlers:
    """The operation about metrics by its operationId."""

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes

    async def getMetrics(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """What all sandboxes of this server have counted, for Prometheus."""
        del call
        # In a thread, as the first time takes a tenth of a second; a server that nobody asks goes without.
        await asyncio.to_thread(import_module, "prometheus_client")
        from .exposition import exposed  # noqa: PLC0415 - see above

        return exposed(self._sandboxes)
