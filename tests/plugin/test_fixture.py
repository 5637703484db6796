"""The fixture `dbcontract_mock`, in test suites of its users."""

from __future__ import annotations

import threading

import pytest

# Loaded once here; the suites run inside this process and would load it each time.
import dbcontract.mockserver.client
import dbcontract.mockserver.server.run  # noqa: F401

pytest_plugins = ["pytester"]


def test_every_test_has_a_fresh_sandbox(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("n", range(3))
        def test_write(dbcontract_mock, n):
            mock = dbcontract_mock
            assert mock.database("Unused").records == 0
            assert mock.requests() == mock.faults.list() == []
            assert mock.settings().record_limit == 500_000
            records = f"{mock.pixiebrix_url}/databases/{mock.database('Unused').id}/records/"
            assert mock.session().post(records, json={"id": "x", "data": {}}).status_code == 201
            assert mock.database("Unused").records == 1
            mock.faults.add("listRecords", status=500)
            mock.settings(record_limit=n)
            mock.clock.advance(days=n)
    """)
    pytester.runpytest().assert_outcomes(passed=3)


def test_two_runs_see_the_same(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("n", range(2))
        def test_write(dbcontract_mock, n, record_property):
            mock = dbcontract_mock
            jobs = f"{mock.pixiebrix_url}/databases/records/jobs/"
            job = mock.session().post(jobs, json={"name": "a", "databases": mock.database_ids[:1]}).json()
            print(mock.session().get(f"{jobs}{job['id']}/").text)
    """)
    lines = []
    for _ in range(2):
        shown = pytester.runpytest("-s").stdout.lines
        lines.append([line.lstrip(".") for line in shown if "SUCCESS" in line])
    # The rest is signed, by each server with a key of its own.
    first, second = (
        [line.partition("/_storage")[2].partition("X-Amz-Signature")[0] for line in run] for run in lines
    )
    assert len(first) == 2
    assert first == second
    assert first[0] != first[1]


def test_the_clock_stands_still_and_jobs_are_finished_at_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from datetime import UTC, datetime

        def test_clock(dbcontract_mock):
            assert dbcontract_mock.clock.frozen
            assert dbcontract_mock.clock.now() == datetime(2026, 1, 31, tzinfo=UTC)
            assert dbcontract_mock.settings().job_pace == {"seconds": 0}
    """)
    pytester.runpytest().assert_outcomes(passed=1)


def test_sandboxes_are_deleted_and_the_server_is_stopped(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def listed(server):
            found = server.session().get(f"{server.base_url}/_mock/sandboxes").json()
            return [item["name"] for item in found]

        def test_one(dbcontract_mock):
            dbcontract_mock.health()
            assert 0

        def test_unused(dbcontract_mock):
            pass

        def test_two(dbcontract_mock, dbcontract_mock_server):
            assert listed(dbcontract_mock_server) == []
            dbcontract_mock.health()
            (name,) = listed(dbcontract_mock_server)
            assert name.startswith("test_two-")
    """)
    before = set(threading.enumerate())
    pytester.runpytest().assert_outcomes(passed=2, failed=1)
    assert set(threading.enumerate()) == before


def test_a_sandbox_for_a_fixture_of_a_wider_scope(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.fixture(scope="module")
        def warehouse(dbcontract_mock_server):
            with dbcontract_mock_server.sandbox() as mock:
                mock.seed("empty")
                yield mock

        def test_one(warehouse):
            warehouse.clock.advance(hours=1)

        def test_two(warehouse, dbcontract_mock, dbcontract_mock_server):
            assert (warehouse.clock.now() - dbcontract_mock.clock.now()).total_seconds() == 3600
            assert dbcontract_mock_server.database_ids == dbcontract_mock.database_ids
            assert warehouse.database_ids == []
    """)
    pytester.runpytest().assert_outcomes(passed=2)


def test_a_unittest_case(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import unittest
        import pytest

        class TestIt(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _mock(self, dbcontract_mock):
                self.mock = dbcontract_mock

            def test_it(self):
                assert self.mock.organization_id
    """)
    pytester.runpytest().assert_outcomes(passed=1)


