"""A day of the target that ends by itself while a check is at work."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from ..http.wire import Origin, origin_of
from ..schema.trace import Trace

_SLACK = timedelta(seconds=5)
"""`Date` headers tell whole seconds, and a server may send them late."""

DAY_ENDED = "the day (UTC) ended at the target while the check was at work; repeat it"


def passed_by_itself(trace: Trace, origins: Container[Origin], seconds: float) -> bool:
    """Whether the target's own time went over midnight (UTC) in a check of this many seconds.

    Where it went on for longer than the check took, somebody has moved it, and what follows is meant.

    Args:
        trace: of the check.
        origins: where the target itself is; a storage may have a clock of its own.
        seconds: that the check took.
    """
    told = list(_dates(trace, origins))
    if not told:
        return False
    first, last = told[0], told[-1]
    return first.date() < last.date() and last - first <= timedelta(seconds=seconds) + _SLACK


def _dates(trace: Trace, origins: Container[Origin]) -> Iterator[datetime]:
    for exchange in trace.exchanges:
        if exchange.received is None or origin_of(exchange.request.url) not in origins:
            continue
        for name, value in exchange.received.headers:
            if name.lower() == "date":
                try:
                    yield parsedate_to_datetime(value).astimezone(UTC)
                except (ValueError, OverflowError):
                    continue
