"""Sends the requests of a run: at the pace that the target bears, with the token for its own origin only."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urljoin

from ..http.turns import MINUTE, Turns
from ..http.wire import (
    REDIRECTS,
    Cancelled,
    Header,
    NoAnswer,
    Received,
    Request,
    Unreachable,
    Wire,
    origin_of,
)
from ..outcomes import NotVerified
from ..target.target import Endpoint, Pace
from .gate import Gate

__all__ = [
    "MAX_REDIRECTS",
    "Cancelled",
    "Session",
    "Throttled",
    "TimeIsUp",
    "ascii_url",
    "redirected",
    "retry_after",
    "same_origin",
    "target_headers",
]

MAX_REDIRECTS = 5
TOO_MANY = 429
_PATIENT = 3
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})


class TimeIsUp(Exception):
    """A check took longer than the target's pace allows."""


class Throttled(NotVerified):
    """The target takes no more requests for longer than there is time to wait.

    Attributes:
        received: the 429; None where it was not even asked again.
    """

    def __init__(self, reason: str, received: Received | None = None) -> None:
        super().__init__(reason)
        self.received = received


class Session:
    """Shared by all checks of a run, whatever their threads.

    Args:
        wire: sends.
        pace: of the target.
        cancelled: set when the run is to stop.
        gate: lets requests through; None where all is thrown away afterwards, as in the sandboxes of a mock.
        turns: of another session, to go on with.
    """

    def __init__(
        self,
        wire: Wire,
        pace: Pace,
        cancelled: threading.Event,
        gate: Gate | None = None,
        turns: Turns | None = None,
    ) -> None:
        self.wire = wire
        self.pace = pace
        self.cancelled = cancelled
        self.gate = gate
        self.turns = turns or Turns(pace.requests_per_second, slowest=pace.slowest)
        self.waited = 0.0

    def send(self, request: Request, *, until: float | None = None, patient: bool = True) -> Received:
        """Send one request; a redirect is an answer like any other.

        Args:
            request: what to send, credentials included.
            until: an instant of `time.monotonic` after which nothing is sent any more.
            patient: wait out a 429 and send the request again, at most twice; from then on all are slower.

        Raises:
            NoAnswer: no complete answer.
            Unreachable: no connection.
            NotAllowed: the request might do what is not allowed.
            Throttled: a 429 that cannot be waited out.
            Cancelled, TimeIsUp: the run, or the check, is over.
        """
        for left in (2, 1, 0):
            self._wait_for_turn(until)
            received = self._through_the_gate(request, until)
            if received.status != TOO_MANY or not patient:
                return received
            wait = retry_after(received)
            self.turns.slow_down(min(wait, self.pace.throttled))
            told = f"the target answers 429, too many requests; it wants a pause of {wait:.0f} s"
            if wait > self.pace.throttled:
                self.turns.shut(wait)
                raise Throttled(
                    f"{told}, and pace.throttled_seconds allows {self.pace.throttled:g}", received
                )
            if not left:
                raise Throttled(
                    f"{told}, and said so {_PATIENT} times; lower pace.requests_per_second", received
                )
            if until is not None and time.monotonic() + wait > until:
                raise Throttled(f"{told}, and the check has no more time; raise pace.check_seconds", received)
            self.sleep(wait, until)
        raise AssertionError  # the loop returns

    def _through_the_gate(self, request: Request, until: float | None) -> Received:
        if self.gate is None:
            return self._send(request, until)
        passage = self.gate.admit(request)
        try:
            received = self._send(request, until)
        except Unreachable:
            raise
        except BaseException:
            # Nobody knows what became of it, as of one that Ctrl-C broke off.
            self.gate.settle(passage, None)
            raise
        self.gate.settle(passage, received)
        return received

    def _send(self, request: Request, until: float | None) -> Received:
        try:
            return self.wire.send(request, until=until, cancelled=self.cancelled)
        except NoAnswer:
            # The target was not too slow for its own limits, only for what was left to the check.
            if until is not None and time.monotonic() >= until:
                raise TimeIsUp from None
            raise

    def sleep(self, seconds: float, until: float | None = None) -> None:
        """Wait, unless the run is stopped or the check's time would be over.

        Raises:
            Cancelled, TimeIsUp: the run, or the check, is over.
        """
        if until is not None and time.monotonic() + seconds > until:
            raise TimeIsUp
        if self.cancelled.wait(seconds):
            raise Cancelled

    def _wait_for_turn(self, until: float | None) -> None:
        if self.cancelled.is_set():
            raise Cancelled
        if until is not None and time.monotonic() >= until:
            raise TimeIsUp
        if self.turns.is_shut():
            raise Throttled(
                "the target answered 429, too many requests, and wants a longer pause than is made"
            )
        seconds = self.turns.take()
        if seconds > 0:
            self.sleep(seconds, until)


def ascii_url(url: str) -> str:
    """A URL that came from the target, fit for the wire: what is not allowed there is percent-encoded."""
    return quote(url, safe="%/:?#[]@!$&'()*+,;=~-._")


def retry_after(received: Received) -> float:
    """How many seconds a 429 asks for; a minute where it does not say, for so the vendor counts."""
    value = next((value for name, value in received.headers if name.lower() == "retry-after"), "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return MINUTE


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs share scheme, host and port; no URL is of no origin."""
    try:
        return origin_of(one) == origin_of(other)
    except ValueError:
        return False


def target_headers(endpoint: Endpoint, url: str, *, auth: bool | str) -> tuple[Header, ...]:
    """The headers that only the target itself may see: the token and what else it was configured with.

    Args:
        endpoint: the target.
        url: where the request goes; at another origin there are none.
        auth: True for the target's token, False for none, or another token.
    """
    if not same_origin(endpoint.url, url):
        return ()
    token = endpoint.token if auth is True else auth
    credentials = (("Authorization", f"Token {token}"),) if token else ()
    return (*endpoint.headers, *credentials)


def redirected(request: Request, received: Received, private: Iterable[str] = ()) -> Request | None:
    """The request that follows a redirect: without credentials where the origin changes.

    Args:
        request: what was sent.
        received: what came back.
        private: the names of further headers that the target alone may see.

    Returns:
        None if the answer is not a redirect, or leads to no HTTP URL.
    """
    location = next((value for name, value in received.headers if name.lower() == "location"), None)
    if received.status not in REDIRECTS or location is None:
        return None
    try:
        url = ascii_url(urljoin(request.url, location))
        origin_of(url)
    except ValueError:
        return None
    keeps_method = received.status in {307, 308} or request.method in {"GET", "HEAD"}
    dropped = set() if keeps_method else {"content-type"}
    if not same_origin(request.url, url):
        dropped |= _CREDENTIALS | {name.lower() for name in private}
    return Request(
        method=request.method if keeps_method else "GET",
        url=url,
        headers=tuple((name, value) for name, value in request.headers if name.lower() not in dropped),
        body=request.body if keeps_method else None,
    )
