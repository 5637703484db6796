"""The checks of paths, tokens, versions and errors at targets that allow less, and at what is foreign."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import auth, errors, paths, versions
from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

from .judging_pixiebrix import RED, Judge, rules, rules_of, told

MODULES = (auth, errors, paths, versions)
RULES = rules_of(*MODULES)
NOT_AT_A_MOCK = {"PB-ERR-06"}
"""A mock has nothing that a token may not see."""


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
