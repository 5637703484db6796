"""The checks with generated bodies, alone: what is described is accepted, and what is not is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import property_body as any_body
from dbcontract.conformance.results.results import Verdict

from .judging_pixiebrix import Judge, Wrong, judging, rules_of, told, wrong, wrongs_in
from .wrong_http import Ask, Reply, as_json, spoil


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(any_body) as one:
        yield one


@pytest.mark.parametrize("rule", rules_of(any_body))
def test_the_mock_passes(judge: Judge, rule: str) -> None:
    result = judge(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", ["PB-DESC-08", "PB-DESC-09"])
def test_a_target_that_may_only_be_read_is_not_judged(judge: Judge, rule: str) -> None:
    assert judge.without("write", "destroy")(rule).verdict is Verdict.NOT_VERIFIED


def _refusing(patch: pytest.MonkeyPatch, method: str, end: str, *fields: str) -> None:
    def ask(one: Ask) -> Reply | None:
        if one.method == method and one.path.endswith(end) and not one.json.keys().isdisjoint(fields):
            return as_json(400, {field: ["Unknown."] for field in fields})
        return None

    spoil(patch, ask=ask)


@wrong("PB-DESC-08")
def schemas_are_refused(patch: pytest.MonkeyPatch) -> None:
    _refusing(patch, "POST", "/databases/", "enforce_schema")


@wrong("PB-DESC-09")
def an_asset_needs_no_name(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.method == "POST" and one.path.endswith("/assets/"):
            one.json = {"filename": "unnamed", **one.json}

    spoil(patch, ask=ask)


@wrong("PB-DESC-09")
def lists_stand_for_objects(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.method == "PUT" and not isinstance(one.json.get("data"), dict):
            one.json = {**one.json, "data": {}}

    spoil(patch, ask=ask)


@wrong("PB-DESC-12")
def a_deleted_record_is_still_read(patch: pytest.MonkeyPatch) -> None:
    def reply(one: Ask, answer: Reply) -> None:
        if one.method == "GET" and "/records/dbcontract-" in one.path and answer.status == 404:
            answer.status, answer.json = 200, {"id": one.path.split("/")[-2], "data": {}}

    spoil(patch, reply=reply)


@wrong("PB-DESC-12")
def a_new_job_is_not_found(patch: pytest.MonkeyPatch) -> None:
    def reply(one: Ask, answer: Reply) -> None:
        if one.method == "GET" and "/jobs/" in one.path:
            answer.status, answer.json = 404, {"detail": "Not found."}

    spoil(patch, reply=reply)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_a_wrong_server_violates_one_of_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(rules_of(any_body), beside=one.red) == one.red
