"""Variants that are asked beside the reference mock: what they decide alike nobody can tell apart."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from starlette.responses import Response

from dbcontract.mockserver.apis.pixiebrix.api import HANDLERS
from dbcontract.mockserver.apis.pixiebrix.handlers.records import RecordHandlers
from dbcontract.mockserver.state.rows import Row
from dbcontract.mockserver.variants.registry import Variant
from dbcontract.mockserver.web.call import Call
from dbcontract.mockserver.web.connexion.validation import VALIDATION, Validation
from dbcontract.mockserver.web.problems import BadRequest
from dbcontract.prove.impact import Impact, Recorder, overrides


class _Rule:
    """A rule for bodies that refuses those without a name."""

    def check(self, body: Any, *, long: bool) -> None:  # noqa: ARG002
        if "name" not in body:
            raise BadRequest({"name": ["This field is required."]})


class _Lax(Validation):
    def values(self, rule: Any, body: Any, *, long: bool) -> None:
        """Lets a body without a name pass."""


class _OtherWords(Validation):
    def values(self, rule: Any, body: Any, *, long: bool) -> None:
        try:
            super().values(rule, body, long=long)
        except BadRequest:
            raise BadRequest({"name": ["No."]}) from None


class _Changing(Validation):
    def values(self, rule: Any, body: Any, *, long: bool) -> None:
        super().values(rule, body, long=long)
        if body.get("flag") is True:
            body["flag"] = 1


class _Failing(Validation):
    def values(self, rule: Any, body: Any, *, long: bool) -> None:
        super().values(rule, body, long=long)
        if "fail" in body:
            raise ZeroDivisionError


class _Remembering(Validation):
    def __init__(self) -> None:
        self._calls = 0

    def values(self, rule: Any, body: Any, *, long: bool) -> None:
        self._calls += 1
        if self._calls < 3:
            super().values(rule, body, long=long)


class _Elsewhere(Validation):
    async def body(self, *given: Any) -> Any:
        """Is asked for more than a decision."""
        return await super().body(*given)


PARTS = (_Lax, _OtherWords, _Changing, _Failing, _Remembering, _Elsewhere)


def _recorded(*bodies: dict[str, Any]) -> dict[str, frozenset[str]]:
    """Which rules can tell each of the variants, where one rule's check sends these bodies."""
    recorder = Recorder(Variant(part.__name__, "defect", "here", "Does.", (), (part,)) for part in PARTS)
    validation = recorder.classes().make()[VALIDATION]
    recorder.rule = "A"
    for body in bodies:
        before, refused = repr(body), None
        try:
            validation.values(_Rule(), body, long=False)  # type: ignore[arg-type]
        except BadRequest as error:
            refused = error.detail
        assert refused == (None if "name" in body else {"name": ["This field is required."]})
        assert repr(body) == before
    return dict(recorder.differing)


@pytest.mark.parametrize(
    ("bodies", "told"),
    [
        ([{"name": "a"}], set()),
        ([{"name": "a"}, {}], {"_Lax", "_OtherWords"}),
        ([{"name": "a", "flag": True}], {"_Changing"}),
        ([{"name": "a", "flag": 1}], set()),
        ([{"name": "a", "fail": 1}], {"_Failing"}),
        ([{}, {}, {}], {"_Lax", "_OtherWords", "_Remembering"}),
        (
            [{"name": "a", "many": [*range(3_000)]}],
            {"_Lax", "_OtherWords", "_Changing", "_Failing", "_Remembering"},
        ),
    ],
)
def test_a_rule_can_tell_those_that_decide_otherwise(bodies: list[dict[str, Any]], told: set[str]) -> None:
    """By what they return, raise, or make of what they are given; and where it is too much to be asked."""
    found = _recorded(*bodies)
    assert found.keys() == {part.__name__ for part in PARTS} - {"_Elsewhere"}
    assert {name for name, rules in found.items() if rules == {"A"}} == told
    assert {name for name, rules in found.items() if not rules} == found.keys() - told


class _SameAnswer(RecordHandlers):
    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        return Response(super()._rendered(rows, call, headers, status).body, status, headers, "text/plain")


class _OtherStatus(RecordHandlers):
    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        return super()._rendered(rows, call, headers, status + len(rows))


class _FewerHeaders(RecordHandlers):
    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        return super()._rendered(rows, call, {name: headers[name] for name in [*headers][1:]}, status)


@pytest.mark.parametrize(
    ("count", "headers", "told"),
    [
        (0, {}, set()),
        (0, {"Link": "a"}, {"_FewerHeaders"}),
        (1, {}, {"_OtherStatus"}),
        (1_500, {}, {"_SameAnswer", "_OtherStatus", "_FewerHeaders"}),
    ],
)
def test_answers_are_compared_by_what_a_client_gets(
    count: int, headers: dict[str, str], told: set[str]
) -> None:
    """One that goes out in chunks is not looked into, so that it counts as another."""
    parts = (_SameAnswer, _OtherStatus, _FewerHeaders)
    recorder = Recorder(Variant(part.__name__, "defect", "here", "Does.", (), (part,)) for part in parts)
    handlers = recorder.classes().make()[HANDLERS]
    recorder.rule = "A"
    answer = SimpleNamespace(media_type="application/json", content_type="text/plain")
    call: Any = SimpleNamespace(answer=answer)
    rows = [(number, 0, f"key-{number}", 0, b"{}") for number in range(count)]
    handlers._rendered(rows, call, headers)  # noqa: SLF001 (it is what variants override)
    assert {name for name, rules in recorder.differing.items() if rules == {"A"}} == told


def test_what_a_variant_decides_alike_is_needless() -> None:
    """Though its method was come to."""
    variant = Variant("one", "defect", "here", "Does.", (), (_Lax,))
    reached = {(VALIDATION.name, "values"): frozenset({"A", "B"})}
    told = frozenset("ABC")
    assert Impact(reached, told).needless(variant) == {"C"}
    assert Impact(reached, told, {"one": frozenset("A")}).needless(variant) == {"B", "C"}


class _MoreOfItsOwn(RecordHandlers):
    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def _bounds(self, *_: object) -> tuple[int, int]:
        return 0, 0


class _HidesAMethod(RecordHandlers):
    def __init__(self) -> None:
        super().__init__()
        self._bounds = lambda *_: (0, 0)  # type: ignore[method-assign]


def test_an_object_that_remembers_more_is_a_plain_one() -> None:
    """One whose attributes hide what the reference has is not."""
    assert overrides(Variant("one", "defect", "here", "", (), (_MoreOfItsOwn,))) is not None
    assert overrides(Variant("one", "defect", "here", "", (), (_HidesAMethod,))) is None


def test_what_works_in_checks_that_are_left_out_is_known_from_their_turn_on() -> None:
    """Whether a rule is judged by it must not depend on which others are run."""
    recorder = Recorder()
    recorder.works("pieces", "exportDatabase")  # before any rule
    for rule, operation in (("A", "importDatabase"), ("B", "exportDatabase"), ("C", "importDatabase")):
        recorder.begins(rule)
        recorder.works("pieces", operation)
    impact = Impact({}, frozenset("ABC"), {}, recorder.worked)
    assert impact.worked_before("A", "ABC") == frozenset()
    assert impact.worked_before("C", "AC") == {("pieces", "importDatabase")}
    assert impact.worked_before("C", "AB") == {("pieces", "importDatabase"), ("pieces", "exportDatabase")}
