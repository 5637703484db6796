"""The check of the documented limit, which takes long."""

from __future__ import annotations

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import retention
from dbcontract.conformance.authoring.check import CheckFailed
from dbcontract.conformance.results.results import Verdict

from .judging_pixiebrix import Judge, judging

FULL = "PB-RET-01"

MODULES = (retention,)


def test_the_documented_limit_is_tried_only_where_waiting_is_allowed(judge: Judge) -> None:
    result = judge(FULL)
    assert result.verdict is Verdict.NOT_VERIFIED
    assert result.part.missing == ("wait",)


def test_a_limit_is_met_exactly() -> None:
    with judging(retention, record_limit=40) as judge:
        with judge.context(FULL) as ctx:
            retention.holds_exactly(ctx, 40)
        with judge.context(FULL) as ctx, pytest.raises(CheckFailed, match="expected 404"):
            retention.holds_exactly(ctx, 39)
        with judge.context(FULL) as ctx, pytest.raises(CheckFailed, match="expected 200"):
            retention.holds_exactly(ctx, 41)
