"""How Pieces OS words errors: it documents 500 and 505, in plain text, and nothing else.

What lies outside its operations (unknown path, wrong method) is 404 and 405.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from starlette.responses import Response

from ...extension_point import ExtensionPoint
from ...state import jsonio
from ...state.errors import StateError
from ...web.errors import INTERNAL, logger
from ...web.negotiated import Negotiated
from ...web.problems import MethodNotAllowed, Problem, UnknownPath
from ...web.responses import text_response
from .state.errors import ImportRejected, NewerExport
from .state.exported import SEMANTICS

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "not-an-object": "{place} must be an object, not {value}",
        "not-an-array": "{place} must be an array, not {value}",
        "not-bytes": "{place} must be an array of bytes, not {value}",
        "not-a-byte": "{place} must be a byte (0-255), not {value}",
        "not-a-string": "{place} must be a string, not {value}",
        "not-an-integer": "{place} must be an integer, not {value}",
        "not-a-version": "{place} must be a semantic version such as 9.0.0, not {value}",
        "unknown-semantic": f"{{place}} must be one of {', '.join(SEMANTICS)}, not {{value}}",
        "unknown-field": "{value} is not a field of {place}",
        "missing": "{place} is missing",
        "not-mergeable": "{place}: the bytes are not arrays of entries on both sides and differ; they are "
        "taken over where there is nothing or the same, but cannot be merged",
        "newer-version": "the export comes from version {value}, which is newer than {mine}",
        "newer-migration": "the export has database version {value}, which is newer than {mine}",
        "failed-inside": "the import failed inside after {value} merged entries; nothing was changed",
    }
)
"""How the codes of the state and the handlers are worded: what is wrong, where, and what this server has."""


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
            case StateError():
                return text_response(f"{sentence(error)}\n", 505 if isinstance(error, NewerExport) else 500)
            case _:
                logger.error("unexpected error", exc_info=error)
                return text_response(f"{INTERNAL}\n", 500)


ERRORS: Final = ExtensionPoint("pieces.errors", PiecesErrors)


def sentence(error: StateError) -> str:
    """What is said of an import that is refused; what has no words is told as it is."""
    match error:
        case NewerExport(wrong=wrong) if wrong.code in WORDS:
            return WORDS[wrong.code].format(value=wrong.value, mine=error.mine)
        case ImportRejected(wrong=wrong) if wrong.code in WORDS:
            place = error.place or "an exported database"
            return WORDS[wrong.code].format(value=_shown(wrong.value), place=place)
        case _:
            return str(error)


def _sentence(detail: Any) -> str:
    return detail if isinstance(detail, str) else jsonio.dumps(detail).decode()


def _shown(value: object) -> str:
    """The value as JSON for a message, cut to a readable length."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    try:
        text = jsonio.dumps(value).decode()
    except jsonio.MalformedJSON:
        text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
