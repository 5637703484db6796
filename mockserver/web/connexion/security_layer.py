"""Connexion's security with a lighter request: the checks see the scope, which is all that they ask for.

What Connexion makes of a request otherwise (Starlette's request inside its own) costs as much as the check.
"""

from __future__ import annotations

from typing import Any

from starlette.types import Receive, Scope, Send

from .framework import AbstractOperation, SecurityAPI, SecurityMiddleware, SecurityOperation


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
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.security:
            await self.verification_fn(ScopeOnly(scope))
        await self.next_app(scope, receive, send)


class _Operations(SecurityAPI):  # type: ignore[misc]  # connexion has no types
    def make_operation(self, operation: AbstractOperation) -> _Operation:
        made: _Operation = _Operation.from_operation(
            operation, next_app=self.next_app, security_handler_factory=self.security_handler_factory
        )
        return made


class LeanSecurity(SecurityMiddleware):  # type: ignore[misc]  # connexion has no types
    """Takes the place of Connexion's `SecurityMiddleware`; the verification itself is Connexion's."""

    api_cls = _Operations
