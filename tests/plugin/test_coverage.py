"""What a suite meets of the contract, and what its client does wrong, told by pytest."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from dbcontract.mockserver.coverage.document import schema
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import ServerThread

pytest_plugins = ["pytester"]

SUITE = """
    V2 = {"Accept": "application/json; version=2.0"}

    def records(mock):
        return f"{mock.pixiebrix_url}/databases/{mock.database_ids[0]}/records/"

    def test_reads(dbcontract_mock):
        assert dbcontract_mock.session().get(records(dbcontract_mock), headers=V2).ok

    def test_exports(dbcontract_mock):
        assert dbcontract_mock.session().get(f"{dbcontract_mock.pieces_url}/database/export").ok

    def test_is_refused(dbcontract_mock):
        dbcontract_mock.settings(tokens=["another-token"])
        assert dbcontract_mock.session().get(records(dbcontract_mock), headers=V2).status_code == 401
"""
WRONG = """
    def test_asks_without_a_version(dbcontract_mock):
        mock = dbcontract_mock
        assert mock.session().get(f"{mock.pixiebrix_url}/databases/").ok

    def test_is_right(dbcontract_mock):
        assert dbcontract_mock.session().get(f"{dbcontract_mock.pieces_url}/database/export").ok
"""


def met(of: dict[str, Any]) -> dict[str, list[str]]:
    """Who met what was met."""
    found = {one["id"]: one["by"] for api in of["apis"] for one in api["situations"] if one["met"]}
    for api in of["apis"]:
        for operation in api["operations"]:
            for one in operation["outcomes"]:
                if one["met"]:
                    found[f"{operation['id']} {one['value']}"] = one["by"]
    return found


STRICT = ["--dbcontract-strict-client"]
EXPECTED = {
    "wrong-token": ["test_it.py::test_is_refused"],
    "listRecords 200": ["test_it.py::test_reads"],
    "listRecords 401": ["test_it.py::test_is_refused"],
    "listRecords application/json": ["test_it.py::test_reads"],
    "listRecords 2.0": ["test_it.py::test_reads"],
    "exportDatabase 200": ["test_it.py::test_exports"],
    "exportDatabase application/json": ["test_it.py::test_exports"],
}


@pytest.mark.parametrize("workers", [[], ["-n", "2", "-p", "xdist"]])
def test_it_tells_what_was_met_and_by_which_test(pytester: pytest.Pytester, workers: list[str]) -> None:
    pytester.makepyfile(test_it=SUITE)
    result = pytester.runpytest_subprocess(
        *workers,
        "-W", "error",
        "--dbcontract-coverage",
        "--dbcontract-coverage=json:out/coverage.json",
        "--dbcontract-coverage=html:coverage.html",
        "--dbcontract-coverage=markdown:coverage.md",
    )  # fmt: skip
    result.assert_outcomes(passed=3)
    document = json.loads((pytester.path / "out" / "coverage.json").read_text())
    jsonschema.validate(document, schema())
    assert met(document) == EXPECTED
    assert (document["requests"], document["findings"]) == (3, [])
    totals = document["totals"]
    assert (totals["met"], totals["status"]["met"], totals["situation"]["met"]) == (7, 3, 1)
    result.stdout.fnmatch_lines(
        [
            "*= coverage of the contract =*",
            f"{totals['percent']:g} % of the contract was met by 3 requests: 3 of * statuses, 2 of *",
            "never met: empty-page, next-page, page-past-the-end, and * more situations",
            "nothing was found that the client does wrong",
            "json report: *coverage.json",
        ]
    )
    assert "wrong-token" in (pytester.path / "coverage.html").read_text()
    assert 'mock.faults.add("exportDatabase"' in (pytester.path / "coverage.md").read_text()


def test_without_the_option_nothing_is_told_or_counted(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=WRONG)
    result = pytester.runpytest("-W", "error")
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*of the contract*")


def test_what_a_client_does_wrong_is_a_warning_of_its_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=WRONG)
    result = pytester.runpytest_subprocess("--dbcontract-coverage")
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_asks_without_a_version",
            "*ClientFindingWarning: no-version: *(listUserDatabases is asked without a version)",
            "the client does wrong: no-version (1)",
        ]
    )


def test_such_warnings_can_be_filtered(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=WRONG)
    name = "dbcontract.mockserver.pytest.coverage.ClientFindingWarning"
    result = pytester.runpytest("--dbcontract-coverage", "-W", f"ignore:no-version:{name}")
    result.assert_outcomes(passed=2, warnings=0)


def test_with_a_strict_client_it_is_an_error_that_shows_the_exchange(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=WRONG)
    result = pytester.runpytest("--dbcontract-strict-client")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_asks_without_a_version*",
            "the client does wrong:",
            "no-version: A request names no version*",
            "    GET /api/databases/ -> 200",
            "    authorization: Token [*][*][*]",
        ]
    )
    result.stdout.no_fnmatch_line("*coverage of the contract*")


@pytest.mark.parametrize(
    ("ini", "mark"),
    [
        ("dbcontract_allow_findings = no-version", ""),
        ("", "import pytest\npytestmark = pytest.mark.dbcontract(allow=['no-version'])"),
    ],
)
def test_a_finding_can_be_allowed(pytester: pytest.Pytester, ini: str, mark: str) -> None:
    pytester.makeini(f"[pytest]\n{ini}")
    pytester.makepyfile(test_it=mark + WRONG.replace("\n    ", "\n"))
    result = pytester.runpytest("--dbcontract-strict-client", "-W", "error")
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(("least", "fails"), [("99.5", True), ("0.1", False)])
def test_too_little_fails_the_session(pytester: pytest.Pytester, least: str, *, fails: bool) -> None:
    pytester.makepyfile(test_it=SUITE)
    result = pytester.runpytest("--dbcontract-coverage-fail-under", least)
    result.assert_outcomes(passed=3)
    assert result.ret == (1 if fails else 0)
    assert (f"% is less than the {least} % that are asked for" in result.stdout.str()) is fails


def test_a_suite_that_never_asks_the_mock_met_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest("--dbcontract-coverage=json:c.json", "-W", "error")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["0 % of the contract was met by 0 requests: *"])
    assert met(json.loads((pytester.path / "c.json").read_text())) == {}


def test_sandboxes_of_wider_fixtures_count_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.fixture(scope="module")
        def mock(dbcontract_mock_server):
            with dbcontract_mock_server.sandbox("shared") as mock:
                yield mock

        def test_it(mock):
            assert mock.session().get(f"{mock.pieces_url}/database/export").ok
    """)
    pytester.runpytest("--dbcontract-coverage=json:c.json").assert_outcomes(passed=1)
    found = met(json.loads((pytester.path / "c.json").read_text()))
    assert found["exportDatabase 200"] == ["sandbox shared"]


