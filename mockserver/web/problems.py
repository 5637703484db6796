"""What can be wrong with a request, before any rule of state is asked."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """A request that is answered with an error.

    Attributes:
        status: the HTTP status, where the API does not decide it itself.
        detail: one sentence, or the errors keyed by field.
        headers: extra response headers.
    """

    status = 400

    def __init__(
        self, detail: str | dict[str, Any] | list[Any], headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers


class BadRequest(Problem):
    """Malformed syntax or values that the description refuses."""

    status = 400


class NotAuthenticated(Problem):
    """No token, or one that is not accepted."""

    status = 401

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"WWW-Authenticate": "Token"})


class PermissionDenied(Problem):
    """An accepted token that may not do this."""

    status = 403


class UnknownPath(Problem):
    """No operation, or no such thing, at this path."""

    status = 404


class MethodNotAllowed(Problem):
    """The path exists, with other methods."""

    status = 405

    def __init__(self, method: str, allowed: list[str]) -> None:
        super().__init__(f'Method "{method}" not allowed.', {"Allow": ", ".join(allowed)})


class NotAcceptable(Problem):
    """The Accept header asks for a version or media type that the operation does not serve."""

    status = 406


class UnsupportedMediaType(Problem):
    """The body's media type is not one that the operation reads."""

    status = 415

    def __init__(self, media_type: str) -> None:
        super().__init__(f'Unsupported media type "{media_type}" in request.')


class UnsupportedEncoding(Problem):
    """The body is compressed (RFC 9110, 15.5.16: `Accept-Encoding` says what would do)."""

    status = 415

    def __init__(self, coding: str) -> None:
        super().__init__(
            f'Unsupported content encoding "{coding}" in request; send the body as it is.',
            {"Accept-Encoding": "identity"},
        )


class ClientGone(Exception):
    """The client hung up while its body was being read; there is nobody to answer."""
