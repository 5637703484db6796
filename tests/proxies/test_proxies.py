"""The mock behind nginx and HAProxy as the guide configures them: below a path, and with TLS."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest
import requests

from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import Running, ServerThread

from .balancers import command_of, free_port, started

GUIDE = Path(__file__).parents[2] / "docs" / "proxies.md"
HAPROXY = "defaults\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\n{block}"


def guide(language: str) -> str:
    """The configuration that the guide shows."""
    found = re.search(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `mock.pem`, `mock.key`, and both in `both.pem`, for localhost."""
    folder = tmp_path_factory.mktemp("tls")
    pem, key = folder / "mock.pem", folder / "mock.key"
    command = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {key} -out {pem} -subj /CN=localhost"
    )
    command += " -addext subjectAltName=DNS:localhost"
    subprocess.run(command.split(), check=True, capture_output=True, timeout=60)
    (folder / "both.pem").write_bytes(pem.read_bytes() + key.read_bytes())
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with ServerThread(Settings(port=0, job_seconds=0)) as running:
        yield running


@pytest.fixture(params=["nginx", "haproxy"])
def root(request: pytest.FixtureRequest, server: Running, certificate: Path, tmp_path: Path) -> Iterator[str]:
    """The mock's root URL as the proxy shows it."""
    kind: str = request.param
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    port = free_port()
    block = (
        guide(kind).replace("8443", str(port)).replace("127.0.0.1:5323", server.base_url[len("http://") :])
    )
    if kind == "nginx":
        block = block.replace("/etc/ssl/", f"{certificate}/")
    else:
        block = HAPROXY.format(block=block.replace("/etc/ssl/mock.pem", f"{certificate}/both.pem"))
    command = command_of(kind, block, tmp_path)
    with started(command, port):
        yield f"https://localhost:{port}/mock"


@pytest.fixture
def session(certificate: Path) -> Iterator[requests.Session]:
    with requests.Session() as found:
        found.trust_env = False
        found.verify = str(certificate / "mock.pem")
        found.headers["Authorization"] = "Token any"
        found.headers["Accept"] = "application/json; version=2.0"
        yield found


Get = Callable[[str], requests.Response]


@pytest.fixture
def get(session: requests.Session) -> Get:
    """Fetch a URL through the proxy."""

    def fetch(url: str) -> requests.Response:
        response = session.get(url, timeout=30)
        assert response.status_code == 200, (url, response.text[:300])
        return response

    return fetch


@pytest.mark.parametrize("sandbox", ["", "/~one"])
def test_every_url_leads_back_through_the_proxy(
    root: str, session: requests.Session, get: Get, certificate: Path, sandbox: str
) -> None:
    base, trusted = root + sandbox, str(certificate / "mock.pem")
    api = f"{base}/api"
    first = get(f"{api}/databases/?page_size=1")
    second = first.links["next"]["url"]
    assert second.startswith(f"{api}/databases/?")
    assert get(second).json() != first.json()

    database = session.post(f"{api}/databases/", json={"name": "x"}, timeout=30).json()["id"]
    records = f"{api}/databases/{database}/records/"
    odd = f"{records}{quote('a/b %2F c', safe='')}/"
    assert session.put(odd, json={"data": {"a": 1}}, timeout=30).status_code == 201
    assert get(odd).json()["id"] == "a/b %2F c"

    made = session.post(f"{api}/databases/{database}/assets/", json={"filename": "ä.png"}, timeout=30).json()
    sent = requests.post(
        made["upload_url"], data=made["fields"], files={"file": b"png"}, verify=trusted, timeout=30
    )
    assert sent.status_code == 204
    assert sent.headers["Location"].startswith(f"{base}/_storage/")
    asset = made["asset"]["download_url"]
    session.patch(asset, json={"is_uploaded": True}, timeout=30)
    assert get(asset).content == b"png"
    assert get(asset).history[0].headers["Location"].startswith(f"{base}/_storage/")

    order = {"name": "x", "databases": [database]}
    job = session.post(f"{api}/databases/records/jobs/", json=order, timeout=30).json()["id"]
    link = get(f"{api}/databases/records/jobs/{job}/").json()["data"]
    assert [record["id"] for record in requests.get(link, verify=trusted, timeout=30).json()] == ["a/b %2F c"]

    session.headers["Accept"] = "*/*"
    assert get(f"{api}/openapi.json").json()["servers"] == [{"url": api}]
    page = get(f"{api}/ui/").text
    parts = re.findall(r"""(?:src|href)=["']([^"'#]+)["']""", page)
    assert "openapi.json" in parts
    for part in parts:
        assert get(urljoin(f"{api}/ui/", part)).content


def test_the_control_api_answers_nobody_through_the_proxy(root: str, session: requests.Session) -> None:
    assert session.get(f"{root}/_mock/health", timeout=30).status_code == 403
