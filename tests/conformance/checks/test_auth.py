"""The checks of paths, tokens, versions and errors, against the mock and against servers that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import auth, errors, paths, versions
from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

from .judging_pixiebrix import RED, TOKEN, Judge, Wrong, judging, rules, rules_of, told, wrong, wrongs_in
from .wrong_http import Ask, OnReply, Reply, as_json, spoil

MODULES = (auth, errors, paths, versions)
RULES = rules_of(*MODULES)
NOT_AT_A_MOCK = {"PB-ERR-06"}
"""A mock has nothing that a token may not see."""


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(*MODULES) as one:
        yield one


@pytest.mark.parametrize("rule", sorted(set(RULES) - NOT_AT_A_MOCK))
def test_the_mock_passes(judge: Judge, rule: str) -> None:
    result = judge(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", sorted(rule for rule in RULES if "write" not in rules()[rule].needs))
def test_reading_is_enough(judge: Judge, rule: str) -> None:
    result = judge.of_database("Customers")(rule)
    if rule in {"PB-AUTH-03", "PB-AUTH-04", "PB-AUTH-05"}:
        # The default sandbox takes any token, and nothing may change that here.
        assert result.verdict in RED or result.because_of == "PB-AUTH-03", told(result)
    elif rule in NOT_AT_A_MOCK:
        assert result.verdict is Verdict.NOT_VERIFIED, told(result)
    else:
        assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", sorted(rule for rule in RULES if "write" in rules()[rule].needs))
def test_one_database_is_enough_to_write(judge: Judge, rule: str) -> None:
    result = judge.of_database("Support tickets", "write")(rule)
    if rule in {"PB-AUTH-08", "PB-ERR-04"}:
        assert result.verdict is Verdict.NOT_VERIFIED, told(result)
    else:
        assert result.verdict is Verdict.PASSED, told(result)


def _foreign(judge: Judge, database: str) -> Judge:
    foreign = str(UUID(int=1))
    scratch = replace(judge.target.of(Scratch), foreign_organization=foreign, foreign_database=database)
    target = replace(judge.target, kind="other", own=(scratch,))
    return Judge(judge.running, target, judge.checks)


def test_what_is_not_visible_is_not_found(judge: Judge) -> None:
    result = _foreign(judge, str(UUID(int=2)))("PB-ERR-06")
    assert result.verdict is Verdict.PASSED, told(result)


def test_a_foreign_database_that_can_be_read_violates_its_rule(judge: Judge) -> None:
    visible = next(iter(state_of(judge.running.sandbox).databases))
    assert _foreign(judge, visible)("PB-ERR-06").verdict in RED


# Ways to be wrong


def _without_token(ask: Ask) -> bool:
    return "authorization" not in ask.headers


def _let_in(ask: Ask) -> None:
    ask.headers["authorization"] = f"Token {TOKEN}"


def _worded(status: int, value: object) -> OnReply:
    def reply(_: Ask, answer: Reply) -> None:
        if answer.status == status:
            answer.json = value

    return reply


def _version(patch: pytest.MonkeyPatch, old: str, new: str) -> None:
    def ask(one: Ask) -> None:
        one.headers["accept"] = one.headers.get("accept", "*/*").replace(old, new)

    spoil(patch, ask=ask)


@wrong("PB-AUTH-02", "PB-AUTH-03", "PB-AUTH-06")
def nobody_asks_for_tokens(patch: pytest.MonkeyPatch) -> None:
    spoil(patch, ask=_let_in)


@wrong("PB-AUTH-02", "PB-AUTH-03", "PB-AUTH-06")
def a_403_for_a_401(patch: pytest.MonkeyPatch) -> None:
    def reply(_: Ask, answer: Reply) -> None:
        answer.status = 403 if answer.status == 401 else answer.status

    spoil(patch, reply=reply)


@wrong("PB-AUTH-03")
def the_beginning_of_a_token_is_enough(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        # What the check sends near misses of is a token that it issued for itself.
        if "-Throwaway-" in one.headers.get("authorization", ""):
            _let_in(one)

    spoil(patch, ask=ask)


@wrong("PB-AUTH-03")
def the_word_token_is_enough(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.headers.get("authorization", "").strip() == "Token":
            _let_in(one)

    spoil(patch, ask=ask)


@wrong("PB-AUTH-01")
def every_token_is_wrong(patch: pytest.MonkeyPatch) -> None:
    spoil(patch, ask=lambda one: one.headers.update(authorization=""))


@wrong("PB-AUTH-04")
def a_wrong_token_gets_no_scheme(patch: pytest.MonkeyPatch) -> None:
    def reply(ask: Ask, answer: Reply) -> None:
        if not _without_token(ask):
            answer.headers.pop("www-authenticate", None)

    spoil(patch, reply=reply)


@wrong("PB-AUTH-05")
def a_401_with_an_error(patch: pytest.MonkeyPatch) -> None:
    spoil(patch, reply=_worded(401, {"error": "Who are you?"}))


@wrong("PB-NEG-07")
def a_406_without_a_body(patch: pytest.MonkeyPatch) -> None:
    spoil(patch, reply=_worded(406, {}))


@wrong("PB-AUTH-06")
def clearing_needs_no_token(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.method == "DELETE" and one.path.endswith("/records/"):
            _let_in(one)

    spoil(patch, ask=ask)


@wrong("PB-AUTH-06")
def unknown_databases_need_no_token(patch: pytest.MonkeyPatch) -> None:
    def reply(ask: Ask, answer: Reply) -> None:
        if answer.status == 401 and ask.path.startswith("/api/databases/"):
            answer.status = 404

    spoil(patch, reply=reply)


@wrong("PB-AUTH-07")
def done_first_and_refused_then(patch: pytest.MonkeyPatch) -> None:
    def reply(ask: Ask, answer: Reply) -> None:
        if "authorization" not in ask.headers and ask.method != "GET":
            answer.status = 401

    spoil(patch, ask=_let_in, reply=reply)


@wrong("PB-AUTH-08")
def read_only_tokens_are_unknown_when_they_write(patch: pytest.MonkeyPatch) -> None:
    def reply(_: Ask, answer: Reply) -> None:
        answer.status = 401 if answer.status == 403 else answer.status

    spoil(patch, reply=reply)


@wrong("PB-AUTH-08")
def read_only_tokens_may_put(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.method in {"PUT", "PATCH"}:
            _let_in(one)

    spoil(patch, ask=ask)


@wrong("PB-NEG-05")
def versions_are_ignored(patch: pytest.MonkeyPatch) -> None:
    _version(patch, "; version=9.9", "")


@wrong("PB-NEG-06")
def archives_at_1_0(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if "record-archives" in one.path:
            one.headers["accept"] = one.headers["accept"].replace("1.0", "2.0")

    spoil(patch, ask=ask)


@wrong("PB-NEG-01", "PB-NEG-02")
def versions_are_refused(patch: pytest.MonkeyPatch) -> None:
    _version(patch, "version=", "version=x")


@wrong("PB-NEG-05", "PB-NEG-06", "PB-NEG-10")
def a_400_for_a_406(patch: pytest.MonkeyPatch) -> None:
    def reply(_: Ask, answer: Reply) -> None:
        answer.status = 400 if answer.status == 406 else answer.status

    spoil(patch, reply=reply)


@wrong("PB-NEG-03", "PB-NEG-04")
def no_version_in_the_content_type(patch: pytest.MonkeyPatch) -> None:
    def reply(_: Ask, answer: Reply) -> None:
        answer.headers["content-type"] = answer.headers.get("content-type", "").partition(";")[0]

    spoil(patch, reply=reply)


@wrong("PB-NEG-08")
def a_version_is_demanded(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> Reply | None:
        asked = "version=" in one.headers.get("accept", "*/*; version=")
        return None if asked else as_json(406, {"detail": "Which version?"})

    spoil(patch, ask=ask)


@wrong("PB-NEG-09")
def who_accepts_anything_gets_csv(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.headers.get("accept") == "*/*" and one.path.endswith("/records/"):
            one.headers["accept"] = "text/csv"

    spoil(patch, ask=ask)


@wrong("PB-NEG-09")
def no_accept_is_refused(patch: pytest.MonkeyPatch) -> None:
    spoil(patch, ask=lambda one: None if "accept" in one.headers else as_json(406, {"detail": "What?"}))


@wrong("PB-NEG-10")
def pictures_are_answered_in_json(patch: pytest.MonkeyPatch) -> None:
    _version(patch, "image/png", "*/*")


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_a_wrong_server_violates_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(one.red) == one.red
