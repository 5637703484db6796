"""Which rule comes before which, and which failure explains which: on rules made up for the purpose."""

from collections.abc import Iterable, Mapping, Sequence

import pytest

from dbcontract.conformance.catalogue.rules import Rule
from dbcontract.conformance.results.results import CheckResult, RuleResult, Verdict
from dbcontract.conformance.runner.order import origin, waves_of

from .made_rules import made_rule

PASSED, FAILED, WARNED, OPEN = Verdict.PASSED, Verdict.FAILED, Verdict.WARNED, Verdict.NOT_VERIFIED


def rules_of(depends_on: Mapping[str, Sequence[str]]) -> dict[str, Rule]:
    return {
        rule_id: made_rule(rule_id, api="pieces", depends_on=tuple(others))
        for rule_id, others in depends_on.items()
    }


def results_of(verdicts: Mapping[str, Verdict]) -> dict[str, RuleResult]:
    return {
        rule_id: RuleResult(made_rule(rule_id), CheckResult(verdict)) for rule_id, verdict in verdicts.items()
    }


def explained(
    depends_on: Mapping[str, Sequence[str]], blamed: str | None = None, **verdicts: Verdict
) -> str | None:
    """What explains the failure of the rule X."""
    return origin("X", blamed, rules_of(depends_on), results_of(verdicts))


@pytest.mark.parametrize(
    ("asked", "depends_on", "expected"),
    [
        ("ABC", {}, ["ABC"]),
        ("ABC", {"A": "B", "B": "C"}, ["C", "B", "A"]),
        ("ABCD", {"A": "BC", "C": "D"}, ["BD", "C", "A"]),
        ("AB", {"A": "Z", "B": "A"}, ["A", "B"]),
        ("ABC", {"A": "B", "B": "A"}, ["C", "AB"]),
        ("", {}, []),
    ],
)
def test_a_wave_rests_on_earlier_waves_only(
    asked: Iterable[str], depends_on: Mapping[str, Iterable[str]], expected: list[str]
) -> None:
    assert waves_of([*asked], depends_on) == [[*wave] for wave in expected]


CHAIN = {"X": "A", "A": "B", "B": "C", "C": ""}


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ({"A": PASSED, "B": PASSED, "C": PASSED}, None),
        ({"A": OPEN, "B": OPEN, "C": OPEN}, None),
        ({"A": FAILED}, "A"),
        ({"A": WARNED}, "A"),
        ({"A": PASSED, "B": FAILED}, "B"),
        ({"B": FAILED}, "B"),
        # the deepest of those that fail one upon another
        ({"A": FAILED, "B": FAILED, "C": FAILED}, "C"),
        # but a rule that holds ends that line
        ({"A": FAILED, "B": PASSED, "C": FAILED}, "A"),
    ],
)
def test_the_bad_rule_at_the_bottom_explains(verdicts: dict[str, Verdict], expected: str | None) -> None:
    assert explained(CHAIN, **verdicts) == expected


def test_nothing_is_looked_at_twice() -> None:
    # X and B, both known by then, stand before A, which explains it
    around = {"X": ("B", "C"), "B": ("X", "C"), "C": ("B", "X", "A"), "A": ("A",)}
    assert explained(around, A=FAILED) == "A"
    assert explained(around) is None


def test_what_the_check_itself_blames_comes_first() -> None:
    depends_on = {"X": ("A",), "A": (), "B": ("C",), "C": ()}
    assert explained(depends_on, "B", A=FAILED, B=FAILED) == "B"
    assert explained(depends_on, "B", A=FAILED, B=FAILED, C=FAILED) == "C"
    assert explained(depends_on, "B", A=PASSED, B=PASSED) == "B"


def test_what_does_not_concern_a_rule_does_not_explain_it() -> None:
    rules = rules_of({"X": ("A", "B"), "A": ("C",), "B": (), "C": ()})
    results = results_of({"A": FAILED, "B": FAILED, "C": FAILED})
    assert origin("X", None, rules, results, lambda _: False) is None
    assert origin("X", None, rules, results, lambda one: one == "B") == "B"
    # what the check itself blames need not, but what that rests on
    assert origin("X", "A", rules, results, lambda _: False) == "A"
    assert origin("X", "A", rules, results, lambda one: one == "C") == "C"


def test_a_rule_that_is_in_no_catalogue_can_be_explained_by_its_check_only() -> None:
    assert origin("Z", None, {}, {}) is None
    assert origin("Z", "B", {}, {}) == "B"
