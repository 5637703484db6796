"""The Swagger UI and the description of each API, at `/ui/` and `/openapi.json` below its base path."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any, cast

import yaml
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .framework import Specification, SwaggerUIMiddleware, SwaggerUIOptions
from .origin import mounted_at, origin_of


class Docs:
    """Connexion's Swagger UI over several descriptions, built when first looked at: most never are.

    The descriptions themselves are served from here: Connexion's way would resolve all their references, and
    generated clients would have no names for their models.
    """

    def __init__(self, descriptions: Mapping[str, dict[str, Any]]) -> None:
        self._descriptions = descriptions
        self._app: ASGIApp | None = None

    def _build(self) -> ASGIApp:
        app: Any = SwaggerUIMiddleware(PlainTextResponse("Not found.\n", 404))
        options = SwaggerUIOptions(
            swagger_ui_config={"displayRequestDuration": True, "docExpansion": "list", "filter": True},
            spec_path="/ui/openapi.json",
        )
        for base_path, description in sorted(self._descriptions.items(), reverse=True):
            specification = Specification.load(copy.deepcopy(description))
            app.add_api(specification, base_path=base_path, swagger_ui_options=options)
        return cast("ASGIApp", app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a page, one of its files, or the description.

        The scope's `root_path` is the world's prefix, which its `path` begins with.
        """
        # Connexion's page has the path of its description in it, which a proxy may have served below another.
        above = mounted_at(scope)
        scope = {**scope, "path": above + scope["path"], "root_path": above + scope["root_path"]}
        response = self._description(scope)
        if response is not None:
            await response(scope, receive, send)
            return
        if self._app is None:
            self._app = self._build()
        try:
            await self._app(scope, receive, send)
        except HTTPException as error:
            refusal = PlainTextResponse(f"{error.detail}.\n", error.status_code, error.headers)
            await refusal(scope, receive, send)

    def _description(self, scope: Scope) -> Response | None:
        """The description that is asked for, with this server as the only one; None for anything else."""
        prefix: str = scope["root_path"]
        base_path, slash, name = scope["path"].removeprefix(prefix).rpartition("/")
        for_ui = base_path.endswith("/ui")
        base_path = base_path.removesuffix("/ui")
        description = self._descriptions.get(base_path)
        if description is None or not slash or name not in {"openapi.json", "openapi.yaml"}:
            return None
        if scope["method"] not in {"GET", "HEAD"}:
            return PlainTextResponse("Method Not Allowed.\n", 405, {"Allow": "GET, HEAD"})
        root = origin_of(scope) + prefix.removeprefix(mounted_at(scope))
        document = {**description, "servers": [{"url": f"{root}{base_path}"}]}
        if for_ui:
            document = _with_plain_header(document)
        if name == "openapi.json":
            return Response(json.dumps(document), media_type="application/json")
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
        return Response(text, media_type="application/yaml")


def _with_plain_header(description: dict[str, Any]) -> dict[str, Any]:
    """The description with the token as a header to be typed: the UI knows no scheme named Token."""
    schemes = description.get("components", {}).get("securitySchemes", {})
    plain = {
        name: {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Type `Token any-token`: the word, a space, and a token that is accepted.",
        }
        if scheme.get("scheme", "").lower() == "token"
        else scheme
        for name, scheme in schemes.items()
    }
    return {**description, "components": {**description.get("components", {}), "securitySchemes": plain}}
