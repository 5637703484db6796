"""The pages for people: the landing page at `/`, the dashboard at `/_mock/`, their files at `/_pages/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from mimetypes import guess_type
from types import MappingProxyType
from typing import Any, Final

from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from ..apis.base import ServedApi, served_apis
from ..sandbox.sandbox import Sandbox
from ..sandbox.settings import Settings
from ..state import jsonio
from ..version import version
from ..web.body import header
from ..web.origin import origin_of
from ..web.responses import text_response
from .curl import ANY_TOKEN, first_calls

FILES: Final = "/_pages/"
DASHBOARD: Final = "/_mock/"
_DASHBOARDS: Final = frozenset({"/_mock", DASHBOARD})
LISTED: Final = 20
"""How many ids of a kind the landing page has."""

_WEIGHT: Final = re.compile(r"[01](\.[0-9]{0,3})?")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = MappingProxyType(
    {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
)


class Pages:
    """What a browser is shown that is not an API."""

    paths = frozenset({"/", *_DASHBOARDS})
    folder = FILES

    def __init__(self, settings: Settings, apis: tuple[ServedApi, ...]) -> None:
        """Take the served APIs, the control API among them if it is there."""
        self._settings = settings
        self._apis = [(api, api.description()) for api in apis]

    def find(self, sandbox: Sandbox, path: str, scope: Scope) -> Response | None:
        """The page at a path inside a sandbox; None where there is none."""
        landing, dashboard = path == "/", path in _DASHBOARDS and self._settings.control
        if not (landing or dashboard or path.startswith(FILES)) or scope["method"] not in {"GET", "HEAD"}:
            return None
        if (landing or dashboard) and not scope["path"].endswith("/"):
            # Links in a page are relative to its folder.
            return RedirectResponse(f"{origin_of(scope)}{sandbox.prefix}{path.rstrip('/')}/", 308)
        return self._landing(sandbox, scope) if landing else _file("dashboard.html" if dashboard else path)

    def _landing(self, sandbox: Sandbox, scope: Scope) -> Response:
        """For a browser a page; for programs what the page is made of."""
        vary = {"Vary": "Accept"}
        if _wants_page(header(scope["headers"], b"accept") or ""):
            return page_response(content_of("landing.html") or b"", **vary)
        return Response(jsonio.dumps(self.describe(sandbox, scope)), 200, vary, "application/json")

    def describe(self, sandbox: Sandbox, scope: Scope) -> dict[str, Any]:
        """What runs here, with the URLs as this client addresses it."""
        root = origin_of(scope) + sandbox.prefix
        return {
            "name": "dbcontract",
            "version": version(),
            "sandbox": sandbox.name,
            "data": sandbox.base.name,
            "apis": [self._api(api, document, sandbox, root) for api, document in self._apis],
            "dashboard": f"{root}{DASHBOARD}" if self._settings.control else None,
            "token": self._token(sandbox),
            **{
                name: value for api in served_apis().values() for name, value in api.contents(sandbox).items()
            },
        }

    def _api(
        self, api: ServedApi, document: Mapping[str, Any], sandbox: Sandbox, root: str
    ) -> dict[str, Any]:
        url = root + api.base_path
        variable = f"${api.variable or api.name.upper()}_TOKEN"
        token = {"any": ANY_TOKEN, "given": variable, "none": None}[self._token(sandbox)]
        return {
            "name": api.name,
            "title": document["info"]["title"],
            "url": url,
            "docs": f"{url}/ui/",
            "description": f"{url}/openapi.json",
            "contents": api.contents_of(sandbox, LISTED),
            "calls": first_calls(document, url, api.samples_of(sandbox), token),
        }

    @staticmethod
    def _token(sandbox: Sandbox) -> str:
        """Which token is taken; the names of given ones are their owner's business."""
        if not sandbox.settings.auth:
            return "none"
        return "any" if sandbox.settings.tokens is None else "given"


def _wants_page(accept: str) -> bool:
    """Whether HTML is named, and not after JSON; who takes anything, as curl does, is a program."""
    weights = {"text/html": 0.0, "application/json": 0.0}
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name in weights:
            (weight, *_) = [one[2:] for one in parameters if one.startswith("q=")] or ["1"]
            weights[name] = float(weight) if _WEIGHT.fullmatch(weight) else 0.0
    return weights["text/html"] > 0 and weights["text/html"] >= weights["application/json"]


def page_response(content: bytes, **headers: str) -> Response:
    """A page that may load what is here and nothing else."""
    return Response(content, 200, {**_HEADERS, **headers}, "text/html")


def _file(path: str) -> Response:
    name = path.removeprefix(FILES)
    content = content_of(name)
    if content is None:
        return text_response("Not found.\n", 404)
    return Response(content, 200, _HEADERS, guess_type(name)[0] or "application/octet-stream")


@cache
def content_of(name: str) -> bytes | None:
    """A file of the pages; None for all but those that are there, whatever a path says."""
    for folder in ("dbcontract.mockserver.control.pages", "dbcontract.mockserver.control.pages.swagger"):
        known = {file.name: file for file in files(folder).iterdir() if file.is_file()}
        if name in known and not name.endswith(".py"):
            return known[name].read_bytes()
    return None
