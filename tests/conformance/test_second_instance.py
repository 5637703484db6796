"""Hooks act on the instance that a check works at, the second one too, or the step is left open."""

import json
from collections.abc import Callable

import pytest

from dbcontract.conformance.authoring.check import Checks
from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.results.results import RuleResult, Verdict
from dbcontract.conformance.runner.engine import Engine, Options
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Endpoint, HttpHook, Target
from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.server.run import Running

ORDER = {"operation": "{operation}", "inside": {"after": 77}, "times": 1}
BODY = json.dumps(ORDER).replace("77", "{after}")

Judge = Callable[[str], RuleResult]


@pytest.fixture
def judge(mock: Running, catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]) -> Judge:
    """Judge two sandboxes of a mock that is not recognized, with a hook at an address."""

    def run(hook: str) -> RuleResult:
        first, second = (f"{mock.base_url}/~{name}" for name in ("first", "second"))
        for url, data in ((first, "small"), (second, "empty")):
            with MockClient(url) as client:
                client.reset(data=data)
        target = Target(
            "two sandboxes",
            endpoints={"pieces": Endpoint(first, second_url=second)},
            capabilities=frozenset({"read", "write", "destroy", "inject", "second"}),
            hooks=(("fail_next", HttpHook(hook.replace("FIRST", first), body=BODY)),),
        )
        (rule,) = catalogue.select(["PI-ROLL-13"])
        options = Options(fuzzing=None)
        (result,) = (
            Engine(
                target,
                [rule],
                checks,
                catalogues=dict(catalogue.versions),
                options=options,
                descriptions=descriptions,
            )
            .run()
            .results
        )
        return result

    return run


def test_a_hook_that_tells_the_instances_apart_is_called_at_both(judge: Judge, mock: Running) -> None:
    result = judge("{pieces_url}/_mock/faults")
    assert result.verdict is Verdict.PASSED, result
    with MockClient(f"{mock.base_url}/~second") as second:
        answers = [(one.method, one.status) for one in second.requests(operation="importDatabase")]
    assert answers == [("POST", 500), ("POST", 500)]


def test_a_hook_that_does_not_leaves_the_step_open(judge: Judge) -> None:
    result = judge("FIRST/_mock/faults")
    assert result.verdict is Verdict.NOT_VERIFIED, result
    assert "the hook fail_next cannot tell the second instance from the first" in result.reason
    assert "{pieces_url}" in result.reason
