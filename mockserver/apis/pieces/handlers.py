"""The operations of Pieces OS (document: Database API | Python SDK)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator

from starlette.responses import Response

from ...state.errors import Wrong
from ...web.call import ABSENT, Call
from .state.errors import ImportRejected
from .state.pieces import ImportPlan
from .state_of import state_of


class PiecesHandlers:
    """Export and import of the whole local database."""

    async def exportDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """`GET /database/export`: the whole database as one document."""
        return Response(state_of(call.sandbox).export_json(), 200, None, "application/json")

    async def importDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """`POST /database/import`: merge a document, or change nothing at all; no body merges nothing.

        Raises:
            ImportRejected: answered 500.
            NewerExport: answered 505.
        """
        if call.body is ABSENT:
            return Response(None, 204)
        pieces = state_of(call.sandbox)
        plan = await _in_slices(pieces.plan_steps(call.body))
        pieces.apply(plan, _failing_inside(call))
        return Response(None, 204)


async def _in_slices(steps: Generator[None, None, ImportPlan]) -> ImportPlan:
    """Check a large import while other requests get their turn; nothing changes before all is checked."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            plan: ImportPlan = done.value
            return plan
        await asyncio.sleep(0)


def _failing_inside(call: Call) -> Callable[[int], None] | None:
    """What an ordered fault makes of the merge: it breaks off once this many entries are merged."""
    fault = call.exchange.fault
    if fault is None or fault.after_entries is None:
        return None
    limit, faults = fault.after_entries, call.sandbox.faults

    def probe(merged: int) -> None:
        if merged >= limit and faults.use(fault):
            raise ImportRejected(Wrong("failed-inside", merged))

    return probe
