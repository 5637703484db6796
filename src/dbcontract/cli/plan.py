"""`dbcontract check --plan`: what a run would send, by a rehearsal on a mock. The target hears nothing."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from .check_progress import listening, plans
from .errors import CommandError

if TYPE_CHECKING:
    from collections import Counter

    from dbcontract.conformance.apis.base import JudgedApi
    from dbcontract.conformance.catalogue.rules import Catalogue, Rule
    from dbcontract.conformance.environment.keeper import Traffic
    from dbcontract.conformance.runner.engine import Options
    from dbcontract.conformance.target.target import Endpoint, Hook, Target
    from dbcontract.mockserver.server.run import Running

_MILLION = 1_000_000


@dataclass(frozen=True)
class Plan:
    """What a rehearsal has sent.

    Attributes:
        traffic: by operationId.
        made, deleted: how many things of each kind.
        told: what the APIs have to say of it.
        seconds: that the rehearsal took.
    """

    traffic: Mapping[str, Traffic]
    made: Counter[str]
    deleted: Counter[str]
    told: tuple[str, ...]
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
    from dbcontract.conformance.apis.base import apis
    from dbcontract.conformance.environment.mock import Control
    from dbcontract.conformance.environment.network import open_wire

    root = running.base_url
    endpoints = {
        name: _on_stage(endpoint, apis()[name], root, token) for name, endpoint in target.endpoints.items()
    }
    stage = replace(
        target,
        name="the mock of dbcontract",
        endpoints=endpoints,
        capabilities=target.capabilities - {"wait"},
        hooks=tuple((name, hook) for name, hook in _hooks(root).items() if target.hook(name) is not None),
        pace=replace(target.pace, requests_per_second=None, job_poll=0.02),
        proxy=None,
        ca_bundle=None,
    )
    wire = open_wire(stage)
    try:
        ask = partial(Control(root, wire).call, "GET")
        return stage.with_own(lambda own: own.rehearsed(ask, read_only))
    finally:
        wire.close()


def _on_stage(endpoint: Endpoint, api: JudgedApi, root: str, token: str) -> Endpoint:
    """Where the mock serves an API, with a second sandbox where the target has a second instance."""
    second = None if endpoint.second_url is None else f"{root}/~second{api.mock_path}"
    return replace(
        endpoint,
        url=root + api.mock_path,
        token=token if api.needs_token else None,
        headers=(),
        second_url=second,
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
    told = [line for api in stage.apis for line in gate.keepers[api].told(gate.traffic)]
    return Plan(gate.traffic, gate.inventory.made, gate.inventory.removed, tuple(told), result.seconds)


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
    for line in plan.told:
        console.print(line)
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
