"""Targets of a few lines, for servers that a test makes up."""

from collections.abc import Callable
from typing import Protocol

from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.http.wire import Limits
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.target.target import Endpoint, Pace, Target

DATABASE = "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60"
ORGANIZATION = "4b1d2c3e-5f60-4718-9a2b-c3d4e5f60718"
JSON = {"Content-Type": "application/json; version=2.0"}
PACE = Pace(check=20, throttled=0.2, job_poll=0.01, job_wait=0.2, wire=Limits(connect=1, read=20, total=40))


class Seen(Protocol):
    """One request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answering = Callable[[Seen], tuple[int, dict[str, str], bytes]]


class Web(Protocol):
    """A server that answers as a function says."""

    url: str
    seen: list[Seen]


Start = Callable[[Answering], Web]
JudgedHere = Callable[..., RunResult]


def told(result: RunResult, *verdicts: Verdict) -> dict[str, str]:
    """The rules with one of these verdicts, and what the result says of each."""
    return {one.rule.id: one.reason for one in result.results if one.verdict in verdicts}


def of_web(url: str, *capabilities: str) -> Target:
    """A PixieBrix with one scratch database."""
    scratch = Scratch(organization=ORGANIZATION, databases=(DATABASE,))
    allowed = frozenset({"read", "storage", *capabilities})
    endpoint = Endpoint(url, "the-secret-token")
    return Target("web", endpoints={"pixiebrix": endpoint}, capabilities=allowed, pace=PACE, own=(scratch,))
