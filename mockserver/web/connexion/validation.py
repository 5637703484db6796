"""Connexion's place for request validation, filled with checks compiled once from the description.

Connexion's own validators rebuild theirs per request and answer much ordinary malformed input wrongly; what
stands here is found through the operation that Connexion's routing chose.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property, partial
from typing import Any, Final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ...extension_point import ExtensionPoint
from ..body import check_encoding, check_json_type, parse_body, read_body
from ..call import ABSENT, EXCHANGE, Call, Exchange
from ..fields import field
from ..forms import as_object, form_type, read_form
from ..negotiated import JSON, Negotiated
from ..parameters import Pairs, PathParameters, QueryParameters, parse_query
from ..problems import BadRequest, UnsupportedEncoding
from ..request_policy import RequestPolicy
from ..schemas import Compiler, closed, findings
from .framework import AbstractOperation, RoutedAPI, RoutedMiddleware

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
# Elements of an array that are checked in one turn.
_MANY = 10_000


class BodyRule:
    """What one operation accepts as its body.

    A description that offers one object or an array of them is checked by the kind that was sent, so that the
    findings speak of that kind alone.

    Args:
        operation_id: the operation's.
        request_body: as the description has it, references resolved.
        compiler: of the description.
        check_schema: hold the body against the schema; else it is left to the state.
        any_type: any media type will do, and the body is JSON.
        as_sent: the operation parses the body itself.
        forms: a form is taken, too.
        strict: refuse fields that are not described.
    """

    def __init__(
        self,
        operation_id: str,
        request_body: Mapping[str, Any],
        compiler: Compiler,
        *,
        check_schema: bool,
        any_type: bool,
        as_sent: bool = False,
        forms: bool = False,
        strict: bool = False,
    ) -> None:
        self.operation_id = operation_id
        self._strict = (operation_id, request_body, compiler)
        self._as_sent = as_sent
        self._forms = forms
        self.required = bool(request_body.get("required"))
        schema = request_body["content"][JSON]["schema"]
        choices = {
            list if choice.get("type") == "array" else dict: choice
            for choice in schema.get("oneOf") or [schema]
        }
        self._object = choices.get(dict, {})
        self._by_kind = {
            kind: compiler.compile(closed(choice) if strict else choice, "request")
            for kind, choice in choices.items()
        }
        self._kinds = " or ".join("list" if kind is list else "dictionary" for kind in self._by_kind)
        self._check_schema = check_schema
        self._any_type = any_type

    @property
    def described(self) -> bool:
        """Whether the body is held against its description, and not left to the state."""
        return self._check_schema

    @cached_property
    def strictly(self) -> BodyRule:
        """The same, but fields that are not described are refused."""
        return BodyRule(
            *self._strict,
            check_schema=self._check_schema,
            any_type=self._any_type,
            as_sent=self._as_sent,
            forms=self._forms,
            strict=True,
        )

    async def read(self, scope: Scope, receive: Receive, validation: Validation) -> Any:
        """The parsed, valid body; `ABSENT` when there is none; bytes for an operation that parses it itself.

        Raises:
            Problem: a wrong media type, no JSON, no form, or values that the description refuses.
        """
        try:
            check_encoding(field(scope, b"content-encoding"))
        except UnsupportedEncoding as error:
            if self._any_type:  # the control API has no 415
                raise BadRequest(error.detail, error.headers) from None
            raise
        limits = scope[EXCHANGE].sandbox.limits
        if self._as_sent:
            return await read_body(receive, limits.snapshot)
        raw = await read_body(receive, limits.body)
        if not raw and not self.required:
            return ABSENT
        content_type = field(scope, b"content-type")
        if self._forms and content_type is not None and form_type(content_type) is not None:
            body = await validation.form(self, raw, content_type)
        else:
            if raw and not self._any_type:
                validation.media_type(self, content_type, required=self._check_schema)
            body = await parse_body(raw) if raw else {}
        if self._check_schema:
            if len(raw) > _LONG:
                await asyncio.sleep(0)
            if isinstance(body, list) and len(body) > _MANY:
                await self._check_parts(body, validation)
            else:
                validation.values(self, body, long=len(raw) > _LONG)
        return body

    async def _check_parts(self, items: list[Any], validation: Validation) -> None:
        """Hold many elements against the description, with turns for others; a slice is as good as the array.

        Raises:
            BadRequest: of the first slice that has something wrong, each finding in its place.
        """
        for start in range(0, len(items), _MANY):
            try:
                validation.values(self, items[start : start + _MANY], long=True)
            except BadRequest as error:
                if start and isinstance(error.detail, list):
                    raise BadRequest([{} for _ in range(start)] + error.detail, error.headers) from None
                raise
            await asyncio.sleep(0)

    async def read_form(self, raw: bytes, content_type: str) -> dict[str, Any]:
        """The body that a form stands for. Raises `BadRequest`."""
        return as_object(await read_form(raw, content_type), self._object)

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


class Validation:
    """What is checked of a request before its operation sees it; `operation_id` is the operation's."""

    def path(self, operation_id: str, parameters: PathParameters, values: dict[str, str]) -> dict[str, str]:  # noqa: ARG002
        """The path parameters. Raises `UnknownPath`."""
        return parameters.check(values)

    def pairs(self, operation_id: str, query: bytes) -> Pairs:  # noqa: ARG002
        """The decoded pairs of the query string. Raises `BadRequest`."""
        return parse_query(query)

    def query(self, operation_id: str, parameters: QueryParameters, pairs: Pairs) -> dict[str, Any]:  # noqa: ARG002
        """The described query parameters. Raises `BadRequest`."""
        return parameters.check(pairs)

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        """The parsed body. Raises `Problem`."""
        return await rule.read(scope, receive, self)

    def media_type(self, rule: BodyRule, content_type: str | None, *, required: bool) -> None:  # noqa: ARG002
        """Accept the body's media type. Raises `UnsupportedMediaType`."""
        check_json_type(content_type, required=required)

    async def form(self, rule: BodyRule, raw: bytes, content_type: str) -> Any:
        """The body that a form stands for. Raises `Problem`."""
        return await rule.read_form(raw, content_type)

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        """Accept the parsed body. Raises `BadRequest`."""
        rule.check(body, long=long)


