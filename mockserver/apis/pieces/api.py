"""Pieces OS, as the mock serves it."""

from __future__ import annotations

from starlette.responses import Response

from ...sandbox.sandbox import World
from ...web.documented import Answer
from ...web.negotiated import Negotiated
from ..base import ExtraPaths, ServedApi
from . import startup

EXAMPLE_VERSION = "this is 9.0.0"
"""How the description's example of a 505 tells the server's version."""


def _handlers(world: World) -> object:
    return world.implementation.pieces


def _error(world: World, error: Exception, answer: Negotiated | None) -> Response:
    return world.implementation.pieces_errors.response(error, answer)


def _with_this_version(answer: Answer, world: World) -> Answer:
    if answer.status != 505:
        return answer
    return answer.moved([EXAMPLE_VERSION], f"this is {world.pieces.version}")


API = ServedApi(
    name="pieces",
    base_path="",
    handlers=_handlers,
    error=_error,
    defects=f"{__package__}.defects",
    conforming=f"{__package__}.conforming",
    extra_paths=ExtraPaths(paths=startup.PATHS, respond=startup.started),
    example=_with_this_version,
)