def test_any_name_of_a_test_will_do(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("n", ["a/b", "\\N{SNOWMAN}", "x" * 200, "~", "", "a b", "[", "\\ud800"])
        def test_(dbcontract_mock, n):
            assert dbcontract_mock.health()["sandbox"]

        def test_größe(dbcontract_mock):
            assert dbcontract_mock.health()["sandbox"].startswith("test_gr")
    """)
    pytester.runpytest().assert_outcomes(passed=9)


def test_without_the_plugin_the_suite_goes_on(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    pytester.runpytest("-p", "no:dbcontract_mock").assert_outcomes(passed=1)


# Reports


def test_a_failing_test_shows_its_last_requests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_it(dbcontract_mock):
            mock, session = dbcontract_mock, dbcontract_mock.session()
            databases = f"{mock.pixiebrix_url}/organizations/{mock.organization_id}/databases/"
            for n in range(12):
                session.get(f"{databases}?page={n + 1}", headers={"Accept": "application/json; version=2.0"})
            jobs = f"{mock.pixiebrix_url}/databases/records/jobs/"
            job = session.post(jobs, json={"name": "x", "databases": mock.database_ids[:1]}).json()
            link = session.get(f"{jobs}{job['id']}/").json()["data"]
            session.get(link, headers={"Authorization": None})
            session.post(f"{mock.pieces_url}/database/import", data="{\\x1b[31m")
            assert 0

        def test_that_passes(dbcontract_mock):
            dbcontract_mock.session().get(f"{dbcontract_mock.pieces_url}/database/export")
    """)
    result = pytester.runpytest("-rA")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines([
        "*-- dbcontract_mock: last requests --*",
        "7. GET /api/organizations/*/databases/?page=7 -> 404 (listDatabases)",
        '   got:  {"detail":"Invalid page."}',
        "13. POST /api/databases/records/jobs/ -> 201 (createExportJob)",
        '   sent: {"name": "x", "databases": [[]"*"[]]}',
        "14. GET /api/databases/records/jobs/*/ -> 200 (getExportJob)",
        "15. GET /_storage/*X-Amz-Signature=[*][*][*] -> 200 (downloadObject)",
        "16. POST /database/import -> 500 (importDatabase)",
        "   sent: {\N{REPLACEMENT CHARACTER}[[]31m",
    ])  # fmt: skip
    text = result.stdout.str()
    assert "6. GET" not in text.replace("16. GET", "")
    assert text.count("dbcontract_mock: last requests") == 1
    assert "dbcontract-mock" not in text  # the token
    assert "exportDatabase" not in text


def test_a_failing_setup_shows_them_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.fixture
        def database(dbcontract_mock):
            dbcontract_mock.session().get(f"{dbcontract_mock.pixiebrix_url}/databases/none/records/")
            raise ValueError("no database")

        def test_it(database):
            pass
    """)
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["1. GET /api/databases/none/records/ -> 404 (listRecords)"])


def test_a_test_that_never_asked_is_told_so(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_it(dbcontract_mock):
            assert 0
    """)
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["none came to http://127.0.0.1:*/~test_it-*"])


def test_no_section_without_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_first(dbcontract_mock):
            pass

        def test_it():
            assert 0
    """)
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.no_fnmatch_line("*dbcontract_mock*")


def test_a_long_body_is_cut(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_it(dbcontract_mock):
            dbcontract_mock.session().post(f"{dbcontract_mock.pieces_url}/database/import", data="x" * 9000)
            assert 0
    """)
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["   sent: " + "x" * 500 + "..."])


# Markers


def test_a_marker_chooses_data_seed_and_settings(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.dbcontract(data="edge", record_limit=40)
        class TestMarked:
            def test_class(self, dbcontract_mock):
                assert dbcontract_mock.health()["data"] == "edge"
                assert dbcontract_mock.settings().record_limit == 40

            @pytest.mark.dbcontract(data="empty", seed=8, max_records=3)
            def test_nearer(self, dbcontract_mock):
                assert (dbcontract_mock.health()["data"], dbcontract_mock.health()["seed"]) == ("empty", 8)
                settings = dbcontract_mock.settings()
                assert (settings.record_limit, settings.max_records) == (40, 3)

        @pytest.mark.dbcontract(seed=2)
        def test_seed(dbcontract_mock):
            assert (dbcontract_mock.health()["data"], dbcontract_mock.health()["seed"]) == ("small", 2)
            assert dbcontract_mock.clock.frozen
            assert dbcontract_mock.settings().job_pace == {"seconds": 0}

        def test_unmarked(dbcontract_mock):
            assert (dbcontract_mock.health()["data"], dbcontract_mock.health()["seed"]) == ("small", 1)

        @pytest.mark.dbcontract(data="bi")
        def test_without_the_fixture():
            pass
    """)
    pytester.runpytest("--strict-markers", "-W", "error").assert_outcomes(passed=5)


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("dta='edge'", "unexpected keyword argument 'dta'"),
        ("data='nope'", 'there is no data set "nope"; choose one of empty, small, bi, captured, edge'),
        ("record_limit=-1", "record_limit: "),
        ("'edge'", "takes keywords only, not 'edge'"),
    ],
)
def test_a_wrong_marker_is_told_in_one_line(pytester: pytest.Pytester, marker: str, words: str) -> None:
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.dbcontract({marker})
        def test_it(dbcontract_mock):
            pass
    """)
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"@pytest.mark.dbcontract*{words}*"])
    text = result.stdout.str()
    assert "pytest_plugin.py" not in text
    assert "another exception" not in text


def test_the_marker_is_described(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--markers").stdout.fnmatch_lines(["@pytest.mark.dbcontract(data=None, seed=None,*"])


def test_a_proxy_of_the_environment_stays_out_of_the_way(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "elsewhere.example")
    monkeypatch.delenv("no_proxy", raising=False)
    pytester.makepyfile("""
        import os, urllib.request

        def test_reach(dbcontract_mock):
            assert urllib.request.urlopen(f"{dbcontract_mock.base_url}/database/export").status == 200
            assert os.environ["NO_PROXY"].split(",") == ["elsewhere.example", "127.0.0.1", "localhost"]
    """)
    pytester.runpytest().assert_outcomes(passed=1)
