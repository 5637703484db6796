"""Reads all that a target shows, to make a data set of it. Only GET is sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ..apis.base import practice_of
from ..environment.network import open_wire
from ..environment.session import Session, redirected, target_headers
from ..http.evidence import Exchange
from ..http.wire import NoAnswer, Request, Unreachable
from ..schema.description import Description
from ..target.target import Endpoint, Target
from .recording import Recording, RecordingPractice
from .routing import Routing
from .seen import Seen

_REDIRECTS: Final = 5


class WalkFailed(Exception):
    """Nothing could be read; the message says where and why."""


def walk(target: Target, ids: tuple[str, ...] = ()) -> list[Recording]:
    """Read everything, API by API.

    Args:
        target: to read.
        ids: that the user named, for APIs that cannot list everything.

    Raises:
        WalkFailed: an API does not answer, or refuses to be read.
    """
    recordings = []
    with open_wire(target) as wire:
        session = Session(wire, target.pace, threading.Event(), None)
        for api in target.apis:
            practice, endpoint = practice_of(api, RecordingPractice), target.endpoint(api)
            if practice.recording is None or practice.walk is None or endpoint is None:
                continue
            recording = practice.recording()
            practice.walk(
                _Walker(session, endpoint, Routing(endpoint.url, {api: Description(api)}), recording), ids
            )
            recordings.append(recording)
    return recordings


class _Walker:
    """Fetches, and lets the recording take what came."""

    def __init__(self, session: Session, endpoint: Endpoint, routing: Routing, recording: Recording) -> None:
        self._session = session
        self._endpoint = endpoint
        self._routing = routing
        self._recording = recording
        self._count = 0

    def __call__(self, path: str, headers: Mapping[str, str]) -> Seen | None:
        url = path if "://" in path else self._endpoint.url + path
        # A link has its own signature; a storage takes credentials beside it amiss.
        own = target_headers(self._endpoint, url, auth=True) if self._is_within(url) else ()
        request: Request | None = Request("GET", url, (*headers.items(), *own))
        seen = None
        for _ in range(_REDIRECTS):
            if request is None:
                break
            seen = self._one(request)
            private = [name for name, _ in self._endpoint.headers]
            request = redirected(request, seen.answer, private)
            if request is not None and not self._is_within(request.url):
                request = replace(request, headers=tuple(headers.items()))
        return seen

    def _is_within(self, url: str) -> bool:
        """Whether a URL is one of the API itself."""
        passage = self._routing.passage(Request("GET", url))
        return passage.operation is not None or passage.names.kind != ""

    def _one(self, request: Request) -> Seen:
        began = time.monotonic()
        try:
            received = self._session.send(request)
        except (NoAnswer, Unreachable) as error:
            raise WalkFailed(str(error)) from error
        self._count += 1
        passage = self._routing.passage(request)
        exchange = Exchange(request, received, operation=passage.operation)
        seen = Seen(self._count, passage, exchange, received, began, time.monotonic())
        self._recording.take(seen)
        return seen
