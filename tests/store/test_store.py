"""Sandboxes in a real Redis or Valkey, which outlive their server."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import ServerThread, StartError
from dbcontract.mockserver.store.framed import Framed, NotReadable, unpacked
from dbcontract.mockserver.store.redis_store import masked
from tests.proxies.balancers import free_port

LIFE = "Dbcontract-Sandbox-Life"
SECRET = "secret-of-the-store"
KEY = "dbcontract:sandbox:"


@dataclass
class Redis:
    """A Redis or Valkey of its own, in memory alone."""

    binary: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"redis://:{SECRET}@127.0.0.1:{self.port}/0"

    def client(self) -> Any:
        return redis.Redis.from_url(self.url)

    def start(self) -> None:
        options = ["--port", str(self.port), "--save", "", "--bind", "127.0.0.1", "--requirepass", SECRET]
        self.process = subprocess.Popen(
            [self.binary, *options], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.wait(self._answers)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.exceptions.ConnectionError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=20)

    @staticmethod
    def wait(true: Callable[[], bool], seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < until
            time.sleep(0.02)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Redis]:
    binary = next(filter(None, map(shutil.which, ("valkey-server", "redis-server"))), None)
    if binary is None:
        pytest.skip("neither valkey-server nor redis-server is installed")
    found = Redis(binary, tmp_path, free_port())
    found.start()
    yield found
    found.stop()


@contextmanager
def server(store: Redis, **options: Any) -> Iterator[str]:
    """A server with that store, which writes every tenth of a second."""
    settings = Settings(port=0, **{"store": store.url, "store_every": 0.1, **options})
    with ServerThread(settings) as running:
        yield running.base_url


def written(base_url: str) -> int:
    return int(health(base_url)["written"])


def settled(base_url: str) -> None:
    """Wait until all is written that was used: twice, as the first time may have begun before."""
    for _ in range(2):
        count = written(base_url)
        life(base_url, "another")
        Redis.wait(lambda: written(base_url) > count)  # noqa: B023 (it is called at once)


def health(base_url: str) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{base_url}/_mock/health", timeout=30).json()["store"]
    return found


def life(base_url: str, name: str = "one") -> str:
    return requests.get(f"{base_url}/~{name}/_mock/clock", timeout=30).headers[LIFE]


def prepare(base_url: str, name: str = "one") -> bytes:
    """Leave something in a sandbox; its whole state."""
    with MockClient(f"{base_url}/~{name}") as mock:
        mock.clock.freeze()
        mock.clock.advance(hours=30)
        mock.faults.add("exportDatabase", status=500, times=3)
        databases = f"{mock.pixiebrix_url}/databases/"
        token = {"Authorization": "Token any"}
        made = requests.post(databases, json={"name": name}, headers=token, timeout=30).json()["id"]
        records = [{"id": "a", "data": {"of": name}}]
        requests.post(f"{databases}{made}/records/", json=records, headers=token, timeout=30)
    return state(base_url, name)


def state(base_url: str, name: str = "one") -> bytes:
    answer = requests.get(f"{base_url}/~{name}/_mock/state", timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_a_sandbox_moves_to_another_server_with_all_that_a_snapshot_holds(store: Redis) -> None:
    with server(store) as first:
        before, told = prepare(first), life(first)
    with server(store) as second:
        assert state(second) == before
        assert life(second) == told
        with MockClient(f"{second}/~one") as mock:
            assert mock.clock.frozen
            assert mock.count_requests() == 0  # a snapshot holds no journal


def test_many_first_requests_at_once_see_the_same(store: Redis) -> None:
    with server(store) as first:
        before = prepare(first)
    with server(store) as second, ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: state(second), range(16))) == {before}


def test_a_server_that_is_killed_loses_what_it_had_not_written_and_the_client_is_told(
    store: Redis, tmp_path: Path
) -> None:
    ready = tmp_path / "ready.json"
    command = [str(Path(sys.executable).with_name("dbcontract")), "serve", "--port", "0", "--quiet"]
    command += ["--ready-file", str(ready), "--store-every", "0.1"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={"PATH": "/usr/bin", "DBCONTRACT_STORE": store.url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        store.wait(ready.exists)
        first = json.loads(ready.read_text())["base_url"]
        before, told = prepare(first), life(first)
        settled(first)
    finally:
        process.send_signal(signal.SIGKILL)
        _, said = process.communicate(timeout=20)
    assert SECRET.encode() not in said
    with server(store) as second:
        assert state(second) == before
        assert life(second) != told


def test_of_two_servers_at_once_the_last_one_that_writes_wins(store: Redis) -> None:
    with server(store) as first, server(store) as second:
        prepare(first)
        settled(first)
        with MockClient(f"{second}/~one") as mock:
            mock.clock.set("2030-01-01T00:00:00Z")
            mock.clock.freeze()
        last = state(second)
        settled(second)
        with server(store) as third:
            assert state(third) == last


def test_one_that_goes_for_others_comes_back(store: Redis) -> None:
    with server(store, max_sandboxes=1) as base_url:
        before, told = prepare(base_url), life(base_url)
        for _ in range(20):  # it may be asked for while it is still being written
            life(base_url, "two")
            assert state(base_url) == before
            assert life(base_url) == told


def test_what_is_deleted_is_deleted_in_the_store_from_any_server(store: Redis) -> None:
    with server(store) as first:
        before = prepare(first)
    with server(store) as second, store.client() as client:
        assert requests.delete(f"{second}/_mock/sandboxes/one", timeout=30).status_code == 204
        assert not client.exists(f"{KEY}one")
        assert requests.delete(f"{second}/_mock/sandboxes/one", timeout=30).status_code == 404
        assert state(second) != before


def test_the_default_sandbox_is_not_stored_and_documents_expire(store: Redis) -> None:
    with server(store, store_ttl=100) as base_url:
        requests.post(f"{base_url}/database/import", timeout=30)
        life(base_url)
    with store.client() as client:
        assert client.keys() == [f"{KEY}one".encode()]
        assert 0 < client.ttl(f"{KEY}one") <= 100


def bomb() -> bytes:
    """A thousand times what it takes in the store."""
    document = b"0" * 100_000
    head = f"dbcontract-store/1 {'0' * 16} whole {hashlib.sha256(document).hexdigest()}\n".encode()
    return head + zlib.compress(document)


FRAMED = Framed("0123456789abcdef", True, b'{"format":"dbcontract-sandbox/1"}').packed()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"something else", "it is not a sandbox of dbcontract"),
        (b"", "it is not a sandbox of dbcontract"),
        (FRAMED.replace(b"store/1", b"store/2"), "it has version 2 of the format"),
        (FRAMED[:-9], "it is damaged"),
        (FRAMED[:-4] + b"0000", "it is damaged"),
        (FRAMED[:50] + b"0000" + FRAMED[54:], "it is damaged"),
        (FRAMED, "This field is required"),
        (None, "it is not a sandbox of dbcontract"),
    ],
)
def test_what_is_damaged_or_foreign_is_told_and_stays(store: Redis, content: bytes | None, says: str) -> None:
    with store.client() as client, server(store) as base_url:
        if content is None:
            client.rpush(f"{KEY}one", "an element")
        else:
            client.set(f"{KEY}one", content)
        kept = client.dump(f"{KEY}one")
        for path in ("/database/export", "/_mock/clock"):
            answer = requests.get(f"{base_url}/~one{path}", timeout=30)
            assert answer.status_code == 503
            assert answer.json()["detail"].startswith('the store cannot give the sandbox "one": ')
            assert says in answer.json()["detail"]
        assert "one" not in requests.get(f"{base_url}/_mock/sandboxes", timeout=30).text
        count = written(base_url)
        life(base_url, "two")
        store.wait(lambda: written(base_url) > count)
        assert client.dump(f"{KEY}one") == kept
        requests.delete(f"{base_url}/_mock/sandboxes/one", timeout=30).raise_for_status()
        assert requests.get(f"{base_url}/~one/_mock/clock", timeout=30).status_code == 200


def test_a_store_that_is_lost_is_told_once_and_requests_go_on(
    store: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), server(store) as base_url:
        before = prepare(base_url)
        store.stop()
        assert state(base_url) == before
        store.wait(lambda: health(base_url)["status"] == "lost")
        assert health(base_url)["problem"]
        prepare(base_url, "begun-meanwhile")
        assert health(base_url)["not_stored"] == ["begun-meanwhile"]
        store.start()
        assert state(base_url) == before
        store.wait(lambda: health(base_url)["status"] == "ok")
        with store.client() as client:
            store.wait(lambda: client.keys() == [f"{KEY}one".encode()])
        assert health(base_url)["not_stored"] == ["begun-meanwhile"]
    lines = [record.getMessage() for record in caplog.records if "the store" in record.getMessage()]
    assert sum("is lost" in line for line in lines) == 1
    assert sum("answers again" in line for line in lines) == 1
    assert SECRET not in caplog.text
    with server(store) as second:
        assert state(second) == before
        assert state(second, "begun-meanwhile") != before


def test_what_is_too_large_is_not_stored(
    store: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("dbcontract.mockserver.store.framed.MAX_BYTES", 1_000)
    with server(store) as base_url:
        life(base_url)
        store.wait(lambda: health(base_url)["not_stored"] == ["one"])
    assert 'sandbox "one" is not stored: it has ' in caplog.text
    with pytest.raises(NotReadable, match="it has more than 1,000 bytes"):
        unpacked(bomb())


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "redis", "redis://127.0.0.1:port/0"])
def test_a_url_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(StartError, match=r"^store "), ServerThread(Settings(port=0, store=url)):
        pass


def test_no_secret_of_a_url_is_shown() -> None:
    assert masked("redis://user:pass@host:6379/1?x=secret") == "redis://user:***@host:6379/1"
    assert masked("redis://host/0") == "redis://host/0"
