"""Errors in JSON: the control API words its own so, and an API may.

Each API has an `errors.py` of its own; what several of them share is here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from starlette.responses import Response

from ..state import jsonio
from ..state.errors import BrokenSchema, InvalidInput, MalformedJSON, NotFound, StateError, Wrong
from .negotiated import JSON, Negotiated
from .problems import Problem

logger = logging.getLogger("dbcontract.mockserver")

INTERNAL = "Internal error; the server's log has the details."
JSON_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "not-json": "JSON parse error - {}",
        "nested-too-deep": "JSON parse error - nested deeper than {} levels",
        "not-expressible": "JSON cannot hold it: {}",
        "key-not-text": "JSON cannot hold it: the keys of an object are text",
    }
)
"""How the codes of `MalformedJSON` are worded, for all APIs."""


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


def worded(errors: Any, words: Mapping[str, str]) -> Any:
    """Errors of the state, keyed by field, as sentences.

    Args:
        errors: nested as the input is; what is a sentence already stays.
        words: how each code is worded; `{}` stands for the value. A code that is neither there nor among
            `JSON_WORDS` is told as it is.
    """
    match errors:
        case Wrong():
            words_of_it = words.get(errors.code) or JSON_WORDS.get(errors.code)
            return str(errors) if words_of_it is None else words_of_it.format(errors.value)
        case Mapping():
            return {name: worded(one, words) for name, one in errors.items()}
        case list():
            return [worded(one, words) for one in errors]
        case _:
            return errors


def refusal_of(error: Exception, words: Mapping[str, str] | None = None) -> Refusal:
    """What is said to an error; `words` is how the API words the codes of its state."""
    match error:
        case Problem():
            return Refusal(error.status, error.detail, error.headers)
        case NotFound():
            return Refusal(404, "Not found.")
        case InvalidInput() | BrokenSchema():
            return Refusal(400, worded(error.errors, words or {}))
        case MalformedJSON():
            return Refusal(400, worded(error.wrong, words or {}))
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