def test_of_a_server_that_runs_already_only_what_this_suite_met_counts(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=SUITE)
    with ServerThread(Settings(port=0)) as running:
        result = pytester.runpytest(
            "--dbcontract-coverage=json:c.json", "--dbcontract-mock-url", running.base_url
        )
    result.assert_outcomes(passed=3)
    assert met(json.loads((pytester.path / "c.json").read_text())) == EXPECTED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--dbcontract-coverage=pdf:a"],
            "--dbcontract-coverage=pdf:a: write FORMAT:FILE *",
        ),
        (["--dbcontract-coverage", "test_it.py"], "a test's path stands before this option"),
        (["--dbcontract-coverage-fail-under", "101"], "fail-under 101*: write a percentage from 0 to 100"),
        (
            ["-o", "dbcontract_allow_findings=none", *STRICT],
            'there is no finding "none"',
        ),
    ],
)
def test_what_cannot_be_is_refused(pytester: pytest.Pytester, arguments: list[str], said: str) -> None:
    pytester.makepyfile(test_it=SUITE)
    result = pytester.runpytest(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{said}*"])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_a_report_that_cannot_be_written_fails_the_session(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=SUITE)
    pytester.mkdir("there")
    result = pytester.runpytest("--dbcontract-coverage=html:there")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["--dbcontract-coverage=html:*there: Is a directory"])
