"""Servers to judge: the mock, and some that no client would like."""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.context import PixieBrix
from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import Checks, discover
from dbcontract.conformance.authoring.run import Run
from dbcontract.conformance.catalogue.rules import Catalogue, load_all
from dbcontract.conformance.environment.environment import Environments
from dbcontract.conformance.environment.hooks import ConfiguredEnvironments
from dbcontract.conformance.environment.mock import MockEnvironments
from dbcontract.conformance.environment.session import Session
from dbcontract.conformance.http.redaction import Redactor
from dbcontract.conformance.http.wire import Limits, Wire
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Endpoint, Pace, Target
from dbcontract.mockserver.sandbox.settings import Settings, TokenGrant
from dbcontract.mockserver.server.run import Running, ServerThread

TOKEN = "token-of-the-tests"
READ_ONLY_TOKEN = "read-only-token-of-the-tests"


@pytest.fixture(scope="session")
def mock() -> Iterator[Running]:
    """A mock, recognizable as such."""
    tokens = (TokenGrant(TOKEN), TokenGrant(READ_ONLY_TOKEN, read_only=True))
    with ServerThread(Settings(port=0, tokens=tokens)) as running:
        yield running


@pytest.fixture
def unrecognized() -> Iterator[Running]:
    """The same implementation, but nothing tells that it is a mock: it has no control API."""
    with ServerThread(Settings(port=0, tokens=(TokenGrant(TOKEN),), control=False)) as running:
        yield running


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_all()


@pytest.fixture(scope="session")
def checks() -> Checks:
    return discover()


@pytest.fixture(scope="session")
def descriptions() -> dict[str, Description]:
    return {api: Description(api) for api in ("pieces", "pixiebrix")}


@dataclass
class Seen:
    """One request as a server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Web:
    """A server that answers as a function says.

    The function takes a `Seen` and gives (status, headers, body). A dead one closes every connection.
    """

    url: str
    seen: list[Seen] = field(default_factory=list)
    dead: bool = False


Answering = Callable[[Seen], tuple[int, dict[str, str], bytes]]
Start = Callable[..., Web]
Open = Callable[[Target], Run]

DATABASE = "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60"
PACE = Pace(check=20, throttled=0.2, slowest=50, wire=Limits(connect=1, read=20, total=40))
JSON = {"Content-Type": "application/json; version=2.0"}


def pixiebrix(run: Run) -> PixieBrix:
    """A check of PixieBrix at a place of the run."""
    return PixieBrix(run, run.environments.open(), "PB-ASSET-03")


def of_web(url: str, *capabilities: str, headers: tuple[tuple[str, str], ...] = ()) -> Target:
    """A target that nobody knows."""
    endpoint = Endpoint(url, "the-secret-token", headers)
    scratch = Scratch(organization=DATABASE, databases=(DATABASE,))
    allowed = frozenset({"read", "storage", *capabilities})
    return Target("web", endpoints={"pixiebrix": endpoint}, capabilities=allowed, pace=PACE, own=(scratch,))


@pytest.fixture
def opened(descriptions: dict[str, Description]) -> Iterator[Callable[..., Run]]:
    """A run against a target; closed after the test."""
    wires = []

    def start(target: Target) -> Run:
        wire = Wire(target.pace.wire)
        wires.append(wire)
        cancelled = threading.Event()
        environments: Environments = (MockEnvironments if target.kind == "mock" else ConfiguredEnvironments)(
            target, "r1", wire
        )
        session = Session(wire, target.pace, cancelled)
        return Run("r1", 1, target, session, environments, descriptions, Redactor(target.secrets), cancelled)

    yield start
    for wire in wires:
        wire.close()


def _handler(running: Web, answer: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def handle_one_request(self) -> None:
            with contextlib.suppress(ConnectionError):
                super().handle_one_request()

        def log_message(self, *_: Any) -> None:
            pass

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self._answer
            raise AttributeError(name)

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            headers = {key.lower(): value for key, value in self.headers.items()}
            seen = Seen(self.command, self.path, headers, self.rfile.read(length))
            running.seen.append(seen)
            if running.dead:
                self.close_connection = True
                return
            status, given, body = answer(seen)
            self.send_response_only(status)
            own = {"Date": self.date_time_string(), "Content-Length": str(len(body))}
            for name, value in {**own, **given}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            self.wfile.flush()

    return Handler


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Start]:
    """Start a server that answers as a function says."""
    with contextlib.ExitStack() as stack:

        def start(answer: Answering, *, tls: Path | None = None) -> Web:
            """With TLS if there is a PEM file with key and certificate."""
            running = Web("")
            server = _Quiet(("127.0.0.1", 0), _handler(running, answer))
            server.daemon_threads = True
            running.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(tls)
                server.socket = context.wrap_socket(server.socket, server_side=True)
            _serve(stack, server)
            return running

        yield start


@pytest.fixture
def raw() -> Iterator[Callable[..., str]]:
    """Start a server that does anything with a connection once a request's head has come; gives its URL."""
    with contextlib.ExitStack() as stack:

        def start(answer: Callable[..., None], *, with_head: bool = False) -> str:
            over = threading.Event()

            class Handler(socketserver.BaseRequestHandler):
                def handle(self) -> None:
                    connection: socket.socket = self.request
                    head = b""
                    with contextlib.suppress(OSError):
                        while b"\r\n\r\n" not in head:
                            part = connection.recv(65_536)
                            if not part:
                                return
                            head += part
                        answer(connection, over, *([head] if with_head else []))

            class Server(socketserver.ThreadingTCPServer):
                daemon_threads = True
                block_on_close = False

                def handle_error(self, *_: Any) -> None:
                    pass

            server = Server(("127.0.0.1", 0), Handler)
            stack.callback(over.set)
            _serve(stack, server)
            return f"http://127.0.0.1:{server.server_address[1]}"

        yield start


def _serve(stack: contextlib.ExitStack, server: socketserver.BaseServer) -> None:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
