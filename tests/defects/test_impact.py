"""What a variant cannot reach is left out of the proof, and changes nothing."""

from __future__ import annotations

import pytest

from dbcontract.conformance.catalogue.findings import schema_rules
from dbcontract.mockserver.apis.pieces.state.pieces import PiecesDatabase
from dbcontract.mockserver.apis.pixiebrix.api import HANDLERS
from dbcontract.mockserver.apis.pixiebrix.handlers.records import RecordHandlers
from dbcontract.mockserver.apis.pixiebrix.points import TABLE
from dbcontract.mockserver.apis.pixiebrix.state.records import RecordTable
from dbcontract.mockserver.variants.registry import Variant
from dbcontract.prove.impact import Impact, Recorder, overrides
from dbcontract.prove.running import Prover

from .declared import named


def _of(*classes: type) -> Variant:
    return Variant("one", "defect", "here", "Does.", (), classes)


class _Bounds(RecordHandlers):
    def _bounds(self, *_: object) -> tuple[int, int]:
        return 0, 0

    def helper(self) -> None:
        """Is nothing that the reference class has."""


class _Below(_Bounds):
    def _one(self, *_: object) -> None:  # type: ignore[override]
        """Overrides one more."""


class _Table(RecordTable):
    def span(self, *_: object) -> tuple[int, int]:
        return 0, 0


class _Static(PiecesDatabase):
    @staticmethod
    def is_version(text: str) -> bool:
        return bool(text)


class _Begins(PiecesDatabase):
    def __init__(self, version: str, migration: int, semantic: str) -> None:
        super().__init__(version, migration, semantic)


def test_the_methods_that_a_variant_overrides() -> None:
    assert overrides(_of(_Bounds)) == frozenset({(HANDLERS.name, "_bounds")})
    assert overrides(_of(_Below)) == frozenset({(HANDLERS.name, "_bounds"), (HANDLERS.name, "_one")})
    assert overrides(_of(_Bounds, _Table)) == frozenset({(HANDLERS.name, "_bounds"), (TABLE.name, "span")})


@pytest.mark.parametrize("part", [_Static, _Begins])
def test_what_is_not_a_plain_method_may_be_reached_by_all(part: type) -> None:
    assert overrides(_of(part)) is None
    assert Impact({}, frozenset({"PI-VER-01"})).needless(_of(part)) == frozenset()


def test_what_reaches_none_of_its_methods_is_needless() -> None:
    reached = {
        (HANDLERS.name, "_bounds"): frozenset({"A", "B"}),
        (HANDLERS.name, "_one"): frozenset({"B", "C"}),
    }
    reach = Impact(reached, frozenset("ABCD"))
    assert reach.needless(_of(_Bounds)) == {"C", "D"}
    assert reach.needless(_of(_Below)) == {"D"}
    assert reach.needless(_of(_Table)) == set("ABCD")


def test_a_recorder_tells_who_asked_for_what() -> None:
    recorder = Recorder()
    table = recorder.classes()[TABLE]()
    recorder.rule = "A"
    list(table.days())
    recorder.rule = "B"
    table.span(None, None)
    recorder.rule = None
    table.clear()
    assert recorder.reached[(TABLE.name, "days")] == {"A"}
    assert recorder.reached[(TABLE.name, "span")] == {"B"}
    assert (TABLE.name, "clear") not in recorder.reached


def test_the_verdicts_are_those_of_a_run_of_all_rules() -> None:
    variant = named("first-link-is-page-zero")
    with Prover() as prover:
        every = prover.run(variant)
        prover.impact = prover.learn()
        some = prover.run(variant)
    assert some.red == every.red
    assert some.broke == every.broke
    left_out = every.passed - some.passed - frozenset(some.findings)
    assert len(left_out) > 20
    assert not left_out & schema_rules().keys()
