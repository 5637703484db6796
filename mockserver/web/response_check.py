"""Holds every response against the description: status, media type, required headers, JSON body.

Switched on by `--validate-responses` and in the tests; it proves that the mock keeps to its own description.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..state import jsonio
from .body import header
from .connexion.routes import METHODS, OperationTable, resolved
from .negotiated import JSON
from .schemas import Compiler

_DEPTH = jsonio.MAX_DEPTH + 20
"""How deep an answer may nest: it wraps what came in, and that may be as deep as anything may."""

# Answers to requests that reach no operation; a description cannot list them. 403: the control API tells
# nobody on another machine what it has.
_OUTSIDE = frozenset({403, 404, 405})


class ResponseMismatch(Exception):
    """The mock's own response is not as described: a bug of the mock."""


class _ResponseRule:
    def __init__(self, response: Mapping[str, Any], compiler: Compiler) -> None:
        content = response.get("content", {})
        self.media_types = frozenset(content)
        self.headers = [name for name, item in response.get("headers", {}).items() if item.get("required")]
        schema = content.get(JSON, {}).get("schema")
        self.validator = compiler.compile(schema, "response") if schema else None

    def problem(self, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> str | None:
        if self.headers:
            names = {name.decode("latin-1") for name, _ in headers}
            missing = [name for name in self.headers if name.lower() not in names]
            if missing:
                return f"lacks the headers {missing}"
        content_type = (header(headers, b"content-type") or "").partition(";")[0].strip()
        if not self.media_types:
            return f"has a body of {len(body)} bytes where none is described" if body else None
        if content_type not in self.media_types and "*/*" not in self.media_types:
            return f'has the media type "{content_type}", described are {sorted(self.media_types)}'
        if content_type != JSON or self.validator is None:
            return None
        value = jsonio.loads(body, _DEPTH)
        if self.validator.is_valid(value):
            return None
        error = next(self.validator.iter_errors(value), None)
        return None if error is None else f"at {list(error.instance_path)}: {error.message[:300]}"


class ResponseCheck:
    """All responses of one description, found by method and path."""

    def __init__(self, description: Mapping[str, Any], table: OperationTable) -> None:
        compiler = Compiler()
        self._table = table
        self._rules = {
            operation["operationId"]: {
                status: _ResponseRule(response, compiler)
                for status, response in operation["responses"].items()
            }
            for item in resolved(description)["paths"].values()
            for method, operation in item.items()
            if method in METHODS
        }

    def require(  # noqa: PLR0917 - what is known of an answer
        self,
        method: str,
        path: str,
        operation: str | None,
        status: int,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
    ) -> None:
        """Pass a complete response that is as described; `operation` is what answered, where it is known.

        Raises:
            ResponseMismatch: it is not; the message says in what.
        """
        if method == "HEAD":
            return
        operation = operation or self._table.at(method, path)
        if operation is None:
            if status not in _OUTSIDE:
                msg = f"{method} {path}: status {status} outside every operation"
                raise ResponseMismatch(msg)
            return
        rules = self._rules[operation]
        rule = rules.get(str(status)) or rules.get("default")
        problem = f"the status {status} is not described" if rule is None else rule.problem(headers, body)
        if problem is not None:
            msg = f"{method} {path}: the response {problem}"
            raise ResponseMismatch(msg)
