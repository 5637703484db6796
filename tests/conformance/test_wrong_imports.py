"""Servers whose imports lose, or double, what is there: a run does no lasting harm to them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.exports import REQUIRED_COLLECTIONS
from dbcontract.conformance.authoring.check import Checks
from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.runner.engine import Engine, Options
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Endpoint, Target

from .conftest import PACE, Seen, Start

HELD = {
    **{name: list(f"bytes of {name} of a user".encode()) for name in REQUIRED_COLLECTIONS},
    "values": {"iterable": [{"id": "format-1", "raw": [1, 2]}]},
    "version": "1.2.3",
}


@dataclass
class Server:
    """Pieces OS, but for what an import does: `merge(held, imported)` gives what is held then."""

    merge: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
    held: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(HELD)))
    imported: list[int] = field(default_factory=list)

    def __call__(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.method == "GET":
            return 200, {"Content-Type": "application/json"}, json.dumps(self.held).encode()
        self.imported.append(len(seen.body))
        try:
            self.held = self.merge(self.held, json.loads(seen.body))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return 500, {"Content-Type": "text/plain"}, repr(error).encode()
        return 204, {}, b""


def merged(held: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """As documented, of what the checks send."""
    entries = {one["id"]: one for one in (*held["values"]["iterable"], *body["values"]["iterable"])}
    return {**held, "values": {"iterable": list(entries.values())}}


def replaced(_held: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "values": {"iterable": [*body["values"]["iterable"]]}}


def doubled(held: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    both = {name: [*held[name], *body[name]] for name in REQUIRED_COLLECTIONS}
    return {**merged(held, body), **both}


Judged = Callable[..., RunResult]


@pytest.fixture
def judged(web: Start, catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]) -> Judged:
    def run(server: Server, *only: str) -> RunResult:
        capabilities = frozenset({"read", "write", "storage"})
        target = Target(
            "t", endpoints={"pieces": Endpoint(web(server).url)}, capabilities=capabilities, pace=PACE
        )
        options = Options(fuzzing=None)
        versions = dict(catalogue.versions)
        rules = catalogue.select(only)
        return Engine(
            target, rules, checks, catalogues=versions, options=options, descriptions=descriptions
        ).run()

    return run


def verdicts(result: RunResult) -> dict[str, Verdict]:
    return {one.rule.id: one.verdict for one in result.results}


def of_the_user(server: Server) -> dict[str, Any]:
    """What is held beside entries of runs."""
    entries = [one for one in server.held["values"]["iterable"] if "dbcontract-" not in one["id"]]
    return {**server.held, "values": {"iterable": entries}}


def test_bodies_are_as_small_as_the_target_takes_them(judged: Judged) -> None:
    server = Server(merged)
    result = judged(server, "PI-IMP-01", "PI-IMP-10", "PI-IMP-13")
    assert set(verdicts(result).values()) == {Verdict.PASSED}
    assert of_the_user(server) == HELD
    assert min(server.imported) < len(json.dumps(HELD)) / 2


def test_what_a_server_loses_is_put_back(judged: Judged) -> None:
    server = Server(replaced)
    result = judged(server, "PI-IMP-01", "PI-IMP-11")
    assert verdicts(result) == {"PI-IMP-01": Verdict.NOT_VERIFIED, "PI-IMP-11": Verdict.FAILED}
    assert server.held == HELD
    # the import that tells, and the one that puts back
    assert len(server.imported) == 2


def test_a_server_that_doubles_what_it_has_does_not_grow(judged: Judged) -> None:
    server = Server(doubled)
    result = judged(server, "PI-IMP-01", "PI-IMP-10", "PI-IMP-12", "PI-IMP-13", "PI-IMP-14")
    assert Verdict.FAILED not in verdicts(result).values()
    assert of_the_user(server) == HELD
