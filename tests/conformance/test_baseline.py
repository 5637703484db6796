"""A baseline accepts what it names, for as long as it says, and nothing that does not fail."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dbcontract.conformance import baseline
from dbcontract.conformance.catalogue import Level
from dbcontract.conformance.result import RuleResult, RunResult, TargetSummary, Verdict, exit_code

KNOWN = {"PB-ASSET-01", "PB-ASSET-02", "PB-ASSET-03"}
TODAY = date(2026, 6, 15)


def a_run(**verdicts: Verdict) -> RunResult:
    results = tuple(
        RuleResult(
            rule=name.replace("_", "-"),
            api="pixiebrix",
            area="ASSET",
            level=Level.DOCUMENTED,
            title="",
            statement="",
            source="",
            how="",
            verdict=verdict,
        )
        for name, verdict in verdicts.items()
    )
    target = TargetSummary("t", "other", {}, ("read",))
    return RunResult("1", {}, target, 1, "2026-01-01T00:00:00Z", 1.0, results)


def written(path: Path, text: str) -> baseline.Baseline:
    file = path / "baseline.toml"
    file.write_text(text)
    return baseline.read(file)


def entry(rule: str, extra: str = "") -> str:
    return f'[[accepted]]\nrule = "{rule}"\nreason = "agreed"\n{extra}\n'


def applied(accepted: baseline.Baseline, run: RunResult) -> RunResult:
    return baseline.apply(accepted, run, known=KNOWN, today=TODAY)


def test_an_accepted_failure_does_not_count(tmp_path: Path) -> None:
    run = a_run(PB_ASSET_01=Verdict.FAILED, PB_ASSET_02=Verdict.PASSED)
    assert exit_code(run) == 1
    result = applied(written(tmp_path, entry("pb-asset-01")), run)
    assert exit_code(result) == 0
    assert result.results[0].accepted == "agreed"
    assert result.results[0].verdict is Verdict.FAILED


def test_another_failure_counts_as_before(tmp_path: Path) -> None:
    run = a_run(PB_ASSET_01=Verdict.FAILED, PB_ASSET_02=Verdict.FAILED)
    assert exit_code(applied(written(tmp_path, entry("PB-ASSET-01")), run)) == 1


def test_a_listed_rule_that_passes_fails_the_run(tmp_path: Path) -> None:
    result = applied(written(tmp_path, entry("PB-ASSET-01")), a_run(PB_ASSET_01=Verdict.PASSED))
    assert exit_code(result) == 1
    assert result.problems == ("the baseline accepts PB-ASSET-01, which passes now: remove it",)


def test_an_unknown_rule_fails_the_run(tmp_path: Path) -> None:
    result = applied(written(tmp_path, entry("PB-ASSET-99")), a_run(PB_ASSET_01=Verdict.PASSED))
    assert exit_code(result) == 1
    assert result.problems == ("the baseline accepts PB-ASSET-99, which is no rule",)


@pytest.mark.parametrize(("last_day", "status"), [("2026-06-14", 1), ("2026-06-15", 0), ("2026-06-16", 0)])
def test_an_entry_holds_to_the_end_of_its_last_day(tmp_path: Path, last_day: str, status: int) -> None:
    accepted = written(tmp_path, entry("PB-ASSET-01", f"expires = {last_day}"))
    result = applied(accepted, a_run(PB_ASSET_01=Verdict.FAILED))
    assert exit_code(result) == status
    assert (result.results[0].accepted is None) is (status == 1)


@pytest.mark.parametrize("verdict", [Verdict.NOT_VERIFIED, Verdict.ERROR])
def test_what_was_not_verified_neither_accepts_nor_complains(tmp_path: Path, verdict: Verdict) -> None:
    accepted = written(tmp_path, entry("PB-ASSET-01"))
    run = a_run(PB_ASSET_01=verdict, PB_ASSET_02=Verdict.PASSED)
    result = applied(accepted, run)
    assert result.problems == ()
    assert result.results == run.results
    assert applied(accepted, a_run(PB_ASSET_02=Verdict.PASSED)).problems == ()


def test_a_warning_can_be_accepted(tmp_path: Path) -> None:
    run = a_run(PB_ASSET_01=Verdict.WARNED)
    assert applied(written(tmp_path, entry("PB-ASSET-01")), run).results[0].accepted == "agreed"


def test_problems_are_added_to_those_there_are(tmp_path: Path) -> None:
    run = replace(a_run(PB_ASSET_01=Verdict.PASSED), problems=("before",))
    assert applied(written(tmp_path, entry("PB-ASSET-01")), run).problems[0] == "before"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[accepted]\n", "no TOML"),
        ('accepted = "x"\n', "accepted"),
        ("[other]\n", "other"),
        ('[[accepted]]\nreason = "x"\n', "entry 1: rule has to be there"),
        ('[[accepted]]\nrule = "PB-ASSET-01"\n', "entry 1: reason has to be there"),
        ('[[accepted]]\nrule = "PB-ASSET-01"\nreason = " "\n', "reason"),
        (entry("PB-ASSET-01", "until = 2026-01-01"), "unknown until"),
        (entry("PB-ASSET-01", 'expires = "soon"'), "expires: 'soon' is no date"),
        (entry("PB-ASSET-01", "expires = 2026-01-01T00:00:00Z"), "is no date"),
        (entry("PB-ASSET-01") + entry("pb-asset-01"), "more than once: PB-ASSET-01"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(baseline.BaselineError, match=words):
        written(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(baseline.BaselineError, match=r"nowhere\.toml: cannot be read: No such file"):
        baseline.read(tmp_path / "nowhere.toml")


def test_an_empty_file_accepts_nothing(tmp_path: Path) -> None:
    assert written(tmp_path, "").accepted == ()
