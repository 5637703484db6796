"""Servers that no client would like: what each does with a connection once a request has come."""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping

Behaviour = Callable[[socket.socket, threading.Event, bytes], None]

_JSON = b"Content-Type: application/json; version=2.0\r\n"


def _answer(*parts: bytes) -> Behaviour:
    def behave(connection: socket.socket, _over: threading.Event, _head: bytes) -> None:
        for part in parts:
            connection.sendall(part)

    return behave


def _whole(body: bytes, headers: bytes = _JSON) -> Behaviour:
    return _answer(b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n" % (headers, len(body)), body)


def _silent(_connection: socket.socket, over: threading.Event, _head: bytes) -> None:
    over.wait(30)


def _endless(connection: socket.socket, over: threading.Event, _head: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n" % _JSON)
    while not over.is_set():
        connection.sendall(b"1000\r\n" + b"x" * 4_096 + b"\r\n")


def _tiny_chunks(connection: socket.socket, over: threading.Event, _head: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n" % _JSON)
    while not over.is_set():
        connection.sendall(b"1\r\nx\r\n" * 1_000)


def _drip(connection: socket.socket, over: threading.Event, _head: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n%sContent-Length: 100000\r\n\r\n" % _JSON)
    while not over.wait(0.05):
        connection.sendall(b"x")


def _dripping_head(connection: socket.socket, over: threading.Event, _head: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.wait(0.05):
        connection.sendall(b"X-A: y\r\n")


def _reset(connection: socket.socket, _over: threading.Event, _head: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _endless_interim(connection: socket.socket, over: threading.Event, _head: bytes) -> None:
    while not over.is_set():
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 100)


def _endless_continue(connection: socket.socket, over: threading.Event, _head: bytes) -> None:
    while not over.is_set():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def _reflecting(connection: socket.socket, _over: threading.Event, head: bytes) -> None:
    """Sends all that was sent back, in a header, in the reason and in the body."""
    lines = head.decode("latin-1").split("\r\n")
    token = next((line.split(" ")[-1] for line in lines if line.lower().startswith("authorization:")), "none")
    body = json.dumps({token: lines, "hex": token.encode().hex()}).encode()
    connection.sendall(
        f"HTTP/1.1 200 {token}\r\nX-{token}: {token}\r\nContent-Type: application/json; x={token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode("latin-1")
        + body
    )


def _loop(connection: socket.socket, _over: threading.Event, head: bytes) -> None:
    path = head.split(b" ")[1][:500]
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: %s0\r\nContent-Length: 0\r\n\r\n" % path)


HOSTILE: Mapping[str, Behaviour] = {
    "silent": _silent,
    "endless": _endless,
    "endless in chunks of one byte": _tiny_chunks,
    "a byte at a time": _drip,
    "a head without end": _dripping_head,
    "resetting": _reset,
    "a length too long": _answer(b"HTTP/1.1 200 OK\r\n%sContent-Length: 9999999\r\n\r\n[" % _JSON),
    "a length too short": _answer(b"HTTP/1.1 200 OK\r\n%sContent-Length: 1\r\n\r\n[1, 2, 3]" % _JSON),
    "a length of thirty digits": _answer(b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n[" % (b"9" * 30)),
    "a length that is not one": _answer(b"HTTP/1.1 200 OK\r\n%sContent-Length: -5, x\r\n\r\n[]" % _JSON),
    "interim answers for ever": _endless_interim,
    "100 for ever": _endless_continue,
    "another protocol": _answer(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
    "huge headers": _answer(b"HTTP/1.1 200 OK\r\n" + (b"X-A: %s\r\n" % (b"y" * 60_000)) * 90 + b"\r\n"),
    "many headers": _answer(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5_000 + b"\r\n"),
    "a Link without end": _whole(b"[]", _JSON + b"Link: " + b"<" * 60_000 + b"\r\n"),
    "a Link of quotes": _whole(b"[]", _JSON + b"Link: " + b'<a>;"' * 12_000 + b"\r\n"),
    "a slow charset": _whole(b"a-" + b"b" * 200_000, b"Content-Type: application/json; charset=punycode\r\n"),
    "a type of quotes": _whole(b"[]", b"Content-Type: a/b" + b';x="' * 15_000 + b"\r\n"),
    "a deep body": _whole(b"[" * 200_000 + b"]" * 200_000),
    "a deep object": _whole(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "mistakes without end": _whole(b'{"values": {"iterable": [%s{}]}}' % (b"{}," * 10_000)),
    "a number of a million digits": _whole(b"[" + b"9" * 1_000_000 + b"]"),
    "a packed bomb": _whole(gzip.compress(b"[" + b" " * 50_000_000), _JSON + b"Content-Encoding: gzip\r\n"),
    "control characters": _whole(b'["\x1b]0;owned\x07\xe2\x80\xae"]', _JSON + b"X-\x1b[2J: \x1b[31m\r\n"),
    "no HTTP": _answer(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "nothing but zeros": _answer(b"\0" * 100_000),
    "reflecting": _reflecting,
    "redirecting for ever": _loop,
}
