"""From what the user says to a target that can be judged: which APIs are where, and whether it is a mock."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from ..apis.base import apis, names
from ..authoring.answer import Answer
from ..environment.mock import as_target, recognize
from ..environment.network import open_wire
from ..http.destinations import is_here
from ..http.wire import NoAnswer, Request, Unreachable, Wire
from .preflight import is_down, redirected_to, what_came
from .target import GENTLE, Endpoint, Target, TargetError, base_url


def of_url(url: str, apis: Sequence[str] = ()) -> Target:
    """A target of a single URL, as the command line gives it; `resolve` finds out what it is.

    Args:
        url: a base URL of an API, or a mock.
        apis: the APIs to check; none says that the URL itself must tell.

    Raises:
        TargetError: no URL.
    """
    endpoint = Endpoint(base_url(url, where="URL"))
    wanted = apis or names()
    return Target(
        name=endpoint.url,
        endpoints=dict.fromkeys(wanted, endpoint),
        arguments=(url,),
        names=(*((f"{api}.url", "URL") for api in names()), ("api", "--api")),
    )


def resolve(target: Target, *, guess: bool, cancelled: threading.Event | None = None) -> Target:
    """Find out what a target is: a mock of ours, or which API its one URL serves.

    Args:
        target: as flags or a file tell it.
        guess: its APIs were not named, so that they have to be found out.
        cancelled: set when the user does not want to wait for the answers any more.

    Raises:
        TargetError: nothing tells which API it is, or a mock serves none of those that are wanted.
        Cancelled: the user did not wait.

    Where nothing answers, the target comes back as it is: the run will tell.
    """
    return paced(_resolved(target, guess=guess, cancelled=cancelled))


def paced(target: Target) -> Target:
    """With the pace that is meet for it: what is neither here nor a mock bears less, if nobody says so."""
    pace = target.pace
    hosts = [urlsplit(endpoint.url).hostname or "" for endpoint in target.endpoints.values()]
    if pace.requests_per_second is not None or target.kind == "mock" or all(map(is_here, hosts)):
        return target
    return replace(target, pace=replace(pace, requests_per_second=GENTLE))


def _resolved(target: Target, *, guess: bool, cancelled: threading.Event | None) -> Target:
    endpoint = target.first
    if endpoint is None:
        raise TargetError("no API is left to check; give a URL, or name its API with --api")
    wire = open_wire(target, cancelled)
    try:
        health = recognize(endpoint.url, wire)
        if health is not None:
            resolved = as_target(health, target)
            if not resolved.apis:
                raise TargetError(f"the mock at {health.root} serves only {', '.join(health.apis)}")
            return resolved
        return _guessed(target, endpoint, wire) if guess else target
    except Unreachable:
        return target
    finally:
        wire.close()


def _guessed(target: Target, endpoint: Endpoint, wire: Wire) -> Target:
    found: dict[str, Endpoint] = {}
    answers: list[Answer] = []
    for name, api in apis().items():
        for url in dict.fromkeys((endpoint.url, endpoint.url + api.mock_path)):
            request = Request("GET", url + api.probe.path)
            try:
                answers.append(Answer(request, wire.send(request)))
            except NoAnswer:
                continue
            if answers[-1].status in api.probe.statuses:
                found[name] = replace(target.endpoint(name) or endpoint, url=url)
                break
    if not found:
        if not answers or is_down(answers):
            return target
        where, there = target.named(f"{names()[0]}.url"), redirected_to(answers[:1], endpoint.url)
        if there is not None:
            raise TargetError(f"{where}: {endpoint.url} redirects to {there}; give {there} instead")
        flag = target.named("api")
        raise TargetError(
            f"{where}: {endpoint.url} answers {what_came(answers[0])}, and nothing tells which API this is; "
            f"say {' or '.join(f'{flag} {name}' for name in names())}"
        )
    return replace(target, endpoints=found)
