"""The checks with generated bodies where nothing may be written."""

from __future__ import annotations

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import property_body as any_body
from dbcontract.conformance.results.results import Verdict

from .judging_pixiebrix import Judge

MODULES = (any_body,)


@pytest.mark.parametrize("rule", ["PB-DESC-08", "PB-DESC-09"])
def test_a_target_that_may_only_be_read_is_not_judged(judge: Judge, rule: str) -> None:
    assert judge.without("write", "destroy")(rule).verdict is Verdict.NOT_VERIFIED
