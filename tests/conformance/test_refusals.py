"""A target that refuses every call passes no rule, whatever it refuses them with."""

from collections.abc import Mapping

import pytest

from dbcontract.conformance.catalogue import Catalogue
from dbcontract.conformance.check import Checks
from dbcontract.conformance.description import Description
from dbcontract.conformance.engine import Engine, Options
from dbcontract.conformance.result import RunResult, Verdict
from dbcontract.conformance.sweep import SweepSettings
from dbcontract.conformance.target import CAPABILITIES, Endpoint, HttpHook, Pace, Scratch, Target
from dbcontract.conformance.wire import Limits

from .conftest import Answering, Seen, Start

ORGANIZATION = "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60"
DATABASES = ("0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f61", "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f62")
PACE = Pace(check=10, throttled=0.1, job_poll=0.01, job_wait=0.05, wire=Limits(connect=1, read=2, total=5))


def refusing(status: int) -> Answering:
    """Answers everything with one status, in the vendors' shapes, but for the kit's own hooks."""

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.path.startswith("/hook"):
            return 200, {}, b""
        if not seen.path.startswith("/api"):
            return status, {"Content-Type": "text/plain; charset=utf-8"}, b"refused"
        headers = {"Content-Type": "application/json; version=2.0", "WWW-Authenticate": "Token"}
        return status, headers, b'{"detail": "Refused."}'

    return answer


def target_at(url: str, *capabilities: str) -> Target:
    hook = HttpHook(f"{url}/hook")
    scratch = Scratch(
        ORGANIZATION,
        DATABASES,
        create_databases=True,
        read_only_token="weak",
        foreign_organization=DATABASES[0],
        foreign_database=DATABASES[1],
    )
    return Target(
        "refusing",
        pieces=Endpoint(url, second_url=f"{url}/second"),
        pixiebrix=Endpoint(f"{url}/api", "good-token-of-the-test"),
        capabilities=frozenset(capabilities),
        scratch=scratch,
        pace=PACE,
        hooks=(("advance_clock", hook), ("run_nightly", hook), ("fail_next", hook)),
    )


def judged(
    target: Target,
    catalogue: Catalogue,
    checks: Checks,
    descriptions: Mapping[str, Description],
    *,
    sweep: SweepSettings | None = None,
    only: str = "",
) -> RunResult:
    return Engine(
        target,
        [rule for rule in catalogue if only in rule.id],
        checks,
        catalogues=dict(catalogue.versions),
        options=Options(sweep=sweep),
        descriptions=descriptions,
    ).run()


def passed(run: RunResult) -> list[str]:
    return [result.rule for result in run.results if result.verdict is Verdict.PASSED]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 415, 500, 505])
def test_nothing_is_passed_that_was_only_refused(
    web: Start, status: int, catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]
) -> None:
    run = judged(target_at(web(refusing(status)).url, *CAPABILITIES), catalogue, checks, descriptions)
    assert passed(run) == []
    assert run.count(Verdict.ERROR) == 0, [one for one in run.results if one.verdict is Verdict.ERROR]
    assert run.conformant is not True


@pytest.mark.parametrize("status", [401, 404])
def test_nothing_is_passed_where_the_kit_may_only_read(
    web: Start, status: int, catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]
) -> None:
    run = judged(target_at(web(refusing(status)).url, "read"), catalogue, checks, descriptions)
    assert passed(run) == []


@pytest.mark.parametrize("status", [401, 404, 500])
def test_nothing_is_passed_for_generated_calls_that_are_refused(
    web: Start, status: int, catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]
) -> None:
    settings = SweepSettings(examples=2, walks=1, steps=2, seconds=20)
    target = target_at(web(refusing(status)).url, *CAPABILITIES)
    assert passed(judged(target, catalogue, checks, descriptions, sweep=settings, only="-DESC-")) == []


def test_one_operation_that_is_always_refused_passes_none_of_its_refusals(
    web: Start, catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]
) -> None:
    """The lists are served; the creation of jobs is refused as invalid, whatever it is asked for."""
    refuse = refusing(400)

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.method != "GET" or "/jobs/" in seen.path:
            return refuse(seen)
        return 200, {"Content-Type": "application/json; version=2.0", "X-Total-Count": "0"}, b"[]"

    run = judged(target_at(web(answer).url, *CAPABILITIES), catalogue, checks, descriptions, only="PB-JOB-")
    assert passed(run) == []
    refusals = {f"PB-JOB-{number:02}" for number in (5, 6, 7, 8, 10, 11, 15, 16, 17)}
    blamed = {one.rule: one.because_of for one in run.results if one.rule in refusals}
    assert blamed == dict.fromkeys(sorted(refusals), "PB-JOB-01")
