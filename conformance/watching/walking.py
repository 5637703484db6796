"""Reads all that a target shows, to make a data set of it. Only GET is sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from ..apis.base import practice_of
from ..environment.network import open_wire
from ..environment.session import Session, TimeIsUp, redirected, target_headers
from ..http.evidence import Exchange
from ..http.wire import NoAnswer, Request, Unreachable
from ..outcomes import NotVerified
from ..schema.description import Description
from ..target.target import Endpoint, Target
from .recording import Recording, RecordingPractice, WalkFailed
from .routing import Routing
from .seen import Seen

_REDIRECTS: Final = 5


@dataclass(frozen=True, slots=True)
class Walked:
    """What was read.

    Attributes:
        recordings: one for each API.
        missing: what was refused, as sentences; it is not in them.
    """

    recordings: Sequence[Recording]
    missing: Sequence[str]


def walk(target: Target, ids: tuple[str, ...] = ()) -> Walked:
    """Read everything, API by API.

    Args:
        target: to read.
        ids: that the user named, for APIs that cannot list everything.

    Raises:
        WalkFailed: an API does not answer, or refuses to tell what there is.
    """
    recordings: list[Recording] = []
    missing: list[str] = []
    with open_wire(target) as wire:
        session = Session(wire, target.pace, threading.Event(), None)
        until = time.monotonic() + target.pace.run
        for api in target.apis:
            practice, endpoint = practice_of(api, RecordingPractice), target.endpoint(api)
            if practice.recording is None or practice.walk is None or endpoint is None:
                continue
            recording = practice.recording()
            routing = Routing(endpoint.url, {api: Description(api)})
            practice.walk(_Walker(session, endpoint, routing, recording, missing, until=until), ids)
            recordings.append(recording)
    return Walked(recordings, missing)


class _Walker:
    """Fetches, and lets the recording take what came."""

    def __init__(
        self,
        session: Session,
        endpoint: Endpoint,
        routing: Routing,
        recording: Recording,
        missing: list[str],
        *,
        until: float,
    ) -> None:
        self._session = session
        self._endpoint = endpoint
        self._routing = routing
        self._recording = recording
        self._missing = missing
        self._until = until
        self._count = 0

    def __call__(self, path: str, headers: Mapping[str, str], *, needed: bool = True) -> Seen | None:
        url = self._endpoint.url + path if path.startswith("/") else path
        # The query of a link is its signature.
        told = f"GET {urlsplit(url)._replace(query='', fragment='').geturl()}"
        try:
            seen = self._followed(url, headers)
        except NotVerified as error:
            raise WalkFailed(f"{told}: {error}") from error
        except TimeIsUp as error:
            raise WalkFailed(f"{told}: the time for all of it was over (pace.run_seconds)") from error
        except (NoAnswer, Unreachable) as error:
            if needed:
                raise WalkFailed(f"{told}: {error}") from error
            self._missing.append(f"{told}: {error}")
            return None
        if seen.status == 200:
            return seen
        told = f"{told} is answered with {seen.status}"
        if seen.status == 401:
            raise WalkFailed(f"{told}: the token is missing, or is not accepted")
        if needed:
            raise WalkFailed(told)
        self._missing.append(told)
        return None

    def _followed(self, url: str, headers: Mapping[str, str]) -> Seen:
        """The answer at the end of all redirects, or the last one that is followed."""
        # A link has its own signature; a storage takes credentials beside it amiss.
        own = target_headers(self._endpoint, url, auth=True) if self._is_within(url) else ()
        request = Request("GET", url, (*headers.items(), *own))
        seen = self._one(request)
        for _ in range(_REDIRECTS):
            private = [name for name, _ in self._endpoint.headers]
            following = redirected(request, seen.answer, private)
            if following is None:
                break
            if not self._is_within(following.url):
                following = replace(following, headers=tuple(headers.items()))
            request = following
            seen = self._one(request)
        return seen

    def _is_within(self, url: str) -> bool:
        """Whether a URL is one of the API itself."""
        passage = self._routing.passage(Request("GET", url))
        return passage.operation is not None or passage.names.kind != ""

    def _one(self, request: Request) -> Seen:
        began = time.monotonic()
        received = self._session.send(request, until=self._until)
        self._count += 1
        passage = self._routing.passage(request)
        exchange = Exchange(request, received, operation=passage.operation)
        seen = Seen(self._count, passage, exchange, received, began, time.monotonic())
        self._recording.take(seen)
        return seen
