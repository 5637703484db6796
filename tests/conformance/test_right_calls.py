"""Each operation that rules are about has a right call: what a refusal is held against."""

import pytest

from dbcontract.conformance.apis.base import names, practice_of
from dbcontract.conformance.apis.practice import Practice
from dbcontract.conformance.catalogue.rules import load_all


@pytest.mark.parametrize("api", names())
def test_every_operation_that_rules_are_about_has_a_right_call(api: str) -> None:
    practice = practice_of(api, Practice)
    operations = {operation for rule in load_all().filter(api=api) for operation in rule.operations}
    assert operations - practice.right_calls.keys() == set(), "say in right_calls.py how they are called"
    assert practice.reading in practice.right_calls
