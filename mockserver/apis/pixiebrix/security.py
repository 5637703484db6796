"""Who may do what at PixieBrix, and how often (contract: Conventions)."""

from __future__ import annotations

from typing import Final

from ...extension_point import ExtensionPoint
from ...sandbox.sandbox import Sandbox
from ...web.connexion.security import Security
from ...web.problems import Problem
from .settings import settings_of
from .state_of import state_of


class Throttled(Problem):
    """Too many requests of one token in a minute."""

    status = 429

    def __init__(self, wait: int) -> None:
        super().__init__(
            f"Request was throttled. Expected available in {wait} seconds.", {"Retry-After": str(wait)}
        )


class PixieBrixSecurity(Security):
    """Tokens, and a number of requests a minute for each."""

    def throttle(self, sandbox: Sandbox, token: str) -> None:
        """Count a call. Raises `Throttled`."""
        limit = settings_of(sandbox).requests_per_minute
        if limit is not None:
            wait = state_of(sandbox).requests.hit(token, limit, sandbox.clock.now())
            if wait is not None:
                raise Throttled(wait)


SECURITY: Final = ExtensionPoint("security", PixieBrixSecurity, decides=frozenset({"grant_of", "permit"}))
