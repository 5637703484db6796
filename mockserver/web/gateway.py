"""The outermost layer: finds the sandbox, the API and the operation of a request, and words every error."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, Protocol
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..extension_point import ExtensionPoint
from ..sandbox.journal import mask, without_token
from ..sandbox.registry import Sandboxes, SandboxNameError
from ..sandbox.sandbox import Sandbox
from .api import WebApi
from .body import header
from .call import EXCHANGE, Exchange
from .connexion.routes import OperationTable
from .documented import DocumentedResponses, preferred_code
from .fault_injection import inject
from .fields import FIELDS, field
from .problems import BadRequest, ClientGone, MethodNotAllowed, PermissionDenied, Problem
from .receiving import Receiver
from .request_id import HEADER, REQUEST_ID, Unplaced, own_id
from .response_check import ResponseCheck, ResponseMismatch
from .responses import EVENT_STREAM, json_error
from .sending import Sender, adding
from .wire_policy import WIRE_POLICY, WirePolicy, slashes_hidden, without_slash

request_log = logging.getLogger("dbcontract.requests")

STORAGE_PREFIX = "/_storage"
SANDBOX_LIFE = b"dbcontract-sandbox-life"
CONTROL = "control"
_PLAIN = WirePolicy()
_REFUSED: Final = MappingProxyType({PermissionDenied: 403, SandboxNameError: 400})


@dataclass(frozen=True, slots=True)
class Api:
    """One served API, with what is looked up of its description."""

    served: WebApi
    operations: OperationTable
    documented: DocumentedResponses
    check: ResponseCheck | None = None


class Store(Protocol):
    """What the signed links lead to."""

    async def respond(self, sandbox: Sandbox, request_path: str, scope: Scope, receive: Receive) -> Response:
        """Answer a request for a key."""


class Pages(Protocol):
    """Pages for people."""

    @property
    def paths(self) -> Collection[str]:
        """Where there are pages, inside a sandbox."""

    @property
    def folder(self) -> str:
        """The beginning of more such paths; empty for none."""

    def find(self, sandbox: Sandbox, path: str, scope: Scope) -> Response | None:
        """The page at a path inside a sandbox; None where there is none."""


class Gateway:
    """The ASGI application that a server runs.

    Args:
        apis: the served APIs, those with the longer base path first.
        operations: Connexion's middleware stack over all of them.
        sandboxes: finds the sandbox that a path belongs to.
        access: passes a request that may use the control API, or raises.
        newcomer: passes a request that may make a sandbox, or raises.
        storage: answers what the signed links lead to.
        shown: what a browser is shown that is not an API; the first that has a page shows it.
        unplaced: makes ids for requests that reach no sandbox.
    """

    def __init__(
        self,
        apis: tuple[Api, ...],
        operations: ASGIApp,
        sandboxes: Sandboxes,
        *,
        access: Callable[[Scope], None],
        newcomer: Callable[[Scope], None],
        storage: ExtensionPoint[Store],
        shown: tuple[Pages, ...],
        unplaced: Unplaced,
    ) -> None:
        self._apis = [(api, api.served.base_path, api.served.base_path + "/") for api in apis]
        self._otherwise = apis[-1]
        self._control = next((api for api in apis if api.served.name == CONTROL), None)
        self._operations = operations
        self._access = access
        self._newcomer = newcomer
        self._storage = storage
        self._unplaced = unplaced
        self._shown = shown
        self._shown_at = frozenset(chain.from_iterable(one.paths for one in shown))
        self._shown_below = tuple(one.folder for one in shown if one.folder)
        self.sandboxes = sandboxes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._operations(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        raw = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        sandbox, path = self.sandboxes.default, scope["path"]
        if path.startswith("/~"):
            try:
                sandbox, path = await self._found(scope, path, raw)
            except (PermissionDenied, ValueError) as error:
                status = next((code for kind, code in _REFUSED.items() if isinstance(error, kind)), 503)
                scope[REQUEST_ID] = made = self._unplaced.id_of(scope)
                await json_error(status, str(error))(scope, receive, adding(send, [(HEADER, made.encode())]))
                return
        scope[REQUEST_ID] = own_id(scope) or sandbox.next_request_id()
        told = [(HEADER, scope[REQUEST_ID].encode())]
        if sandbox.prefix:
            # Which of the sandboxes that ever had its name has answered.
            told.append((SANDBOX_LIFE, sandbox.life.encode()))
        # By its segments, not by the prefix's length: the client may have sent `/%7Ename`.
        exchange = Exchange(sandbox, "/" + raw[1:].partition("/")[2] if sandbox.prefix else raw)
        if self._is_shown(path):
            page = self._page(sandbox, path, scope)
            if page is not None:
                await page(scope, receive, adding(send, told))
                return
        receiver = Receiver(receive, scope, sandbox.limits.journal_body)
        sender = Sender(send, receiver, scope, told)
        api = self._api(path)
        if api is self._control:
            await self._serve(api, exchange, path, scope, receiver, sender)
        else:
            await self._recorded(api, exchange, path, scope, receiver, sender)

    async def _recorded(  # noqa: PLR0917 - ASGI brings three of them
        self, api: Api, exchange: Exchange, path: str, scope: Scope, receiver: Receiver, sender: Sender
    ) -> None:
        """Answer a request that the journal notes."""
        sandbox = exchange.sandbox
        began = time.perf_counter()
        code = preferred_code(field(scope, b"prefer") or "") if b"prefer" in scope[FIELDS] else None
        # It is looked up here only where a fault may be injected into it.
        finds = code is not None or bool(sandbox.faults)
        operation = _addressed(api, scope["method"], path, exchange.path) if finds else None
        answered = False
        try:
            if operation is not None and await inject(
                api.served, api.documented, operation, code, exchange, scope, receiver, sender
            ):
                answered = True
                return
            if path.startswith(STORAGE_PREFIX) and _is_storage(path):
                await self._store(exchange, path, scope, receiver, sender)
            else:
                await self._serve(api, exchange, path, scope, receiver, sender)
        finally:
            fault = exchange.fault
            seconds, forced = time.perf_counter() - began, answered or (fault is not None and fault.inside)
            self._record(exchange, api, path, scope, receiver, sender, seconds, forced=forced)

    async def _found(self, scope: Scope, path: str, raw: str) -> tuple[Sandbox, str]:
        """The sandbox that a path belongs to, as it was left wherever it was used last, and the path in it.

        Raises:
            SandboxNameError: the name is not one.
            ValueError: what is kept of the sandbox cannot be read.
            PermissionDenied: there is none yet, and this request may not make it.
        """
        head = unquote(raw[1:].partition("/")[0])
        if self.sandboxes.peek(head[1:]) is None:
            # Before it is made: a request that is refused changes nothing.
            inside = path[len(head) + 1 :]
            is_control = self._api(inside) is self._control and not self._is_shown(inside)
            (self._access if is_control else self._newcomer)(scope)
        sandbox, inside = self.sandboxes.find(path, head)
        if self.sandboxes.keeping is not None:
            await self.sandboxes.keeping.arrive(sandbox)
        return sandbox, inside

    def _is_shown(self, path: str) -> bool:
        return path in self._shown_at or path.startswith(self._shown_below)

    def _page(self, sandbox: Sandbox, path: str, scope: Scope) -> Response | None:
        for shown in self._shown:
            page = shown.find(sandbox, path, scope)
            if page is not None:
                return page
        return None

    async def _store(
        self, exchange: Exchange, path: str, scope: Scope, receiver: Receiver, send: Send
    ) -> None:
        key = path[len(STORAGE_PREFIX) + 1 :]
        implementation = exchange.sandbox.implementation
        await exchange.sandbox.ready()
        response = await implementation[self._storage].respond(exchange.sandbox, key, scope, receiver)
        await receiver.look()
        await response(scope, receiver, implementation[WIRE_POLICY].sending(send, exchange, scope))

    async def _serve(  # noqa: PLR0917 - ASGI brings three of them
        self, api: Api, exchange: Exchange, path: str, scope: Scope, receive: Receiver, sender: Sender
    ) -> None:
        scope[EXCHANGE] = exchange
        scope["extensions"] = {}
        scope["app"] = self
        scope["root_path"] = ""
        scope["path"] = path
        sandbox, control = exchange.sandbox, api is self._control
        policy = _PLAIN if control else sandbox.implementation[WIRE_POLICY]
        send = policy.sending(sender, exchange, scope)
        # What is wrong on purpose must get out.
        check = None if sandbox.variants and not control else api.check
        try:
            if control:
                self._access(scope)
            scope["path"] = policy.path(exchange, path)
            extra = api.served.extra_paths
            if extra is not None and scope["path"] in extra.paths:
                response = await extra.respond(sandbox, scope["path"], scope["method"], receive)
                await receive.look()
                await response(scope, receive, send)
                return
            await self._operations(scope, receive, self._checked(send, scope, check))
        except ClientGone:
            return
        except Exception as error:  # whatever happens, the client gets a documented kind of answer
            if sender.status:
                # The status line is out; cutting the connection is the only honest signal left.
                raise
            await receive.look()
            if isinstance(error, HTTPException):
                error = self._as_problem(error, api, scope)
            try:
                response = api.served.error(sandbox, error, exchange.answer)
                await response(scope, receive, self._checked(send, scope, check))
            except ResponseMismatch as mismatch:
                await api.served.error(sandbox, mismatch, exchange.answer)(scope, receive, send)

    @staticmethod
    def _checked(send: Send, scope: Scope, check: ResponseCheck | None) -> Send:
        return send if check is None else _Checked(send, scope, check)

    def _api(self, path: str) -> Api:
        for api, base_path, folder in self._apis:
            if path.startswith(folder) or not base_path or path == base_path:
                return api
        return self._otherwise

    @staticmethod
    def _as_problem(error: HTTPException, api: Api, scope: Mapping[str, Any]) -> Problem:
        if error.status_code == 405:
            return MethodNotAllowed(scope["method"], api.operations.allowed(scope["path"]))
        problem = BadRequest(error.detail)
        problem.status = error.status_code
        return problem

    def _record(  # noqa: PLR0917 - all that is known at the end
        self,
        exchange: Exchange,
        api: Api,
        path: str,
        scope: Scope,
        receiver: Receiver,
        sender: Sender,
        seconds: float,
        *,
        forced: bool,
    ) -> None:
        sandbox = exchange.sandbox
        if request_log.isEnabledFor(logging.INFO):
            _log(sandbox, exchange.path, scope, sender, seconds)
        # Routing has found it for most; here it is found for what was answered without.
        operation = exchange.operation_id or _addressed(api, scope["method"], path, exchange.path)
        self.sandboxes.requests[operation or "none", sender.status] += 1
        sandbox.record(
            (
                sandbox.journal.next_number(),
                scope[REQUEST_ID],
                sandbox.clock.now(),
                operation,
                scope["method"],
                exchange.path,
                scope["query_string"],
                scope["headers"],
                receiver.body,
                receiver.size,
                sender.status,
                sender.headers,
                sender.body,
                sender.size,
                seconds,
                forced,
            )
        )


def _log(sandbox: Sandbox, path: str, scope: Scope, sender: Sender, seconds: float) -> None:
    query = mask(scope["query_string"].decode("latin-1"))
    shown = f"{sandbox.prefix}{path}{'?' if query else ''}{query}"
    facts = {
        "method": scope["method"],
        "path": without_token(scope["headers"], shown),
        "status": sender.status,
        "milliseconds": round(seconds * 1000, 1),
        "request_id": scope[REQUEST_ID],
    }
    request_log.info("%(status)s %(method)s %(path)s (%(milliseconds)s ms)", facts, extra=facts)


def _addressed(api: Api, method: str, path: str, raw: str) -> str | None:
    """The operation that a request is meant for, found by its path alone; `raw` is that as it was sent."""
    if _is_storage(path):
        return "uploadObject" if method == "POST" else "downloadObject"
    if "%2f" in raw.lower():
        path = slashes_hidden(raw)
    return api.operations.at(method, without_slash(path))


def _is_storage(path: str) -> bool:
    return path.startswith(STORAGE_PREFIX) and path[len(STORAGE_PREFIX) :][:1] in {"", "/"}


class _Checked:
    """Holds a response back until it is complete and as described; a stream of events is never complete."""

    def __init__(self, send: Send, scope: Scope, check: ResponseCheck) -> None:
        self._send = send
        self._scope = scope
        self._check = check
        self._messages: list[Message] = []
        self._streams = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._streams = (header(message["headers"], b"content-type") or "").startswith(EVENT_STREAM)
        if self._streams:
            await self._send(message)
            return
        self._messages.append(message)
        if message["type"] != "http.response.body" or message.get("more_body", False):
            return
        start, *rest = self._messages
        body = b"".join([item.get("body", b"") for item in rest])
        scope = self._scope
        operation = scope[EXCHANGE].operation_id
        self._check.require(
            scope["method"], scope["path"], operation, start["status"], start["headers"], body
        )
        for item in self._messages:
            await self._send(item)
