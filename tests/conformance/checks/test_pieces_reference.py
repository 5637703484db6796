"""The checks of Pieces OS against servers that do as documented."""

from __future__ import annotations

import pytest

from dbcontract.conformance.results.results import Verdict

from .judging import checks, judging_small, told
from .small_pieces import SmallPieces, UnusualPieces

RULES = sorted(checks().rules)
OPEN = {
    "PI-ROLL-12": "merges any bytes",
    "PI-VER-04": "has no schema",
    "PI-VER-08": "is a pre-release itself",
    "PI-VER-09": "has no schema",
    "PI-ROLL-11": "has no schema",
}


@pytest.mark.parametrize("rule", RULES)
def test_a_lawfully_different_one_fails_nowhere(rule: str) -> None:
    with judging_small(UnusualPieces()) as judge:
        result = judge(rule)
    if rule in OPEN:
        assert result.verdict is Verdict.NOT_VERIFIED
        assert OPEN[rule] in result.reason
    else:
        assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.timeout(600)
def test_another_implementation_passes_and_no_check_sees_what_others_left() -> None:
    """Everything of the checks before is still there, and at last what the same checks have left."""
    again = [rule for rule in RULES if rule.startswith("PI-IMP-")]
    with judging_small(SmallPieces()) as judge:
        results = [judge(rule) for rule in (*RULES, *again)]
    assert [told(result) for result in results if result.verdict is not Verdict.PASSED] == []
