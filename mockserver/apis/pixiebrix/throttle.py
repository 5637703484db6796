"""The request limit per token and minute (contract: Conventions; the vendor publishes no number)."""

from __future__ import annotations

from ...state.instants import SECOND
from ...web.problems import Problem

MINUTE = 60 * SECOND


class Throttled(Problem):
    """Too many requests of one token in a minute."""

    status = 429

    def __init__(self, wait: int) -> None:
        super().__init__(
            f"Request was throttled. Expected available in {wait} seconds.", {"Retry-After": str(wait)}
        )


class Throttle:
    """Counts requests by token within minutes of the sandbox's clock."""

    __slots__ = ("_counts", "_minute")

    def __init__(self) -> None:
        self._minute = -1
        self._counts: dict[str, int] = {}

    def hit(self, token: str, limit: int, now: int) -> None:
        """Count one request.

        Raises:
            Throttled: the token has used up this minute's `limit`.
        """
        minute = now // MINUTE
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        count = self._counts.get(token, 0) + 1
        self._counts[token] = count
        if count > limit:
            raise Throttled(max(1, -(-((minute + 1) * MINUTE - now) // SECOND)))
