"""The checks of export jobs, their orders and filters, at a target that nobody can arrange."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dbcontract.conformance.apis.pixiebrix import exports as exporting
from dbcontract.conformance.apis.pixiebrix.checks import job_exports, job_files, job_filters, job_orders, jobs
from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.target.target import Pace
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import ServerThread

from .judging_pixiebrix import Judge, judge_of, rules_of, told

MODULES = (jobs, job_orders, job_exports, job_files, job_filters)
RULES = rules_of(*MODULES)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    # At noon, so that no check runs into another day.
    noon = ClockSetting.parse("2026-03-02T12:00:00Z")
    with ServerThread(Settings(port=0, clock=noon)) as running:
        yield judge_of(running, *MODULES)


@pytest.fixture
def elsewhere(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """A target with records of others, whose clock nobody can move; its jobs end when they are first read."""
    monkeypatch.setattr(exporting, "REALLY_APART", 0.002)
    monkeypatch.setattr(judge.running.sandbox.settings, "job_polls", 0)
    one = judge.of_database("Customers", "write", "storage")
    return Judge(judge.running, replace(one.target, pace=Pace(job_poll=0.01)), judge.checks)


@pytest.mark.parametrize("rule", RULES)
def test_a_database_that_holds_records_already(elsewhere: Judge, rule: str) -> None:
    result = elsewhere(rule)
    missing = {
        "PB-JOB-23",  # the job ends too soon
        "PB-JOB-31",  # needs two databases
        "PB-JOB-32",
        "PB-JOB-41",  # needs an empty one
        "PB-JOB-43",
        "PB-JOB-47",  # nothing can be provoked
        "PB-JOB-48",
    }
    expected = Verdict.NOT_VERIFIED if rule in missing else Verdict.PASSED
    assert result.verdict is expected, told(result)
