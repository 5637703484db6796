"""The outermost layer: finds the sandbox, the API and the operation of a request, and words every error."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..extension_point import ExtensionPoint
from ..sandbox.journal import Entry, mask, packed
from ..sandbox.registry import Sandboxes, SandboxNameError
from ..sandbox.sandbox import Sandbox
from .api import WebApi
from .body import header
from .call import EXCHANGE, Exchange
from .connexion.routes import OperationTable
from .documented import DocumentedResponses, preferred_code
from .fault_injection import inject
from .problems import BadRequest, ClientGone, MethodNotAllowed, Problem
from .receiving import Receiver
from .request_id import REQUEST_ID
from .response_check import ResponseCheck, ResponseMismatch
from .responses import EVENT_STREAM, json_error
from .sending import Sender
from .wire_policy import WIRE_POLICY, WirePolicy, slashes_hidden, without_slash

request_log = logging.getLogger("dbcontract.requests")

STORAGE_PREFIX = "/_storage"
SANDBOX_LIFE = b"dbcontract-sandbox-life"
CONTROL = "control"
_PLAIN = WirePolicy()


@dataclass(frozen=True, slots=True)
class Api:
    """One served API, with what is looked up of its description."""

    served: WebApi
    operations: OperationTable
    documented: DocumentedResponses
    check: ResponseCheck | None = None

    @property
    def is_control(self) -> bool:
        """Whether it is the control API."""
        return self.served.name == CONTROL


class Store(Protocol):
    """What the signed links lead to."""

    async def respond(self, sandbox: Sandbox, request_path: str, scope: Scope, receive: Receive) -> Response:
        """Answer a request for a key."""


class Pages(Protocol):
    """Pages for people."""

    def find(self, sandbox: Sandbox, path: str, scope: Scope) -> Response | None:
        """The page at a path inside a sandbox; None where there is none."""


class Gateway:
    """The ASGI application that a server runs.

    Args:
        apis: the served APIs, those with the longer base path first.
        operations: Connexion's middleware stack over all of them.
        sandboxes: finds the sandbox that a path belongs to.
        access: passes a request that may use the control API, or raises.
        storage: answers what the signed links lead to.
        shown: what a browser is shown that is not an API; the first that has a page shows it.
    """

    def __init__(
        self,
        apis: tuple[Api, ...],
        operations: ASGIApp,
        sandboxes: Sandboxes,
        *,
        access: Callable[[Scope], None],
        storage: ExtensionPoint[Store],
        shown: tuple[Pages, ...],
    ) -> None:
        self._apis = apis
        self._finding = {api.served.name: partial(_addressed, api) for api in apis}
        self._operations = operations
        self._access = access
        self._storage = storage
        self._shown = shown
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
                sandbox, path = await self._found(path, raw)
            except ValueError as error:
                status = 400 if isinstance(error, SandboxNameError) else 503
                await json_error(status, str(error))(scope, receive, send)
                return
            send = _telling(send, sandbox.life.encode())
        if scope.get(REQUEST_ID) is None:
            scope[REQUEST_ID] = sandbox.next_request_id()
        # By its segments, not by the prefix's length: the client may have sent `/%7Ename`.
        exchange = Exchange(sandbox, "/" + raw[1:].partition("/")[2] if sandbox.prefix else raw)
        page = self._page(sandbox, path, scope)
        if page is not None:
            await page(scope, receive, send)
            return
        receiver = Receiver(receive, scope, sandbox.limits.journal_body)
        sender = Sender(send, receiver, scope)
        api = self._api(path)
        if api.is_control:
            await self._serve(api, exchange, path, scope, receiver, sender)
            return
        began = time.perf_counter()
        prefer = header(scope["headers"], b"prefer")
        code = None if prefer is None else preferred_code(prefer)
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
            if _is_storage(path):
                await self._store(exchange, path, scope, receiver, sender)
            else:
                await self._serve(api, exchange, path, scope, receiver, sender)
        finally:
            fault = exchange.fault
            seconds, forced = time.perf_counter() - began, answered or (fault is not None and fault.inside)
            self._record(exchange, api, path, scope, receiver, sender, seconds, forced=forced)

    async def _found(self, path: str, raw: str) -> tuple[Sandbox, str]:
        """The sandbox that a path belongs to, as it was left wherever it was used last, and the path in it.

        Raises:
            SandboxNameError: the name is not one.
            ValueError: what is kept of the sandbox cannot be read.
        """
        sandbox, inside = self.sandboxes.find(path, unquote(raw[1:].partition("/")[0]))
        if self.sandboxes.keeping is not None:
            await self.sandboxes.keeping.arrive(sandbox)
        return sandbox, inside

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
        scope = {**scope, EXCHANGE: exchange, "extensions": {}, "app": self, "root_path": "", "path": path}
        sandbox, control = exchange.sandbox, api.is_control
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
        for api in self._apis:
            base_path = api.served.base_path
            if not base_path or path == base_path or path.startswith(base_path + "/"):
                return api
        return self._apis[-1]

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
        entry = Entry(
            number=sandbox.journal.next_number(),
            request_id=scope[REQUEST_ID],
            at=sandbox.clock.now(),
            method=scope["method"],
            path=exchange.path,
            decoded_path=path,
            query=scope["query_string"],
            request_head=packed(scope["headers"]),
            request_body=receiver.body,
            request_size=receiver.size,
            status=sender.status,
            response_head=packed(sender.headers),
            response_body=sender.body,
            response_size=sender.size,
            seconds=seconds,
            find_operation=self._finding[api.served.name],
            forced=forced,
        )
        # Routing has found it for most; an entry finds it for what was answered without.
        operation = exchange.operation_id or entry.operation or "none"
        self.sandboxes.requests[operation, sender.status] += 1
        sandbox.record(entry)


def _telling(send: Send, life: bytes) -> Send:
    """Sends with the header that tells which of the sandboxes that ever had its name has answered."""

    def told(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (SANDBOX_LIFE, life)]}
        return send(message)

    return told


def _log(sandbox: Sandbox, path: str, scope: Scope, sender: Sender, seconds: float) -> None:
    query = mask(scope["query_string"].decode("latin-1"))
    facts = {
        "method": scope["method"],
        "path": f"{sandbox.prefix}{path}{'?' if query else ''}{query}",
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
