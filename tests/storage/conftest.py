import contextlib
import itertools
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from dbcontract.mockserver.apis.pixiebrix.state.databases import Database, Organization
from dbcontract.mockserver.apis.pixiebrix.state.jobs import Job
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.extension_point import REFERENCE, Implementation
from dbcontract.mockserver.state.instants import parse_instant
from dbcontract.mockserver.state.objects import ObjectStore
from dbcontract.mockserver.storage.app import respond
from dbcontract.mockserver.storage.signing import MAX_UPLOAD_BYTES, Signer

ORGANIZATION = "00000000-0000-4000-8000-0000000000aa"
START = parse_instant("2024-11-15T20:42:47.670046Z")


@dataclass
class MiniSandbox:
    """The least that has a storage: a clock that stands where it is put, and the state."""

    time: int = START
    base: str = ""
    replace = MergeStrategy.REPLACE
    objects: ObjectStore = field(default_factory=ObjectStore)
    pixiebrix: PixieBrixState = field(default_factory=lambda: PixieBrixState(now=START))
    signer: Signer = field(default_factory=lambda: Signer(b"a secret of this test"))
    implementation: Implementation = field(default_factory=REFERENCE.make)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def states(self) -> dict[str, Any]:
        return {"pixiebrix": self.pixiebrix}

    def new_id(self) -> str:
        return f"00000000-0000-4000-8000-{next(self.ids):012d}"

    def now(self) -> int:
        self.pixiebrix.catch_up(self.time, self.new_id)
        return self.time

    def database(self, *records: tuple[str, dict[str, Any]]) -> Database:
        self.pixiebrix.organizations[ORGANIZATION] = Organization(ORGANIZATION, "One")
        database = self.pixiebrix.create_database(
            ORGANIZATION, "db", "Key-Value", enforce_schema=False, now=self.time, new_id=self.new_id
        )
        items = [(key, data, MergeStrategy.REPLACE) for key, data in records]
        self.pixiebrix.put_records(database.id, items, self.time)
        return database

    def job(self, name: str, media_type: str, *databases: Database, duration_us: int = 0) -> Job:
        return self.pixiebrix.create_job(
            name,
            [database.id for database in databases],
            media_type,
            None,
            None,
            now=self.time,
            duration_us=duration_us,
            new_id=self.new_id,
        )

    max_upload = MAX_UPLOAD_BYTES

    def link(self, key: str, **options: Any) -> str:
        return self.signer.presigned_get(self.base, key, self.time, **options)

    def form(
        self, key: str = "assets/d/a/f.bin", filename: str = "f.bin", **options: Any
    ) -> tuple[str, dict[str, str]]:
        return self.signer.presigned_post(self.base, key, self.time, filename=filename, **options)


class Site:
    """A server that serves whichever sandbox is in it, below the prefix `/~one` and without one."""

    def __init__(self) -> None:
        self.sandbox = MiniSandbox()
        self.failures: list[BaseException] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = re.sub(r"^/~one(?=/)", "", scope["path"])
        try:
            response = await respond(self.sandbox, path.removeprefix("/_storage")[1:], scope, receive)
            await response(scope, receive, send)
        except BaseException as error:
            self.failures.append(error)
            raise


@contextlib.contextmanager
def served(site: Site) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(site, lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Site, str]]:
    site = Site()
    with served(site) as base:
        yield site, base


@pytest.fixture
def sandbox(site: tuple[Site, str]) -> Iterator[MiniSandbox]:
    server, base = site
    server.sandbox = MiniSandbox(base=base)
    yield server.sandbox
    failures, server.failures = server.failures, []
    assert failures == []


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30) as client:
        yield client


@pytest.fixture
def error_of() -> Callable[[httpx.Response], dict[str, str]]:
    """Reads the XML of a refusal."""

    def read(response: httpx.Response) -> dict[str, str]:
        assert response.headers["content-type"] == "application/xml"
        root = ET.fromstring(response.content)
        assert root.tag == "Error"
        return {element.tag: element.text or "" for element in root}

    return read


@pytest.fixture
def raw(sandbox: MiniSandbox) -> Callable[[bytes], bytes]:
    """Sends bytes as they are, says that no more come, and reads until the server closes."""

    def exchange(request: bytes) -> bytes:
        address = urlsplit(sandbox.base)
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    return exchange
