"""Connexion's security with a lighter request: the checks see the scope, which is all that they ask for.

What Connexion makes of a request otherwise (Starlette's request inside its own) costs as much as the check;
so does its way through several possible schemes, where an operation has a single one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Receive, Scope, Send

from .framework import AbstractOperation, SecurityAPI, SecurityMiddleware, SecurityOperation
from .routed import operation_of
from .security import TokenHandler


class ScopeOnly:
    """A request as the security checks get it.

    Attributes:
        scope: the ASGI scope.
        context: where Connexion notes who is calling.
    """

    __slots__ = ("context", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.context: dict[str, Any] = scope["extensions"].setdefault("connexion_context", {})


class _Operation(SecurityOperation):  # type: ignore[misc]  # connexion has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._token_check = self._only_token_check()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if self._token_check is not None:
            self._token_check(scope)
        elif self.security:
            return self._verified(scope, receive, send)
        passed_on: Awaitable[None] = self.next_app(scope, receive, send)
        return passed_on

    async def _verified(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.verification_fn(ScopeOnly(scope))
        await self.next_app(scope, receive, send)

    def _only_token_check(self) -> Callable[[Scope], object] | None:
        """The check of an operation that asks for a token and leaves no choice; None for any other."""
        schemes = self.security or []  # Connexion has None where nothing is said
        if len(schemes) != 1 or len(schemes[0]) != 1:
            return None
        ((name, scopes),) = schemes[0].items()
        scheme = self.security_schemes[name]
        check = self.security_handler_factory.parse_security_scheme(scheme, scopes)
        handler = getattr(check, "__self__", None)
        return handler.check if isinstance(handler, TokenHandler) else None


class _Operations(SecurityAPI):  # type: ignore[misc]  # connexion has no types
    def make_operation(self, operation: AbstractOperation) -> _Operation:
        made: _Operation = _Operation.from_operation(
            operation,
            next_app=operation_of(self.next_app, self.base_path, operation.operation_id),
            security_handler_factory=self.security_handler_factory,
        )
        return made


class LeanSecurity(SecurityMiddleware):  # type: ignore[misc]  # connexion has no types
    """Takes the place of Connexion's `SecurityMiddleware`; the verification itself is Connexion's."""

    api_cls = _Operations
