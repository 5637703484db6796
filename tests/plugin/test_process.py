"""The plugin in pytest processes of its own: xdist, warnings, and what is imported when."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

MANY = """
    import pytest

    @pytest.mark.parametrize("n", range(200))
    def test_writes(dbcontract_mock, n):
        mock, session = dbcontract_mock, dbcontract_mock.session()
        database = mock.database("Unused")
        assert database.records == 0
        records = f"{mock.pixiebrix_url}/databases/{database.id}/records/"
        assert session.post(records, json={"id": f"only-{n}", "data": {}}).status_code == 201
        assert [record["id"] for record in session.get(records).json()] == [f"only-{n}"]
        assert mock.count_requests() == 2
"""


def test_parallel_tests_see_only_their_own_writes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(MANY)
    result = pytester.runpytest_subprocess("-n", "2", "-p", "xdist", "-W", "error")
    result.assert_outcomes(passed=200)
    result.stdout.no_fnmatch_line("*warning*")


def test_the_report_of_a_worker_has_the_section(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_it(dbcontract_mock):
            dbcontract_mock.session().get(f"{dbcontract_mock.pieces_url}/database/export")
            assert 0
    """)
    result = pytester.runpytest_subprocess("-n", "2", "-p", "xdist")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["1. GET /database/export -> 200 (exportDatabase)"])


def test_every_warning_may_be_an_error(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nfilterwarnings = error")
    pytester.makepyfile(MANY.replace("range(200)", "range(3)"))
    result = pytester.runpytest_subprocess("-W", "error", "--strict-config", "--strict-markers")
    result.assert_outcomes(passed=3)


def loaded(pytester: pytest.Pytester, *arguments: str) -> set[str]:
    """The modules that a suite has loaded at its end."""
    pytester.makeconftest("""
        import sys
        from pathlib import Path

        def pytest_unconfigure():
            Path("loaded.txt").write_text("\\n".join(sys.modules))
    """)
    pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=1)
    return set((pytester.path / "loaded.txt").read_text().split())


def test_a_suite_that_does_not_use_it_does_not_load_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    alone = ["-p", "no:dbcontract_conformance"]
    extra = loaded(pytester, *alone) - loaded(pytester, *alone, "-p", "no:dbcontract_mock")
    assert {name for name in extra if not name.startswith("__editable__")} == {
        "dbcontract",
        "dbcontract.mockserver",
        "dbcontract.mockserver.pytest",
        "dbcontract.mockserver.pytest.plugin",
    }


def test_a_suite_that_uses_it_loads_it(pytester: pytest.Pytester) -> None:
    # Else the test above would prove nothing.
    pytester.makepyfile("def test_it(dbcontract_mock): pass")
    assert {"connexion", "uvicorn", "dbcontract.mockserver.client"} <= loaded(pytester)


def test_a_test_that_kills_its_connections_breaks_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import gc, socket

        def test_one(dbcontract_mock):
            dbcontract_mock.health()
            port = int(dbcontract_mock.base_url.split(":")[2].split("/")[0])
            for item in gc.get_objects():
                if isinstance(item, socket.socket) and item.fileno() >= 0:
                    try:
                        other = item.getpeername()[1]
                    except OSError:
                        continue
                    if other == port:
                        item.shutdown(socket.SHUT_RDWR)

        def test_two(dbcontract_mock):
            assert dbcontract_mock.health()["status"] == "ok"
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
