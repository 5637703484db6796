"""Servers that share no code with the mock, as fixtures."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dbcontract.conformance.authoring.check import Checks
from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.results.results import RunResult
from dbcontract.conformance.runner.engine import Engine, Options
from dbcontract.conformance.runner.fuzzing.settings import FuzzingSettings
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Target

from .running import Foreign, Judged, started
from .small import JudgedHere

STRICT = [sys.executable, "-m", "strict"]


def permissive_command() -> list[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    return [node, "permissive/main.mjs"]


@pytest.fixture(scope="session")
def strict_server() -> Iterator[Foreign]:
    with started("strict", STRICT) as running:
        yield running


@pytest.fixture(scope="session")
def permissive_server() -> Iterator[Foreign]:
    with started("permissive", permissive_command()) as running:
        yield running


@pytest.fixture
def strict(strict_server: Foreign) -> Foreign:
    """The strict server, as it was at its start."""
    strict_server.administer("reset")
    return strict_server


@pytest.fixture
def permissive(permissive_server: Foreign) -> Foreign:
    """The permissive server, as it was at its start."""
    permissive_server.administer("reset")
    return permissive_server


@pytest.fixture(params=["strict", "permissive"])
def foreign(request: pytest.FixtureRequest) -> Foreign:
    """Each of the servers in turn."""
    server: Foreign = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=["strict", "permissive"])
def on_call(request: pytest.FixtureRequest) -> Iterator[Foreign]:
    """Each of the servers in turn, with nights that come only when they are called."""
    strict = request.param == "strict"  # whose nights never come by themselves
    command = STRICT if strict else [*permissive_command(), "--nights-on-call"]
    with started(str(request.param), command) as running:
        yield running


@pytest.fixture(params=["strict", "permissive"])
def small(request: pytest.FixtureRequest) -> Iterator[Foreign]:
    """Each of the servers in turn, whose databases hold 120 records."""
    command = STRICT if request.param == "strict" else permissive_command()
    with started(str(request.param), command, record_limit=120) as running:
        yield running


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., Judged]:
    """Judge a server: `judge(server, "--no-fuzzing", allow=["write"], hooks=["advance_clock"])`."""

    def run(server: Foreign, *options: str, **allowed: Any) -> Judged:
        return server.check(server.target_file(tmp_path / "target.toml", **allowed), *options)

    return run


@pytest.fixture
def examine(catalogue: Catalogue, checks: Checks) -> Callable[..., RunResult]:
    """Judge any target by some rules, in this process: `examine(target, "PI-EXP-01", fuzzing=None)`."""

    def run(target: Target, *ids: str, **options: Any) -> RunResult:
        rules = [rule for rule in catalogue if rule.id in ids]
        chosen = Options(**{"fuzzing": FuzzingSettings(examples=3, walks=1, steps=2, seconds=20), **options})
        return Engine(target, rules, checks, catalogues=dict(catalogue.versions), options=chosen).run()

    return run


@pytest.fixture
def judged(catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]) -> JudgedHere:
    """Judge a target in this process: `judged(target, "PB-DB-*", fuzzing=settings)`."""

    def run(target: Target, *only: str, fuzzing: FuzzingSettings | None = None) -> RunResult:
        rules = [rule for rule in catalogue.select(only) if rule.testable]
        versions, options = dict(catalogue.versions), Options(fuzzing=fuzzing)
        return Engine(
            target, rules, checks, catalogues=versions, options=options, descriptions=descriptions
        ).run()

    return run
