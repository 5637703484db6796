"""`Authorization: Token …`, hung into Connexion's security middleware (contract: Conventions)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from starlette.types import Scope

from ...extension_point import ExtensionPoint
from ..call import EXCHANGE
from ..fields import field
from ..problems import NotAuthenticated, PermissionDenied
from .framework import AbstractSecurityHandler, ConnexionRequest

if TYPE_CHECKING:
    from ...sandbox.sandbox import Sandbox
    from ...sandbox.settings import TokenGrant

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class TokenHandler(AbstractSecurityHandler):  # type: ignore[misc]  # connexion has no types
    """Verifies a token against the sandbox that the request is for, so that one server has many rules.

    Args:
        point: what verifies, as a variant can override it; None for what has no variants.
    """

    def __init__(self, point: ExtensionPoint[Security] | None) -> None:
        self._point = point

    def get_fn(
        self, security_scheme: dict[str, Any], required_scopes: list[str]
    ) -> Callable[[ConnexionRequest], Awaitable[dict[str, Any]]]:
        """The function that Connexion calls for each request to a secured operation."""
        del security_scheme, required_scopes
        return self.verify

    async def verify(self, request: ConnexionRequest) -> dict[str, Any]:
        """Who is calling, as Connexion has it. Raises `Problem`, as `Security.verify` does."""
        return {"sub": self.check(request.scope)}

    def check(self, scope: Scope) -> str | None:
        """Who is calling. Raises `Problem`, as `Security.verify` does."""
        point = self._point
        security = _PLAIN if point is None else scope[EXCHANGE].sandbox.implementation[point]
        return security.verify(scope)


class Security:
    """Who may do what."""

    def verify(self, scope: Scope) -> str | None:
        """The token of a call that may be made, unless none is needed.

        Raises:
            NotAuthenticated: no token, a malformed one, or one that is not accepted.
            PermissionDenied: a read-only token on an operation that writes.
            Problem: the token has used up its requests, where they are limited.
        """
        exchange = scope[EXCHANGE]
        sandbox = exchange.sandbox
        settings = sandbox.settings
        authorization = field(scope, b"authorization")
        if not settings.auth:
            self.throttle(sandbox, authorization or "")
            return None
        token = self.token_of(authorization)
        if settings.tokens is not None:
            grant = self.grant_of(token, settings.tokens)
            self.permit(grant, scope)
            exchange.organizations, exchange.read_only = grant.organizations, grant.read_only
        # Last, as in the vendor's framework: who may not come in is not counted.
        self.throttle(sandbox, token)
        return token

    def token_of(self, authorization: str | None) -> str:
        """The token of an Authorization header. Raises `NotAuthenticated`."""
        return parse_authorization(authorization)

    def grant_of(self, token: str, tokens: Mapping[str, TokenGrant]) -> TokenGrant:
        """What an accepted token may do. Raises `NotAuthenticated` for any other."""
        grant = tokens.get(token)
        if grant is None:
            msg = "Invalid token."
            raise NotAuthenticated(msg)
        return grant

    def permit(self, grant: TokenGrant, scope: Scope) -> None:
        """Let a call pass. Raises `PermissionDenied`."""
        if grant.read_only and scope["method"] not in _READING:
            msg = "You do not have permission to perform this action."
            raise PermissionDenied(msg)

    def throttle(self, sandbox: Sandbox, token: str) -> None:
        """Count a call; an API that limits them raises a `Problem`."""


_PLAIN: Final = Security()


def parse_authorization(value: str | None) -> str:
    """The token of an Authorization header.

    Raises:
        NotAuthenticated: there is none, or it has another form than `Token <token>`.
    """
    words = (value or "").split()
    if len(words) == 2 and words[0].lower() == "token" and words[1].isascii():
        return words[1]
    if not words or words[0].lower() != "token":
        msg = "Authentication credentials were not provided."
        raise NotAuthenticated(msg)
    if len(words) == 1:
        msg = "Invalid token header. No credentials provided."
        raise NotAuthenticated(msg)
    if len(words) > 2:
        msg = "Invalid token header. Token string should not contain spaces."
        raise NotAuthenticated(msg)
    msg = "Invalid token header. Token string should not contain invalid characters."
    raise NotAuthenticated(msg)
