"""Options and ini keys of the fixture, and the use of a server that runs already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from socket import create_server
from textwrap import dedent

import pytest

from dbcontract import fixtures
from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.sandbox.settings import Settings, TokenGrant
from dbcontract.mockserver.server.run import Running, ServerThread

pytest_plugins = ["pytester"]

SHOW = """
    def test_show(dbcontract_mock):
        health = dbcontract_mock.health()
        print("served:", health["data"], health["seed"])
"""


def own_data(name: str) -> str:
    """A data file of that name, in the line format."""
    header, *rest = fixtures.build("empty", seed=4)
    return "\n".join(map(json.dumps, [{**header, "name": name}, *rest]))


@pytest.mark.parametrize(
    ("ini", "arguments", "served"),
    [
        ("", [], "small 1"),
        ("", ["--dbcontract-data=edge", "--dbcontract-seed=7"], "edge 7"),
        ("dbcontract_data = edge\ndbcontract_seed = 7", [], "edge 7"),
        ("dbcontract_data = edge\ndbcontract_seed = 7", ["--dbcontract-data=empty"], "empty 7"),
        ("dbcontract_data = edge\ndbcontract_seed = 7", ["--dbcontract-seed=0"], "edge 0"),
    ],
)
def test_the_data_set(pytester: pytest.Pytester, ini: str, arguments: list[str], served: str) -> None:
    pytester.makeini(f"[pytest]\n{ini}")
    pytester.makepyfile(SHOW)
    result = pytester.runpytest("-s", *arguments)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"*served: {served}*"])


def test_pyproject_toml_can_say_it_too(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\ndbcontract_data = 'edge'\ndbcontract_seed = 7\n")
    pytester.makepyfile(SHOW)
    pytester.runpytest("-s").stdout.fnmatch_lines(["*served: edge 7*"])


def test_a_file_is_found_from_where_it_was_named(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ndbcontract_data = data/own.jsonl")
    (pytester.mkdir("data") / "own.jsonl").write_text(own_data("from the root"))
    folder = pytester.mkdir("inner")
    (folder / "own.jsonl").write_text(own_data("from the command line"))
    marked = f"import pytest\npytestmark = pytest.mark.dbcontract(data='data/own.jsonl')\n{dedent(SHOW)}"
    pytester.makepyfile(**{"inner/test_it": SHOW, "inner/test_marked": marked})
    pytester.chdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        configured = pytester.runpytest("-s", "test_it.py")
        chosen = pytester.runpytest("-s", "test_it.py", "--dbcontract-data", "own.jsonl")
        by_marker = pytester.runpytest("-s", "test_marked.py", "--dbcontract-data", "edge")
    configured.stdout.fnmatch_lines(["*served: from the root 4*"])
    chosen.stdout.fnmatch_lines(["*served: from the command line 4*"])
    by_marker.stdout.fnmatch_lines(["*served: from the root 4*"])


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--dbcontract-data=nope", 'dbcontract mock: there is no data set "nope"'),
        ("--dbcontract-data=nope.json", "dbcontract mock: .*nope.json"),
        ("--dbcontract-mock-url=nonsense", '--dbcontract-mock-url: "nonsense" is not a URL of a mock'),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(
    pytester: pytest.Pytester, argument: str, words: str
) -> None:
    pytester.makepyfile(SHOW)
    result = pytester.runpytest(argument)
    result.assert_outcomes(errors=1)
    result.stdout.re_match_lines([words])
    text = result.stdout.str()
    assert "pytest_plugin.py" not in text
    assert "another exception" not in text


def test_a_suite_that_does_not_ask_for_the_mock_does_not_mind(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    pytester.runpytest("--dbcontract-data=nope", "--dbcontract-mock-url=nonsense").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("ini", "arguments", "expected"),
    [
        ("", [], False),
        ("", ["--dbcontract-validate-responses"], True),
        ("dbcontract_validate_responses = true", [], True),
    ],
)
def test_validation_of_responses(
    pytester: pytest.Pytester, ini: str, arguments: list[str], expected: object
) -> None:
    pytester.makeini(f"[pytest]\n{ini}")
    pytester.makepyfile(f"""
        import gc

        def test_it(dbcontract_mock):
            from dbcontract.mockserver.sandbox.settings import Settings

            (settings,) = [item for item in gc.get_objects() if type(item) is Settings]
            assert settings.validate_responses is {expected}
    """)
    pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=1)


# A server that runs already


@pytest.fixture
def running() -> Iterator[Running]:
    with ServerThread(Settings(port=0, data="edge", tokens=(TokenGrant("the-one"),))) as running:
        yield running


@pytest.fixture
def there(running: Running) -> Iterator[MockClient]:
    with MockClient(running.base_url) as client:
        yield client


ASK = """
    def test_ask(dbcontract_mock, dbcontract_mock_server):
        mock = dbcontract_mock
        print("served:", mock.health()["data"], mock.clock.frozen, mock.health()["sandbox"])
        answer = mock.session().get(f"{mock.pixiebrix_url}/organizations/{mock.organization_id}/databases/")
        print("answer:", answer.status_code)
        print("server:", dbcontract_mock_server.base_url)
