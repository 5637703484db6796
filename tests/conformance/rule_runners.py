"""A rule runner against answers that are made up here."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

from dbcontract.conformance.authoring.check import Checks, check, collect
from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.catalogue.findings import STATUS
from dbcontract.conformance.catalogue.rules import Level, Rule, Source
from dbcontract.conformance.http.evidence import Exchange
from dbcontract.conformance.http.redaction import Redactor
from dbcontract.conformance.http.wire import Limits, Received, Request, Wire
from dbcontract.conformance.runner.rule_runner import RuleRunner
from dbcontract.conformance.schema.conformance import Violation
from dbcontract.conformance.schema.description import Finding
from dbcontract.conformance.target.target import Endpoint, Target

from .conftest import PACE

PIECES, PIXIEBRIX = "http://pieces.test", "http://pixiebrix.test/api"
SECRET = "the-secret-token"
TARGET = Target(
    "made up",
    endpoints={"pieces": Endpoint(PIECES), "pixiebrix": Endpoint(PIXIEBRIX, SECRET)},
    capabilities=frozenset({"write", "read"}),
    pace=PACE,
    arguments=("--target", "dev"),
)
RULE = Rule(
    id="PI-EXP-01",
    api="pieces",
    level=Level.PUBLISHED,
    title="the title",
    statement="The statement.",
    source=Source("decision", "the heading"),
    operations=("exportDatabase",),
    needs=(),
    depends_on=(),
)
STATUSES = replace(RULE, id="PI-DESC-04")
REFUSALS = replace(RULE, id="PI-DESC-09")


class Answering(Wire):
    """Answers without a network; at the URLs that something happens at, that."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.happens: dict[str, Exception] = {}
        self.sent: list[tuple[str, str]] = []

    def send(self, request: Request, **_: Any) -> Received:
        self.sent.append((request.method, request.url))
        if request.url in self.happens:
            raise self.happens[request.url]
        status = 202 if "/database/" in request.url else 200
        return Received(status, "", (), b"x" * 9_000, 0.01)


def checks_of(*functions: Callable[[Context], None]) -> Checks:
    module = ModuleType("checks.sample")
    for number, function in enumerate(functions):

        def one(ctx: Context, function: Callable[[Context], None] = function) -> None:
            function(ctx)

        one.__module__ = "checks.sample"
        one.__doc__ = f"Step {number}."
        setattr(module, f"check_{number}", check("PI-EXP-01")(one))
    return Checks(collect(module))


def a_rule_runner(
    *functions: Callable[[Context], None],
    target: Target = TARGET,
    rules: Sequence[Rule] = (RULE,),
    **options: object,
) -> RuleRunner:
    rule_runner = RuleRunner(target, {rule.id: rule for rule in rules}, checks_of(*functions), **options)  # type: ignore[arg-type]
    rule_runner.wire = Answering(target.pace.wire)
    return rule_runner


def asks(ctx: Context) -> None:
    ctx.raw("GET", "/1")


def violation(check: str = STATUS, operation: str = "exportDatabase") -> Violation:
    exchange = Exchange(Request("GET", f"{PIECES}/1"))
    finding = Finding(check, operation, "Undocumented status", "Received: 418")
    return Violation(finding, exchange.as_evidence(1, Redactor()))
