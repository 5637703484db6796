"""A small forward proxy: absolute-form for http, CONNECT for https; it looks the names up itself."""

import base64
import contextlib
import select
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Forwarding:
    """A running proxy.

    Attributes:
        url: of the proxy, with the credentials that it wants.
        places: where the names lead that only the proxy knows.
        heads: the requests that came, up to their empty line.
    """

    url: str
    places: Mapping[str, tuple[str, int]]
    credentials: str | None = None
    heads: list[str] = field(default_factory=list)
    problem: bytes | None = None


@contextlib.contextmanager
def forwarding(
    places: Mapping[str, tuple[str, int]], credentials: str | None = None, problem: bytes | None = None
) -> Iterator[Forwarding]:
    """Run a proxy; with a `problem` it answers that, whatever is asked."""
    running = Forwarding("", places, credentials, problem=problem)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                _serve(running, self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        user = f"{credentials}@" if credentials else ""
        running.url = f"http://{user}127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        server.shutdown()
        thread.join()


def _serve(running: Forwarding, client: socket.socket) -> None:
    head, rest = _head(client)
    if not head:
        return
    running.heads.append(head)
    if running.problem is not None:
        client.sendall(running.problem)
        return
    wanted = base64.b64encode((running.credentials or "").encode()).decode()
    if running.credentials and f"Proxy-Authorization: Basic {wanted}" not in head:
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        return
    method, target, _ = head.split("\r\n", 1)[0].split(" ")
    name = target if method == "CONNECT" else urlsplit(target).netloc
    place = running.places.get(name)
    if place is None:
        client.sendall(
            b"HTTP/1.1 502 Bad Gateway\r\nProxy-Status: a; error=dns_error\r\nContent-Length: 0\r\n\r\n"
        )
        return
    with socket.create_connection(place, timeout=5) as there:
        if method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
        else:
            lines = head.replace(target, target.split(name, 1)[1], 1).split("\r\n")
            kept = [line for line in lines if not line.startswith("Proxy-Authorization:")]
            # One request a connection: what follows on it would have to be read, too.
            kept[1:1] = ["Connection: close"]
            there.sendall("\r\n".join(kept).encode("latin-1") + rest)
        _pump(client, there)


def _head(client: socket.socket) -> tuple[str, bytes]:
    content = b""
    while b"\r\n\r\n" not in content:
        part = client.recv(65_536)
        if not part:
            return "", b""
        content += part
    head, _, rest = content.partition(b"\r\n\r\n")
    return head.decode("latin-1") + "\r\n\r\n", rest


def _pump(one: socket.socket, other: socket.socket) -> None:
    """One request a connection for http, anything for a tunnel: bytes both ways until somebody closes."""
    while True:
        readable, _, _ = select.select([one, other], [], [], 10)
        if not readable:
            return
        for here in readable:
            part = here.recv(65_536)
            if not part:
                return
            (other if here is one else one).sendall(part)
