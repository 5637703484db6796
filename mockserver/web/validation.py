"""Connexion's place for request validation, filled with checks compiled once from the description.

Connexion's own validators rebuild theirs per request and answer much ordinary malformed input wrongly; what
stands here is found through the operation that Connexion's routing chose.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from .body import MAX_DOCUMENT, check_json_type, header, parse_json, read_body
from .call import ABSENT, CALL, EXCHANGE, Call, Exchange
from .framework import AbstractOperation, RoutedAPI, RoutedMiddleware
from .negotiation import JSON, Negotiated, negotiator
from .parameters import PathParameters, QueryParameters, parse_query
from .problems import BadRequest
from .schemas import Compiler, findings
from .visibility import require_visible

# Stands for a slash inside a path segment while Connexion's routing splits the path (see the gateway).
_HIDDEN = "\ue02f"


def hide_slashes(segment: str) -> str:
    """A decoded path segment without a slash."""
    return segment.replace(_HIDDEN, f"{_HIDDEN}0").replace("/", f"{_HIDDEN}1")


def show_slashes(segment: str) -> str:
    """The segment that `hide_slashes` was given."""
    return segment.replace(f"{_HIDDEN}1", "/").replace(f"{_HIDDEN}0", _HIDDEN)


# Bytes of a body from which on parsing and checking are two turns of the event loop.
_LONG = 256 * 1024


class BodyRule:
    """What one operation accepts as its JSON body.

    A description that offers one object or an array of them is checked by the kind that was sent, so that the
    findings speak of that kind alone.
    """

    def __init__(
        self,
        request_body: Mapping[str, Any],
        compiler: Compiler,
        *,
        check_schema: bool,
        any_type: bool,
        as_sent: bool = False,
    ) -> None:
        self._as_sent = as_sent
        self.required = bool(request_body.get("required"))
        schema = request_body["content"][JSON]["schema"]
        choices = schema.get("oneOf") or [schema]
        self._by_kind = {
            list if choice.get("type") == "array" else dict: compiler.compile(choice, "request")
            for choice in choices
        }
        self._kinds = " or ".join("list" if kind is list else "dictionary" for kind in self._by_kind)
        self._check_schema = check_schema
        self._any_type = any_type

    async def read(self, scope: Scope, receive: Receive) -> Any:
        """The parsed, valid body; `ABSENT` when there is none; bytes for an operation that parses it itself.

        Raises:
            Problem: a wrong media type, no JSON, or values that the description refuses.
        """
        if self._as_sent:
            return await read_body(receive, MAX_DOCUMENT)
        raw = await read_body(receive)
        if not raw and not self.required:
            return ABSENT
        if raw and not self._any_type:
            check_json_type(header(scope["headers"], b"content-type"), required=self._check_schema)
        body = parse_json(raw) if raw else {}
        if self._check_schema:
            if len(raw) > _LONG:
                await asyncio.sleep(0)
            self.check(body, long=len(raw) > _LONG)
        return body

    def check(self, body: Any, *, long: bool = False) -> None:
        """Hold a parsed body against the description; of a long one only the first finding is told.

        Raises:
            BadRequest: keyed by field, nested as the body is.
        """
        validator = self._by_kind.get(type(body))
        if validator is None:
            given = {dict: "dict", list: "list", str: "str", bool: "bool"}.get(
                type(body), type(body).__name__
            )
            raise BadRequest(
                {"non_field_errors": [f"Invalid data. Expected a {self._kinds}, but got {given}."]}
            )
        wrong = findings(validator, body, first=long)
        if wrong is not None:
            raise BadRequest(wrong)


class ValidatedOperation:
    """One operation: its compiled rules, and the call that it makes of a request."""

    def __init__(self, next_app: ASGIApp, operation: AbstractOperation, compiler: Compiler) -> None:
        self._next = next_app
        self.operation_id: str = operation.operation_id
        raw = operation._operation  # noqa: SLF001 - Connexion offers no accessor for extensions
        versions = tuple(raw.get("x-versions", ()))
        self._versioned = bool(versions)
        self._path = PathParameters(operation.parameters)
        self._query = QueryParameters(operation.parameters, compiler)
        self._has_query = any(parameter["in"] == "query" for parameter in operation.parameters)
        media_types = _produced(raw["responses"])
        version = raw.get("x-default-version", "")
        self._own = Negotiated(media_types[0], version)
        self._negotiate = negotiator(media_types, versions, version, any_media_type="302" in raw["responses"])
        body = operation.request_body
        self._body: BodyRule | None = None
        if body:
            # An operation that documents no 400 (Pieces) leaves its body to the state, which words it.
            # An API without versions and with 400 is the control API: there any content type will do.
            checked = "400" in raw["responses"]
            self._body = BodyRule(
                body,
                compiler,
                check_schema=checked,
                any_type=checked and not self._versioned,
                as_sent=bool(raw.get("x-body-as-sent")),
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make a `Call` of the request and pass it on."""
        exchange: Exchange = scope[EXCHANGE]
        answer = self._own
        if self._versioned:
            exchange.answer = answer
            accept = header(scope["headers"], b"accept")
            if accept is not None and accept != "*/*":
                exchange.answer = answer = self._negotiate(accept)
        path = scope.get("path_params", {})
        if path:
            if exchange.hidden_slash:
                path = {name: show_slashes(value) for name, value in path.items()}
            path = self._path.check(path)
        # Where no parameter is described, whatever is sent is ignored, also what cannot be read.
        pairs = parse_query(scope["query_string"]) if self._has_query else []
        query = self._query.check(pairs) if pairs else {}
        body = await self._body.read(scope, receive) if self._body is not None else ABSENT
        call = Call(exchange.world, scope, exchange, self.operation_id, path, query, pairs, body, answer)
        if exchange.organizations is not None:
            require_visible(call, exchange.organizations)
        scope[CALL] = call
        await self._next(scope, receive, send)


def _produced(responses: Mapping[str, Any]) -> tuple[str, ...]:
    """The media types of the successful responses, JSON first."""
    found = {
        media_type
        for status, response in responses.items()
        if status.startswith("2")
        for media_type in response.get("content", {})
        if "*" not in media_type
    }
    return (JSON, *sorted(found - {JSON}))


class ValidationAPI(RoutedAPI[ValidatedOperation]):  # type: ignore[misc]  # connexion has no types
    """The validated operations of one description."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._compiler = Compiler()
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> ValidatedOperation:
        """Compile one operation (called by Connexion while it reads the description)."""
        return ValidatedOperation(self.next_app, operation, self._compiler)


class ValidationMiddleware(RoutedMiddleware[ValidationAPI]):  # type: ignore[misc]  # connexion has no types
    """Validates requests; takes the place of Connexion's own request validation."""

    api_cls = ValidationAPI
