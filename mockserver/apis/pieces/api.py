"""Pieces OS, as the mock serves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from ...extension_point import ExtensionPoint
from ...sandbox.sandbox import Sandbox
from ...web.connexion.validation import VALIDATION
from ...web.documented import Answer
from ...web.negotiated import Negotiated
from ...web.request_policy import RequestPolicy
from ...web.wire_policy import WIRE_POLICY
from ..base import ExtraPaths, ServedApi
from . import startup
from .errors import ERRORS
from .handlers import PiecesHandlers
from .loading import PiecesLoader
from .points import STATE
from .section import PiecesSection
from .settings import OPTIONS, PiecesSettingsOrders
from .state_of import state_of
from .use import MISUSES, SITUATIONS, PiecesMemory

HANDLERS: Final = ExtensionPoint("pieces.handlers", PiecesHandlers)
EXAMPLE_VERSION = "this is 9.0.0"
"""How the description's example of a 505 tells the server's version."""


def _handlers(sandbox: Sandbox) -> object:
    return sandbox.implementation[HANDLERS]


def _error(sandbox: Sandbox, error: Exception, answer: Negotiated | None) -> Response:
    return sandbox.implementation[ERRORS].response(error, answer)


def _with_this_version(answer: Answer, sandbox: Sandbox) -> Answer:
    if answer.status != 505:
        return answer
    return answer.moved([EXAMPLE_VERSION], f"this is {state_of(sandbox).version}")


def _overview(sandbox: Sandbox, now: int) -> Mapping[str, Any]:
    del now
    state = state_of(sandbox)
    shown = {"version": state.version, "migration": state.migration, "collections": state.counts()}
    return {"pieces": shown}


API = ServedApi(
    name="pieces",
    label="Pieces OS",
    base_path="",
    handlers=_handlers,
    error=_error,
    request_policy=RequestPolicy(check_bodies=False),  # it documents no 400: the state words what is wrong
    options=OPTIONS,
    settings=PiecesSettingsOrders(),
    loader=PiecesLoader,
    section=PiecesSection(),
    state=STATE,
    extension_points=(HANDLERS, STATE, ERRORS, WIRE_POLICY, VALIDATION),
    defects=f"{__package__}.defects",
    conforming=f"{__package__}.conforming",
    extra_paths=ExtraPaths(paths=startup.PATHS, respond=startup.started),
    overview=_overview,
    example=_with_this_version,
    variable="PIECES_OS",
    situations=SITUATIONS,
    misuses=MISUSES,
    memory=PiecesMemory,
    judges_fields=False,  # real exports may have collections that no description names
)
