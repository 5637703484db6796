"""Judges the mock by single rules of PixieBrix, as the target that it is or as another one would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from types import ModuleType

import pytest

from dbcontract.conformance.apis.pixiebrix.context import PixieBrix
from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import Checks, collect
from dbcontract.conformance.catalogue import rules as catalogue
from dbcontract.conformance.catalogue.rules import Rule
from dbcontract.conformance.environment import mock
from dbcontract.conformance.http.wire import Wire
from dbcontract.conformance.results.results import RuleResult, Verdict
from dbcontract.conformance.runner.rule_runner import RuleRunner
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Endpoint, Target
from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import Running, ServerThread

TOKEN = "a-token-of-these-tests"
RED = (Verdict.FAILED, Verdict.WARNED)

Patch = Callable[[pytest.MonkeyPatch], None]


@cache
def rules() -> Mapping[str, Rule]:
    """The rules of PixieBrix, by id."""
    return {rule.id: rule for rule in catalogue.load("pixiebrix")}


@cache
def descriptions() -> Mapping[str, Description]:
    """The description of PixieBrix."""
    return {"pixiebrix": Description("pixiebrix")}


class Judge:
    """Verdicts on one target by the checks of some modules."""

    def __init__(self, running: Running, target: Target, checks: Checks) -> None:
        self.running = running
        self.target = target
        self.checks = checks

    def __call__(self, rule_id: str) -> RuleResult:
        with self._rule_runner() as rule_runner:
            return rule_runner.judge(rules()[rule_id], {}).result

    def without(self, *capabilities: str) -> Judge:
        """A judge of the same target, as if it could do less."""
        less = self.target.capabilities.difference(capabilities)
        return Judge(self.running, replace(self.target, capabilities=less), self.checks)

    def of_database(self, name: str, *capabilities: str) -> Judge:
        """A judge of the same mock as if it were none: one database for all checks, and no control."""
        state = state_of(self.running.sandbox)
        database = next(one for one in state.databases.values() if one.name == name)
        target = replace(
            self.target,
            kind="other",
            capabilities=frozenset({"read", *capabilities}),
            own=(Scratch(database.organization_id, (database.id,)),),
        )
        return Judge(self.running, target, self.checks)

    @contextmanager
    def context(self, rule_id: str) -> Iterator[PixieBrix]:
        """What a check of that rule gets."""
        with self._rule_runner() as rule_runner:
            environment = rule_runner.run.environments.open()
            yield PixieBrix(rule_runner.run, environment, rule_id)
            rule_runner.run.environments.close(environment)

    @contextmanager
    def _rule_runner(self) -> Iterator[RuleRunner]:
        rule_runner = RuleRunner(self.target, rules(), self.checks, descriptions=descriptions())
        try:
            yield rule_runner
        finally:
            rule_runner.close()


def judge_of(running: Running, *modules: ModuleType) -> Judge:
    """A judge of a running mock by the checks of these modules."""
    wire = Wire()
    health = mock.recognize(running.base_url, wire)
    wire.close()
    assert health is not None
    endpoint = Endpoint(f"{running.base_url}/api", TOKEN)
    target = mock.as_target(health, Target("mock", endpoints={"pixiebrix": endpoint}))
    return Judge(running, target, Checks(check for module in modules for check in collect(module)))


@contextmanager
def judging(*modules: ModuleType, record_limit: int = 500_000) -> Iterator[Judge]:
    """Start a mock and judge it by the checks of these modules."""
    with ServerThread(Settings(port=0, options={"record_limit": record_limit})) as running:
        yield judge_of(running, *modules)


def rules_of(*modules: ModuleType) -> list[str]:
    """The rules that the checks of these modules are about."""
    return sorted({rule for module in modules for check in collect(module) for rule in check.rules})


def told(result: RuleResult) -> str:
    """A result as a failing test shows it."""
    return f"{result.verdict}: {result.reason}; expected {result.part.expected}, got {result.part.actual}"
