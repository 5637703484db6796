"""A proxy in a thread before any server, and a server that answers as a test writes it, byte by byte."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.proxy.app import Options, Proxy
from dbcontract.conformance.proxy.run import ProxyThread
from dbcontract.conformance.proxy.upstreams import Upstreams, upstream_of
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.watching.observer import Judged, Observer
from dbcontract.conformance.watching.outcome import Session, outcome

SESSION = Session(
    "the target", "dbcontract proxy URL", "dbcontract check URL", "", "2026-01-01T00:00:00Z", 1.0, "0", {}
)


@dataclass
class Watched:
    """A proxy that runs."""

    base_url: str
    observer: Observer
    rules: Catalogue
    lines: list[Judged] = field(default_factory=list)

    def result(self) -> RunResult:
        """What was seen so far; nothing more is judged."""
        self.observer.close()
        return outcome(self.observer, self.rules.rules, SESSION)

    def verdicts(self) -> dict[str, Verdict]:
        return {one.rule.id: one.verdict for one in self.result().results}

    def bad(self) -> dict[str, Verdict]:
        """The rules that do not hold."""
        return {rule: one for rule, one in self.verdicts().items() if one in {Verdict.FAILED, Verdict.WARNED}}


@contextlib.contextmanager
def watched(
    url: str,
    rules: Catalogue,
    descriptions: Mapping[str, Description],
    *,
    storages: tuple[str, ...] = (),
    options: Options | None = None,
    **observing: Any,
) -> Iterator[Watched]:
    lines: list[Judged] = []
    observer = Observer(url, rules.rules, descriptions, listener=lines.append, **observing)
    upstreams = Upstreams(
        upstream_of(url, where="URL"), [upstream_of(one, where="URL", prefixed=True) for one in storages]
    )
    with ProxyThread(Proxy(upstreams, observer, options)) as running:
        yield Watched(running.base_url, observer, rules, lines)


class Raw:
    """A server that reads one request from each connection, and leaves what follows to a function.

    Attributes:
        heads: of the requests, as they came.
    """

    def __init__(
        self, answer: Callable[[socket.socket, bytes], None], tls: ssl.SSLContext | None = None
    ) -> None:
        self._answer = answer
        self._tls = tls
        self.heads: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), self._ready(connection) as ready:
            got = b""
            while b"\r\n\r\n" not in got:
                part = ready.recv(65_536)
                if not part:
                    return
                got += part
            head, _, rest = got.partition(b"\r\n\r\n")
            self.heads.append(head)
            self._answer(ready, rest)

    def _ready(self, plain: socket.socket) -> socket.socket:
        return plain if self._tls is None else self._tls.wrap_socket(plain, server_side=True)

    def close(self) -> None:
        self._listening.close()


def says(answer: bytes) -> Callable[[socket.socket, bytes], None]:
    """Give the same answer to every request."""

    def give(connection: socket.socket, _: bytes) -> None:
        connection.sendall(answer)

    return give


def exchange(url: str, request: bytes, *, until: bytes | None = None) -> bytes:
    """Send bytes to a server, and read until it closes or says something."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        got = b""
        # who is refused before all was read is reset
        with contextlib.suppress(ConnectionResetError):
            while until is None or until not in got:
                part = connection.recv(65_536)
                if not part:
                    break
                got += part
        return got
