"""HTTP as the standard library has it: a request in, an answer out, behind WSGI."""

import socketserver
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from email.utils import format_datetime
from http import HTTPStatus
from typing import IO, Any, cast
from urllib.parse import unquote_plus
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What goes back; `kind` is the Content-Type."""

    status: int
    body: bytes = b""
    kind: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """A request that ends here, with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True)
class Request:
    """What came in; `path` and `query` are as they were sent, still encoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def verb(self) -> str:
        """The method; HEAD is a GET whose body is left out."""
        return "GET" if self.method == "HEAD" else self.method

    @property
    def pairs(self) -> Pairs:
        """The query parameters, decoded, in their order."""
        return pairs_of(self.query)

    def one(self, name: str) -> str | None:
        """The last value of a parameter."""
        return dict(self.pairs).get(name)


def pairs_of(text: str) -> Pairs:
    """The names and values of a query or form."""
    parts = (part.partition("=") for part in text.split("&") if part)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in parts]


Handle = Callable[[Request], Answer]


@dataclass
class Application:
    """A WSGI application: one request at a time, whoever else shares the lock, and a Date of its own."""

    handle: Handle
    now: Callable[[], datetime]
    lock: threading.RLock
    journal: list[str] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        body = environ["wsgi.input"].read(int(length)) if length.isdigit() else b""
        path, _, query = environ["REQUEST_URI"].partition("?")
        headers = {
            name[5:].replace("_", "-").title(): str(v)
            for name, v in environ.items()
            if name.startswith("HTTP_")
        }
        headers["Content-Type"] = environ.get("REQUEST_CONTENT_TYPE", "")
        method = environ["REQUEST_METHOD"]
        request = Request(method, path, query, headers, body)
        with self.lock:
            try:
                answer = self.handle(request)
            except Refused as refused:
                answer = refused.answer
            except Exception:  # noqa: BLE001 - whatever it is, it is told on stderr, which the tests look at
                traceback.print_exc(file=sys.stderr)
                answer = Answer(500, b"Internal Server Error", "text/plain")
            self.journal.append(f"{method} {environ['REQUEST_URI']} {answer.status}")
        fields = [("Date", format_datetime(self.now(), usegmt=True)), *answer.headers]
        if answer.kind is not None:
            fields.append(("Content-Type", answer.kind))
        if answer.status not in {204, 304}:
            fields.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", fields)
        return [b"" if method == "HEAD" else answer.body]


class _Bare(ServerHandler):
    """No Content-Length is invented for a 204, no size is guessed for a HEAD."""

    http_version = "1.0"

    headers_sent: bool

    def finish_content(self) -> None:
        if not self.headers_sent:
            self.send_headers()

    def set_content_length(self) -> None:
        return


class _Handler(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ["REQUEST_URI"] = self.path
        environ["REQUEST_CONTENT_TYPE"] = self.headers.get("Content-Type", "")
        return environ

    def handle(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if len(self.raw_requestline) > 65536:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
            return
        if not self.parse_request():
            return
        handler = _Bare(
            cast("IO[bytes]", self.rfile),
            cast("IO[bytes]", self.wfile),
            sys.stderr,
            self.get_environ(),
            multithread=True,
        )
        handler.request_handler = self  # type: ignore[attr-defined] # as the class above it does
        handler.run(self.server.get_app())  # type: ignore[attr-defined] # a WSGIServer, always

    log_message = staticmethod(lambda *_: None)  # type: ignore[assignment] # nothing is logged


class Server(socketserver.ThreadingMixIn, WSGIServer):
    """Each connection in a thread of its own, which ends with the process."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that went away is nobody's fault
            super().handle_error(request, client_address)

    @classmethod
    def started(cls, application: Application, host: str = "127.0.0.1") -> "Server":
        """Listening on a free port, served in the background."""
        server = cls((host, 0), _Handler)
        server.set_app(application)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """A header value such as `text/csv; version=2.0`: its main part, in lower case, and its parameters."""
    message = Message()
    message["Content-Type"] = value
    found = message.get_params(failobj=[("", "")])
    return found[0][0].strip().lower(), {name.lower(): text for name, text in found[1:]}


def multipart(body: bytes, boundary: str) -> list[tuple[str, str | None, bytes]]:
    """The parts of a form, in their order: name, file name, content."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))
    found = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        head, _, content = piece.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").split("\r\n")
        disposition = next((line for line in lines if line.lower().startswith("content-disposition:")), ":")
        _, fields = parameters(disposition.partition(":")[2].strip())
        found.append((fields.get("name", ""), fields.get("filename"), content))
    return found
