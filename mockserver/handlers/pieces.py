"""The operations of Pieces OS (document: Database API | Python SDK)."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from ..state.errors import ImportRejected
from ..state.pieces import ImportPlan
from ..web.call import ABSENT, Call


class PiecesHandlers:
    """Export and import of the whole local database."""

    async def exportDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """`GET /database/export`: the whole database as one document."""
        return Response(call.world.pieces.export_json(), 200, None, "application/json")

    async def importDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """`POST /database/import`: merge a document, or change nothing at all; no body merges nothing.

        Raises:
            ImportRejected: answered 500.
            NewerExport: answered 505.
        """
        if call.body is ABSENT:
            return Response(None, 204)
        if not isinstance(call.body, dict):
            msg = f"The body must be an ExportedDatabase object, not {_kind(call.body)}."
            raise ImportRejected(msg)
        pieces = call.world.pieces
        steps = pieces.plan_steps(call.body)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                plan: ImportPlan = done.value
                break
            # A large import is checked in slices; what it will change is applied in one go below.
            await asyncio.sleep(0)
        pieces.apply(plan)
        return Response(None, 204)


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "a boolean", str: "a string", list: "an array"}
    return names.get(type(value), "a number")
