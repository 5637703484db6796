"""Errors in JSON: the control API words its own so, and an API may.

Each API has an `errors.py` of its own; what several of them share is here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from ..state import jsonio
from ..state.errors import BrokenSchema, InvalidInput, NotFound, StateError
from .negotiated import JSON, Negotiated
from .problems import Problem

logger = logging.getLogger("dbcontract.mockserver")

INTERNAL = "Internal error; the server's log has the details."


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is said to an error.

    Attributes:
        detail: a sentence, or the errors keyed by field.
        headers: extra ones.
    """

    status: int
    detail: Any
    headers: dict[str, str] | None = None


def refusal_of(error: Exception) -> Refusal:
    """What is said to an error."""
    match error:
        case Problem():
            return Refusal(error.status, error.detail, error.headers)
        case NotFound():
            return Refusal(404, "Not found.")
        case InvalidInput() | BrokenSchema():
            return Refusal(400, error.errors)
        case StateError():
            return Refusal(400, str(error))
        case _:
            logger.error("unexpected error", exc_info=error)
            return Refusal(500, INTERNAL)


def refuse(refusal: Refusal, answer: Negotiated | None) -> Response:
    """A refusal as a response, in the negotiated version."""
    detail = refusal.detail
    body = {"detail": detail} if isinstance(detail, str) else detail
    content_type = JSON if answer is None else Negotiated(JSON, answer.version).content_type
    return Response(jsonio.dumps(body), refusal.status, refusal.headers, content_type)
