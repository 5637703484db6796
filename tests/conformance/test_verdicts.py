"""From the parts of rules to the exit status of a run."""

from dataclasses import replace
from itertools import permutations, product

import pytest

from dbcontract.conformance.catalogue.rules import Level
from dbcontract.conformance.report.text import headline, outcome
from dbcontract.conformance.results.results import (
    CheckResult,
    RuleResult,
    RunResult,
    Stop,
    Tally,
    TargetSummary,
    Verdict,
    exit_code,
    severest,
    tally,
    worst,
)

from .made_rules import made_rule

PASSED, FAILED, WARNED = Verdict.PASSED, Verdict.FAILED, Verdict.WARNED
SKIPPED, ERROR = Verdict.NOT_VERIFIED, Verdict.ERROR


def result(verdict: Verdict, number: int = 1, *, accepted: str | None = None) -> RuleResult:
    level = Level.INFERRED if verdict is WARNED else Level.DOCUMENTED
    part = CheckResult(verdict, "" if verdict is PASSED else "reason")
    return RuleResult(made_rule(f"PB-ASSET-{number:02}", level), part, accepted)


def run(
    *verdicts: Verdict,
    stopped: Stop | None = None,
    accepted: str | None = None,
    problems: tuple[str, ...] = (),
) -> RunResult:
    results = tuple(result(one, number, accepted=accepted) for number, one in enumerate(verdicts, 1))
    target = TargetSummary("target", "other", {"pixiebrix": "http://h"}, ("read",))
    return RunResult(
        kit_version="1",
        catalogues={"pixiebrix": "1.0.0"},
        target=target,
        seed=1,
        started_at="2026-01-01T00:00:00Z",
        seconds=1.0,
        results=results,
        stopped=stopped,
        problems=problems,
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((PASSED,), PASSED),
        ((PASSED, PASSED), PASSED),
        ((PASSED, SKIPPED), SKIPPED),
        ((SKIPPED, ERROR), ERROR),
        ((PASSED, ERROR), ERROR),
        ((ERROR, FAILED), FAILED),
        ((FAILED, SKIPPED, PASSED), FAILED),
    ],
)
def test_the_worst_part_decides(parts: tuple[Verdict, ...], expected: Verdict) -> None:
    for order in (parts, parts[::-1]):
        decided = worst([CheckResult(one, f"because {one}", seconds=0.5) for one in order], Level.DOCUMENTED)
        assert decided is not None
        assert (decided.verdict, decided.reason) == (expected, f"because {expected}")
        assert decided.seconds == 0.5 * len(parts)


def test_a_rule_without_parts_has_no_verdict() -> None:
    assert worst([], Level.DOCUMENTED) is None


@pytest.mark.parametrize(
    ("level", "expected"),
    [(Level.DOCUMENTED, FAILED), (Level.PUBLISHED, FAILED), (Level.INFERRED, WARNED)],
)
def test_only_an_inferred_rule_warns(level: Level, expected: Verdict) -> None:
    decided = worst([CheckResult(FAILED)], level)
    assert decided is not None
    assert decided.verdict is expected


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (run(PASSED), 0),
        (run(PASSED, WARNED, SKIPPED), 0),
        (run(WARNED), 0),
        (run(PASSED, FAILED), 1),
        (run(FAILED, ERROR), 1),
        (run(FAILED, SKIPPED, stopped="fail-fast"), 1),
        (run(FAILED, accepted="known"), 0),
        (run(PASSED, problems=("stale",)), 1),
        (run(PASSED, ERROR), 3),
        (run(PASSED, SKIPPED, stopped="interrupted"), 3),
        (run(FAILED, SKIPPED, stopped="interrupted"), 3),
        (run(FAILED, SKIPPED, stopped="unreachable"), 3),
        (run(SKIPPED, SKIPPED, stopped="unreachable"), 3),
        (run(SKIPPED, SKIPPED), 4),
        (run(), 4),
    ],
)
def test_the_exit_status(made: RunResult, status: int) -> None:
    assert exit_code(made) == status
    assert made.conformant is {0: True, 1: False}.get(status)


