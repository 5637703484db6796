"""A sandbox that is not the one any more that a client has used: the client is told."""

import warnings
from collections.abc import Iterator

import pytest
import requests

from dbcontract.mockserver.client import MockClient, SandboxBeganAnew
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import Running, ServerThread

LIFE = "Dbcontract-Sandbox-Life"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with ServerThread(Settings(port=0, max_sandboxes=2)) as running:
        yield running


def test_every_answer_of_a_sandbox_tells_its_life(server: Running) -> None:
    root = f"{server.base_url}/~one"
    answers = [
        requests.get(f"{root}{path}", timeout=30)
        for path in (
            *("/database/export", "/api/organizations/", "/_mock/clock", "/_mock/", "/api/openapi.json"),
            *("/nothing/there", "/_storage/nothing", "/"),
        )
    ]
    assert {answer.status_code for answer in answers} >= {200, 401, 404}
    (life,) = {answer.headers[LIFE] for answer in answers}
    requests.post(f"{root}/_mock/reset", timeout=30).raise_for_status()
    assert requests.get(f"{root}/_mock/clock", timeout=30).headers[LIFE] == life
    assert requests.get(f"{server.base_url}/~two/_mock/clock", timeout=30).headers[LIFE] != life
    assert LIFE not in requests.get(f"{server.base_url}/_mock/clock", timeout=30).headers
    requests.delete(f"{server.base_url}/_mock/sandboxes/one", timeout=30).raise_for_status()
    assert requests.get(f"{root}/_mock/clock", timeout=30).headers[LIFE] != life


def test_the_client_warns_of_a_sandbox_that_was_lost_once(server: Running) -> None:
    with MockClient(f"{server.base_url}/~kept") as mock:
        mock.clock.freeze()
        for other in ("a", "b"):  # two are kept, and this was the least recently used one
            requests.get(f"{server.base_url}/~{other}/_mock/clock", timeout=30).raise_for_status()
        with pytest.warns(SandboxBeganAnew, match="/~kept began anew since it was last used"):
            assert not mock.clock.frozen
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert not mock.clock.frozen


def test_what_the_client_deletes_itself_is_no_surprise(server: Running) -> None:
    with MockClient(server.base_url) as mock, warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            with mock.sandbox("again") as sandbox:
                assert not sandbox.clock.frozen
        assert "again" not in requests.get(f"{server.base_url}/_mock/sandboxes", timeout=30).text
