"""What the doctor asks of a target: is it there, is it what is meant, is its clock right?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from dbcontract.conformance.apis.base import JudgedApi, apis
from dbcontract.conformance.authoring.answer import Answer
from dbcontract.conformance.environment.network import open_wire
from dbcontract.conformance.environment.session import target_headers
from dbcontract.conformance.http.destinations import is_here
from dbcontract.conformance.http.redaction import Redactor
from dbcontract.conformance.http.wire import NoAnswer, Received, Request, Unreachable, Wire
from dbcontract.conformance.report.shown import visible
from dbcontract.conformance.target.options import TOKEN_VARIABLE, TargetOptions
from dbcontract.conformance.target.preflight import what_came
from dbcontract.conformance.target.target import Endpoint, Target, TargetError

from .surroundings import Finding, Level

_RIGHT = 5.0
"""Seconds that a clock may differ."""
_WRONG = 300.0
"""From here on signed links and rules about time fail."""


def asked(options: TargetOptions, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Ask it, with a GET for each API and those that find out which APIs it has; no token is sent.

    Args:
        options: how the user names the target.
        environment: where the token is.
    """
    try:
        target = options.resolve(environment)
    except TargetError as error:
        # It may have the answer's words; what is secret in a target that is not one is not known.
        token = environment.get(options.token_env or TOKEN_VARIABLE, "").strip()
        yield Finding("target", Level.PROBLEM, visible(Redactor([token]).text(str(error)), keep=""))
        return
    redactor = Redactor(target.secrets)
    with open_wire(target) as wire:
        for found in _of_each(target, wire):
            yield replace(found, text=visible(redactor.text(found.text), keep=""))


def _of_each(target: Target, wire: Wire) -> Iterator[Finding]:
    down: set[str] = set()
    told: set[str] = set()
    for name in target.apis:
        endpoint, api = target.endpoints[name], apis()[name]
        authority = urlsplit(endpoint.url).netloc
        if authority in down:
            continue
        url = endpoint.url + api.probe.path
        before = datetime.now(UTC)
        try:
            request = Request("GET", url, target_headers(endpoint, url, auth=False))
            received = wire.send(request)
        except Unreachable as error:
            down.add(authority)
            yield Finding("target", Level.PROBLEM, f"{error}; is it running, and is this its address?")
            continue
        except NoAnswer as error:
            yield Finding("target", Level.PROBLEM, f"{endpoint.url}: {error}")
            continue
        after = datetime.now(UTC)
        if authority not in told:
            told.add(authority)
            yield Finding("target", Level.OK, f"{endpoint.url} can be reached")
            yield _tls(endpoint)
            yield _clock(received, before, after)
        yield _api(target, api, Answer(request, received), endpoint)
        if api.needs_token and target.kind != "mock":
            yield _token(target, api, endpoint)


def _tls(endpoint: Endpoint) -> Finding:
    parts = urlsplit(endpoint.url)
    if parts.scheme == "https":
        return Finding("TLS", Level.OK, "its certificate is trusted")
    if is_here(parts.hostname or ""):
        return Finding("TLS", Level.OK, "none, on this machine")
    return Finding(
        "TLS", Level.WARNING, "none: what is sent, the token too, can be read on its way; use https"
    )


def _clock(received: Received, before: datetime, after: datetime) -> Finding:
    text = next((value for name, value in received.headers if name.lower() == "date"), None)
    if text is None:
        return Finding("clock", Level.WARNING, "its answer has no Date, so nothing tells its time")
    try:
        date = parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return Finding("clock", Level.WARNING, f"its Date is not a date of HTTP: {text[:80]!r}")
    # The header has whole seconds: the answer was made between it and a second later.
    ahead = (date - after).total_seconds()
    behind = (before - date).total_seconds() - 1
    off = max(ahead, behind, 0.0)
    if off <= _RIGHT:
        return Finding("clock", Level.OK, f"less than {_RIGHT + 1:.0f} s away from this machine's")
    level = Level.PROBLEM if off >= _WRONG else Level.WARNING
    side = "ahead of" if ahead > behind else "behind"
    return Finding("clock", level, f"{off:.0f} s {side} this machine's; set both by NTP")


def _api(target: Target, api: JudgedApi, answer: Answer, endpoint: Endpoint) -> Finding:
    if target.kind == "mock":
        return Finding(api.name, Level.OK, f"a mock of dbcontract serves {api.title} at {endpoint.url}")
    came = f"GET {api.probe.path} answers {what_came(answer)}"
    if answer.status in api.probe.statuses:
        return Finding(api.name, Level.OK, f"{came}, as {api.title} does")
    key = target.named(f"{api.name}.url")
    return Finding(api.name, Level.PROBLEM, f"{came}, as {api.title} does not; is {key} its base URL?")


def _token(target: Target, api: JudgedApi, endpoint: Endpoint) -> Finding:
    name = target.named(f"{api.name}.token")
    if endpoint.token is None:
        told = f"none for {api.title}; put it into {TOKEN_VARIABLE}, or name its variable"
        return Finding("token", Level.WARNING, told)
    return Finding(
        "token", Level.OK, f"there is one for {api.title} ({name}); `check` asks whether it is accepted"
    )
