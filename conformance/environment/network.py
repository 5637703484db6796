"""The one way in which a run reaches a target, whoever sends: checks, fuzzing, hooks, discovery."""

from __future__ import annotations

import threading

from ..http.destinations import Guard
from ..http.wire import Wire
from ..target.target import Target


def open_wire(target: Target, cancelled: threading.Event | None = None) -> Wire:
    """A wire with the policy of a target: its limits, authorities, proxy, and where its links may lead.

    Args:
        target: to reach.
        cancelled: ends whatever is sent with no event of its own.
    """
    endpoints = [endpoint for api in target.apis if (endpoint := target.endpoint(api)) is not None]
    own = [url for endpoint in endpoints for url in (endpoint.url, endpoint.second_url) if url is not None]
    secrets = [secret.value for secret in target.secrets]
    guard = Guard(own, open_links=target.open_links, secrets=secrets)
    return Wire(
        target.pace.wire, ca_bundle=target.ca_bundle, proxy=target.proxy, guard=guard, cancelled=cancelled
    )
