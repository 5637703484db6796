"""Coverage over the control API: what was met of the contract, and what clients do wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from starlette.responses import Response

from ..apis.base import ServedApi, served_apis
from ..coverage.contract import CoveredContract
from ..coverage.document import Document, cells, document, without_what_was_not_met
from ..sandbox.registry import Sandboxes
from ..sandbox.sandbox import Sandbox
from ..web.call import Call
from ..web.connexion.routes import resolved
from ..web.responses import json_response
from .curl import ANY_TOKEN

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
        known = _known_ids(call.sandbox)
        if call.query.get("filled"):
            known |= _surroundings(call)
        return json_response(_filled(shown, known), call.answer)

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


def _surroundings(call: Call) -> dict[str, str]:
    """The values of the variables that `dbcontract exec` would set for a command."""
    found = {"DBCONTRACT_URL": call.origin}
    for api in served_apis().values():
        found[api.url_variable] = call.origin + api.base_path
        if api.token_variable is not None and call.sandbox.settings.tokens is None:
            found[api.token_variable] = ANY_TOKEN
    return found


def _known_ids(sandbox: Sandbox) -> dict[str, str]:
    return {name: value for api in served_apis().values() for name, value in api.known_ids(sandbox).items()}


def _filled(shown: Document, known: Mapping[str, str]) -> Document:
    """The document whose commands have these values, such as ids that exist, in place of variables."""

    def value(found: re.Match[str]) -> str:
        return known.get(found[1], found[0])

    for _, cell in cells(shown):
        if "curl" in cell:
            cell["curl"] = [_VARIABLE.sub(value, line) for line in cell["curl"]]
    return shown
