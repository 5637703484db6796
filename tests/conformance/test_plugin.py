"""The rules as pytest items, with and without xdist."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from dbcontract.mockserver.server.run import Running

from .conftest import JSON, TOKEN, Seen, Start

pytest_plugins = ["pytester"]

MODULE = "dbcontract.conformance.pytest.plugin"
RULES = ["PB-ASSET-03", "PB-ASSET-04", "PI-EXP-01", "PI-EXP-02"]
ALL_OF = [word for rule in RULES for word in ("--dbcontract-only", rule)]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Run pytest in an empty folder."""
    monkeypatch.setenv("DBCONTRACT_TOKEN", TOKEN)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def start(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest(*arguments)

    return start


@pytest.fixture
def wrong(web: Start) -> str:
    """A server that exports nothing but an empty object, and answers 500 otherwise."""

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.path == "/database/export" and seen.method == "GET":
            return 200, JSON, b"{}"
        return 500, {"Content-Type": "text/plain"}, b"no"

    return web(answer).url


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_one_item_a_rule_beside_the_own_tests(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, mock: Running, workers: list[str]
) -> None:
    pytester.makepyfile("def test_own(): pass")
    result = run("--dbcontract-url", mock.base_url, *ALL_OF, "-v", *workers)
    result.assert_outcomes(passed=5)
    for rule in RULES:
        result.stdout.fnmatch_lines([f"*conformance::{rule}*"])
    result.stdout.fnmatch_lines(
        ["*= conformance =*", "conformant (4 verified, *) (4 passed; catalogue*seed 1)"]
    )


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        (["conformance", *ALL_OF], 4),
        (["conformance::PB-ASSET-03"], 1),
        (["conformance::PB-ASSET-03", "-n", "1"], 1),
    ],
)
def test_alone(
    run: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    mock: Running,
    arguments: list[str],
    passed: int,
) -> None:
    pytester.makepyfile("def test_own(): assert False")
    run("--dbcontract-url", mock.base_url, *arguments).assert_outcomes(passed=passed)


def test_a_folder_of_that_name_is_the_users(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, mock: Running
) -> None:
    folder = pytester.mkdir("conformance")
    (folder / "test_mine.py").write_text("def test_mine(): pass")
    result = run("--dbcontract-url", mock.base_url, "--dbcontract-only", "PI-EXP-01", "conformance")
    result.assert_outcomes(passed=2)


def test_items_are_selected_as_any_others(run: Callable[..., pytest.RunResult], mock: Running) -> None:
    url = ("--dbcontract-url", mock.base_url, *ALL_OF)
    assert run(*url, "-k", "ASSET").parseoutcomes() == {"passed": 2, "deselected": 2}
    assert run(*url, "-k", "PI and not 02").parseoutcomes() == {"passed": 1, "deselected": 3}
    deselected = run(*url, "--deselect", "conformance::PI-EXP-01", "--deselect", "conformance::PI-EXP-02")
    assert deselected.parseoutcomes() == {"passed": 2, "deselected": 2}
    assert run(*url, "-m", "documented", "--strict-markers").parseoutcomes() == {"passed": 4}
    assert run(*url, "-m", "published").parseoutcomes() == {"deselected": 4}
    listed = run(*url, "--collect-only", "-q")
    assert [line for line in listed.outlines if "::" in line] == [
        f"conformance::{rule}" for rule in sorted_as(listed)
    ]


def sorted_as(result: pytest.RunResult) -> list[str]:
    found = [line.partition("::")[2] for line in result.outlines if "::" in line]
    assert sorted(found) == sorted(RULES)
    return found


def test_a_violation_fails_in_three_lines(run: Callable[..., pytest.RunResult], wrong: str) -> None:
    result = run("--dbcontract-url", wrong, "--dbcontract-api", "pieces", "conformance::PI-EXP-07")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*PI-EXP-07*",
            "FAILED PI-EXP-07 An export has*",
            "  *expected*got*",
            "  curl -i http://127.0.0.1:*/database/export*",
            "  dbcontract check http://127.0.0.1:* --api pieces --only PI-EXP-07 --seed 1",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_what_could_not_be_verified_is_skipped_with_its_reason(
    run: Callable[..., pytest.RunResult], wrong: str
) -> None:
    url = ("--dbcontract-url", wrong, "--dbcontract-api", "pieces", "-rs")
    result = run(*url, "conformance::PI-IMP-01", "conformance::PI-EXP-18")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines_random(
        ["SKIPPED * the target lacks, or does not allow: write", "SKIPPED * does not allow: inject"]
    )