def test_an_incomplete_run_never_reads_as_conformant() -> None:
    stops: tuple[Stop, ...] = ("fail-fast", "interrupted", "unreachable")
    for stop, first, second in product(stops, Verdict, Verdict):
        made = run(first, second, stopped=stop)
        assert not made.complete
        assert made.conformant is not True
        assert exit_code(made) != 0
        assert not headline(made).startswith("conformant")


def test_the_headline_tells_how_much_was_verified() -> None:
    assert outcome(run(PASSED, PASSED)) == "conformant"
    assert outcome(run(PASSED, SKIPPED, WARNED)) == (
        "conformant, with 1 warning in what was verified, 2 of 3 rules"
    )
    assert outcome(run(FAILED, PASSED)) == "not conformant: 1 rule violated"
    assert headline(run(SKIPPED)) == (
        "undecided: nothing could be verified "
        "(0 verified, 0 failed on their own, 0 follow-ups, 1 not verified)"
    )


def test_counts_are_by_verdict_level_and_area() -> None:
    made = run(PASSED, WARNED, FAILED, PASSED)
    assert made.count(PASSED) == 2
    assert made.count(WARNED, level=Level.INFERRED) == 1
    assert made.count(WARNED, level=Level.DOCUMENTED) == 0
    assert made.count(FAILED, area="ASSET") == 1
    assert made.count(FAILED, area="JOB") == 0


# What follows from what


def because(number: int, verdict: Verdict, cause: int | None = None) -> RuleResult:
    """A result that another one explains."""
    made = result(verdict, number)
    return replace(made, part=replace(made.part, because_of=f"PB-ASSET-{cause:02}" if cause else None))


def run_of(*results: RuleResult) -> RunResult:
    return replace(run(), results=results)


def test_what_explains_a_failure_must_have_failed_itself() -> None:
    """A cause that passed, or that no run knows, explains nothing: the failure stands on its own."""
    for other in (PASSED, SKIPPED, ERROR):
        alone = because(1, FAILED, 2)
        made = run_of(alone, because(2, other))
        assert made.causes == ((alone, ()),)
        assert tally(made) == Tally(
            verified=1 + (other is PASSED), alone=1, follow_ups=0, not_verified=int(other is SKIPPED)
        )
    unknown, itself = because(1, FAILED, 9), because(2, WARNED, 2)
    assert run_of(unknown, itself).causes == ((unknown, ()), (itself, ()))


def test_a_chain_of_causes_is_folded_under_its_root() -> None:
    several = (because(1, FAILED), because(2, FAILED, 1), because(3, WARNED, 2), because(4, SKIPPED, 3))
    made = run_of(*several)
    assert made.causes == ((several[0], several[1:]),)
    assert [made.follows(one) for one in several] == [False, True, True, False]
    assert tally(made) == Tally(verified=3, alone=1, follow_ups=2, not_verified=1)


def test_a_chain_ends_where_one_has_not_failed() -> None:
    several = (because(1, FAILED), because(2, SKIPPED, 1), because(3, FAILED, 2))
    made = run_of(*several)
    assert made.causes == ((several[0], several[1:2]), (several[2], ()))
    assert tally(made) == Tally(verified=2, alone=2, follow_ups=0, not_verified=1)


def test_failures_that_explain_each_other_come_to_an_end() -> None:
    ring = (because(1, FAILED, 2), because(2, FAILED, 1), because(3, FAILED, 2))
    assert run_of(*ring).causes == ()
    alone = because(4, FAILED)
    assert run_of(*ring, alone).causes == ((alone, ()),)


def test_the_gravest_cause_comes_first_and_then_that_most_follows_from() -> None:
    warned, failed, most = because(1, WARNED), because(2, FAILED), because(3, FAILED)
    followers = (because(4, SKIPPED, 1), because(5, WARNED, 1), because(6, SKIPPED, 3))
    causes = run_of(warned, failed, most, *followers).causes
    assert causes == ((most, followers[2:]), (failed, ()), (warned, followers[:2]))


def test_of_several_results_of_one_rule_the_severest_counts() -> None:
    ascending = (PASSED, SKIPPED, ERROR, WARNED, FAILED)
    for number, verdict in enumerate(ascending, 1):
        for order in permutations(ascending[:number]):
            assert severest(map(result, order)).verdict is verdict
