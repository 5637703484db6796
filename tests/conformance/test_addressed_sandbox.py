"""What the sandbox at a mock's URL is set to is what is judged."""

import json
from collections.abc import Callable, Iterator

import pytest

from dbcontract.conformance.authoring.check import Checks
from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.runner.engine import Engine, Options
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.options import TargetOptions
from dbcontract.conformance.target.target import TargetError
from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import Running, ServerThread

from .conftest import JSON, TOKEN, Seen, Start

pytest_plugins = ["pytester"]

Judge = Callable[..., RunResult]


@pytest.fixture(scope="module")
def own() -> Iterator[Running]:
    """A mock of these tests alone, as they change its sandboxes."""
    with ServerThread(Settings(port=0)) as running:
        yield running


@pytest.fixture
def sandbox(own: Running, request: pytest.FixtureRequest) -> Iterator[MockClient]:
    """The default sandbox, or a sandbox, put back afterwards."""
    with MockClient(own.base_url + getattr(request, "param", "")) as client:
        yield client
        client.reset()


@pytest.fixture
def judge(catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]) -> Judge:
    def run(url: str, *only: str, organization: str | None = None, token: str | None = None) -> RunResult:
        environment = {"DBCONTRACT_TOKEN": token} if token else {}
        target = TargetOptions(
            url=url, own={"organization": (organization,)} if organization else {}
        ).resolve(environment)
        versions, options = dict(catalogue.versions), Options(fuzzing=None)
        rules = catalogue.select(only)
        return Engine(
            target, rules, checks, catalogues=versions, options=options, descriptions=descriptions
        ).run()

    return run


def verdicts(result: RunResult) -> dict[str, Verdict]:
    return {one.rule.id: one.verdict for one in result.results}


@pytest.mark.parametrize("sandbox", ["", "/~mine"], indirect=True)
def test_defects_of_the_sandbox_are_judged(judge: Judge, sandbox: MockClient) -> None:
    only = "PB-ASSET-03", "PB-ASSET-20"
    assert set(verdicts(judge(sandbox.base_url, *only)).values()) == {Verdict.PASSED}
    sandbox.defects.set("download-without-mark")
    assert verdicts(judge(sandbox.base_url, *only)) == {
        "PB-ASSET-03": Verdict.FAILED,
        "PB-ASSET-20": Verdict.PASSED,
    }


def test_defects_of_another_sandbox_are_not(judge: Judge, own: Running, sandbox: MockClient) -> None:
    sandbox.defects.set("download-without-mark")
    assert verdicts(judge(f"{own.base_url}/~other", "PB-ASSET-03")) == {"PB-ASSET-03": Verdict.PASSED}


def test_faults_of_the_sandbox_are_judged(judge: Judge, sandbox: MockClient) -> None:
    sandbox.faults.add("exportDatabase", status=500)
    assert verdicts(judge(sandbox.base_url, "PI-EXP-01"))["PI-EXP-01"] is Verdict.FAILED


def test_settings_of_the_sandbox_are_judged(judge: Judge, sandbox: MockClient) -> None:
    sandbox.settings(max_page_size=2_000, default_page_size=5)
    assert verdicts(judge(sandbox.base_url, "PB-PAGE-04"))["PB-PAGE-04"] is Verdict.FAILED


def test_the_data_set_of_the_sandbox_is_used(judge: Judge, sandbox: MockClient) -> None:
    sandbox.reset(data="empty")
    assert verdicts(judge(sandbox.base_url, "PB-DB-01"))["PB-DB-01"] is not Verdict.FAILED


def test_a_token_that_the_sandbox_does_not_take_is_told(judge: Judge, sandbox: MockClient) -> None:
    sandbox.settings(tokens=["the-right-one"])
    assert verdicts(judge(sandbox.base_url, "PB-DB-01", token="the-right-one"))["PB-DB-01"] is Verdict.PASSED
    with pytest.raises(TargetError, match="--token-env: the target refuses the token of DBCONTRACT_TOKEN"):
        judge(f"{sandbox.base_url}/api", "PB-DB-01", token="another")
    result = judge(sandbox.base_url, "PB-DB-01", "PI-EXP-01")
    assert verdicts(result) == {"PB-DB-01": Verdict.NOT_VERIFIED, "PI-EXP-01": Verdict.PASSED}


def test_an_organization_that_the_sandbox_does_not_have_is_told(judge: Judge, sandbox: MockClient) -> None:
    unknown = "12345678-1234-4234-8234-123456789abc"
    with pytest.raises(TargetError, match=f"--organization: {unknown} is unknown to the target"):
        judge(sandbox.base_url, "PB-DB-01", organization=unknown)


def test_pytest_judges_the_same_sandbox(pytester: pytest.Pytester, sandbox: MockClient) -> None:
    sandbox.defects.set("download-without-mark")
    url = ("--dbcontract-url", sandbox.base_url)
    result = pytester.runpytest(*url, "conformance::PB-ASSET-20", "conformance::PB-ASSET-03")
    result.assert_outcomes(failed=1, passed=1)


def test_pytest_tells_a_wrong_token(
    pytester: pytest.Pytester, mock: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", TOKEN[:-1])
    options = ("--dbcontract-url", f"{mock.base_url}/api", "--dbcontract-token-env", "MINE")
    result = pytester.runpytest(*options, "conformance::PB-DB-01")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    words = (
        "ERROR: --dbcontract-token-env: the target refuses the token of MINE (401); put a valid one there*"
    )
    result.stderr.fnmatch_lines([words])
    result.stdout.no_fnmatch_line("*PB-DB-01*")


def test_a_mock_that_makes_no_such_sandboxes_is_refused(web: Start, judge: Judge) -> None:
    """One of an older version, say: its sandboxes would not be set like the sandbox that is meant."""

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        health = {"name": "dbcontract", "apis": ["pieces"], "capabilities": ["write"], "organizations": []}
        return (200, JSON, json.dumps(health).encode()) if seen.path.endswith("/health") else (405, {}, b"no")

    with pytest.raises(TargetError, match=r"control API did not do PUT /sandboxes/.*: 405"):
        judge(web(answer).url, "PI-EXP-01")
