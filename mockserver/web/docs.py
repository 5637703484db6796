"""The Swagger UI and the description of each API, at `/ui/` and `/openapi.json` below its base path."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.options import SwaggerUIOptions
from connexion.spec import Specification
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Docs:
    """Connexion's Swagger UI over several descriptions, built when first looked at: most never are."""

    def __init__(self, descriptions: Mapping[str, dict[str, Any]]) -> None:
        self._descriptions = descriptions
        self._app: ASGIApp | None = None

    def _build(self) -> ASGIApp:
        app: Any = SwaggerUIMiddleware(PlainTextResponse("Not found.", 404))
        options = SwaggerUIOptions(
            swagger_ui_config={"displayRequestDuration": True, "docExpansion": "list", "filter": True}
        )
        for base_path, description in sorted(self._descriptions.items(), reverse=True):
            specification = Specification.load(copy.deepcopy(description))
            app.add_api(specification, base_path=base_path, swagger_ui_options=options)
        return cast("ASGIApp", app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a page, one of its files, or the description."""
        if self._app is None:
            self._app = self._build()
        await self._app(scope, receive, send)
