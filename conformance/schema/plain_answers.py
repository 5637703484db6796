"""Most answers are as described, and that most of them are is seen without a check of Schemathesis.

What is not known here says nothing against an answer: Schemathesis looks at it, and words what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import jsonschema_rs
from schemathesis.core import media_types
from schemathesis.specs.openapi.schemas import OpenApiSchema

from dbcontract.plain_json import read_json

from ..http.wire import Received
from .calls import Operation

_Told = Callable[[bytes], bool]

_KINDS: Final = 1_000
"""How many kinds of answers are remembered; a target may invent media types."""


class PlainAnswers:
    """Tells answers that are as described, by the validators that Schemathesis has compiled for them."""

    def __init__(self, schema: OpenApiSchema) -> None:
        self._schema = schema
        self._kinds: dict[tuple[str, int, str], _Told] = {}

    def is_as_described(self, operation: Operation, received: Received) -> bool:
        """Whether status, media type, headers and body are; False where that is not plain to see."""
        types = [value for name, value in received.headers if name.lower() == "content-type"]
        if len(types) > 1 or received.truncated:
            return False
        kind = (operation.id, received.status, types[0] if types else "")
        tell = self._kinds.get(kind)
        if tell is None:
            tell = self._told_by(operation, received.status, kind[2])
            if len(self._kinds) < _KINDS:
                self._kinds[kind] = tell
        return tell(received.content)

    def _told_by(self, operation: Operation, status: int, content_type: str) -> _Told:
        described: Any = operation.described
        answer = described.responses.find_by_status_code(status)
        if answer is None or answer.status_code != str(status) or answer.headers:
            return _unknown
        content = answer.definition.get("content")
        if not content:
            return _any
        media_type = content_type.partition(";")[0].strip().lower()
        # What a charset does to the body is left to Schemathesis, and so is all that is not JSON.
        if media_type not in content or "charset" in content_type.lower():
            return _unknown
        resolved = answer.get_schema(content_type)
        if resolved.schema is None or resolved.media_type != media_type or resolved.has_discriminator:
            return _unknown
        if not media_types.is_json(media_type):
            return _unknown
        config = self._schema.config.checks_config_for(operation=described)
        validator = answer.get_validator(
            media_type,
            resolved.schema,
            validate_formats=config.response_schema_conformance.validate_formats,
        )
        return _unknown if validator is None else lambda body: _is_valid(validator, body)


def _is_valid(validator: jsonschema_rs.Validator, body: bytes) -> bool:
    try:
        return validator.is_valid(read_json(body))
    except (ValueError, RecursionError):
        return False


def _unknown(_body: bytes) -> bool:
    return False


def _any(_body: bytes) -> bool:
    return True
