"""How PixieBrix words errors: as Django REST framework does, in the negotiated version."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.responses import Response

from ...extension_point import ExtensionPoint
from ...web.errors import Refusal, refusal_of, refuse
from ...web.negotiated import Negotiated

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "blank": "This field may not be blank.",
        "too-long": "Ensure this field has no more than {} characters.",
        "unknown-choice": '"{}" is not a valid choice.',
        "unknown-id": 'Invalid pk "{}" - object does not exist.',
        "empty-list": "This list may not be empty.",
        "field-not-named": "A field name is required.",
        "not-a-boolean": "Must be a valid boolean.",
        "schema-not-an-object": "A JSON Schema is a JSON object.",
        "not-a-schema": "This is not a valid JSON Schema: {}",
    }
)
"""How the codes of the state are worded; `{}` is the value."""


class PixieBrixErrors:
    """How errors are answered."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        """The answer to an error."""
        return refuse(self.refusal(error), answer)

    def refusal(self, error: Exception) -> Refusal:
        """Status, detail and headers of the answer."""
        return refusal_of(error, WORDS)


ERRORS: Final = ExtensionPoint("pixiebrix.errors", PixieBrixErrors)
