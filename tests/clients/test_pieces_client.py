"""`PiecesClient` of the vendor's SDK finds the mock, comes up, and its database API works."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import Running, ServerThread, StartError

# Where current releases of Pieces OS listen, and where the client looks.
PORTS = range(39300, 39334)

PROGRAM = """
import json, sys
from pieces_os_client.api.database_api import DatabaseApi
from pieces_os_client.wrapper.client import PiecesClient

client = PiecesClient(connect_websockets=sys.argv[1] == "websockets")
database = DatabaseApi(client.api_client)
export = database.database_export()
export.values.iterable[0].raw = [1, 2, 3]
database.database_import(exported_database=export)
print(json.dumps({
    "started": client._is_started_runned,
    "host": client.host,
    "version": client.version,
    "health": client.health,
    "model": client.model_name,
    "application": client.tracked_application.name,
    "raw": database.database_export().values.iterable[0].raw,
}), flush=True)
client.close()
"""


@pytest.fixture
def server() -> Iterator[Running]:
    for port in PORTS:
        try:
            with ServerThread(Settings(port=port)) as running:
                yield running
        except StartError:
            continue  # somebody listens there
        return
    pytest.skip("every port that the client looks at is taken")


@pytest.mark.parametrize("websockets", ["websockets", "without"])
def test_the_vendors_client_comes_up(server: Running, websockets: str) -> None:
    command = [sys.executable, "-c", PROGRAM, websockets]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    assert told == {
        "started": True,
        "host": server.base_url,
        "version": "9.0.0",
        "health": told["health"],
        "model": "GPT-3.5-turbo Chat Model",
        "application": "OPEN_SOURCE",
        "raw": [1, 2, 3],
    }
    assert told["health"].startswith("ok")


def test_a_websocket_is_declined(server: Running) -> None:
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    url = f"{server.base_url}/conversations/stream/identifiers"
    answer = requests.get(url, headers=handshake, timeout=30)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/plain")


def test_what_connects_has_to_say_what_it_is(server: Running) -> None:
    url = f"{server.base_url}/connect"
    for body, named in ((b"{", "JSON"), (b"{}", "application.name"), (b"[]", "application.name")):
        answer = requests.post(url, data=body, timeout=30)
        assert answer.status_code == 500
        assert named in answer.text
    assert requests.get(url, timeout=30).status_code == 405
    health = requests.head(f"{server.base_url}/.well-known/health", timeout=30)
    assert (health.status_code, health.content) == (200, b"")
