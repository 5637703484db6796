"""The checks of assets at a target with one database, and at one that may only be read."""

from __future__ import annotations

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import asset_metadata, asset_states, asset_transfer, assets
from dbcontract.conformance.results.results import Verdict

from .judging_pixiebrix import Judge, rules_of, told

MODULES = (assets, asset_metadata, asset_states, asset_transfer)
RULES = rules_of(*MODULES)
SLOW = {"PB-ASSET-25", "PB-ASSET-26"}
"""Without a clock that can be moved, these let a second pass."""


@pytest.mark.parametrize("rule", sorted(set(RULES) - SLOW))
def test_an_ordinary_target_with_one_database_fails_nowhere(judge: Judge, rule: str) -> None:
    result = judge.of_database("Product pictures", "write", "storage")(rule)
    more = rule in {"PB-ASSET-30", "PB-ASSET-37", "PB-ASSET-43"}  # another database, or a clock
    assert result.verdict is (Verdict.NOT_VERIFIED if more else Verdict.PASSED), told(result)


@pytest.mark.parametrize("rule", ["PB-ASSET-01", "PB-ASSET-29", "PB-ASSET-38"])
def test_reading_is_enough(judge: Judge, rule: str) -> None:
    result = judge.of_database("Product pictures")(rule)
    assert result.verdict is Verdict.PASSED, told(result)
