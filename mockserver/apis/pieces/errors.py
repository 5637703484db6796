"""How Pieces OS words errors: it documents 500 and 505, in plain text, and nothing else.

What lies outside its operations (unknown path, wrong method) is 404 and 405.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from ...extension_point import ExtensionPoint
from ...state import jsonio
from ...state.errors import StateError
from ...web.errors import INTERNAL, logger
from ...web.negotiated import Negotiated
from ...web.problems import MethodNotAllowed, Problem, UnknownPath
from ...web.responses import text_response
from .state.errors import NewerExport


class PiecesErrors:
    """How errors are answered."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        """The answer to an error."""
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
            case StateError():
                return text_response(f"{error}\n", 500)
            case _:
                logger.error("unexpected error", exc_info=error)
                return text_response(f"{INTERNAL}\n", 500)


ERRORS: Final = ExtensionPoint("pieces.errors", PiecesErrors)


def _sentence(detail: Any) -> str:
    return detail if isinstance(detail, str) else jsonio.dumps(detail).decode()
