"""When the proof holds, on results made up for the purpose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbcontract.conformance.results.results import Verdict
from dbcontract.prove.judging import DependencyClosure, Judgement, Proof, judge, prove
from dbcontract.prove.outcome import Finding, Outcome

from .declared import Variant

RESTS_ON = {
    "PB-A-01": (),
    "PB-A-02": ("PB-A-01",),
    "PB-A-03": ("PB-A-02",),
    "PB-B-01": (),
    "PB-B-02": ("PB-B-01", "PB-A-01"),
    "PB-C-01": (),
}
FAILED, WARNED, ERROR, UNKNOWN = Verdict.FAILED, Verdict.WARNED, Verdict.ERROR, Verdict.NOT_VERIFIED


def a_defect(*breaks: str, name: str = "some-defect") -> Variant:
    return Variant(name, "defect", "somewhere", "Does it wrong.", breaks, (object,))


A_CONFORMING = Variant("some-variant", "conforming", "somewhere", "Does it its way.", (), (object,))


def an_outcome(name: str = "some-defect", **verdicts: Verdict) -> Outcome:
    """Rules are written with underscores; those that are not named passed."""
    findings = {rule.replace("_", "-"): Finding(verdict) for rule, verdict in verdicts.items()}
    return Outcome(name, frozenset(RESTS_ON) - findings.keys(), findings)


def of(one: Variant, **verdicts: Verdict) -> Judgement:
    outcome = an_outcome(one.name, **verdicts)
    judged = judge(one, outcome, DependencyClosure(RESTS_ON))
    assert (judged.variant, judged.outcome) == (one, outcome)
    return judged


@pytest.mark.parametrize("verdict", [FAILED, WARNED])
def test_a_defect_that_turns_red_what_it_names_is_right(verdict: Verdict) -> None:
    judged = of(a_defect("PB-A-02"), PB_A_02=verdict)
    assert judged.right
    assert (judged.caught, judged.missed, judged.resting, judged.stray) == (("PB-A-02",), (), (), ())


@pytest.mark.parametrize("verdict", [None, ERROR, UNKNOWN])
def test_a_defect_that_nothing_catches_is_not(verdict: Verdict | None) -> None:
    judged = of(a_defect("PB-A-02"), **({} if verdict is None else {"PB_A_02": verdict}))
    assert judged.problems == ("no rule catches it",)
    assert judged.missed == ("PB-A-02",)


def test_every_named_rule_has_to_turn_red() -> None:
    judged = of(a_defect("PB-A-01", "PB-B-01", "PB-C-01"), PB_A_01=FAILED, PB_B_01=UNKNOWN)
    assert judged.problems == ("it breaks PB-B-01, PB-C-01, which stayed green",)
    assert judged.caught == ("PB-A-01",)


@pytest.mark.parametrize("beside", ["PB_A_01", "PB_A_03"])
def test_rules_below_and_above_may_turn_red_too(beside: str) -> None:
    # 03 depends on 02, which depends on 01
    judged = of(a_defect("PB-A-02"), PB_A_02=FAILED, **{beside: FAILED})
    assert judged.right
    assert judged.resting == (beside.replace("_", "-"),)


def test_resting_goes_through_others() -> None:
    assert of(a_defect("PB-A-01"), PB_A_01=FAILED, PB_A_03=WARNED).resting == ("PB-A-03",)


@pytest.mark.parametrize("stray", ["PB-B-02", "PB-C-01"])
def test_any_other_red_rule_is_astray(stray: str) -> None:
    # B-02 depends on A-01, as A-02 does: siblings are not related
    judged = of(a_defect("PB-A-02"), PB_A_02=FAILED, **{stray.replace("-", "_"): WARNED})
    assert judged.problems == (f"{stray} turned red, which it does not name",)
    assert judged.stray == (stray,)


def test_what_is_related_to_any_named_rule_is_not_astray() -> None:
    assert of(a_defect("PB-C-01", "PB-A-01"), PB_C_01=FAILED, PB_A_01=FAILED, PB_B_02=FAILED).right


def test_a_check_that_breaks_on_a_defect_is_shown_and_is_not_red() -> None:
    judged = of(a_defect("PB-A-01"), PB_A_01=FAILED, PB_C_01=ERROR)
    assert judged.right
    assert judged.broke == ("PB-C-01",)


def test_a_defect_has_to_name_a_rule() -> None:
    assert "it names no rule that it breaks" in of(a_defect(), PB_A_01=FAILED).problems


def test_a_run_that_stopped_proves_nothing() -> None:
    outcome = replace(an_outcome(PB_A_01=FAILED), problem="the run stopped: unreachable")
    assert judge(a_defect("PB-A-01"), outcome, DependencyClosure(RESTS_ON)).problems == (
        "the run stopped: unreachable",
    )
    assert not judge(A_CONFORMING, replace(outcome, findings={}), DependencyClosure(RESTS_ON)).right


@pytest.mark.parametrize(
    ("verdict", "right"), [(None, True), (UNKNOWN, True), (FAILED, False), (WARNED, False), (ERROR, False)]
)
def test_a_conforming_variant_may_not_be_blamed(verdict: Verdict | None, right: bool) -> None:
    assert of(A_CONFORMING, **({} if verdict is None else {"PB_A_01": verdict})).right is right


def test_what_a_conforming_variant_is_blamed_for_is_named() -> None:
    judged = of(A_CONFORMING, PB_C_01=FAILED, PB_A_01=WARNED, PB_B_01=ERROR)
    assert (judged.stray, judged.broke) == (("PB-A-01", "PB-C-01"), ("PB-B-01",))
    red, broke = judged.problems
    assert "PB-A-01, PB-C-01" in red
    assert "PB-B-01" in broke


def test_a_rule_that_is_in_no_catalogue_is_related_to_none() -> None:
    closure = DependencyClosure({"PB-A-01": ("PB-Z-01",), "PB-A-02": ("PB-A-01",)})
    assert not closure.related("PB-Y-01", "PB-Y-02")
    assert closure.related("PB-Z-01", "PB-A-02")
    assert closure.related("PB-A-02", "PB-Z-01")


@pytest.mark.parametrize(("strays", "rest"), [(8, ""), (9, " and 1 more"), (11, " and 3 more")])
def test_of_many_rules_the_first_are_named(strays: int, rest: str) -> None:
    names = [f"PB-X-{number:02}" for number in range(1, strays + 1)]
    outcome = an_outcome(PB_A_01=FAILED, **{name.replace("-", "_"): FAILED for name in names})
    (problem,) = judge(a_defect("PB-A-01"), outcome, DependencyClosure(RESTS_ON)).problems
    assert problem == f"{', '.join(names[:8])}{rest} turned red, which it does not name"


# All together


def proof(reference: Outcome | None, *ran: tuple[Variant, Outcome], whole: bool = True) -> Proof:
    return prove(reference, ran, RESTS_ON, whole=whole)


EVERY_RULE = tuple((a_defect(rule), an_outcome(**{rule.replace("-", "_"): FAILED})) for rule in RESTS_ON)
GREEN = an_outcome("")


def test_it_holds_when_every_rule_is_shown() -> None:
    assert proof(GREEN, *EVERY_RULE, (A_CONFORMING, an_outcome())).holds


def test_a_rule_that_no_defect_turns_red_is_told() -> None:
    without = proof(GREEN, *EVERY_RULE[1:])
    assert without.unproven == ("PB-A-01",)
    assert not without.holds


def test_red_beside_others_shows_no_rule() -> None:
    both = (a_defect("PB-A-02"), an_outcome(PB_A_02=FAILED, PB_A_01=FAILED))
    assert proof(GREEN, *EVERY_RULE[2:], both).unproven == ("PB-A-01",)


def test_a_rule_that_cannot_be_verified_here_needs_no_defect() -> None:
    reference = an_outcome("", PB_C_01=UNKNOWN)
    assert proof(reference, *EVERY_RULE[:-1]).holds


def test_part_of_the_defects_cannot_tell_what_none_turns_red() -> None:
    part = proof(GREEN, EVERY_RULE[0], whole=False)
    assert part.holds
    assert part.unproven is None


@pytest.mark.parametrize("verdict", [FAILED, WARNED, ERROR])
def test_the_reference_mock_has_to_be_green(verdict: Verdict) -> None:
    judged = proof(an_outcome("", PB_C_01=verdict), *EVERY_RULE[:-1])
    assert judged.problems == ("the reference mock: PB-C-01 did not stay green",)
    assert not judged.holds


def test_a_run_of_the_reference_mock_that_stopped_fails_the_proof() -> None:
    judged = proof(replace(GREEN, problem="the run stopped: unreachable"), *EVERY_RULE)
    assert judged.problems == ("the reference mock: the run stopped: unreachable",)


def test_it_keeps_what_it_was_made_of() -> None:
    ran = (*EVERY_RULE, (A_CONFORMING, an_outcome()))
    judged = prove(GREEN, ran, RESTS_ON, whole=True, seconds=12.5)
    assert (judged.reference, judged.checked, judged.seconds) == (GREEN, GREEN.passed, 12.5)
    assert judged.order == tuple(RESTS_ON)
    assert [one.variant for one in judged.of("defect")] == [variant for variant, _ in EVERY_RULE]
    assert [one.variant for one in judged.of("conforming")] == [A_CONFORMING]
    nothing = prove(None, (), RESTS_ON, whole=True)
    assert (nothing.checked, nothing.unproven, nothing.seconds) == (frozenset(), None, 0.0)


def test_one_wrong_judgement_fails_the_proof() -> None:
    assert not proof(GREEN, *EVERY_RULE, (A_CONFORMING, an_outcome(PB_A_01=WARNED))).holds
    assert not proof(None, (a_defect("PB-A-01"), an_outcome()), whole=False).holds


def test_a_rule_that_there_is_not_fails_the_proof() -> None:
    wrong: dict[str, Any] = {"PB_A_01": FAILED, "PB_Z_01": FAILED}
    judged = proof(GREEN, (a_defect("PB-A-01", "PB-Z-01"), an_outcome(**wrong)), whole=False)
    assert judged.problems == ("PB-Z-01: no such rule, but a defect names it",)
