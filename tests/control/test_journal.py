"""The journal of requests: what is in it, how it is filtered, and what it never shows."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from dbcontract import openapi
from dbcontract.mockserver.sandbox.journal import mask

from .mock import NOW, Mock

LIMIT = 16 * 1024


def listing(mock: Mock) -> str:
    return f"/organizations/{mock.organization}/databases/"


def test_an_exchange_is_told_in_full(mock: Mock) -> None:
    path = listing(mock)
    response = mock.api("POST", f"{path}?page=2&x=%20y", json={"name": "Mine"})
    (entry,) = mock.journal()
    assert isinstance(entry.pop("milliseconds"), float)
    request, answer = entry.pop("request"), entry.pop("response")
    assert entry == {
        "number": 1,
        "request_id": response.headers["X-Request-Id"],
        "at": NOW,
        "operation": "createDatabase",
        "method": "POST",
        "path": f"/api{path}",
        "query": "page=2&x=%20y",
        "status": 201,
    }
    assert (request["body"], request["size"], request["truncated"]) == ('{"name": "Mine"}', 16, False)
    assert request["headers"]["content-type"] == "application/json"
    assert (answer["body"], answer["size"]) == (response.text, len(response.content))
    assert answer["headers"]["content-type"] == "application/json; version=2.0"


def test_what_the_journal_does_not_notice(mock: Mock) -> None:
    mock.control("GET", "/health")
    mock.send("GET", "/ui/")
    mock.send("GET", "/openapi.json")
    mock.send("GET", "/_mock/ui/")
    assert mock.journal() == []


def test_sandboxes_have_journals_of_their_own(sandbox: Callable[[], Mock]) -> None:
    one, other = sandbox(), sandbox()
    one.export()
    assert [entry["path"] for entry in one.journal()] == ["/database/export"]
    assert other.journal() == []


# The operation, whatever became of the request

DATABASE, RECORD = "6a0f0a36-5a0a-4a5c-9f1e-0d2f3c4b5a69", "kept"


@pytest.mark.parametrize(
    ("method", "path", "headers", "operation", "status"),
    [
        ("GET", "/database/export", {}, "exportDatabase", 200),
        ("POST", "/database/import", {}, "importDatabase", 204),
        ("HEAD", "/database/export", {}, "exportDatabase", 200),
        ("GET", f"/api/databases/{DATABASE}/records/", {}, "listRecords", 401),
        ("GET", f"/api/databases/{DATABASE}/records/", {"Authorization": "Token x"}, "listRecords", 404),
        ("GET", f"/api/databases/{DATABASE}/records", {"Authorization": "Token x"}, "listRecords", 404),
        (
            "GET",
            f"/api/databases/{DATABASE}/records/",
            {"Authorization": "Token x", "Accept": "application/json; version=9.9"},
            "listRecords",
            406,
        ),
        ("GET", "/api/databases/not-a-uuid/records/", {"Authorization": "Token x"}, "listRecords", 404),
        (
            "GET",
            f"/api/databases/{DATABASE}/records/{RECORD}/",
            {"Authorization": "Token x"},
            "getRecord",
            404,
        ),
        (
            "GET",
            f"/api/databases/{DATABASE}/records/a%2Fb%20c",
            {"Authorization": "Token x"},
            "getRecord",
            404,
        ),
        ("GET", "/api/databases/records/jobs/x/", {"Authorization": "Token x"}, "getExportJob", 404),
        ("POST", "/api/databases/records/jobs/", {"Authorization": "Token x"}, "createExportJob", 400),
        ("DELETE", "/database/export", {}, None, 405),
        ("GET", "/nowhere", {}, None, 404),
        ("GET", "/api/nowhere/", {}, None, 404),
        ("GET", "/_storage/nothing", {}, "downloadObject", 403),
        ("POST", "/_storage/", {}, "uploadObject", 412),
        ("GET", "/%FF", {}, None, 404),
    ],
)
def test_the_operation_is_known_whatever_became_of_it(  # noqa: PLR0917
    mock: Mock, method: str, path: str, headers: dict[str, str], operation: str | None, status: int
) -> None:
    mock.send(method, path, headers=headers)
    (entry,) = mock.journal()
    assert (entry["operation"], entry["status"]) == (operation, status)
    assert entry["path"] == path


# Bodies


@pytest.mark.parametrize(("status", "headers"), [(401, {}), (415, {"Content-Type": "text/plain"})])
def test_the_body_of_a_refused_request_is_there(mock: Mock, status: int, headers: dict[str, str]) -> None:
    token = mock.authorization if status != 401 else {}
    path = f"/api{listing(mock)}"
    assert mock.send("POST", path, data=b"never parsed", headers={**token, **headers}).status_code == status
    (entry,) = mock.journal()
    assert (entry["request"]["body"], entry["request"]["size"]) == ("never parsed", 12)


@pytest.mark.parametrize("fault", [{"status": 503}, {"connection": "drop"}])
def test_the_body_of_a_request_that_a_fault_answered_is_there(mock: Mock, fault: dict[str, Any]) -> None:
    mock.fault("importDatabase", **fault)
    try:
        mock.send("POST", "/database/import", data=b"lost")
    except OSError:
        assert "connection" in fault
    (entry,) = mock.journal()
    assert entry["request"]["body"] == "lost"


def test_a_forced_answer_is_in_the_journal_with_its_request(mock: Mock) -> None:
    mock.send("POST", "/database/import", data=b"lost", headers={"Prefer": "code=505"})
    (entry,) = mock.journal()
    assert (entry["request"]["body"], entry["status"]) == ("lost", 505)


def chunked(mock: Mock, chunks: list[bytes]) -> None:
    connection = http.client.HTTPConnection(urlsplit(mock.base).netloc, timeout=10)
    path = urlsplit(mock.base).path + "/database/import"
    connection.request("POST", path, body=iter(chunks), encode_chunked=True)
    connection.getresponse().read()
    connection.close()


def test_a_body_in_chunks(mock: Mock) -> None:
    chunked(mock, [b"one ", b"two ", b"three"])
    (entry,) = mock.journal()
    assert (entry["request"]["body"], entry["request"]["size"]) == ("one two three", 13)


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT, LIMIT + 1, 5 * LIMIT])
def test_bodies_are_cut_at_16_kib(mock: Mock, size: int) -> None:
    mock.send("POST", "/database/import", data=b"x" * size)
    chunked(mock, [b"x" * 1000] * (size // 1000))
    whole, pieces = mock.journal()
    assert whole["request"]["body"] == "x" * min(size, LIMIT)
    assert (whole["request"]["size"], whole["request"]["truncated"]) == (size, size > LIMIT)
    assert len(pieces["request"]["body"]) == min(size // 1000 * 1000, LIMIT)


def test_long_answers_are_cut_at_16_kib(mock: Mock) -> None:
    whole = mock.send("GET", "/database/export").content
    assert len(whole) > LIMIT
    answer = mock.journal()[0]["response"]
    assert answer["body"].encode() == whole[:LIMIT]
    assert (answer["size"], answer["truncated"]) == (len(whole), True)


def test_bytes_that_are_no_text_are_shown_as_far_as_possible(mock: Mock) -> None:
    mock.send("POST", "/database/import", data=b"a\xff\x00b")
    assert mock.journal()[0]["request"]["body"] == "a\ufffd\x00b"


# Secrets


def test_tokens_and_cookies_are_masked(mock: Mock) -> None:
    secret = "s3cr3t"
    headers = {
        "Authorization": f"Token {secret}",
        "Proxy-Authorization": secret,
        "Cookie": f"session={secret}",
        "X-API-Key": secret,
        "X-Other": "shown",
    }
    mock.send("GET", f"/api{listing(mock)}", headers=headers)
    mock.send("GET", f"/api{listing(mock)}", headers={"Authorization": secret})
    assert secret not in mock.send("GET", "/_mock/requests").text
    shown = mock.journal()[0]["request"]["headers"]
    assert shown["authorization"] == "Token ***"
    assert shown["x-other"] == "shown"


def test_what_is_named_as_a_secret_is_masked_in_query_body_and_any_header(mock: Mock) -> None:
    secret = "s3cr3t"
    headers = {"X-Auth-Token": secret, "X-Client-Secret": secret, "Private-Key": secret, "X-Tokens": "shown"}
    body = {"token": secret, "nested": {"api_key": secret, "Password": f'{secret}"{secret}'}, "name": "shown"}
    query = f"?token={secret}&access_token={secret}&page=1"
    mock.send("POST", f"/api{listing(mock)}{query}", headers=headers, json=body)
    entry = mock.journal()[-1]
    assert secret not in str(entry)
    assert entry["query"] == "token=***&access_token=***&page=1"
    assert entry["request"]["headers"]["x-tokens"] == "shown"
    assert '"name": "shown"' in entry["request"]["body"]


def test_the_token_of_a_request_is_masked_wherever_it_stands_in_it(mock: Mock) -> None:
    token = "a-long-token"
    headers = {"Authorization": f"Token {token}", "X-Copy": f"<{token}>"}
    mock.send("POST", f"/api/{token}?data__a={token}", headers=headers, data=f"{{{token}")
    entry = mock.journal()[-1]
    assert token not in str(entry)
    assert (entry["path"], entry["query"]) == ("/api/***", "data__a=***")
    assert entry["request"]["headers"]["x-copy"] == "<***>"


def test_signatures_are_masked_wherever_they_stand(mock: Mock) -> None:
    database = mock.new_database()
    created = mock.new_asset(database)
    signature = created["fields"]["x-amz-signature"]
    assert mock.upload(created, b"content").status_code == 204
    path = f"/databases/{database}/assets/{created['asset']['id']}/"
    mock.api("PATCH", path, json={"is_uploaded": True})
    location = mock.api("GET", path).headers["Location"]
    assert mock.send("GET", location).text == "content"
    job = mock.new_job(database)
    mock.control("PATCH", "/settings", {"job_pace": "immediate"})
    mock.control("POST", "/clock/advance", {"seconds": 2})
    data = mock.job(job)["data"]
    mock.put(database, "k", a=1)
    mock.control("POST", "/clock/advance", {"to": "next-midnight"})
    file = mock.archives(database)[0]["file"]
    text = mock.send("GET", "/_mock/requests").text
    for secret in (signature, *(link.rpartition("=")[2] for link in (location, data, file))):
        assert len(secret) == 64
        assert secret not in text
        assert secret[:16] not in text
    assert text.count("***") > 10
    uploaded = mock.journal(operation="uploadObject")[0]["request"]["body"]
    assert "content" in uploaded  # the form itself is there


def test_several_headers_of_one_name_are_all_shown(mock: Mock) -> None:
    address = urlsplit(mock.base)
    connection = http.client.HTTPConnection(address.netloc, timeout=10)
    connection.putrequest("GET", f"{address.path}/database/export")
    connection.putheader("X-Twice", "one")
    connection.putheader("X-Twice", "two")
    connection.endheaders()
    connection.getresponse().read()
    connection.close()
    assert mock.journal()[0]["request"]["headers"]["x-twice"] == "one, two"


# Filters


@pytest.fixture
def busy(mock: Mock) -> Mock:
    """A sandbox with a few exchanges, one a second."""
    path = f"/api{listing(mock)}"
    for method, place, headers in (
        ("GET", "/database/export", {}),
        ("POST", "/database/import", {}),
        ("GET", path, mock.authorization),
        ("GET", path, {}),
        ("POST", path, mock.authorization),
        ("GET", "/database/export", {"Prefer": "code=500"}),
        ("GET", "/api/a%20b", {}),
    ):
        mock.send(method, place, headers=headers)
        mock.control("POST", "/clock/advance", {"seconds": 1})
    return mock


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [1, 2, 3, 4, 5, 6, 7]),
    ({"operation": "exportDatabase"}, [1, 6]),
    ({"operation": "listDatabases"}, [3, 4]),
    ({"operation": "noSuchOperation"}, []),
    ({"method": "POST"}, [2, 5]),
    ({"method": "post"}, [2, 5]),
    ({"path": "/database/"}, [1, 2, 6]),
    ({"path": "organizations"}, [3, 4, 5]),
    ({"path": "a b"}, [7]),
    ({"path": "a%20b"}, [7]),
    ({"status": 401}, [4]),
    ({"status": 500}, [6]),
    ({"since": "2024-05-10T12:00:04Z"}, [5, 6, 7]),
    ({"since": "2024-05-10T14:00:05+02:00"}, [6, 7]),
    ({"since": "2024-05-10T12:00:04.000001Z"}, [6, 7]),
    ({"since": "2024-05-10T12:00:10Z"}, []),
    ({"operation": "exportDatabase", "status": 200, "method": "GET"}, [1]),
]


@pytest.mark.parametrize(("filters", "numbers"), FILTERS, ids=str)
def test_filters(busy: Mock, filters: dict[str, Any], numbers: list[int]) -> None:
    assert [entry["number"] for entry in busy.journal(**filters)] == numbers
    assert busy.control("POST", "/requests/count", filters, 200) == {"count": len(numbers)}


@pytest.mark.parametrize(("limit", "numbers"), [(0, []), (2, [3, 4]), (100, [3, 4])])
def test_at_most_so_many_the_latest(busy: Mock, limit: int, numbers: list[int]) -> None:
    assert [entry["number"] for entry in busy.journal(operation="listDatabases", limit=limit)] == numbers
    assert [entry["number"] for entry in busy.journal(limit=3)] == [5, 6, 7]


def test_counting_without_a_body_counts_all(busy: Mock) -> None:
    assert busy.send("POST", "/_mock/requests/count").json() == {"count": 7}


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"status": "x"}, "status"),
        ({"status": -1}, "status"),
        ({"status": 1000}, "status"),
        ({"since": "yesterday"}, "since"),
        ({"limit": -1}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"limit": "all"}, "limit"),
    ],
)
def test_a_bad_filter_is_refused_by_field(busy: Mock, filters: dict[str, Any], field: str) -> None:
    response = busy.send("GET", "/_mock/requests", params=filters)
    assert response.status_code == 400
    assert list(response.json()) == [field]
    if field != "limit":
        assert list(busy.control("POST", "/requests/count", filters, 400)) == [field]


def test_an_unknown_filter_of_counting_is_refused(busy: Mock) -> None:
    assert list(busy.control("POST", "/requests/count", {"verb": "GET"}, 400)) == ["verb"]


def test_clearing_forgets_but_goes_on_counting(busy: Mock) -> None:
    busy.control("DELETE", "/requests", status=204)
    assert busy.journal() == []
    busy.export()
    assert [entry["number"] for entry in busy.journal()] == [8]


def test_every_operation_is_recognized(mock: Mock) -> None:
    described = {
        (method.upper(), base + path): operation["operationId"]
        for api, base in (("pieces", ""), ("pixiebrix", "/api"))
        for path, item in openapi.load(api)["paths"].items()
        for method, operation in item.items()
        if method in {"get", "post", "put", "patch", "delete"}
    }
    for method, path in described:
        mock.send(method, path.replace("{", "").replace("}", ""))
    entries = mock.journal()
    assert [entry["operation"] for entry in entries] == list(described.values())
    assert json.dumps(entries)


def test_a_client_that_announces_more_than_it_sends_gets_its_answer(mock: Mock) -> None:
    address = urlsplit(mock.base)
    with socket.create_connection((address.hostname, address.port or 80), timeout=10) as connection:
        head = f"POST {address.path}/api{listing(mock)} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nhalf"
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")
    (entry,) = mock.journal()
    assert (entry["request"]["body"], entry["request"]["size"]) == ("half", 99)


def test_the_header_lines_of_a_part_may_be_many_and_long() -> None:
    head = 'name="x-amz-signature"' + f"\r\nX-More: {'a' * 300}" * 20 + "\r\n\r\n"
    assert mask(f"{head}hidden\r\nshown") == f"{head}***\r\nshown"


def test_a_text_that_only_begins_parts_of_forms_is_masked_quickly() -> None:
    """Looking for the end of each part would take an hour."""
    begun = 'name="x-amz-signature"\r\na' * 40_000
    assert mask(f"{begun}\r\n\r\nsecret\r\n").endswith("a\r\n\r\n***\r\n")
