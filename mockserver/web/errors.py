"""One table per API: which error is answered how.

Pieces documents 500 and 505, in plain text, and nothing else; what lies outside its operations (unknown path,
wrong method) is 404 and 405. PixieBrix answers as Django REST framework does.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from ..apis.pixiebrix.negotiation import JSON, Negotiated
from ..state import jsonio
from ..state.errors import BrokenSchema, ImportRejected, InvalidInput, NewerExport, NotFound, StateError
from .problems import MethodNotAllowed, Problem, UnknownPath
from .responses import text_response

logger = logging.getLogger("dbcontract.mockserver")


def pieces_error(error: Exception, answer: Negotiated | None) -> Response:
    """The answer of Pieces OS to an error."""
    del answer
    match error:
        case UnknownPath():
            return text_response(f"{error.detail} The API is described at /ui/.\n", 404)
        case MethodNotAllowed():
            return text_response(f"{error.detail}\n", 405, error.headers)
        case Problem():
            return text_response(f"{_sentence(error.detail)}\n", 500)
        case NewerExport():
            return text_response(f"{error}\n", 505)
        case ImportRejected() | StateError():
            return text_response(f"{error}\n", 500)
        case _:
            logger.error("unexpected error", exc_info=error)
            return text_response("Internal error; the server's log has the details.\n", 500)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What PixieBrix says to an error.

    Attributes:
        detail: a sentence, or the errors keyed by field.
        headers: extra ones.
    """

    status: int
    detail: Any
    headers: dict[str, str] | None = None


class Errors:
    """How errors are answered."""

    def pieces(self, error: Exception, answer: Negotiated | None) -> Response:
        """The answer of Pieces OS."""
        return pieces_error(error, answer)

    def pixiebrix(self, error: Exception, answer: Negotiated | None) -> Response:
        """The answer of PixieBrix."""
        return refuse(self.refusal(error), answer)

    def refusal(self, error: Exception) -> Refusal:
        """Status, detail and headers of PixieBrix's answer."""
        return refusal_of(error)


def pixiebrix_error(error: Exception, answer: Negotiated | None) -> Response:
    """The answer of PixieBrix to an error."""
    return refuse(refusal_of(error), answer)


def refusal_of(error: Exception) -> Refusal:
    """What PixieBrix says to an error."""
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
            return Refusal(500, "Internal error; the server's log has the details.")


def refuse(refusal: Refusal, answer: Negotiated | None) -> Response:
    """A refusal as a response, in the negotiated version."""
    detail = refusal.detail
    body = {"detail": detail} if isinstance(detail, str) else detail
    content_type = JSON if answer is None else Negotiated(JSON, answer.version).content_type
    return Response(jsonio.dumps(body), refusal.status, refusal.headers, content_type)


def _sentence(detail: Any) -> str:
    return detail if isinstance(detail, str) else jsonio.dumps(detail).decode()
