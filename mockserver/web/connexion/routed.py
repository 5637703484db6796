"""What Connexion's layers do with an operation, looked up once; they would do so in every request."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from .framework import ConnexionMiddleware, OpenAPISpecification, RoutedMiddleware


class _Known(OpenAPISpecification):  # type: ignore[misc]  # connexion has no types
    """A description that is known to be right."""

    @classmethod
    def _validate_spec(cls, spec: dict[str, Any]) -> None:
        """Leave it as it is."""


class Layers(ConnexionMiddleware):  # type: ignore[misc]  # connexion has no types
    """All layers of Connexion around an application; they are put together with the first call."""

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the call to the outermost of them."""
        called = self.app if self.middleware_stack is not None else super().__call__
        passed_on: Awaitable[None] = called(scope, receive, send)
        return passed_on

    def add_known(self, description: dict[str, Any], **options: Any) -> None:
        """Add a description of this package, which the tests hold against the schema of OpenAPI.

        Connexion would do so at each start, which takes longer than all else of it.
        """
        self.add_api({"openapi": "3.0.3", "info": {"title": "", "version": ""}, "paths": {}}, **options)
        self.apis[-1].specification = _Known(description)


def operation_of(app: ASGIApp, base_path: str, operation_id: str) -> ASGIApp:
    """What a layer of Connexion calls for an operation; the application itself where it is not such a layer.

    Connexion gives the descriptions to its layers from inside out, so that what lies inside knows them.
    """
    if isinstance(app, RoutedMiddleware):
        for api in app.apis[base_path]:
            if operation_id in api.operations:
                found: ASGIApp = api.operations[operation_id]
                return found
    return app
