"""Connexion's routing with an index in front: the operation is looked up instead of tried route by route."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from operator import itemgetter
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ..call import EXCHANGE
from .framework import ROUTING_CONTEXT, RoutingMiddleware, Specification
from .routed import operation_of
from .routes import METHODS


class _Route:
    """One operation's path.

    Attributes:
        parameters: position of a segment and name of each parameter.
        app: what answers the operation.
        context: what Connexion's other layers, and the handlers, find it by.
    """

    __slots__ = ("app", "context", "operation_id", "parameters")

    def __init__(self, app: ASGIApp, base_path: str, segments: list[str], operation_id: str) -> None:
        self.app = operation_of(app, base_path, operation_id)
        self.context = {"api_base_path": base_path, "operation_id": operation_id}
        self.operation_id = operation_id
        self.parameters = [(index, text[1:-1]) for index, text in enumerate(segments) if _is_parameter(text)]


class _Shape:
    """Where the parameters stand in a path; all operations with that shape.

    Attributes:
        literals_of: the segments that are not parameters.
        routes: by what that gives.
    """

    __slots__ = ("literals_of", "routes")

    def __init__(self, literals: Iterable[int]) -> None:
        self.literals_of = itemgetter(*literals)
        self.routes: dict[Any, _Route] = {}


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{")


class IndexedRouting(RoutingMiddleware):  # type: ignore[misc]  # connexion has no types
    """Finds the operation by method and number of segments; everything else goes Connexion's own way.

    Connexion tries the routes one after another, which costs a quarter of a small request here.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self._shapes: dict[tuple[str, int], dict[tuple[int, ...], _Shape]] = {}
        self._index: dict[tuple[str, int], list[_Shape]] = {}

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
            segments = f"{base_path or ''}{template}".split("/")
            literals = tuple(index for index, text in enumerate(segments) if not _is_parameter(text))
            for method in METHODS:
                if method in item:
                    shapes = self._shapes.setdefault((method.upper(), len(segments)), {})
                    shape = shapes.setdefault(literals, _Shape(literals))
                    route = _Route(self.app, base_path or "", segments, item[method]["operationId"])
                    shape.routes.setdefault(shape.literals_of(segments), route)
        # What has more literals counts first.
        self._index = {
            key: [shape for _, shape in sorted(shapes.items(), key=lambda item: -len(item[0]))]
            for key, shapes in self._shapes.items()
        }

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Call the next layer with the operation in the scope."""
        if scope["type"] == "http":
            segments = scope["path"].split("/")
            method = "GET" if scope["method"] == "HEAD" else scope["method"]
            for shape in self._index.get((method, len(segments)), ()):
                route = shape.routes.get(shape.literals_of(segments))
                if route is not None:
                    values = {name: segments[index] for index, name in route.parameters}
                    if "" not in values.values():
                        scope["path_params"] = values
                        scope[EXCHANGE].operation_id = route.operation_id
                        scope["extensions"][ROUTING_CONTEXT] = route.context
                        return route.app(scope, receive, send)
        otherwise: Awaitable[None] = super().__call__(scope, receive, send)
        return otherwise