def test_an_inferred_rule_warns_and_passes(run: Callable[..., pytest.RunResult], web: Start) -> None:
    export = {"version": "one", "values": {"iterable": []}}
    server = web(lambda _: (200, JSON, json.dumps(export).encode()))
    result = run("--dbcontract-url", server.url, "--dbcontract-api", "pieces", "conformance::PI-EXP-14")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["warning: PI-EXP-14 *", "conformant, with 1 warning*"])


def test_last_failed_runs_what_failed(run: Callable[..., pytest.RunResult], wrong: str) -> None:
    url = ("--dbcontract-url", wrong, "--dbcontract-api", "pieces", "--dbcontract-only", "PI-EXP-0[17]")
    run(*url, "conformance").assert_outcomes(failed=1, passed=1)
    result = run(*url, "conformance", "--lf")
    assert result.parseoutcomes() == {"failed": 1, "deselected": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["conformance::PB-ASSET-99"], "there is no rule 'PB-ASSET-99'; did you mean PB-ASSET-*"),
        (["conformance::pb-asset"], "there is no rule*"),
        (["--dbcontract-only", "PB-NONE-*"], "there is no rule 'PB-NONE-[*]'*"),
        (["conformance::PI-VER-11"], "no check can tell. PI-VER-11: *"),
        (["--dbcontract-report", "pdf=x"], "--dbcontract-report pdf=x: write FORMAT=FILE*"),
        (["--dbcontract-api", "other"], "--dbcontract-api: 'other' is unknown; say pieces, pixiebrix, all"),
        (["--dbcontract-allow", "all"], "--dbcontract-allow: 'all' is unknown*"),
        (["--dbcontract-target", "x.toml"], "--dbcontract-url, --dbcontract-target: give one of the two"),
        (["--dbcontract-baseline", "x.toml"], "*x.toml: cannot be read: No such file*"),
    ],
)
def test_a_mistake_is_a_usage_error(
    run: Callable[..., pytest.RunResult], mock: Running, arguments: list[str], words: str
) -> None:
    result = run("--dbcontract-url", mock.base_url, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {words}"])


def test_an_item_without_a_target_is_a_usage_error(run: Callable[..., pytest.RunResult]) -> None:
    result = run("conformance::PB-ASSET-03")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: conformance::PB-ASSET-03: give a target, too: --dbcontract-url or *"]
    )


def test_nobody_there_ends_the_session(run: Callable[..., pytest.RunResult]) -> None:
    result = run("--dbcontract-url", "http://127.0.0.1:9", "conformance")
    assert result.ret == 3
    result.stdout.fnmatch_lines(["*the target cannot be judged: *127.0.0.1:9 does not answer*"])


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_reports_are_written_once_and_whole(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, mock: Running, workers: list[str]
) -> None:
    reports = ["--dbcontract-report", "json=out/run.json", "--dbcontract-report", "html=run.html"]
    result = run("--dbcontract-url", mock.base_url, *ALL_OF, *reports, "--junitxml", "junit.xml", *workers)
    result.assert_outcomes(passed=4)
    assert len([line for line in result.outlines if line.startswith("json report: ")]) == 1
    document = json.loads((pytester.path / "out" / "run.json").read_text())
    assert [one["rule"] for one in document["results"]] == [
        "PI-EXP-01",
        "PI-EXP-02",
        "PB-ASSET-03",
        "PB-ASSET-04",
    ]
    assert document["conformant"] is True
    assert document["run"]["complete"] is True
    assert document["run"]["requests"] > 4
    assert all(one["evidence"] for one in document["results"])
    assert (pytester.path / "run.html").read_text().startswith("<!DOCTYPE html>")
    cases = ET.parse(pytester.path / "junit.xml").getroot().iter("testcase")
    assert {(case.attrib["classname"], case.attrib["name"]) for case in cases} == {
        ("conformance", rule) for rule in RULES
    }


