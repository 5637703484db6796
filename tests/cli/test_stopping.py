"""A server that is told to stop while it answers: it ends soon and says nothing."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

HOST = b"HTTP/1.1\r\nHost: localhost\r\n"
UNDER_WAY = {
    "a head": b"GET /database/export " + HOST,
    "a body": b"POST /database/import " + HOST + b"Content-Length: 100\r\n\r\n{",
    "an upload": b"POST /_storage/ "
    + HOST
    + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100\r\n\r\n--x\r\n",
    "an answer that is late": b"GET /database/export " + HOST + b"\r\n",
    "a stream": b"GET /_mock/requests/events " + HOST + b"\r\n",
}


def send(server: Any, content: bytes) -> socket.socket:
    address = urlsplit(server.ready["base_url"])
    sock = socket.create_connection((address.hostname, address.port), timeout=30)
    sock.sendall(content)
    return sock


@pytest.mark.parametrize("kind", UNDER_WAY)
def test_a_request_under_way_is_broken_off_quietly(serve: Callable[..., Any], kind: str) -> None:
    server = serve("--quiet")
    late = {"operation": "exportDatabase", "delay": {"min": 60, "max": 60}}
    assert requests.post(f"{server.ready['base_url']}/_mock/faults", json=late, timeout=10).status_code == 201
    with send(server, UNDER_WAY[kind]) as sock:
        # answered after what was sent before, so that is being worked on
        assert requests.get(f"{server.ready['base_url']}/_mock/health", timeout=10).status_code == 200
        assert server.stop(signal.SIGTERM) == (0, "")
        while sock.recv(65_536):
            pass


def test_a_write_under_way_is_kept_whole_or_not_at_all(serve: Callable[..., Any], tmp_path: Path) -> None:
    server = serve("--quiet", "--state", "sandbox.json")
    url = server.ready["base_url"]
    listed = requests.get(f"{url}/_mock/databases", timeout=10).json()[0]
    items = json.dumps([{"id": f"new-{number}", "data": {}} for number in range(30_000)]).encode()
    lines = b"Authorization: Token any\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    head = b"POST /api/databases/%b/records/ " % listed["id"].encode() + HOST + lines % len(items)
    with send(server, head + items):
        assert server.stop(signal.SIGTERM) == (0, "")
    kept = json.loads((tmp_path / "sandbox.json").read_bytes())["databases"]
    (found,) = [len(one["records"]) for one in kept if one["id"] == listed["id"]]
    assert found in {listed["records"], listed["records"] + 30_000}
