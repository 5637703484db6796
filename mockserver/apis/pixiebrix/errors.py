"""How PixieBrix words errors: as Django REST framework does, in the negotiated version."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from ...extension_point import ExtensionPoint
from ...web.errors import Refusal, refusal_of, refuse
from ...web.negotiated import Negotiated


class PixieBrixErrors:
    """How errors are answered."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        """The answer to an error."""
        return refuse(self.refusal(error), answer)

    def refusal(self, error: Exception) -> Refusal:
        """Status, detail and headers of the answer."""
        return refusal_of(error)


ERRORS: Final = ExtensionPoint("pixiebrix.errors", PixieBrixErrors)
