"""A baseline accepts what it names, for as long as it says, and nothing that does not fail."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dbcontract.conformance.results import baseline
from dbcontract.conformance.results.results import (
    CheckResult,
    RuleResult,
    RunResult,
    TargetSummary,
    Verdict,
    exit_code,
)

from .made_rules import made_rule

KNOWN = {"PB-ASSET-01", "PB-ASSET-02", "PB-ASSET-03"}
TODAY = date(2026, 6, 15)


def a_run(**verdicts: Verdict) -> RunResult:
    results = tuple(
        RuleResult(made_rule(name.replace("_", "-")), CheckResult(verdict))
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
    assert result.problems == ("the baseline accepts PB-ASSET-99, which is not a rule",)


@pytest.mark.parametrize(("last_day", "status"), [("2026-06-14", 1), ("2026-06-15", 0), ("2026-06-16", 0)])
def test_an_entry_holds_to_the_end_of_its_last_day(tmp_path: Path, last_day: str, status: int) -> None:
    accepted = written(tmp_path, entry("PB-ASSET-01", f"expires = {last_day}"))
    result = applied(accepted, a_run(PB_ASSET_01=Verdict.FAILED))
    assert exit_code(result) == status
    assert (result.results[0].accepted is None) is (status == 1)


@pytest.fixture
def another_day_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A time zone in which it is not the day that it is in UTC."""
    monkeypatch.setenv("TZ", "HERE+13" if datetime.now(UTC).hour < 12 else "HERE-13")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone of a process cannot be set here")
@pytest.mark.usefixtures("another_day_here")
def test_the_day_ends_as_it_does_in_utc() -> None:
    (failed,) = a_run(PB_ASSET_01=Verdict.FAILED).results
    today = datetime.now(UTC).date()
    for last_day, reason in ((today, "agreed"), (today - timedelta(days=1), None)):
        entries = baseline.Baseline((baseline.Accepted("PB-ASSET-01", "agreed", last_day),))
        assert baseline.accepted(entries, failed).accepted == reason


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
        ('accepted = "x"\n', "accepted: a baseline has entries"),
        ("[other]\n[another]\n", r"\['another', 'other'\]: a baseline has entries"),
        ('accepted = ["PB-ASSET-01"]\n', r"baseline\.toml: entry 1: 'PB-ASSET-01' is not a table"),
        (entry("PB-ASSET-01") + entry(" "), r"baseline\.toml: entry 2: rule has to be there"),
        ('[[accepted]]\nreason = "x"\n', "entry 1: rule has to be there"),
        ('[[accepted]]\nrule = "PB-ASSET-01"\n', "entry 1: reason has to be there"),
        ('[[accepted]]\nrule = "PB-ASSET-01"\nreason = " "\n', "reason"),
        (entry("PB-ASSET-01", "until = 2026-01-01"), "unknown until;"),
        (entry("PB-ASSET-01", "until = 1\nbecause = 2"), "unknown because, until;"),
        (entry("PB-ASSET-01", 'expires = "soon"'), "expires: 'soon' is not a date"),
        (entry("PB-ASSET-01", "expires = 2026-01-01T00:00:00Z"), "is not a date"),
        (entry("PB-ASSET-01") + entry("pb-asset-01"), "more than once: PB-ASSET-01"),
        (entry("B") + entry("A") + entry("C") + entry("b") + entry("a"), "more than once: A, B$"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(baseline.BaselineError, match=words):
        written(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(baseline.BaselineError, match=r"nowhere\.toml: cannot be read: No such file"):
        baseline.read(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("text", [b"\xff\xfe", 'reason = "Umzug nächste Woche"'.encode("latin-1")])
def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "baseline.toml"
    file.write_bytes(text)
    with pytest.raises(baseline.BaselineError, match=r"baseline\.toml: cannot be read: no UTF-8"):
        baseline.read(file)


def test_an_expired_entry_is_told_with_its_day_and_reason(tmp_path: Path) -> None:
    accepted = written(tmp_path, entry("PB-ASSET-01", "expires = 2026-06-14"))
    (problem,) = applied(accepted, a_run(PB_ASSET_01=Verdict.FAILED)).problems
    assert problem == "the baseline accepted PB-ASSET-01 until 2026-06-14: agreed"


def test_an_empty_file_accepts_nothing(tmp_path: Path) -> None:
    assert written(tmp_path, "").accepted == ()
