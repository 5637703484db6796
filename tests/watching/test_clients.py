"""Real clients and implementations that others wrote see no difference, and none of them is accused."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from pieces_os_client.api.database_api import DatabaseApi
from pieces_os_client.api_client import ApiClient
from pieces_os_client.configuration import Configuration

from dbcontract.conformance.proxy.app import Options
from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import ServerThread

from .watched import Watched

Watching = Callable[..., AbstractContextManager[Watched]]
OF_A_HOP = {"date", "connection", "transfer-encoding", "keep-alive"}


@pytest.fixture(scope="module")
def mock() -> Iterator[MockClient]:
    settings = Settings(port=0, clock=ClockSetting(frozen=True))
    with ServerThread(settings) as running, MockClient(running.base_url) as client:
        yield client


def test_the_vendors_client_works_through_it(mock: MockClient, watching: Watching) -> None:
    with watching(mock.pieces_url) as proxy:
        database = DatabaseApi(ApiClient(Configuration(host=proxy.base_url)))
        direct = DatabaseApi(ApiClient(Configuration(host=mock.pieces_url)))
        export = database.database_export()
        assert export == direct.database_export()
        export.values.iterable[0].raw = [1, 2, 3]
        database.database_import(exported_database=export)
        assert direct.database_export().values.iterable[0].raw == [1, 2, 3]
        assert proxy.bad() == {}


def test_curl_uploads_and_downloads_a_large_file_through_it(
    mock: MockClient, watching: Watching, tmp_path: Path
) -> None:
    """5 MB, for which curl waits to be told to go on; the answers lead through the proxy."""
    (tmp_path / "file").write_bytes(content := bytes(range(256)) * 20_000)
    database = next(one.id for one in mock.databases if one.type == "Asset")
    authorization = {"Authorization": f"Token {mock.token}"}
    with watching(mock.base_url, options=Options(rewrite_links=True)) as proxy:
        assets = f"{proxy.base_url}/api/databases/{database}/assets/"
        created = requests.post(assets, json={"filename": "a.bin"}, headers=authorization, timeout=30).json()
        assert created["upload_url"].startswith(proxy.base_url)
        fields = [word for name, value in created["fields"].items() for word in ("-F", f"{name}={value}")]
        command = ["curl", "-sS", "-i", "-H", "Expect: 100-continue", *fields, "-F", "file=@file"]
        done = subprocess.run(
            [*command, created["upload_url"]], cwd=tmp_path, capture_output=True, check=True, timeout=60
        )
        assert b"HTTP/1.1 100 " in done.stdout
        assert b"HTTP/1.1 204 " in done.stdout
        own = f"{assets}{created['asset']['id']}/"
        requests.patch(own, json={"is_uploaded": True}, headers=authorization, timeout=30)
        download = requests.get(own, headers=authorization, timeout=30, allow_redirects=False)
        got = requests.get(download.headers["Location"], timeout=30)
        assert download.headers["Location"].startswith(proxy.base_url)
        assert got.content == content
        assert proxy.bad() == {}


@pytest.mark.parametrize("encoding", ["identity", "gzip, deflate"])
def test_answers_have_the_same_headers_in_the_same_order(
    mock: MockClient, watching: Watching, encoding: str
) -> None:
    organization, database = mock.organization_id, mock.database_ids[0]
    paths = [
        "/database/export",
        "/.well-known/health",
        f"/api/organizations/{organization}/databases/?page_size=1",
        f"/api/databases/{database}/records/?page_size=2&page=2",
        f"/api/databases/{database}/records/none/",
        "/_mock/openapi.json",
    ]
    headers = {
        "Accept": "*/*",
        "Accept-Encoding": encoding,
        "Authorization": f"Token {mock.token}",
        "Origin": "http://localhost:3000",
        "X-Request-Id": "the-same-both-times",
    }
    with watching(mock.base_url) as proxy:
        for path in paths:
            assert plain(proxy.base_url + path, headers) == plain(mock.base_url + path, headers)


def plain(url: str, headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
    with requests.get(url, headers=headers, timeout=30, stream=True) as answer:
        kept = [(name, value) for name, value in answer.raw.headers.items() if name.lower() not in OF_A_HOP]
        return answer.status_code, kept, answer.raw.read(decode_content=False)


@contextmanager
def foreign(name: str) -> Iterator[Any]:
    """A server of the tests of the kit that shares no code with the mock."""
    place = Path(__file__).parents[1] / "conformance" / "foreign" / "running.py"
    spec = importlib.util.spec_from_file_location("running_of_the_foreign", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    node = shutil.which("node")
    if name == "permissive" and node is None:
        pytest.skip("node is not installed")
    command = [sys.executable, "-m", "strict"] if name == "strict" else [str(node), "permissive/main.mjs"]
    with module.started(name, command) as server:
        yield server


@pytest.mark.parametrize(("name", "api"), [("strict", "pixiebrix"), ("permissive", "pieces")])
def test_a_check_comes_to_the_same_through_it(
    watching: Watching, tmp_path: Path, name: str, api: str
) -> None:
    """The kit is the client: it says the same of a server, and the proxy accuses the server of nothing."""
    # not the largest pages, which take longer than all others together
    only = (
        ["PI-EXP-*", "PI-IMP-0*", "PI-ROLL-0*"]
        if api == "pieces"
        else ["PB-ASSET-*", "PB-PAGE-0[1-5]", "PB-PAGE-1*", "PB-REC-0[1-57-9]"]
    )
    options = ["--api", api, "--no-fuzzing", *(word for one in only for word in ("--only", one))]

    def verdicts(server: Any) -> dict[str, str]:
        judged = server.check(server.target_file(tmp_path / "target.toml", allow=["write"]), *options)
        verdicts = {one["rule"]: one["verdict"] for one in judged.document["results"]}
        # whether a server knows chunks, which HTTP/1.0 does not, is a matter of each connection
        verdicts.pop("PI-IMP-28", None)
        return verdicts

    with foreign(name) as server:
        expected = verdicts(server)
        server.administer("reset")
        url = server.facts[api]
        with watching(url, sole_writer=True, options=Options(rewrite_links=True)) as proxy:
            facts = {**server.facts, api: proxy.base_url + urlsplit(url).path}
            assert verdicts(replace(server, facts=facts)) == expected
            assert "passed" in expected.values()
            assert proxy.bad() == {}
