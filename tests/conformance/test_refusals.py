"""A target that refuses every call passes no rule, whatever it refuses them with."""

import json
from collections.abc import Iterable, Mapping

import pytest

from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import Checks
from dbcontract.conformance.catalogue.rules import Catalogue, Rule
from dbcontract.conformance.http.wire import Limits
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.runner.engine import Engine, Listener, Options
from dbcontract.conformance.runner.fuzzing.settings import FuzzingSettings
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import CAPABILITIES, Endpoint, HttpHook, Pace, Target

from .conftest import Answering, Seen, Start

ORGANIZATION = "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60"
FOREIGN = "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f63"
DATABASES = ("0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f61", "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f62")
PACE = Pace(check=10, throttled=0.1, job_poll=0.01, job_wait=0.05, wire=Limits(connect=1, read=20, total=40))


class Refusing(Listener):
    """A server that lets the kit begin, and refuses everything with one status from the first check on.

    Only the hooks of the kit are answered well. The bodies have the vendors' shapes.
    """

    def __init__(self, status: int, web: Start, good: Answering | None = None) -> None:
        self._status = status
        self._good = good or begun
        self._refuses = False
        self.url = web(self._answer).url

    def checking(self, rule: Rule) -> None:
        del rule
        self._refuses = True

    def _answer(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.path.startswith("/hook"):
            return 200, {}, b""
        if not self._refuses:
            return self._good(seen)
        return refused(seen, self._status)


def refused(seen: Seen, status: int) -> tuple[int, dict[str, str], bytes]:
    if not seen.path.startswith("/api"):
        return status, {"Content-Type": "text/plain; charset=utf-8"}, b"refused"
    headers = {"Content-Type": "application/json; version=2.0", "WWW-Authenticate": "Token"}
    return status, headers, b'{"detail": "Refused."}'


def begun(seen: Seen) -> tuple[int, dict[str, str], bytes]:
    """What the kit asks before any rule."""
    if seen.path.startswith(f"/api/organizations/{ORGANIZATION}/databases/"):
        body = json.dumps([{"id": one, "organization_id": ORGANIZATION} for one in DATABASES])
    else:
        body = "[]" if seen.path.startswith("/api") else "{}"
    return 200, {"Content-Type": "application/json; version=2.0"}, body.encode()


def target_at(url: str, *capabilities: str) -> Target:
    hook = HttpHook(f"{url}/hook")
    scratch = Scratch(
        ORGANIZATION,
        DATABASES,
        create_databases=True,
        read_only_token="weak",
        foreign_organization=FOREIGN,
        foreign_database=FOREIGN,
    )
    return Target(
        "refusing",
        endpoints={
            "pieces": Endpoint(url, second_url=f"{url}/second"),
            "pixiebrix": Endpoint(f"{url}/api", "good-token-of-the-test"),
        },
        capabilities=frozenset(capabilities),
        own=(scratch,),
        pace=PACE,
        hooks=(("advance_clock", hook), ("run_nightly", hook), ("fail_next", hook)),
    )


def judged(
    server: Refusing,
    capabilities: Iterable[str],
    catalogue: Catalogue,
    checks: Checks,
    descriptions: Mapping[str, Description],
    *,
    fuzzing: FuzzingSettings | None = None,
    only: str = "",
) -> RunResult:
    return Engine(
        target_at(server.url, *capabilities),
        [rule for rule in catalogue if only in rule.id],
        checks,
        catalogues=dict(catalogue.versions),
        options=Options(fuzzing=fuzzing),
        listener=server,
        descriptions=descriptions,
    ).run()


def passed(run: RunResult) -> list[str]:
    return [result.rule.id for result in run.results if result.verdict is Verdict.PASSED]


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_nothing_is_passed_that_was_only_refused(
    web: Start, status: int, catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]
) -> None:
    run = judged(Refusing(status, web), CAPABILITIES, catalogue, checks, descriptions)
    assert passed(run) == []
    assert run.count(Verdict.ERROR) == 0, [one for one in run.results if one.verdict is Verdict.ERROR]
    assert run.conformant is not True


@pytest.mark.parametrize("status", [401, 404])
def test_nothing_is_passed_where_the_kit_may_only_read(
    web: Start, status: int, catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]
) -> None:
    run = judged(Refusing(status, web), ["read"], catalogue, checks, descriptions)
    assert passed(run) == []


@pytest.mark.parametrize("status", [401, 500])
def test_nothing_is_passed_for_generated_calls_that_are_refused(
    web: Start, status: int, catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]
) -> None:
    settings = FuzzingSettings(examples=2, walks=1, steps=2, seconds=20)
    server = Refusing(status, web)
    assert (
        passed(judged(server, CAPABILITIES, catalogue, checks, descriptions, fuzzing=settings, only="-DESC-"))
        == []
    )


def test_one_operation_that_is_always_refused_passes_none_of_its_refusals(
    web: Start, catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]
) -> None:
    """The lists are served; the creation of jobs is refused as invalid, whatever it is asked for."""

    class Jobless(Refusing):
        def checking(self, rule: Rule) -> None:
            pass

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        return refused(seen, 400) if "/jobs/" in seen.path else begun(seen)

    server = Jobless(400, web, answer)
    run = judged(server, CAPABILITIES, catalogue, checks, descriptions, only="PB-JOB-")
    assert passed(run) == []
    refusals = {f"PB-JOB-{number:02}" for number in (5, 6, 7, 8, 10, 11, 15, 16, 17)}
    blamed = {one.rule.id: one.because_of for one in run.results if one.rule.id in refusals}
    assert blamed == dict.fromkeys(sorted(refusals), "PB-JOB-01")
