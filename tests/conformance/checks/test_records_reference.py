"""The checks of databases, records, filters and CSV against the mock, and against one database of many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import (
    combinations,
    databases,
    date_filters,
    field_filters,
    media_types,
    merging,
    record_values,
    record_writes,
    records,
    records_again,
    records_csv,
    records_together,
)
from dbcontract.conformance.results.results import Verdict

from .judging_pixiebrix import Judge, judging, rules_of, told

MODULES = (
    *(
        combinations,
        databases,
        date_filters,
        field_filters,
        media_types,
        merging,
        record_values,
        record_writes,
    ),
    *(records, records_again, records_csv, records_together),
)
AREAS = ("PB-DB-", "PB-REC-", "PB-FILT-", "PB-CSV-")
RULES = rules_of(*MODULES)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(*MODULES) as one:
        yield one


@pytest.mark.parametrize("rule", RULES)
def test_the_mock_passes(judge: Judge, rule: str) -> None:
    result = judge(rule)
    assert result.verdict is Verdict.PASSED, told(result)
