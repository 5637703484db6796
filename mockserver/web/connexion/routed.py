"""What Connexion's layers do with an operation, looked up once; they would do so in every request."""

from __future__ import annotations

from starlette.types import ASGIApp

from .framework import RoutedMiddleware


def operation_of(app: ASGIApp, base_path: str, operation_id: str) -> ASGIApp:
    """What a layer of Connexion calls for an operation; the application itself where it is no such layer.

    Connexion gives the descriptions to its layers from inside out, so that what lies inside knows them.
    """
    if isinstance(app, RoutedMiddleware):
        for api in app.apis[base_path]:
            found: ASGIApp = api.operations[operation_id]
            return found
    return app
