"""Clients that offer HTTP/2 with their first request: `curl --http2`, and Java's HttpClient as it comes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from dbcontract.mockserver.server.run import Running

JAVA = Path(__file__).with_name("java") / "Import.java"


@pytest.fixture
def sandbox(server: Running, request: pytest.FixtureRequest) -> str:
    return f"{server.base_url}/~{request.node.name}"


@pytest.fixture
def bodies(sandbox: str, customers: str, tmp_path: Path) -> list[str]:
    """URL and file of an import with one new value, and of one new record."""
    export = requests.get(f"{sandbox}/database/export", timeout=10).json()
    export["values"]["iterable"].append({"id": "new", "raw": [1]})
    record = {"id": "new", "data": {"user email": "x" * 100_000}}
    pairs: list[str] = []
    for path, body in (("/database/import", export), (f"/api/databases/{customers}/records/", record)):
        file = tmp_path / f"{len(pairs)}.json"
        file.write_text(json.dumps(body))
        pairs += [sandbox + path, str(file)]
    return pairs


def there(sandbox: str, customers: str) -> None:
    """Fail unless both bodies were read."""
    values = requests.get(f"{sandbox}/database/export", timeout=10).json()["values"]["iterable"]
    assert "new" in {value["id"] for value in values}
    path = f"{sandbox}/api/databases/{customers}/records/new/"
    record = requests.get(path, headers={"Authorization": "Token any"}, timeout=10).json()
    assert record["data"]["user email"] == "x" * 100_000


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_http2(sandbox: str, customers: str, bodies: list[str]) -> None:
    for url, file in zip(bodies[::2], bodies[1::2], strict=True):
        command = ["curl", "-sS", "--noproxy", "*", "--http2", "-H", "Content-Type: application/json"]
        command += ["-H", "Authorization: Token any", "--data-binary", f"@{file}", "-w", "%{http_code}", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout[-3:] in {"201", "204"}, done.stdout[-500:]
    there(sandbox, customers)


@pytest.mark.skipif(shutil.which("javac") is None, reason="no JDK is installed")
def test_javas_http_client(sandbox: str, customers: str, bodies: list[str], tmp_path: Path) -> None:
    subprocess.run(["javac", "-d", tmp_path, JAVA], timeout=120, check=True)
    command = ["java", "-Djava.net.useSystemProxies=false", "-cp", str(tmp_path), "Import", *bodies]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["204", "201"], (done.stdout, done.stderr)
    there(sandbox, customers)
