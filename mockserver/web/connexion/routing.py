"""Connexion's routing with an index in front: the operation is looked up instead of tried route by route."""

from __future__ import annotations

from collections.abc import Awaitable
from operator import itemgetter
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ..call import EXCHANGE
from .framework import ROUTING_CONTEXT, RoutingMiddleware, Specification
from .routed import operation_of
from .routes import METHODS


class _Route:
    """One operation's path, cut into segments.

    Attributes:
        literals: what `literals_of` gives for the segments of a path that fits.
        parameters: position and name of each parameter.
        size: how many segments there are.
        app: what answers the operation.
        context: what Connexion's other layers, and the handlers, find it by.
    """

    __slots__ = ("app", "context", "literals", "literals_of", "operation_id", "parameters", "size")

    def __init__(self, app: ASGIApp, base_path: str, template: str, operation_id: str) -> None:
        self.app = operation_of(app, base_path, operation_id)
        self.context = {"api_base_path": base_path, "operation_id": operation_id}
        self.operation_id = operation_id
        segments = (base_path + template).split("/")
        self.size = len(segments)
        self.parameters = [(index, text[1:-1]) for index, text in enumerate(segments) if text.startswith("{")]
        self.literals_of = itemgetter(*[i for i, text in enumerate(segments) if not text.startswith("{")])
        self.literals = self.literals_of(segments)


class IndexedRouting(RoutingMiddleware):  # type: ignore[misc]  # connexion has no types
    """Finds the operation by method and number of segments; everything else goes Connexion's own way.

    Connexion tries the routes one after another, which costs a quarter of a small request here.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self._index: dict[tuple[str, int], list[_Route]] = {}

    def add_api(
        self,
        specification: Specification,
        base_path: str | None = None,
        arguments: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Register a description (called by Connexion at start-up)."""
        super().add_api(specification, base_path, arguments, **options)
        for template, item in specification["paths"].items():
            for method in METHODS:
                if method in item:
                    route = _Route(self.app, base_path or "", template, item[method]["operationId"])
                    self._index.setdefault((method.upper(), route.size), []).append(route)
        for routes in self._index.values():
            routes.sort(key=lambda route: len(route.parameters))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Call the next layer with the operation in the scope."""
        if scope["type"] == "http":
            segments = scope["path"].split("/")
            method = "GET" if scope["method"] == "HEAD" else scope["method"]
            for route in self._index.get((method, len(segments)), ()):
                if route.literals_of(segments) == route.literals:
                    values = {name: segments[index] for index, name in route.parameters}
                    if all(values.values()):
                        scope["path_params"] = values
                        scope[EXCHANGE].operation_id = route.operation_id
                        scope["extensions"][ROUTING_CONTEXT] = route.context
                        return route.app(scope, receive, send)
        otherwise: Awaitable[None] = super().__call__(scope, receive, send)
        return otherwise
