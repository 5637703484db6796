"""The tools that the project builds on take the descriptions as they are."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from dbcontract import openapi

from .documents import VENDORS, operations

IDS = [(name, one.id) for name in VENDORS for one in operations(name)]


@pytest.mark.parametrize(("name", "operation_id"), IDS)
def test_schemathesis_makes_cases_for_every_operation(name: str, operation_id: str) -> None:
    schema = schemathesis.openapi.from_dict(openapi.load(name))
    operation = schema.find_operation_by_id(operation_id)
    made: list[str] = []

    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    @settings(
        max_examples=5,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def make(case: schemathesis.Case[Any]) -> None:
        made.append(case.formatted_path)

    make()
    assert made


@pytest.mark.parametrize("name", VENDORS)
def test_connexion_knows_every_operation(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it loads a test client that warns of its HTTP library
        connexion = importlib.import_module("connexion.spec")
    specification = connexion.Specification.load(openapi.load(name))
    assert isinstance(specification, connexion.OpenAPISpecification)
    found = {
        operation["operationId"]
        for item in specification["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    }
    assert found == {one.id for one in operations(name)}
