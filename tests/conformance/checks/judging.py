"""Judges servers by single rules of Pieces OS, for the tests of its checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import ModuleType

from dbcontract.conformance.apis.pieces.checks import again as pieces_again
from dbcontract.conformance.apis.pieces.checks import errors as pieces_errors
from dbcontract.conformance.apis.pieces.checks import exports as pieces_export
from dbcontract.conformance.apis.pieces.checks import imports as pieces_import
from dbcontract.conformance.apis.pieces.checks import merge as pieces_merge
from dbcontract.conformance.apis.pieces.checks import paths as pieces_paths
from dbcontract.conformance.apis.pieces.checks import rollback as pieces_rollback
from dbcontract.conformance.apis.pieces.checks import together as pieces_together
from dbcontract.conformance.apis.pieces.checks import transport as pieces_transport
from dbcontract.conformance.apis.pieces.checks import values as pieces_values
from dbcontract.conformance.apis.pieces.checks import version as pieces_version
from dbcontract.conformance.authoring.check import Checks, collect
from dbcontract.conformance.catalogue import rules as catalogue
from dbcontract.conformance.catalogue.rules import Rule
from dbcontract.conformance.results.results import RuleResult
from dbcontract.conformance.runner.rule_runner import RuleRunner
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import CAPABILITIES, Endpoint, HttpHook, Target

from .small_pieces import SmallPieces, serving

Judge = Callable[[str], RuleResult]

MODULES: tuple[ModuleType, ...] = (
    pieces_values,
    pieces_transport,
    pieces_together,
    pieces_again,
    pieces_errors,
    pieces_export,
    pieces_import,
    pieces_merge,
    pieces_paths,
    pieces_rollback,
    pieces_version,
)


@cache
def checks() -> Checks:
    """All checks of Pieces OS."""
    return Checks(check for module in MODULES for check in collect(module))


@cache
def _rules() -> Mapping[str, Rule]:
    return {rule.id: rule for rule in catalogue.load("pieces")}


@cache
def _descriptions() -> Mapping[str, Description]:
    return {"pieces": Description("pieces")}


@contextmanager
def judging(target: Target) -> Iterator[Judge]:
    """A function from a rule's id to the verdict on a target."""
    rule_runner = RuleRunner(target, _rules(), checks(), descriptions=_descriptions())

    def judge(rule_id: str) -> RuleResult:
        return rule_runner.judge(_rules()[rule_id], {}).result

    try:
        yield judge
    finally:
        rule_runner.close()


@contextmanager
def judging_small(pieces: SmallPieces, *without: str) -> Iterator[Judge]:
    """Judge a server of these tests, all capabilities granted but some."""
    with serving(pieces) as url, serving(type(pieces)(empty=True)) as second_url:
        target = Target(
            "small",
            endpoints={"pieces": Endpoint(url, second_url=None if "second" in without else second_url)},
            capabilities=frozenset(CAPABILITIES) - frozenset(without),
            hooks=(
                ("fail_next", HttpHook("{pieces_url}/fail/{operation}/{after}")),
                ("advance_clock", HttpHook("{pieces_url}/advance")),
            ),
        )
        with judging(target) as judge:
            yield judge


def verdict_on(pieces: SmallPieces, rule_id: str) -> RuleResult:
    """The verdict of one rule on a server of these tests."""
    with judging_small(pieces) as judge:
        return judge(rule_id)


def told(result: RuleResult) -> str:
    """A result as a failing test shows it."""
    return f"{result.verdict}: {result.reason}; expected {result.part.expected}, got {result.part.actual}"
