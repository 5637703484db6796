"""The checks of pages and their links at targets that hold records already, or have small pages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import page_links, pages, record_pages
from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.settings import settings_of

from .judging_pixiebrix import Judge, rules, rules_of, told

MODULES = (pages, page_links, record_pages)
RULES = rules_of(*MODULES)


@pytest.mark.parametrize("rule", sorted(rule for rule in RULES if "write" not in rules()[rule].needs))
def test_reading_is_enough(judge: Judge, rule: str) -> None:
    result = judge.of_database("Customers")(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", RULES)
def test_a_database_that_holds_records_already(judge: Judge, rule: str) -> None:
    result = judge.of_database("Customers", "write")(rule)
    if rule in {"PB-PAGE-06", "PB-PAGE-20", "PB-PAGE-23"}:
        # The maximum cannot be reached, and the records of others are in the way.
        assert result.verdict is Verdict.NOT_VERIFIED, told(result)
    else:
        assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", RULES)
def test_a_target_with_small_pages(judge: Judge, rule: str) -> None:
    settings_of(judge.running.sandbox).max_page_size = 4
    one = judge.of_database("Unused", "write")
    own = (replace(one.target.of(Scratch), page_cap=4),)
    try:
        result = Judge(judge.running, replace(one.target, own=own), judge.checks)(rule)
    finally:
        settings_of(judge.running.sandbox).max_page_size = 1_000
    assert result.verdict is Verdict.PASSED, told(result)
