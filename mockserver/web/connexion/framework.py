"""All that is used of Connexion, imported at one place.

Importing Connexion warns of deprecations in libraries that it imports and that nothing here uses. A user's
`-W error` is about the user's own code, so those warnings end here.
"""

from __future__ import annotations

import sys
import warnings

# Connexion imports Starlette's test client, that one httpx, and httpx its command line with all it needs:
# a seventh of a server's start, for nothing. While this stands, httpx takes that for not installed.
_COMMAND_LINE = "httpx._main"
sys.modules.setdefault(_COMMAND_LINE, None)  # type: ignore[arg-type]  # Python's "not there"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from connexion.json_schema import resolve_refs
    from connexion.lifecycle import ConnexionRequest
    from connexion.middleware.abstract import ROUTING_CONTEXT, RoutedAPI, RoutedMiddleware
    from connexion.middleware.main import ConnexionMiddleware
    from connexion.middleware.routing import RoutingMiddleware
    from connexion.middleware.security import SecurityAPI, SecurityMiddleware, SecurityOperation
    from connexion.operations.abstract import AbstractOperation
    from connexion.resolver import Resolver
    from connexion.security import AbstractSecurityHandler
    from connexion.spec import OpenAPISpecification, Specification

if sys.modules[_COMMAND_LINE] is None:
    del sys.modules[_COMMAND_LINE]

__all__ = [
    "ROUTING_CONTEXT",
    "AbstractOperation",
    "AbstractSecurityHandler",
    "ConnexionMiddleware",
    "ConnexionRequest",
    "OpenAPISpecification",
    "Resolver",
    "RoutedAPI",
    "RoutedMiddleware",
    "RoutingMiddleware",
    "SecurityAPI",
    "SecurityMiddleware",
    "SecurityOperation",
    "Specification",
    "resolve_refs",
]
