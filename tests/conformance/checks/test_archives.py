"""The checks of the list of archives where nothing may be written, and where there is none."""

from __future__ import annotations

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import archives
from dbcontract.conformance.results.results import Verdict

from .judging_pixiebrix import Judge, rules_of, told

MODULES = (archives,)
RULES = rules_of(*MODULES)


@pytest.mark.parametrize("rule", RULES)
def test_reading_is_enough(judge: Judge, rule: str) -> None:
    result = judge.of_database("Customers")(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", RULES)
def test_where_there_are_no_archives_nothing_is_said_of_them(judge: Judge, rule: str) -> None:
    result = judge.of_database("Unused")(rule)
    if rule in {"PB-ARCH-01", "PB-ARCH-02", "PB-ARCH-22"}:
        assert result.verdict is Verdict.PASSED, told(result)
    else:
        assert result.verdict is Verdict.NOT_VERIFIED, told(result)
        assert result.part.missing == ("write", "clock")
