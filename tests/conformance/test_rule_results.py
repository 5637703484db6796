"""What a result says of its rule, by what its checks and the other rules gave."""

from dataclasses import replace

from dbcontract.conformance.catalogue.rules import Rule
from dbcontract.conformance.results.results import CheckResult, RuleResult, Verdict
from dbcontract.conformance.runner.rule_runner import RuleRunner

from .rule_runners import (
    PIECES,
    PIXIEBRIX,
    RULE,
    TARGET,
    a_rule_runner,
    asks,
    violation,
)


def result_of(
    rule_runner: RuleRunner, *parts: CheckResult, rule: Rule = RULE, **results: Verdict
) -> RuleResult:
    others = {
        name.replace("_", "-"): rule_runner.verdict(
            rule_runner.rules[name.replace("_", "-")], [CheckResult(verdict)], {}
        )
        for name, verdict in results.items()
    }
    return rule_runner.verdict(rule, parts, others)


def test_a_result_holds_the_rule_and_how_to_judge_it_again() -> None:
    rule_runner = a_rule_runner(asks, asks, seed=3)
    result = result_of(
        rule_runner, CheckResult(Verdict.PASSED, seconds=1.5), CheckResult(Verdict.PASSED, seconds=2.0)
    )
    assert result.rule is RULE
    assert result.part.seconds == 3.5
    assert result.how == "Step 0. Step 1."
    assert result.reproduce == "dbcontract check --target dev --only PI-EXP-01 --seed 3"


def test_a_result_says_what_the_worst_part_says() -> None:
    evidence = (violation().evidence,)
    part = CheckResult(Verdict.FAILED, "the thing", "1", "2", evidence, 1.0, ("clock",))
    result = result_of(a_rule_runner(), CheckResult(Verdict.PASSED), part)
    assert (result.verdict, result.reason, result.part.expected, result.part.actual) == (
        Verdict.FAILED,
        "the thing",
        "1",
        "2",
    )
    assert (result.part.evidence, result.part.missing, result.because_of) == (evidence, ("clock",), None)


def test_a_rule_without_parts_is_not_verified() -> None:
    result = result_of(a_rule_runner())
    assert result.verdict is Verdict.NOT_VERIFIED
    assert result.reason == "no check of the kit covers this rule yet"


def test_what_did_not_pass_is_explained() -> None:
    upper = replace(RULE, id="PI-EXP-02", depends_on=("PI-EXP-01",))
    rule_runner = a_rule_runner(rules=(RULE, upper, replace(RULE, id="PI-EXP-03")))

    def because(part: CheckResult, **results: Verdict) -> str | None:
        return result_of(rule_runner, part, rule=upper, **results).because_of

    failed, blames = CheckResult(Verdict.FAILED), CheckResult(Verdict.NOT_VERIFIED, because_of="PI-EXP-03")
    assert because(failed, PI_EXP_01=Verdict.FAILED) == "PI-EXP-01"
    assert because(failed, PI_EXP_01=Verdict.PASSED) is None
    assert because(CheckResult(Verdict.NOT_VERIFIED), PI_EXP_01=Verdict.FAILED) is None
    assert because(blames, PI_EXP_01=Verdict.PASSED) == "PI-EXP-03"
    assert because(blames, PI_EXP_01=Verdict.FAILED, PI_EXP_03=Verdict.FAILED) == "PI-EXP-03"


def test_the_target_as_reports_name_it() -> None:
    summary = a_rule_runner().summary()
    assert (summary.name, summary.kind) == ("made up", "other")
    assert summary.urls == {"pieces": PIECES, "pixiebrix": PIXIEBRIX}
    assert summary.capabilities == ("read", "write")
    assert a_rule_runner(target=TARGET.only("pixiebrix")).summary().urls == {"pixiebrix": PIXIEBRIX}
