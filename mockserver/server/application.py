"""Builds the application: Connexion over the descriptions, with the storage and the Swagger UIs beside."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dbcontract import openapi

from ..apis.base import ServedApi, served_apis
from ..control.access import ControlAccess, SandboxAccess
from ..control.coverage import contracts
from ..control.docs import Docs
from ..control.handlers import ControlHandlers
from ..control.people import Pages
from ..sandbox.registry import Sandboxes
from ..sandbox.sandbox import Sandbox
from ..sandbox.settings import Settings
from ..storage.app import STORAGE
from ..variants.registry import classes_of
from ..web.call import Call, Handler
from ..web.connexion.framework import Resolver
from ..web.connexion.routed import Layers
from ..web.connexion.routes import METHODS, OperationTable, without_trailing_slashes
from ..web.connexion.routing import IndexedRouting
from ..web.connexion.security import TokenHandler
from ..web.connexion.security_layer import LeanSecurity
from ..web.connexion.validation import ValidationMiddleware
from ..web.documented import DocumentedResponses
from ..web.errors import refusal_of, refuse
from ..web.gateway import CONTROL, Api, Gateway
from ..web.negotiated import Negotiated
from ..web.origin import PublicOrigin
from ..web.problems import UnknownPath
from ..web.request_id import Unplaced
from ..web.request_policy import RequestPolicy
from ..web.response_check import ResponseCheck
from ..web.sending import Outermost


def mounts_of(settings: Settings, sandboxes: Sandboxes) -> list[ServedApi]:
    """What a server with these settings serves, the control API first, then longer base paths first."""
    mounts = apis_of(settings)
    if settings.control:
        control = ControlHandlers(sandboxes, operations_of(settings))
        mounts.insert(
            0,
            ServedApi(
                name=CONTROL,
                base_path="/_mock",
                handlers=lambda _: control,
                error=_control_error,
                request_policy=RequestPolicy(any_media_type=True, overridable=False),
                amend=_with_settings,
            ),
        )
    return mounts


def apis_of(settings: Settings) -> list[ServedApi]:
    """The APIs that the settings name, longer base paths first."""
    return [api for name, api in served_apis().items() if name in settings.apis]


def _control_error(_: Sandbox, error: Exception, answer: Negotiated | None) -> Response:
    return refuse(refusal_of(error), answer)


def _with_settings(description: dict[str, Any]) -> None:
    """Let the control API describe the settings that the APIs from elsewhere bring."""
    brought = {
        name: schema
        for api in served_apis().values()
        if api.settings is not None
        for name, schema in api.settings.schemas.items()
    }
    for shape in ("Settings", "SettingsChange"):
        description["components"]["schemas"][shape]["properties"].update(copy.deepcopy(brought))


def operations_of(settings: Settings) -> tuple[str, ...]:
    """The operationIds of the APIs that a server with these settings serves."""
    return tuple(
        operation["operationId"]
        for api in sorted(apis_of(settings), key=lambda api: api.name)
        for item in api.description()["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    )


EXPOSED = (
    "Link",
    "X-Total-Count",
    "WWW-Authenticate",
    "Location",
    "Content-Disposition",
    "ETag",
    "Content-Range",
    "Accept-Ranges",
    "Retry-After",
    "Dbcontract-Sandbox-Life",
    "X-Request-Id",
)
"""The headers that a page of another origin may read; a browser shows it only a few without being told."""


class Dispatcher:
    """The innermost application: calls the handlers of operations."""

    def __init__(self, handlers: Mapping[str, Callable[[Sandbox], object]]) -> None:
        """Take what has the handlers of a sandbox, by base path."""
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not a call of an operation."""
        if scope["type"] == "lifespan":
            # Connexion reads the descriptions when the first message passes: at start-up, so that one that
            # names an unknown handler stops the server instead of failing requests.
            await _lifespan(receive, send)
            return
        msg = "Not found."
        raise UnknownPath(msg)

    async def handle(self, base_path: str, call: Call) -> Response:
        """The response of the operation's handler."""
        sandbox = call.sandbox
        if sandbox.waiting:
            await sandbox.ready()
        handler: Handler = getattr(self._handlers[base_path](sandbox), call.operation_id)
        return await handler(call)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def create_app(settings: Settings, sandboxes: Sandboxes | None = None) -> ASGIApp:
    """An independent application over the APIs that the settings name.

    Args:
        settings: see `Settings`; host and port play no part here.
        sandboxes: the state to serve; by default the data set of the settings is loaded.

    Raises:
        DataError: the data set is unknown or cannot be read.
    """
    if sandboxes is None:
        sandboxes = Sandboxes.load(settings, classes_of(settings.variants))
    unplaced = Unplaced()
    gateway = build_gateway(settings, sandboxes, unplaced)
    if not settings.cors:
        return Outermost(gateway, PublicOrigin(settings))
    cors = CORSMiddleware(
        gateway,
        allow_origins=list(settings.cors),
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=EXPOSED,
    )
    return Outermost(unplaced.told(cors), PublicOrigin(settings))


def build_gateway(settings: Settings, sandboxes: Sandboxes, unplaced: Unplaced) -> Gateway:
    """The gateway over all mounted descriptions, without CORS."""
    mounts = mounts_of(settings, sandboxes)
    descriptions = {mount.name: mount.description(written_out=True) for mount in mounts}
    dispatcher = Dispatcher({mount.base_path: mount.handlers for mount in mounts})
    operations = Layers(
        dispatcher,
        middlewares=[
            IndexedRouting,
            LeanSecurity,
            partial(
                ValidationMiddleware,
                policies={mount.base_path: mount.request_policy for mount in mounts},
                handle=dispatcher.handle,
            ),
        ],
    )
    apis = []
    for mount in mounts:

        def resolve(operation_id: str, mount: ServedApi = mount) -> Handler:
            handler: Handler = getattr(mount.handlers(sandboxes.default), operation_id)
            return handler

        description = without_trailing_slashes(descriptions[mount.name])
        ours = mount.description_package == openapi.__name__ and mount.amend is None
        add = operations.add_known if ours else operations.add_api
        add(
            # Connexion changes what it is given, so it gets its own copy.
            copy.deepcopy(description),
            base_path=mount.base_path,
            resolver=Resolver(resolve),
            security_map={"apiKey": partial(TokenHandler, mount.security)},
        )
        table = OperationTable(description, mount.base_path)
        apis.append(
            Api(
                served=mount,
                operations=table,
                documented=DocumentedResponses(description, mount.base_path),
                check=ResponseCheck(description, table) if settings.validate_responses else None,
            )
        )
    sandboxes.contracts = contracts(apis_of(settings))
    if settings.coverage:
        sandboxes.default.watched(sandboxes.contract())
    docs = Docs(mounts)
    access = ControlAccess(settings.control_token)
    pages = Pages(settings, tuple(reversed(mounts)))
    return Gateway(
        tuple(apis),
        operations,
        sandboxes,
        access=access.check,
        newcomer=SandboxAccess(settings.cors).check,
        storage=STORAGE,
        shown=(docs, pages),
        unplaced=unplaced,
    )
