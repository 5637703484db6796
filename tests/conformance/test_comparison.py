"""Several reports side by side, and one target over time."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from dbcontract.conformance.report import render
from dbcontract.conformance.report.comparison import FORMATS, remarks, summary
from dbcontract.conformance.results.comparison import Change, Comparison, compare
from dbcontract.conformance.results.results import CheckResult, RuleResult, RunResult, TargetSummary, Verdict

from .made_rules import made_rule

P, F, W, N, E = Verdict.PASSED, Verdict.FAILED, Verdict.WARNED, Verdict.NOT_VERIFIED, Verdict.ERROR
HOSTILE = "<script>alert(1)</script>|`*"


def report(
    verdicts: Mapping[int, Verdict],
    *,
    name: str = "a",
    at: str = "2026-01-31T12:00:00Z",
    version: str = "1.0.0",
) -> RunResult:
    results = tuple(
        RuleResult(
            made_rule(f"PB-ASSET-{number:02}", title=f"Title {number} {HOSTILE}"),
            CheckResult(verdict, "" if verdict is P else f"reason of {name} {HOSTILE}"),
        )
        for number, verdict in verdicts.items()
    )
    return RunResult(
        kit_version="1.2.3",
        catalogues={"pixiebrix": version},
        target=TargetSummary(name, "other", {"pixiebrix": f"http://{name}.example/api"}, ("read",)),
        seed=1,
        started_at=at,
        seconds=1.0,
        results=results,
    )


def rules(comparison: Comparison, rows: str) -> list[int]:
    return [int(row.rule[-2:]) for row in getattr(comparison, rows)]


def test_two_implementations_are_told_apart_rule_by_rule() -> None:
    comparison = compare(
        [report({1: P, 2: F, 3: P, 4: N, 5: N}), report({1: P, 2: P, 3: W, 4: F, 5: N}, name="b")]
    )
    assert not comparison.over_time
    assert rules(comparison, "differing") == [2, 3]
    assert rules(comparison, "half_known") == [4]
    assert rules(comparison, "alike") == [1, 5]
    assert summary(comparison) == "2 of 5 common rules differ, 1 judged in some reports only"
    assert [column.label for column in comparison.columns] == ["a", "b"]


def test_rules_that_one_report_lacks_are_compared_by_nobody_and_the_versions_are_named() -> None:
    older, newer = report({1: P, 3: F}), report({1: P, 2: F, 3: P}, name="b", version="2.0.0")
    comparison = compare([older, newer])
    assert rules(comparison, "common") == [1, 3]
    assert rules(comparison, "partial") == [2]
    assert [row.rule[-2:] for row in comparison.rows] == ["01", "02", "03"]
    (remark,) = remarks(comparison)
    assert "a: 1.0.0, b: 2.0.0" in remark
    assert comparison.counts(1)[F] == 0


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (F, P, Change.BETTER),
        (F, W, Change.BETTER),
        (P, F, Change.WORSE),
        (P, W, Change.WORSE),
        (P, P, Change.SAME),
        (N, P, Change.NOW_VERIFIED),
        (E, F, Change.NOW_VERIFIED),
        (F, N, Change.NO_LONGER_VERIFIED),
        (N, E, Change.SAME),
    ],
)
def test_one_target_over_time(before: Verdict, after: Verdict, change: Change) -> None:
    first, last = report({1: before}), report({1: after, 2: P}, at="2026-02-01T12:00:00Z")
    comparison = compare([last, first])  # given in the wrong order
    assert comparison.over_time
    assert [column.label for column in comparison.columns] == [first.started_at, last.started_at]
    assert [row.change for row in comparison.common] == [change]
    assert rules(comparison, "new") == [2]


def test_a_change_that_came_and_went_is_none() -> None:
    runs = [report({1: verdict}, at=f"2026-02-0{day}T00:00:00Z") for day, verdict in enumerate((P, F, P), 1)]
    comparison = compare(runs)
    assert [row.change for row in comparison.common] == [Change.SAME]
    assert comparison.common[0].differs


def test_columns_of_one_name_are_told_apart() -> None:
    comparison = compare([report({1: P}), report({1: F})], over_time=False)
    assert [column.label for column in comparison.columns] == ["a (1)", "a (2)"]


@pytest.mark.parametrize("form", FORMATS)
def test_what_a_target_says_stays_text_in_every_format(form: str) -> None:
    text = FORMATS[form](compare([report({1: P, 2: F}), report({1: F, 2: P}, name=HOSTILE)]))
    assert "PB-ASSET-01" in text
    if form == "json":
        document = json.loads(text)
        assert document["differing"] == ["PB-ASSET-01", "PB-ASSET-02"]
        assert document["rules"][0]["cells"][1]["verdict"] == "failed"
        assert HOSTILE in document["rules"][0]["cells"][1]["reason"]
    else:
        assert "<script>alert" not in text
    if form == "markdown":
        assert "\\|\\`\\*" in text


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, RunResult], Path]:
    def write(name: str, run: RunResult) -> Path:
        (tmp_path / name).write_text(render(name.rpartition(".")[2], run))
        return tmp_path / name

    return write


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dbcontract", "compare", *map(str, arguments)]
    return subprocess.run(command, text=True, capture_output=True, check=False, timeout=60)


def test_the_command_compares_reports_and_can_fail_on_what_got_worse(
    write: Callable[[str, RunResult], Path], tmp_path: Path
) -> None:
    before, after = report({1: P, 2: F}), report({1: F, 2: P}, at="2026-02-01T12:00:00Z")
    files = write("before.html", before), write("after.json", after)
    page = tmp_path / "page.html"
    done = run(*files, "--html", page)
    assert done.returncode == 0, done.stderr
    assert "1 worse, 1 better, over 2 common rules" in done.stdout
    assert done.stdout.index("PB-ASSET-01") < done.stdout.index("PB-ASSET-02")
    assert "1 worse" in page.read_text()
    assert run(*files, "--fail-on-worse").returncode == 1
    assert (
        run(
            files[1],
            write("later.json", replace(after, started_at="2026-03-01T00:00:00Z")),
            "--fail-on-worse",
        ).returncode
        == 0
    )
    only_json = run(*files, "--json", "-")
    assert json.loads(only_json.stdout)["changes"]["worse"] == ["PB-ASSET-01"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ('{"format": "dbcontract-result/0"}', "it is not a report of the format dbcontract-result/1"),
        ('{"format": "dbcontract-result/1", "run": null}', "damaged"),
        ("<!doctype html><p>A page.</p>", "the page does not hold a report"),
        (None, "no such file or directory"),
    ],
)
def test_a_file_that_is_not_a_report_is_named(
    write: Callable[[str, RunResult], Path], tmp_path: Path, content: str | None, told: str
) -> None:
    bad = tmp_path / "bad.json"
    if content is not None:
        bad.write_text(content)
    done = run(write("good.json", report({1: P})), bad)
    assert done.returncode == 2
    assert str(bad) in done.stderr
    assert told in done.stderr


def test_one_report_is_not_enough(write: Callable[[str, RunResult], Path]) -> None:
    done = run(write("a.json", report({1: P})))
    assert done.returncode == 2
    assert "two reports or more" in done.stderr
