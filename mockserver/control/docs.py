"""The Swagger UI and the description of each API, at `/ui/` and `/openapi.json` below its base path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Scope

from ..sandbox.sandbox import Sandbox
from ..web.api import WebApi
from ..web.origin import origin_of
from .people import content_of, page_response

DESCRIPTIONS = ("/openapi.json", "/openapi.yaml")
UI = "/ui/"


class Docs:
    """Swagger UI over several descriptions, each the description of the sandbox that it is asked of.

    The descriptions are served as they are written: with their references resolved, generated clients would
    have no names for their models.
    """

    folder = ""

    def __init__(self, apis: Iterable[WebApi]) -> None:
        """Take the APIs whose descriptions are shown."""
        self._apis = {api.base_path: api for api in apis}
        self._descriptions = {base_path: api.description() for base_path, api in self._apis.items()}
        self._pages = {
            base_path + path: (base_path, path)
            for base_path in self._apis
            for path in ("/ui", UI, "/ui/openapi.json", *DESCRIPTIONS)
        }
        self.paths = frozenset(self._pages)

    def find(self, sandbox: Sandbox, path: str, scope: Scope) -> Response | None:
        """The page or the description at a path inside a sandbox; None where there is none."""
        found = self._pages.get(path)
        if found is None:
            return None
        if scope["method"] not in {"GET", "HEAD"}:
            return PlainTextResponse("Method Not Allowed.\n", 405, {"Allow": "GET, HEAD"})
        base_path, name = found
        if name == "/ui":
            return RedirectResponse(f"{origin_of(scope)}{sandbox.prefix}{path}/", 308)
        if name == UI:
            # Relative, so that it is right behind whatever stands before the path.
            root = "../" * (base_path.count("/") + 1)
            return page_response((content_of("ui.html") or b"").replace(b"@ROOT@", root.encode()))
        document = self._description(sandbox, base_path, scope)
        if name == "/ui/openapi.json":
            document = _with_examples(_with_plain_header(document), self._apis[base_path].known_ids(sandbox))
        if name.endswith(".json"):
            return Response(json.dumps(document), media_type="application/json")
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
        return Response(text, media_type="application/yaml")

    def _description(self, sandbox: Sandbox, base_path: str, scope: Scope) -> dict[str, Any]:
        """The description with this sandbox as the only server."""
        servers = [{"url": f"{origin_of(scope)}{sandbox.prefix}{base_path}"}]
        return {**self._descriptions[base_path], "servers": servers}


def _with_examples(description: dict[str, Any], known_ids: Mapping[str, str]) -> dict[str, Any]:
    """The description with ids that exist in place of invented ones, so that a first try finds something."""
    parameters = description.get("components", {}).get("parameters", {})
    invented = {parameter["name"]: parameter.get("example") for parameter in parameters.values()}
    text = json.dumps(description)
    for name, id_ in known_ids.items():
        if isinstance(invented.get(name), str):
            text = text.replace(json.dumps(invented[name]), json.dumps(id_))
    replaced: dict[str, Any] = json.loads(text)
    return replaced


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
