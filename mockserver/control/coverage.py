"""Coverage over the control API: what was met of the contract, and what clients do wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from starlette.responses import Response

from ..apis.base import ServedApi, served_apis
from ..coverage.contract import CoveredContract
from ..coverage.document import Document, document, without_what_was_not_met
from ..sandbox.registry import Sandboxes
from ..sandbox.sandbox import Sandbox
from ..web.call import Call
from ..web.connexion.routes import resolved
from ..web.responses import json_response

_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


def contracts(apis: Iterable[ServedApi]) -> Callable[[], CoveredContract]:
    """What makes what there is to meet of the served APIs, when it is asked for."""
    return partial(_contract, tuple(apis))


def _contract(apis: tuple[ServedApi, ...]) -> CoveredContract:
    return CoveredContract((api, api.label or api.title, resolved(api.description())) for api in apis)


class CoverageHandlers:
    """The operations about coverage by operationId."""

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes

    async def getCoverage(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """What was met here, or in all sandboxes."""
        everywhere = call.query.get("sandboxes") == "all"
        shown = self._sandboxes.coverage() if everywhere else self._of(call.sandbox)
        if call.query.get("met"):
            shown = without_what_was_not_met(shown)
        return json_response(_with_ids(shown, _known_ids(call.sandbox)), call.answer)

    def _of(self, sandbox: Sandbox) -> Document:
        return document(sandbox.watched(self._sandboxes.contract()), sandbox.title)

    async def updateCoverage(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Stop counting, or go on."""
        call.sandbox.watched(self._sandboxes.contract()).paused = call.body["paused"]
        return Response(None, 204)

    async def clearCoverage(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Count from nothing."""
        call.sandbox.watched(self._sandboxes.contract()).forget()
        return Response(None, 204)


def _known_ids(sandbox: Sandbox) -> Mapping[str, str]:
    return {name: value for api in served_apis().values() for name, value in api.known_ids(sandbox).items()}


def _with_ids(shown: Document, ids: Mapping[str, str]) -> Document:
    """The document whose commands name ids that exist, instead of variables that nobody sets."""

    def named(found: re.Match[str]) -> str:
        return ids.get(found[1], found[0])

    for api in shown["apis"]:
        for situation in api["situations"]:
            if "curl" in situation:
                situation["curl"] = [_VARIABLE.sub(named, line) for line in situation["curl"]]
    return shown