"""


def test_a_server_that_runs_already_keeps_its_own_ways(
    pytester: pytest.Pytester, there: MockClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXIEBRIX_TOKEN", "the-one")
    pytester.makepyfile(ASK)
    sandboxes = set()
    for _ in range(2):
        result = pytester.runpytest("-s", f"--dbcontract-mock-url={there.base_url}/")
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines([
            "*served: edge False test_ask-*", "answer: 200", f"server: {there.base_url}"
        ])  # fmt: skip
        sandboxes |= {line.split()[-1] for line in result.stdout.lines if "served" in line}
    # Two runs at the same time must not meet.
    assert len(sandboxes) == 2
    assert there.health()["sandboxes"] == 0


def test_options_hold_for_a_server_that_runs_already(pytester: pytest.Pytester, there: MockClient) -> None:
    pytester.makeini(f"[pytest]\ndbcontract_mock_url = {there.base_url}\ndbcontract_data = small")
    pytester.makepyfile(ASK)
    result = pytester.runpytest("-s")
    result.stdout.fnmatch_lines(["*served: small False test_ask-*", "answer: 401"])
    assert there.health()["data"] == "edge"


def test_a_server_that_runs_already_may_be_a_sandbox(pytester: pytest.Pytester, there: MockClient) -> None:
    with there.sandbox("suite") as suite:
        suite.seed("empty")
        pytester.makepyfile("""
            def test_ask(dbcontract_mock, dbcontract_mock_server):
                assert dbcontract_mock_server.health()["sandbox"] == "suite"
                assert dbcontract_mock.health()["sandbox"].startswith("test_ask-")
        """)
        pytester.runpytest(f"--dbcontract-mock-url={suite.base_url}").assert_outcomes(passed=1)


def test_a_server_that_is_not_there_is_told_once_a_test(pytester: pytest.Pytester) -> None:
    with closing(create_server(("127.0.0.1", 0))) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(2))
        def test_ask(dbcontract_mock, n):
            pass
        """
    )
    result = pytester.runpytest(f"--dbcontract-mock-url={url}")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines([f"--dbcontract-mock-url: {url} does not answer GET /_mock/health: *"])
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_a_server_that_goes_away_is_told_in_the_report(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import contextlib
        import pytest
        from dbcontract.mockserver.client import MockClient
        from dbcontract.mockserver.server.run import ServerThread
        from dbcontract.mockserver.sandbox.settings import Settings

        @pytest.fixture(scope="session")
        def server():
            with contextlib.ExitStack() as stack:
                stack.running = stack.enter_context(ServerThread(Settings(port=0)))
                yield stack

        @pytest.fixture(scope="session")
        def dbcontract_mock_server(server):
            with MockClient(server.running.base_url) as mock:
                yield mock

        def test_it(dbcontract_mock, server):
            assert dbcontract_mock.health()
            server.close()
            assert 0
    """)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines([
        "*-- dbcontract_mock: last requests --*",
        "unknown: http://127.0.0.1:* does not answer GET /~test_it-*/_mock/requests: *refused*",
    ])  # fmt: skip
