"""Runs of a few checks that are made up here, against a small server that exports."""

from collections.abc import Callable, Sequence
from types import ModuleType

from dbcontract.conformance.apis.pieces.context import Pieces
from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import Checks, check, collect
from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.catalogue.rules import Capability, Level, Rule, Source
from dbcontract.conformance.http.wire import Request
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.runner.engine import Engine, Listener, Options
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Endpoint, Pace, Target

from .conftest import PACE, Seen, Start

EXPORT = b'{"version": "1.0.0", "values": {"iterable": []}}'
Body = Callable[[Pieces], None]


def rule(
    number: int, *, depends_on: Sequence[str] = (), needs: Sequence[str] = (), level: str = "documented"
) -> Rule:
    return Rule(
        id=f"PI-EXP-{number:02}",
        api="pieces",
        level=Level(level),
        title=f"title {number}",
        statement=f"statement {number}",
        source=Source("decision", "x"),
        operations=("exportDatabase",),
        needs=tuple(map(Capability, needs)),
        depends_on=tuple(depends_on),
    )


def checks_of(*, bulky: Sequence[str] = (), **bodies: Body) -> Checks:
    """Checks by the last two digits of the rule: `_01=function`."""
    module = ModuleType("checks.sample")
    for name, body in bodies.items():

        def function(ctx: Pieces, body: Body = body) -> None:
            body(ctx)

        function.__module__ = "checks.sample"
        setattr(module, name, check(f"PI-EXP-{name[1:3]}", bulky=name in bulky)(function))
    return Checks(collect(module))


def asks(ctx: Context) -> None:
    ctx.call("exportDatabase").expect_status(200)


RECORDS = "/api/databases/d1/records/"


def makes(ctx: Context, *names: str) -> None:
    """Write records of the run, and make an asset, which nothing deletes."""
    url = f"{ctx.run.target.endpoints['pixiebrix'].url}/databases/d1"
    for name in names:
        ctx.run.session.send(Request("PUT", f"{url}/records/{ctx.run.mark}{name}/", (), b"{}"))
    ctx.run.session.send(Request("POST", f"{url}/assets/", (), b'{"filename": "a.png"}'))


def fails(ctx: Context) -> None:
    asks(ctx)
    ctx.fail("the thing", expected="this", actual="that")


def judge_of(web: Start, descriptions: dict[str, Description]) -> Callable[..., RunResult]:
    """Runs checks against a small server that exports."""

    def judge(
        rules: Sequence[Rule],
        checks: Checks,
        *,
        capabilities: Sequence[str] = ("read",),
        listener: Listener | None = None,
        answer: Callable[[Seen], tuple[int, dict[str, str], bytes]] | None = None,
        pace: Pace = PACE,
        **options: object,
    ) -> RunResult:
        server = web(answer or (lambda _: (200, {"Content-Type": "application/json"}, EXPORT)))
        target = Target(
            "t",
            endpoints={
                "pieces": Endpoint(server.url),
                **({"pixiebrix": Endpoint(f"{server.url}/api")} if "write" in capabilities else {}),
            },
            own=(Scratch(databases=("d1",)),),
            capabilities=frozenset(capabilities),
            pace=pace,
            arguments=("URL",),
        )
        return Engine(
            target,
            rules,
            checks,
            catalogues={"pieces": "1.0.0", "pixiebrix": "1.0.0"},
            options=Options(fuzzing=None, **options),  # type: ignore[arg-type]
            listener=listener,
            descriptions=descriptions,
        ).run()

    return judge


Judged = Callable[..., RunResult]


def verdicts(result: RunResult) -> dict[str, Verdict]:
    return {one.rule.id[-2:]: one.verdict for one in result.results}
