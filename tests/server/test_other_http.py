"""Clients that speak HTTP in another way: offers to upgrade, HTTP/1.0, bare characters, compressed bodies."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from urllib.parse import urlsplit

import pytest

from .client import TOKEN, V2, Client, PixieBrix, detail_of
from .raw import Answer, chunked, connection, literal

OFFER = [
    ("Connection", "Upgrade, HTTP2-Settings"),
    ("Upgrade", "h2c"),
    ("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA"),
]
WEBSOCKET = [
    ("Connection", "keep-alive, Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
]
AUTH = ("Authorization", f"Token {TOKEN}")
JSON = ("Content-Type", "application/json")


@pytest.fixture
def database(pb: PixieBrix) -> str:
    return pb.new_database()


# Offers of another protocol


@pytest.mark.parametrize("offer", [OFFER, WEBSOCKET], ids=["h2c", "websocket"])
@pytest.mark.parametrize("in_chunks", [False, True])
def test_the_body_is_read_although_another_protocol_is_offered(
    pb: PixieBrix, database: str, offer: list[tuple[str, str]], in_chunks: bool
) -> None:
    body = json.dumps({"id": "a", "data": {"text": "x" * 200_000}}).encode()
    target, headers = f"/api/databases/{database}/records/", [AUTH, JSON, *offer]
    if in_chunks:
        answer = chunked(pb.running.base_url, "POST", target, headers, body[:10], body[10:])
    else:
        answer = literal(pb.running.base_url, "POST", target, headers, body)
    assert answer.status == 201
    (record,) = pb.records(database)
    assert record["data"]["text"] == "x" * 200_000


def test_an_import_with_an_offer_is_an_import(pieces: Client, pb: PixieBrix) -> None:
    export = pieces.get("/database/export").json()
    export["values"]["iterable"].append({"id": "offered", "raw": [1]})
    body = json.dumps(export).encode()
    answer = literal(pb.running.base_url, "POST", "/database/import", [JSON, *OFFER], body)
    assert answer.status == 204
    now = pieces.get("/database/export").json()["values"]["iterable"]
    assert "offered" in {entry["id"] for entry in now}
    refused = literal(pb.running.base_url, "POST", "/database/import", [JSON, *OFFER], b'{"no": 1}')
    assert refused.status == 500


def test_a_head_in_pieces_and_what_comes_after_it(pb: PixieBrix, database: str) -> None:
    """The offer may arrive split anywhere, and the connection goes on with the next request."""
    body = b'{"id":"split","data":{}}'
    lines = [b"POST /api/databases/%b/records/?x=1 HTTP/1.1" % database.encode(), b"Host: mock"]
    lines += [f"{name}: {value}".encode() for name, value in (AUTH, JSON, *OFFER)]
    lines.append(b"Content-Length: %d" % len(body))
    request = b"\r\n".join([*lines, b"", body])
    with connection(pb.running.base_url) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(request), 7):
            sock.sendall(request[start : start + 7])
        assert _answer(sock) == (201, "split")
        for number in range(2):
            sock.sendall(request.replace(b'"split"', b'"next%d"' % number))
            assert _answer(sock) == (201, f"next{number}")
    assert pb.keys(database) == ["split", "next0", "next1"]


def _answer(sock: socket.socket) -> tuple[int, str]:
    response = http.client.HTTPResponse(sock, method="POST")
    response.begin()
    return response.status, json.loads(response.read())["id"]


def test_two_offers_at_once_are_two_requests(pb: PixieBrix) -> None:
    request = b"GET /api/health/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    with connection(pb.running.base_url) as sock:
        sock.sendall(request * 3)
        received = b""
        while received.count(b'{"status":"ok"}') < 3:
            received += sock.recv(65_536)
    assert received.count(b"HTTP/1.1 200 OK") == 3


def test_connect_is_refused(pb: PixieBrix) -> None:
    with connection(pb.running.base_url) as sock:
        sock.sendall(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
        assert sock.recv(65_536).startswith(b"HTTP/1.1 400 ")


# HTTP/1.0


@pytest.mark.parametrize("size", [1, 3_000])
def test_http_1_0_gets_no_chunks(pb: PixieBrix, database: str, size: int) -> None:
    pb.write(database, *({"id": str(n), "data": {"text": "x" * 100}} for n in range(size)))
    path = f"/api/databases/{database}/records/?page_size=10000"
    answer = _http_1_0(pb, path)
    assert answer.status == 200
    assert "Transfer-Encoding" not in answer.headers
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert len(json.loads(answer.body)) == size
    assert answer.body == literal(pb.running.base_url, "GET", path, [AUTH]).body


def test_http_1_0_without_a_body(pb: PixieBrix, database: str) -> None:
    answer = _http_1_0(pb, f"/api/databases/{database}/records/", "DELETE")
    assert (answer.status, answer.body) == (204, b"")
    assert {"Content-Length", "Transfer-Encoding"}.isdisjoint(answer.headers.keys())


def _http_1_0(pb: PixieBrix, path: str, method: str = "GET") -> Answer:
    """One request as HTTP/1.0, read until the server closes: the headers say nothing that is not so."""
    host = urlsplit(pb.running.base_url).netloc
    with connection(pb.running.base_url) as sock:
        sock.sendall(f"{method} {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Token t\r\n\r\n".encode())
        head, _, body = b"".join(iter(lambda: sock.recv(65_536), b"")).partition(b"\r\n\r\n")
    status, _, lines = head.partition(b"\r\n")
    headers = http.client.HTTPMessage()
    for line in lines.decode().split("\r\n"):
        name, _, value = line.partition(": ")
        headers[name] = value
    return Answer(int(status.split()[1]), headers, body)


# Bare characters


def test_what_ends_a_link_is_encoded_in_it(pb: PixieBrix, database: str) -> None:
    pb.write(database, *({"id": str(n), "data": {'<">': "<\\|>"}} for n in range(3)))
    query = 'page_size=1&data__<">=<\\|>&x="; rel="evil'.replace(" ", "%20")
    path = f"/api/databases/{database}/records/"
    answer = literal(pb.running.base_url, "GET", f"{path}?{query}", [AUTH, *V2.items()])
    assert answer.status == 200
    link = answer.headers["Link"]
    assert link.count("<") == link.count(">") == 1
    assert link.count('"') == 2
    assert "page_size=1&data__%3C%22%3E=%3C%5C%7C%3E" in link
    following = pb.get(link.partition(">")[0].lstrip("<"), headers=V2)
    assert [record["id"] for record in following.json()] == ["1"]


# Compressed bodies


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate, gzip", "x-nonsense"])
def test_a_compressed_body_is_refused_by_name(pb: PixieBrix, database: str, coding: str) -> None:
    body = gzip.compress(b'{"id":"a","data":{}}')
    answer = pb.post(
        f"/databases/{database}/records/",
        data=body,
        headers={"Content-Encoding": coding, "Content-Type": "application/json"},
    )
    assert coding.partition(",")[0] in detail_of(answer, 415)
    assert answer.headers["Accept-Encoding"] == "identity"
    assert pb.keys(database) == []


@pytest.mark.parametrize("coding", ["identity", ""])
def test_no_compression_may_be_named(pb: PixieBrix, database: str, coding: str) -> None:
    headers = {"Content-Encoding": coding}
    answer = pb.post(f"/databases/{database}/records/", json={"id": "a", "data": {}}, headers=headers)
    assert answer.status_code == 201


def test_pieces_and_the_control_api_refuse_it_too(pb: PixieBrix, pieces: Client) -> None:
    headers = {"Content-Encoding": "gzip"}
    answer = pieces.post("/database/import", data=gzip.compress(b"{}"), headers=headers)
    assert answer.status_code == 500
    assert "gzip" in answer.text
    base = pb.running.base_url
    settings = pb.request("PATCH", f"{base}/_mock/settings", data=gzip.compress(b"{}"), headers=headers)
    assert "gzip" in detail_of(settings, 400)
