"""The checks of export jobs, their orders and filters, against the mock and servers that are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix import exports as exporting
from dbcontract.conformance.apis.pixiebrix.checks import job_exports, job_files, job_filters, job_orders, jobs
from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.target.target import Pace
from dbcontract.mockserver.apis.pixiebrix.handlers import jobs as handler
from dbcontract.mockserver.apis.pixiebrix.state import pixiebrix
from dbcontract.mockserver.apis.pixiebrix.state.jobs import Job, select
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import ServerThread
from dbcontract.mockserver.state.instants import parse_moment

from .judging_pixiebrix import Judge, Wrong, judge_of, rules_of, told, wrong, wrongs_in
from .wrong_http import Ask, Reply, as_json, spoil

MODULES = (jobs, job_orders, job_exports, job_files, job_filters)
RULES = rules_of(*MODULES)
JOBS = "/api/databases/records/jobs/"


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    # At noon, so that no check runs into another day.
    noon = ClockSetting.parse("2026-03-02T12:00:00Z")
    with ServerThread(Settings(port=0, clock=noon)) as running:
        yield judge_of(running, *MODULES)


@pytest.mark.parametrize("rule", RULES)
def test_the_mock_passes(judge: Judge, rule: str) -> None:
    result = judge(rule)
    assert result.verdict is Verdict.PASSED, told(result)


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


# Orders


def _created(ask: Ask) -> bool:
    return (ask.method, ask.path) == ("POST", JOBS)


def _answering(patch: pytest.MonkeyPatch, change: Callable[[Ask, Any], Any], *, created: bool) -> None:
    """Answers of jobs that are changed: those to the creation, or those to the reading."""

    def reply(ask: Ask, answer: Reply) -> None:
        if ask.path.startswith(JOBS) and _created(ask) is created and answer.status < 300:
            answer.json = change(ask, answer.json)

    spoil(patch, reply=reply)


def _status(patch: pytest.MonkeyPatch, status: int, old: int = 201) -> None:
    def reply(ask: Ask, answer: Reply) -> None:
        if _created(ask) and answer.status == old:
            answer.status = status

    spoil(patch, reply=reply)


def _mending(patch: pytest.MonkeyPatch, mend: Callable[[dict[str, Any]], Any]) -> None:
    """Orders that are changed before they are looked at."""

    def ask(one: Ask) -> None:
        if _created(one):
            body = one.json
            mend(body)
            one.json = body

    spoil(patch, ask=ask)


def _refusing(patch: pytest.MonkeyPatch, is_bad: Callable[[dict[str, Any]], Any]) -> None:
    """Good orders that are refused."""

    def ask(one: Ask) -> Reply | None:
        return as_json(400, {"name": ["No."]}) if _created(one) and is_bad(one.json) else None

    spoil(patch, ask=ask)


@wrong("PB-JOB-01")
def jobs_are_forbidden(patch: pytest.MonkeyPatch) -> None:
    _status(patch, 403)


@wrong("PB-JOB-02")
def jobs_are_numbered(patch: pytest.MonkeyPatch) -> None:
    _answering(patch, lambda _, job: {**job, "id": 17}, created=True)


@wrong("PB-JOB-49")
def new_jobs_are_pending(patch: pytest.MonkeyPatch) -> None:
    _answering(patch, lambda _, job: {**job, "status": "PENDING"}, created=True)


@wrong("PB-JOB-04")
def jobs_are_accepted(patch: pytest.MonkeyPatch) -> None:
    _status(patch, 202)


@wrong("PB-JOB-05", "PB-JOB-16")
def a_name_is_made_up(patch: pytest.MonkeyPatch) -> None:
    _mending(patch, lambda body: body.setdefault("name", "export"))


@wrong("PB-JOB-06", "PB-JOB-07", "PB-JOB-16")
def no_databases_are_all(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> Reply | None:
        return as_json(201, {"id": "x"}) if _created(one) and not one.json.get("databases") else None

    spoil(patch, ask=ask)


@wrong("PB-JOB-08")
def words_among_the_databases_are_left_out(patch: pytest.MonkeyPatch) -> None:
    def mend(body: dict[str, Any]) -> None:
        ids = body.get("databases", [])
        body["databases"] = [one for one in ids if "-uuid" not in one] or ids

    _mending(patch, mend)


@wrong("PB-JOB-09")
def names_have_1023_characters(patch: pytest.MonkeyPatch) -> None:
    _refusing(patch, lambda body: len(body["name"]) > 1_023)


@wrong("PB-JOB-09")
def names_have_1024_bytes(patch: pytest.MonkeyPatch) -> None:
    _refusing(patch, lambda body: len(body["name"].encode()) > 1_024)


@wrong("PB-JOB-10", "PB-JOB-16")
def long_names_are_cut(patch: pytest.MonkeyPatch) -> None:
    _mending(patch, lambda body: body.update(name=body.get("name", "x")[:1_024]))


@wrong("PB-JOB-11", "PB-JOB-16")
def other_media_types_are_json(patch: pytest.MonkeyPatch) -> None:
    def mend(body: dict[str, Any]) -> None:
        if body.get("media_type") == "application/xml":
            del body["media_type"]

    _mending(patch, mend)


@wrong("PB-JOB-12")
def workbooks_have_their_registered_type(patch: pytest.MonkeyPatch) -> None:
    _refusing(patch, lambda body: body.get("media_type") == "application/xlsx")


@wrong("PB-JOB-13")
def filters_need_a_start(patch: pytest.MonkeyPatch) -> None:
    _refusing(patch, lambda body: "end_date" in body.get("filters", ()) and len(body["filters"]) == 1)


@wrong("PB-JOB-13")
def filters_need_something(patch: pytest.MonkeyPatch) -> None:
    _refusing(patch, lambda body: body.get("filters") == {})


def _starting(pattern: str) -> Callable[[dict[str, Any]], object]:
    return lambda body: re.search(pattern, body.get("filters", {}).get("start_date", ""))


@wrong("PB-JOB-14")
def timestamps_have_no_fractions(patch: pytest.MonkeyPatch) -> None:
    _refusing(patch, _starting(r"\."))


@wrong("PB-JOB-14")
def timestamps_are_utc(patch: pytest.MonkeyPatch) -> None:
    _refusing(patch, _starting(r"T.*[+-]"))


@wrong("PB-JOB-15")
def bad_dates_are_no_filters(patch: pytest.MonkeyPatch) -> None:
    def mend(body: dict[str, Any]) -> None:
        filters = body.get("filters", {})
        body["filters"] = {name: text for name, text in filters.items() if "02-30" not in text}

    _mending(patch, mend)


@wrong("PB-JOB-15", "PB-JOB-16", "PB-JOB-17")
def bad_orders_are_422(patch: pytest.MonkeyPatch) -> None:
    _status(patch, 422, old=400)


@wrong("PB-JOB-17")
def unknown_databases_are_not_found(patch: pytest.MonkeyPatch) -> None:
    def reply(ask: Ask, answer: Reply) -> None:
        if _created(ask) and answer.status == 400:
            answer.json = {"detail": "Not found."}

    spoil(patch, reply=reply)


@wrong("PB-JOB-17")
def unknown_databases_are_left_out(patch: pytest.MonkeyPatch) -> None:
    _mending(patch, lambda body: body.update(databases=body["databases"][:1]))


# Jobs


@wrong("PB-JOB-18")
def every_id_is_that_of_the_last_job(patch: pytest.MonkeyPatch) -> None:
    last: list[str] = []

    def reply(ask: Ask, answer: Reply) -> None:
        if _created(ask):
            last[:] = [answer.json["id"]]
        elif ask.path.startswith(JOBS):
            answer.json = {**answer.json, "id": last[0]}

    spoil(patch, reply=reply)


@wrong("PB-JOB-19")
def jobs_are_done(patch: pytest.MonkeyPatch) -> None:
    _answering(patch, lambda _, job: {**job, "status": "STARTING"}, created=False)


@wrong("PB-JOB-19")
def jobs_have_times_in_seconds(patch: pytest.MonkeyPatch) -> None:
    _answering(patch, lambda _, job: {**job, "created_at": 1_700_000_000}, created=False)


@wrong("PB-JOB-20")
def unknown_jobs_are_unknown(patch: pytest.MonkeyPatch) -> None:
    def reply(ask: Ask, answer: Reply) -> None:
        if ask.path.startswith(JOBS) and answer.status == 404:
            answer.status, answer.json = 200, {"id": ask.path.split("/")[-2], "status": "UNKNOWN"}

    spoil(patch, reply=reply)


@wrong("PB-JOB-21")
def jobs_never_end(patch: pytest.MonkeyPatch) -> None:
    _answering(patch, lambda _, job: {**job, "status": "STARTED", "data": None}, created=False)


@wrong("PB-JOB-21")
def jobs_fail(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Job, "status", lambda *_: "FAILURE")


@wrong("PB-JOB-22")
def links_are_relative(patch: pytest.MonkeyPatch) -> None:
    def change(_: Ask, job: Any) -> Any:
        return {**job, "data": job["data"] and re.sub("^http://[^/]*", "", job["data"])}

    _answering(patch, change, created=False)


@wrong("PB-JOB-22")
def there_is_no_link(patch: pytest.MonkeyPatch) -> None:
    _answering(patch, lambda _, job: {**job, "data": None}, created=False)


@wrong("PB-JOB-23")
def the_link_is_there_at_once(patch: pytest.MonkeyPatch) -> None:
    _answering(patch, lambda _, job: {**job, "data": job["data"] or "http://localhost/"}, created=False)


@wrong("PB-JOB-46")
def finished_jobs_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    original = Job.status
    patch.setattr(
        Job, "status", lambda self, now: "UNKNOWN" if now > self.created_at + 10**10 else original(self, now)
    )


@wrong("PB-JOB-47")
def failures_are_not_explained(patch: pytest.MonkeyPatch) -> None:
    _answering(patch, lambda _, job: {**job, "error_message": job["error_message"] and " "}, created=False)


# Filters


def _span(patch: pytest.MonkeyPatch, change: Callable[[int | None, int | None], tuple[Any, Any]]) -> None:
    """Other instants than those that were ordered."""
    patch.setattr(
        pixiebrix, "select", lambda databases, ids, start, end: select(databases, ids, *change(start, end))
    )


@wrong("PB-JOB-33", "PB-JOB-35", "PB-JOB-38")
def no_start(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda _, end: (None, end))


@wrong("PB-JOB-34", "PB-JOB-35")
def no_end(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda start, _: (start, None))


@wrong("PB-JOB-35")
def one_of_the_two_at_a_time(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda start, end: (start, None if start is not None else end))


@wrong("PB-JOB-33", "PB-JOB-34", "PB-JOB-35")
def by_date(patch: pytest.MonkeyPatch) -> None:
    day = 86_400_000_000
    _span(
        patch,
        lambda start, end: (
            None if start is None else start // day * day,
            None if end is None else (end // day + 1) * day - 1,
        ),
    )


@wrong("PB-JOB-36")
def after_the_start(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda start, end: (None if start is None else start + 1, end))


@wrong("PB-JOB-37")
def before_the_end(patch: pytest.MonkeyPatch) -> None:
    _span(patch, lambda start, end: (start, None if end is None else end - 1))


@wrong("PB-JOB-38")
def offsets_are_cut_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handler, "parse_moment", lambda text: parse_moment(re.sub(r"[+-]\d\d:\d\d$", "", text)))


@wrong("PB-JOB-38")
def offsets_are_turned_round(patch: pytest.MonkeyPatch) -> None:
    turned = {"+": "-", "-": "+"}

    def parse(text: str) -> int:
        return parse_moment(re.sub(r"[+-](?=\d\d:\d\d$)", lambda found: turned[found[0]], text))

    patch.setattr(handler, "parse_moment", parse)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_a_wrong_server_violates_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(one.red) == one.red