VALIDATION: Final = ExtensionPoint(
    "validation", Validation, decides=frozenset({"path", "pairs", "query", "media_type", "values"})
)


_PLAIN = Validation()
"""Of the control API, which no variant reaches."""


Handle = Callable[[str, Call], Awaitable[Response]]
"""Gives the response to a call, whose operation is one of the API with this base path."""


class ValidatedOperation:
    """One operation: its compiled rules, and the call that it makes of a request."""

    def __init__(
        self,
        handle: Callable[[Call], Awaitable[Response]],
        operation: AbstractOperation,
        compiler: Compiler,
        policy: RequestPolicy,
    ) -> None:
        self._handle = handle
        self._overridable = policy.overridable
        self._admit = policy.admit
        self.operation_id: str = operation.operation_id
        raw = operation._operation  # noqa: SLF001 - Connexion offers no accessor for extensions
        self._path = PathParameters(operation.parameters)
        self._query = QueryParameters(operation.parameters, compiler)
        self._has_query = any(parameter["in"] == "query" for parameter in operation.parameters)
        media_types = _produced(raw["responses"])
        self._plain = Negotiated(media_types[0], "")
        self._negotiator = (
            None if policy.negotiate is None else policy.negotiate(self.operation_id, raw, media_types)
        )
        body = operation.request_body
        self._body: BodyRule | None = None
        if body:
            self._body = BodyRule(
                self.operation_id,
                body,
                compiler,
                check_schema=policy.check_bodies,
                any_type=policy.any_media_type,
                as_sent=bool(raw.get("x-body-as-sent")),
                forms=policy.forms,
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make a `Call` of the request, and answer with the response to it."""
        exchange: Exchange = scope[EXCHANGE]
        sandbox = exchange.sandbox
        validation = sandbox.implementation[VALIDATION] if self._overridable else _PLAIN
        answer = self._plain
        negotiator = self._negotiator
        if negotiator is not None:
            try:
                answer = negotiator.choose(sandbox, field(scope, b"accept"))
            except Exception:
                exchange.answer = negotiator.own(sandbox)
                raise
            exchange.answer = answer
        path = scope.get("path_params", {})
        if path:
            if exchange.hidden_slash:
                path = {name: show_slashes(value) for name, value in path.items()}
            path = validation.path(self.operation_id, self._path, path)
        # Where no parameter is described, whatever is sent is ignored, also what cannot be read.
        pairs = validation.pairs(self.operation_id, scope["query_string"]) if self._has_query else []
        query = validation.query(self.operation_id, self._query, pairs) if pairs else {}
        rule = self._body
        if rule is not None and rule.described and sandbox.settings.strict_bodies and self._overridable:
            rule = rule.strictly
        body = await validation.body(rule, scope, receive) if rule is not None else ABSENT
        call = Call(sandbox, scope, exchange, self.operation_id, path, query, pairs, body, answer)
        if self._admit is not None:
            self._admit(call)
        response = await self._handle(call)
        await response(scope, receive, send)


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

    def __init__(
        self, *args: Any, policies: Mapping[str, RequestPolicy], handle: Handle, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._handle = partial(handle, self.base_path)
        self._compiler = Compiler()
        self._policy = policies[self.base_path]
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> ValidatedOperation:
        """Compile one operation (called by Connexion while it reads the description)."""
        return ValidatedOperation(self._handle, operation, self._compiler, self._policy)


class ValidationMiddleware(RoutedMiddleware[ValidationAPI]):  # type: ignore[misc]  # connexion has no types
    """Validates requests; takes the place of Connexion's own request validation.

    Args:
        app: what comes next.
        policies: of each API, by its base path.
        handle: gives the response to a call.
    """

    def __init__(self, app: ASGIApp, policies: Mapping[str, RequestPolicy], handle: Handle) -> None:
        super().__init__(app)
        self.api_cls = partial(ValidationAPI, policies=policies, handle=handle)
