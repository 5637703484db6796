"""What is larger than a user allows is refused, or goes, and nothing changes by it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from dbcontract.mockserver.sandbox.errors import SettingsError
from dbcontract.mockserver.sandbox.limits import Limits

from .asking import AUTH
from .client import PixieBrix
from .mock import Running
from .raw import chunked, connection, literal

SMALL = Limits(
    url=300,
    head=1_024,
    head_seconds=1,
    body=2_000,
    snapshot=1_024,
    upload=10,
    journal=3,
    journal_bytes=6_000,
    journal_body=1_000,
    faults=2,
)
PAGE = Path(__file__).parents[2] / "docs" / "limits.md"


@pytest.fixture(scope="module")
def small(module_start: Callable[..., Running]) -> Running:
    return module_start(limits=SMALL)


def control(running: Running, method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(method, f"{running.base_url}/_mock{path}", json=body, timeout=10)


def test_a_url_and_a_head_are_bounded(small: Running) -> None:
    statuses = [
        literal(small.base_url, "GET", "/" + "a" * 299).status,
        literal(small.base_url, "GET", "/" + "a" * 300).status,
        literal(small.base_url, "GET", "/database/export", [("X", "a" * 700)]).status,
        literal(small.base_url, "GET", "/database/export", [("X", "a" * 1_024)]).status,
    ]
    assert statuses == [404, 414, 200, 431]


@pytest.mark.parametrize("begun", [b"", b"GET /database/export HTTP/1.1\r\nHost: a\r\nX: "])
def test_a_head_that_does_not_come_is_not_waited_for(small: Running, begun: bytes) -> None:
    with connection(small.base_url) as sock:
        sock.sendall(begun)
        received = b"".join(iter(lambda: sock.recv(1_000), b""))
    assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"within 1 seconds" in received


def test_a_second_head_on_a_connection_is_not_waited_for_either(small: Running) -> None:
    with connection(small.base_url) as sock:
        sock.sendall(b"GET /database/export HTTP/1.1\r\nHost: a\r\n\r\nGET /database/exp")
        received = b"".join(iter(lambda: sock.recv(65_536), b""))
    assert re.findall(rb"HTTP/1.1 (\d{3}) ", received) == [b"200", b"408"]


def test_a_body_may_take_longer_than_a_head(small: Running) -> None:
    with connection(small.base_url) as sock:
        sock.sendall(
            b"POST /_mock/requests/count HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        )
        sock.settimeout(1.5)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.settimeout(20)
        sock.sendall(b"{}")
        assert sock.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_is_bounded(small: Running, is_chunked: bool) -> None:
    pb = PixieBrix(small)
    path, record = f"/api/databases/{pb.new_database('x')}/records/", b'{"id": "a", "data": {"t": "%b"}}'
    headers = [AUTH, ("Content-Type", "application/json")]

    def send(path: str, body: bytes) -> tuple[int, bytes]:
        answer = (
            chunked(small.base_url, "POST", path, headers, body[:9], body[9:])
            if is_chunked
            else literal(small.base_url, "POST", path, headers, body)
        )
        return answer.status, answer.body

    longest = record % (b"x" * (2_000 - len(record) + 2))
    assert len(longest) == 2_000
    assert send(path, longest)[0] == 201
    status, text = send(path, longest + b" ")
    assert (status, b"larger than 2000 bytes" in text) == (400, True)
    status, text = send("/database/import", b" " * 2_001)
    assert (status, b"larger than 2000 bytes" in text) == (500, True)
    status, text = send("/_mock/reset", b" " * 2_001)
    assert (status, b"larger than 2000 bytes" in text) == (400, True)


def test_a_snapshot_is_bounded_on_its_own(small: Running) -> None:
    before = control(small, "GET", "/state").content
    assert len(before) > SMALL.snapshot
    refused = requests.put(f"{small.base_url}/_mock/state", before, timeout=10)
    assert refused.status_code == 400
    assert "larger than 1024 bytes" in refused.text


@pytest.mark.parametrize(("size", "status"), [(10, 204), (11, 400)])
def test_an_upload_is_bounded(small: Running, size: int, status: int) -> None:
    pb = PixieBrix(small)
    created = pb.new_asset(pb.new_database("x"))
    files = {"file": ("a", b"x" * size)}
    answer = requests.post(created["upload_url"], created["fields"], files=files, timeout=10)
    assert answer.status_code == status
    assert ("EntityTooLarge" in answer.text) is (status == 400)


def test_the_journal_is_bounded_by_exchanges_and_by_what_they_take(small: Running) -> None:
    control(small, "DELETE", "/requests")
    for number in range(5):
        requests.get(f"{small.base_url}/nowhere/{number}", timeout=10)
    paths = [entry["path"] for entry in control(small, "GET", "/requests").json()]
    assert paths == ["/nowhere/2", "/nowhere/3", "/nowhere/4"]
    body = "x" * 1_900
    for _ in range(3):
        requests.post(f"{small.base_url}/database/import", body, headers={"X": "y" * 700}, timeout=10)
    kept = control(small, "GET", "/requests").json()
    assert [one["request"]["body"] for one in kept] == ["x" * 1_000] * 2
    assert all(one["request"]["truncated"] for one in kept)
    assert control(small, "POST", "/requests/count", {}).json() == {"count": 2}


def test_the_faults_are_bounded(small: Running) -> None:
    order = {"operation": "exportDatabase", "status": 503}
    statuses = [control(small, "POST", "/faults", order).status_code for _ in range(3)]
    assert statuses == [201, 201, 400]
    assert "2 faults" in control(small, "POST", "/faults", order).text
    control(small, "DELETE", "/faults")
    assert control(small, "POST", "/faults", order).status_code == 201
    control(small, "DELETE", "/faults")


def test_the_page_has_every_limit_with_its_default() -> None:
    told = re.findall(r"`--limit (\w+=\w+)`", PAGE.read_text())
    assert len(told) == len(dataclasses.fields(Limits))
    assert [Limits.parse([one]) for one in told] == [Limits()] * len(told)
    assert {one.partition("=")[0] for one in told} == {one.name for one in dataclasses.fields(Limits)}


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("4096", 4_096), ("64k", 65_536), ("64KiB", 65_536), ("64 kB", 64_000), ("1mb", 10**6), ("1G", 2**30)],
)
def test_a_size_has_a_unit_or_none(text: str, bytes_: int) -> None:
    assert Limits.parse([f"body={text}"]) == Limits(body=bytes_)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bodies=1MB", "limit bodies=1MB: write NAME=VALUE, with one of url, head, "),
        ("body", "limit body=: write a size of 1024 bytes or more, such as "),
        ("body=much", "limit body=much: write a size "),
        ("body=1", "limit body=1: write a size of 1024 bytes or more"),
        ("body=-1", "limit body=-1: write a size "),
        ("journal=1k", "limit journal=1k: write a whole number, 0 or more"),
        ("head_seconds=0", "limit head_seconds=0: write a whole number, 1 or more"),
    ],
)
def test_a_limit_that_cannot_be_is_told(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as error:
        Limits.parse([text])
    assert str(error.value).startswith(told)
