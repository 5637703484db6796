"""`dbcontract check --plan`: what a run would send, by a rehearsal on a mock. The target hears nothing."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from .check_progress import listening, plans
from .errors import CommandError

if TYPE_CHECKING:
    from collections import Counter

    from dbcontract.conformance.catalogue.rules import Catalogue, Rule
    from dbcontract.conformance.environment.gate import Traffic
    from dbcontract.conformance.runner.engine import Options
    from dbcontract.conformance.target.target import Hook, Target
    from dbcontract.mockserver.server.run import Running

_MILLION = 1_000_000


@dataclass(frozen=True)
class Plan:
    """What a rehearsal has sent.

    Attributes:
        traffic: by operationId.
        made, deleted: how many things of each kind.
        whole: imports that carry a whole export.
        seconds: that the rehearsal took.
    """

    traffic: Mapping[str, Traffic]
    made: Counter[str]
    deleted: Counter[str]
    whole: int
    seconds: float

    @property
    def calls(self) -> int:
        """How many requests, in all."""
        return sum(one.calls for one in self.traffic.values())


def show_plan(target: Target, rules: list[Rule], catalogue: Catalogue, options: Options) -> None:
    """Rehearse a run, and print what it would send to the target.

    Raises:
        CommandError: the mock cannot be started.
    """
    if target.kind == "mock" or not target.endpoints:
        raise CommandError("--plan: give the URL or the target file of what is to be judged")
    click.echo(
        "Nothing is sent to the target: the run is rehearsed on a mock of dbcontract.", file=sys.stderr
    )
    with _stage(target) as stage:
        plan = _rehearsed(stage, rules, catalogue, options)
    _print(plan, target)


@contextmanager
def _stage(target: Target) -> Iterator[Target]:
    """A mock that looks like the target: what is allowed, and how many databases there are."""
    from dbcontract.mockserver.sandbox.settings import Settings, TokenGrant
    from dbcontract.mockserver.server.run import ServerThread, StartError

    token, read_only = (secrets.token_hex(20) for _ in range(2))
    tokens = (TokenGrant(token), TokenGrant(read_only, read_only=True))
    try:
        with ServerThread(Settings(port=0, tokens=tokens, job_seconds=0.01)) as running:
            yield _as_the_target(target, running, token, read_only)
    except StartError as error:
        raise CommandError(str(error)) from error


def _as_the_target(target: Target, running: Running, token: str, read_only: str) -> Target:
    from dbcontract.conformance.target.target import Endpoint

    root = running.base_url
    databases = list(running.sandbox.pixiebrix.databases.values())
    organization = databases[0].organization_id
    own = [str(one.id) for one in databases if one.organization_id == organization]
    second = f"{root}/~second" if "second" in target.capabilities else None
    ours = {"pieces": Endpoint(root, second_url=second), "pixiebrix": Endpoint(f"{root}/api", token)}
    scratch = replace(
        target.scratch,
        organization=str(organization),
        databases=tuple(own[: len(target.scratch.databases)]),
        read_only_token=read_only if target.scratch.read_only_token is not None else None,
        foreign_organization=None,
        foreign_database=None,
    )
    return replace(
        target,
        name="the mock of dbcontract",
        endpoints={api: endpoint for api, endpoint in ours.items() if api in target.endpoints},
        capabilities=target.capabilities - {"wait"},
        scratch=scratch,
        hooks=tuple((name, hook) for name, hook in _hooks(root).items() if target.hook(name) is not None),
        pace=replace(target.pace, requests_per_second=None, job_poll=0.02),
        proxy=None,
        ca_bundle=None,
    )


def _hooks(root: str) -> dict[str, Hook]:
    """What the hooks of a target do, done by the mock's control API."""
    from dbcontract.conformance.target.target import HttpHook

    headers = (("Content-Type", "application/json"),)
    fault = json.dumps({"operation": "{operation}", "status": 500, "times": 1})
    return {
        "advance_clock": HttpHook(f"{root}/_mock/clock/advance", "POST", headers, '{"seconds": {seconds}}'),
        "run_nightly": HttpHook(f"{root}/_mock/clock", "GET"),  # the night comes with the clock
        "fail_next": HttpHook(f"{root}/_mock/faults", "POST", headers, fault),
    }


def _rehearsed(stage: Target, rules: list[Rule], catalogue: Catalogue, options: Options) -> Plan:
    from dbcontract.conformance.authoring.check import discover
    from dbcontract.conformance.runner.engine import Engine

    with listening(quiet=False) as listener:
        engine = Engine(
            stage, rules, discover(), catalogues=dict(catalogue.versions), options=options, listener=listener
        )
        engine.prepare()
        result = engine.run()
    gate = engine.rule_runner.run.session.gate
    if gate is None:
        raise CommandError("--plan: the rehearsal took place in sandboxes, so that nothing was counted")
    return Plan(gate.traffic, gate.inventory.made, gate.inventory.removed, gate.imports.whole, result.seconds)


def _print(plan: Plan, target: Target) -> None:
    from dbcontract.conformance.environment.effects import things

    console = Console(highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("operation")
    for name in ("requests", "MB sent", "MB received"):
        table.add_column(name, justify="right")
    for operation, one in sorted(plan.traffic.items(), key=lambda item: -item[1].calls):
        table.add_row(operation, str(one.calls), _megabytes(one.sent), _megabytes(one.received))
    sent = sum(one.sent for one in plan.traffic.values())
    received = sum(one.received for one in plan.traffic.values())
    table.add_section()
    table.add_row("in all", str(plan.calls), _megabytes(sent), _megabytes(received))
    console.print(table)
    console.print()
    for thing, count in sorted(plan.made.items()):
        stays = "" if things()[thing].removed_by else "; no operation deletes them"
        console.print(f"{things()[thing].called}: {count} created, {plan.deleted[thing]} deleted{stays}")
    if "pieces" in target.endpoints:
        exports = plan.traffic["exportDatabase"].calls if "exportDatabase" in plan.traffic else 0
        console.print(f"each as large as the target's own export: {exports} exports, {plan.whole} imports")
    for line in plans(target) if "write" in target.capabilities else ("nothing is written",):
        console.print(line)
    console.print(_time(plan, target))


def _time(plan: Plan, target: Target) -> str:
    pace = target.pace.requests_per_second
    waits = (
        " Where waiting is allowed, links take up to an hour more." if "wait" in target.capabilities else ""
    )
    if pace is None:
        return f"about {_minutes(plan.seconds)} here; the target has no limit of requests a second.{waits}"
    return f"about {_minutes(max(plan.seconds, plan.calls / pace))}, at {pace:g} requests a second.{waits}"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} minutes"


def _megabytes(count: int) -> str:
    return f"{count / _MILLION:.2f}"
