"""What Pieces OS' own clients ask for before anything else, so that they come up against the mock.

`PiecesClient` of the vendor's SDK looks for `/.well-known/health`, connects, and asks who the user is and
which models there are, before its database API can be used (SDK models: Context, ReturnedUserProfile,
Models). None of this is in the documents, so that no description has it and no rule judges it. Websockets are
declined, as any other path that there is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from starlette.responses import Response
from starlette.types import Receive

from ...sandbox.sandbox import Sandbox
from ...state import jsonio
from ...web.body import parse_json, read_body
from ...web.problems import BadRequest, MethodNotAllowed
from .state_of import state_of

_HEALTH: Final = "/.well-known/health"
_VERSION: Final = "/.well-known/version"
_CONNECT: Final = "/connect"
_USER: Final = "/user"
_MODELS: Final = "/models"
_READING: Final = frozenset({_HEALTH, _VERSION, _USER, _MODELS})
PATHS: Final = _READING | {_CONNECT}
"""What is served here, beside the operations of the description."""

_NAME: Final = "GPT-3.5-turbo Chat Model"
"""The model that the vendor's client chooses by itself, and will not come up without."""
_LONG_AGO: Final = "2024-01-01T00:00:00.000000Z"


async def started(sandbox: Sandbox, path: str, method: str, receive: Receive) -> Response:
    """Answer one of `PATHS`.

    Raises:
        MethodNotAllowed: the path has other methods.
        BadRequest: the body is too large or not JSON, or what wants to connect does not say what it is.
    """
    allowed = ["GET", "HEAD"] if path in _READING else ["POST"]
    if method not in allowed:
        raise MethodNotAllowed(method, allowed)
    if path == _CONNECT:
        return _json(_context(sandbox, _application(await read_body(receive, sandbox.limits.body))))
    if path == _HEALTH:
        return Response(f"ok:{_id('os')}", 200, None, "text/plain")
    if path == _VERSION:
        return Response(state_of(sandbox).version, 200, None, "text/plain")
    return _json({"user": _user()} if path == _USER else _models())


def _application(body: bytes) -> dict[str, Any]:
    """The application that wants to connect: what it says of itself, and what the server adds."""
    seeded = parse_json(body)
    application = seeded.get("application") if isinstance(seeded, Mapping) else None
    given = application if isinstance(application, Mapping) else {}
    for name in ("name", "platform", "version"):
        if not isinstance(given.get(name), str):
            msg = f"application.{name} is missing, or no text: say which application connects."
            raise BadRequest(msg)
    name = f"{given['name']}/{given['platform']}"
    return {"privacy": "OPEN", **given, "id": _id(f"application/{name}"), "onboarded": True}


def _context(sandbox: Sandbox, application: dict[str, Any]) -> dict[str, Any]:
    os = _id("os")
    health = {"os": {"id": os, "version": state_of(sandbox).version}}
    return {"application": application, "health": health, "os": os, "user": _user()}


def _user() -> dict[str, Any]:
    aesthetics = {"theme": {"dark": False}, "font": {"size": 14}}
    return {"id": _id("user"), "name": "Mock User", "email": "user@example.com", "aesthetics": aesthetics}


def _models() -> dict[str, Any]:
    model = {
        "id": _id("model"),
        "name": _NAME,
        "version": "1.0.0",
        "created": {"value": _LONG_AGO},
        "cloud": True,
        "type": "UNKNOWN",
        "usage": "UNKNOWN",
    }
    return {"iterable": [model]}


def _json(value: object) -> Response:
    return Response(jsonio.dumps(value), 200, None, "application/json")


def _id(name: str) -> str:
    """An id that is the same every time."""
    return str(uuid5(NAMESPACE_URL, f"dbcontract:{name}"))
