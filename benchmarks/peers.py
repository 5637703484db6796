"""Other servers that can answer the same small GET, and how each is started."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .processes import BenchmarkError, Mock, Process, free_port

ROOT = Path(__file__).resolve().parents[1]
DESCRIPTION = ROOT / "openapi" / "pixiebrix.yaml"
DATABASE = "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60"
ASSET = "9b2e7c50-3d84-4f6a-a1e9-0c5d8b7f2a46"
PATH = f"/databases/{DATABASE}/assets/{ASSET}?meta=true"
TOKEN = {"Authorization": "Token any"}
PACKAGES = ("@stoplight/prism-cli", "@mockoon/cli")

Start = Callable[[set[int] | None], tuple[Process, str]]
"""Starts a server on these CPUs: the process, and the URL of the small GET."""


@dataclass(frozen=True)
class Peer:
    """A server to measure.

    Attributes:
        name: as the table shows it.
        validates: what it holds against the description.
        headers: what is sent to it.
    """

    name: str
    validates: str
    start: Start
    headers: Mapping[str, str] = field(default_factory=lambda: TOKEN)


def bare_starlette() -> Peer:
    """The baseline: a route and ready bytes under the same uvicorn."""
    return Peer("bare Starlette", "nothing", lambda cpus: _python("starlette", cpus))


def ours(*arguments: str, name: str = "dbcontract") -> Peer:
    """The mock server, whose data set has an asset."""

    def start(cpus: set[int] | None) -> tuple[Process, str]:
        mock = Mock(*arguments, cpus=cpus)
        try:
            return mock, f"{mock.base_url}/api{_asset_path(mock)}"
        except BaseException:
            mock.__exit__(None, None, None)
            raise

    validates = "request, response" if "--validate-responses" in arguments else "request"
    return Peer(name, validates, start)


def stock_connexion() -> Peer:
    """Connexion as it comes, with a handler that does nothing."""
    return Peer("stock Connexion", "request", lambda cpus: _python("connexion", cpus))


def _python(name: str, cpus: set[int] | None) -> tuple[Process, str]:
    port = free_port()
    program = str(Path(__file__).with_name("serve_peer.py"))
    process = Process([sys.executable, "-P", program, name, str(port), str(DESCRIPTION)], cpus=cpus)
    return process, f"http://127.0.0.1:{port}/api{PATH}"


def _asset_path(mock: Mock) -> str:
    """The small GET on what the mock's data set holds."""

    def fetch(path: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(mock.wait_for(mock.base_url + path, TOKEN))
        return found

    for database in fetch("/_mock/databases"):
        for asset in fetch(f"/api/databases/{database['id']}/assets/"):
            return f"/databases/{database['id']}/assets/{asset['id']}?meta=true"
    raise BenchmarkError("the data set has no asset")


def from_npm(folder: Path) -> list[Peer]:
    """Prism and Mockoon, installed into the folder.

    Raises:
        BenchmarkError: npm is missing or cannot install them.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise BenchmarkError("--peers needs npm on the path")
    command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", *PACKAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise BenchmarkError(f"npm cannot install {' and '.join(PACKAGES)}:\n{done.stderr[-2_000:]}")
    programs = folder / "node_modules" / ".bin"

    def prism(cpus: set[int] | None) -> tuple[Process, str]:
        port = free_port()
        command = [str(programs / "prism"), "mock", "--port", str(port), "--verboseLevel", "error"]
        return Process([*command, str(DESCRIPTION)], cpus=cpus), f"http://127.0.0.1:{port}{PATH}"

    def mockoon(cpus: set[int] | None) -> tuple[Process, str]:
        port = free_port()
        command = [str(programs / "mockoon-cli"), "start", "--port", str(port), "--disable-log-to-file"]
        process = Process([*command, "--data", str(DESCRIPTION)], cpus=cpus)
        return process, f"http://127.0.0.1:{port}/api{PATH}"

    # Prism answers with the example of the last media type, unless it is told.
    told = {**TOKEN, "Accept": "application/json"}
    return [Peer("Prism", "request", prism, told), Peer("Mockoon", "nothing", mockoon)]


def wiremock(jar: Path) -> Peer:
    """WireMock with one stub that checks path, query and token by pattern.

    Raises:
        BenchmarkError: Java or the jar is missing.
    """
    java = shutil.which("java")
    if java is None or not jar.is_file():
        raise BenchmarkError(f"--wiremock needs Java on the path, and {jar} to be WireMock's standalone jar")

    def start(cpus: set[int] | None) -> tuple[Process, str]:
        port = free_port()
        process = Process(
            [java, "-jar", str(jar.resolve()), "--port", str(port), "--no-request-journal"], cpus=cpus
        )
        try:
            base_url = f"http://127.0.0.1:{port}"
            process.wait_for(f"{base_url}/__admin/mappings")
            request = urllib.request.Request(  # noqa: S310 - our own server
                f"{base_url}/__admin/mappings", data=json.dumps(_STUB).encode(), method="POST"
            )
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
        except BaseException:
            process.__exit__(None, None, None)
            raise
        return process, f"{base_url}/api{PATH}"

    return Peer("WireMock", "patterns", start)


_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_STUB = {
    "request": {
        "method": "GET",
        "urlPathPattern": f"/api/databases/{_UUID}/assets/{_UUID}",
        "queryParameters": {"meta": {"matches": "true|false"}},
        "headers": {"Authorization": {"matches": "Token .+"}},
    },
    "response": {
        "status": 200,
        "headers": {"Content-Type": "application/json"},
        "jsonBody": {
            "id": ASSET,
            "download_url": f"http://localhost:5323/api/databases/{DATABASE}/assets/{ASSET}/",
            "filename": "my-file.png",
            "is_uploaded": True,
            "created_at": "2024-11-15T20:42:47.670046Z",
            "updated_at": "2024-11-15T20:42:48.172576Z",
        },
    },
}
