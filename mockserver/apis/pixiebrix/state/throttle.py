"""How many requests a token has sent in a minute (contract: Conventions; the vendor publishes no number)."""

from __future__ import annotations

from ....state.instants import SECOND

MINUTE = 60 * SECOND


class RequestCounter:
    """Counts requests by token, within minutes."""

    __slots__ = ("_counts", "_minute")

    def __init__(self) -> None:
        self._minute = -1
        self._counts: dict[str, int] = {}

    def hit(self, token: str, limit: int, now: int) -> int | None:
        """Count one request; the seconds until the next minute, where `limit` of this one is used up."""
        minute = now // MINUTE
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        count = self._counts.get(token, 0) + 1
        self._counts[token] = count
        if count <= limit:
            return None
        return max(1, -(-((minute + 1) * MINUTE - now) // SECOND))

    def fork(self) -> RequestCounter:
        """An independent counter that has counted the same."""
        other = RequestCounter()
        other._minute, other._counts = self._minute, self._counts.copy()
        return other