def test_a_session_that_stops_is_incomplete(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, wrong: str
) -> None:
    url = ("--dbcontract-url", wrong, "--dbcontract-api", "pieces", "--dbcontract-only", "PI-EXP-*")
    result = run(*url, "conformance", "-x", "--dbcontract-report", "json=run.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    document = json.loads((pytester.path / "run.json").read_text())
    assert (document["run"]["complete"], document["run"]["stopped"]) == (False, "fail-fast")
    assert document["conformant"] is False
    assert document["results"][-1]["reason"] == "the run stopped at the first failure"


def test_a_baseline_accepts_and_complains(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, wrong: str
) -> None:
    file = pytester.path / "baseline.toml"
    url = ("--dbcontract-url", wrong, "--dbcontract-api", "pieces", "--dbcontract-only", "PI-EXP-0[17]")
    baseline = ("--dbcontract-baseline", "baseline.toml", "conformance")
    file.write_text('[[accepted]]\nrule = "PI-EXP-07"\nreason = "agreed upon"\n')
    accepted = run(*url, *baseline, "-rx")
    accepted.assert_outcomes(passed=1, xfailed=1)
    accepted.stdout.fnmatch_lines(["*XFAIL conformance::PI-EXP-07 - agreed upon*"])
    assert accepted.ret == 0
    file.write_text('[[accepted]]\nrule = "PI-EXP-01"\nreason = "agreed upon"\n')
    stale = run(*url, *baseline)
    stale.assert_outcomes(failed=2)
    stale.stdout.fnmatch_lines(["*the baseline accepts PI-EXP-01, which passes now: remove it*"])
    file.write_text('[[accepted]]\nrule = "PI-EXP-99"\nreason = "agreed upon"\n')
    assert run(*url, *baseline).ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_what_an_exchange_shows_counts_whoever_saw_it(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, wrong: str, workers: list[str]
) -> None:
    """PI-DESC-07 looks at all exports; those that another worker made are among them."""
    rules = [f"conformance::PI-EXP-{number:02}" for number in range(1, 7)]
    report = ("--dbcontract-no-fuzzing", "--dbcontract-report", "json=run.json")
    url = ("--dbcontract-url", wrong, "--dbcontract-api", "pieces")
    result = run(*url, *rules, "conformance::PI-DESC-07", *report, *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAILED PI-DESC-07 *"])
    document = json.loads((pytester.path / "run.json").read_text())
    verdicts = {one["rule"]: one["verdict"] for one in document["results"]}
    assert verdicts["PI-DESC-07"] == "failed"


def test_ini_keys_are_as_good_as_options(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, mock: Running
) -> None:
    pytester.makeini(
        f"""
        [pytest]
        dbcontract_url = {mock.base_url}
        dbcontract_only = PI-EXP-01 PB-ASSET-03
        dbcontract_report = json=run.json markdown=run.md
        dbcontract_check_seed = 7
        dbcontract_no_fuzzing = true
        """
    )
    run("conformance").assert_outcomes(passed=2)
    assert json.loads((pytester.path / "run.json").read_text())["run"]["seed"] == 7
    assert (pytester.path / "run.md").exists()


def test_a_target_file_is_as_good_as_a_url(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, unrecognized: Running
) -> None:
    (pytester.path / "mine.toml").write_text(
        f'[target]\nname = "mine"\n[pieces]\nurl = "{unrecognized.base_url}"\n', encoding="utf-8"
    )
    result = run("--dbcontract-target", "mine.toml", "conformance::PI-EXP-01", "conformance::PI-IMP-01")
    result.assert_outcomes(passed=1, skipped=1)


def test_without_a_target_nothing_is_added_or_imported(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_own():
            heavy = {"hypothesis.core", "schemathesis", "jsonschema_rs", "jinja2", "connexion", "yaml"}
            assert not heavy & set(sys.modules)
        """
    )
    others = ("hypothesispytest", "schemathesis", "faker", "anyio")
    result = pytester.runpytest_subprocess(*(word for name in others for word in ("-p", f"no:{name}")))
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*conformance*")


def test_the_module_alone_imports_nothing_heavy() -> None:
    code = (
        f"import sys, {MODULE}; print([m for m in ('schemathesis', 'requests', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path("/")
    )
    assert done.stdout.strip() == "[]"
