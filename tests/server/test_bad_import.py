"""Bad input to Pieces OS: 500 in plain text with the reason, and nothing changed (contract: Pieces OS)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .client import Client
from .exports import FORMATS, OPTIONAL, REQUIRED, SCHEMA, export, formats, packed, without
from .mock import Running
from .raw import Answer, chunked, connection, literal

JSON = ("Content-Type", "application/json")
IMPORT = "/database/import"
SOME = ["persons", "relationships"]
"""Two of the collections: a required and an optional one."""


@pytest.fixture(autouse=True)
def untouched(pieces: Client) -> Iterator[None]:
    """Nothing in this file changes the database."""
    before = pieces.get("/database/export").content
    yield
    assert pieces.get("/database/export").content == before


def send(server: Running, body: Any, *headers: tuple[str, str | bytes]) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return literal(server.base_url, "POST", IMPORT, headers or [JSON], raw)


def reason(answer: Answer, status: int = 500) -> str:
    """The sentence of a refusal."""
    assert answer.status == status, (answer.status, answer.body[:500])
    assert answer.media_type == "text/plain"
    assert "Traceback" not in answer.text
    assert "Internal error" not in answer.text
    assert 5 < len(answer.text.strip()) < 1000
    return answer.text


def with_raw(field: str, value: bytes) -> bytes:
    """An export whose field is the given JSON text."""
    return json.dumps(export(**{field: "HERE"})).encode().replace(b'"HERE"', value)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"}",
        b"[",
        b'"',
        b" ",
        b"\n",
        b"\x00",
        b"persons",
        b"{'version': '9.2.1'}",
        b'{"version": "9.2.1",}',
        b'{"version": "9.2.1"} {}',
        b'{"version": NaN}',
        b'{"version": Infinity}',
        b'{"version": -Infinity}',
        b'{"version": 01}',
        b'{"version": 0x10}',
        b'{"version": undefined}',
        b"{version: 1}",
        b'{"version": "9.2.1" // comment\n}',
        b"\xff\xfe{}",
        b'{"version": "\xff"}',
        b'{"version": "\xed\xa0\x80"}',
        b'{"version": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"version": "\\x41"}',
        b'{"version": "a\nb"}',
        b'{"version": "\\u00"}',
        "{}".encode("utf-16"),
        "{}".encode("utf-32"),
        b"\xef\xbb\xbf{}",
        b"a=1&b=2",
        b"<export/>",
        b"\x1f\x8b\x08\x00",
        b'{"tags": [1e400]}',
        b'{"tags": [-1e400]}',
    ],
)
def test_a_body_that_is_not_json(server: Running, body: bytes) -> None:
    assert "JSON" in reason(send(server, body))


@pytest.mark.parametrize("value", [None, True, False, 0, 1.5, "", "text", [], [{}], [export()]])
def test_a_body_that_is_not_an_object(server: Running, value: Any) -> None:
    assert "object" in reason(send(server, value))


@pytest.mark.parametrize("depth", [201, 300, 1_000, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting(server: Running, depth: int, opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    deep = (opening * depth + "1" + closing * depth).encode()
    reason(send(server, deep))
    reason(send(server, with_raw("tags", deep)))
    reason(send(server, (opening * depth).encode()))
    inner = list(b'[{"id":"x","deep":' + deep + b"}]")
    if depth < 100_000:
        assert "tags" in reason(send(server, export(tags=inner)))


@pytest.mark.parametrize("field", [*REQUIRED, "values", "version"])
def test_a_missing_field(server: Running, field: str) -> None:
    assert field in reason(send(server, without(field)))


@pytest.mark.parametrize("field", [*REQUIRED, "values", "version"])
def test_a_required_field_that_is_null(server: Running, field: str) -> None:
    assert field in reason(send(server, export(**{field: None})))


def test_an_empty_object_lacks_everything(server: Running) -> None:
    assert "missing" in reason(send(server, {}))


@pytest.mark.parametrize(
    "field", ["person", "Tags", "", "version ", "values.iterable", "\x00", "ключ", "x" * 10_000]
)
def test_an_unknown_field(server: Running, field: str) -> None:
    text = reason(send(server, export(**{field: []})))
    assert (field[:20] if field.isprintable() else "field") in text


@pytest.mark.parametrize("field", SOME)
@pytest.mark.parametrize(
    "value", [{}, "[]", 0, True, {"0": 1}, [[]], ["1"], [None], [True], [1.0], [1.5], [{}]]
)
def test_a_collection_that_is_not_an_array_of_bytes(server: Running, field: str, value: Any) -> None:
    assert field in reason(send(server, export(**{field: value})))


@pytest.mark.parametrize("field", [*REQUIRED, *OPTIONAL])
def test_every_collection_is_checked(server: Running, field: str) -> None:
    assert field in reason(send(server, export(**{field: {}})))
    assert f"{field}[2]" in reason(send(server, export(**{field: [91, 93, 256]})))
    assert f"{field}[0]" in reason(send(server, export(**{field: [-1]})))
    assert field in reason(send(server, export(**{field: list(b"{}")})))
    assert field in reason(send(server, export(**{field: list(b"[{}]")})))


@pytest.mark.parametrize("field", SOME)
@pytest.mark.parametrize("number", [-1, 256, -256, 1_000, 2**31, 2**63, 2**64, -(2**64), 10**30, -(10**30)])
def test_a_number_that_is_not_a_byte(server: Running, field: str, number: int) -> None:
    for place in (0, 1, 17):
        numbers = packed({"id": "before"})
        numbers.insert(place, number)
        assert f"{field}[{place}]" in reason(send(server, export(**{field: numbers})))


@pytest.mark.parametrize(
    "text",
    [b"1e400", b"-1e400", b"9" * 5_000, b"-" + b"9" * 5_000, b"1" + b"0" * 30, b"0.1e1", b"1e2", b"255.0"],
)
@pytest.mark.parametrize("field", ["tags", "values"])
def test_a_number_that_no_machine_holds(server: Running, text: bytes, field: str) -> None:
    inside = b"[91," + text + b"]"
    if field == "values":
        inside = b'{"iterable":[{"id":"v","raw":' + inside + b"}]}"
    answer = reason(send(server, with_raw(field, inside)))
    assert field in answer or "JSON" in answer


@pytest.mark.parametrize("field", SOME)
@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"null",
        b"1",
        b"[1]",
        b"[null]",
        b"[[]]",
        b'["id"]',
        b"[{}]",
        b'[{"ID":"x"}]',
        b'[{"id":1}]',
        b'[{"id":null}]',
        b'[{"id":"a"},{"id":["b"]}]',
        b"[",
        b"not JSON",
        b"[{'id':'x'}]",
        b"\xff",
        b'[{"id":"\xff"}]',
        b'[{"id":"\\ud800"}]',
        b"\x00",
        b'[{"id":"x","n":1e400}]',
    ],
)
def test_bytes_that_are_no_collection(server: Running, field: str, content: bytes) -> None:
    assert field in reason(send(server, export(**{field: list(content)})))


@pytest.mark.parametrize("field", FORMATS)
@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], ""),
        ("x", ""),
        (1, ""),
        (True, ""),
        ({}, ".iterable"),
        ({"iterable": None}, ".iterable"),
        ({"iterable": {}}, ".iterable"),
        ({"iterable": "x"}, ".iterable"),
        ({"iterable": [], "more": 1}, '"more"'),
        ({"iterable": [None]}, ".iterable[0]"),
        ({"iterable": [[]]}, ".iterable[0]"),
        ({"iterable": [{}]}, ".iterable[0].id"),
        ({"iterable": [{"id": "x"}]}, ".iterable[0].raw"),
        ({"iterable": [{"raw": []}]}, ".iterable[0].id"),
        ({"iterable": [{"id": 1, "raw": []}]}, ".iterable[0].id"),
        ({"iterable": [{"id": None, "raw": []}]}, ".iterable[0].id"),
        ({"iterable": [{"id": "x", "raw": None}]}, ".iterable[0].raw"),
        ({"iterable": [{"id": "x", "raw": "x"}]}, ".iterable[0].raw"),
        ({"iterable": [{"id": "x", "raw": [256]}]}, ".iterable[0].raw[0]"),
        ({"iterable": [{"id": "x", "raw": [1, True]}]}, ".iterable[0].raw[1]"),
        ({"iterable": [{"id": "x", "raw": [0, 1, 2.0]}]}, ".iterable[0].raw[2]"),
        ({"iterable": [{"id": "x", "raw": [], "size": 1}]}, '"size"'),
        ({"iterable": [{"id": "a", "raw": []}, {"id": "b", "raw": [-1]}]}, ".iterable[1].raw[0]"),
        ({"iterable": [{"id": "x", "raw": [], "schema": []}]}, ".iterable[0].schema"),
        ({"iterable": [{"id": "x", "raw": [], "schema": {}}]}, ".iterable[0].schema.migration"),
        (
            {"iterable": [{"id": "x", "raw": [], "schema": {"migration": 1}}]},
            ".iterable[0].schema.semantic",
        ),
        (
            {"iterable": [{"id": "x", "raw": [], "schema": {"migration": "1", "semantic": "UNKNOWN"}}]},
            ".iterable[0].schema.migration",
        ),
    ],
)
def test_formats_that_are_malformed(server: Running, field: str, value: Any, place: str) -> None:
    text = reason(send(server, export(**{field: value})))
    assert field in text
    assert place in text


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ([], "schema"),
        ("UNKNOWN", "schema"),
        (77, "schema"),
        (False, "schema"),
        ({}, "schema.migration"),
        ({"semantic": "UNKNOWN"}, "schema.migration"),
        ({"migration": 1}, "schema.semantic"),
        ({"migration": None, "semantic": "UNKNOWN"}, "schema.migration"),
        ({"migration": "1", "semantic": "UNKNOWN"}, "schema.migration"),
        ({"migration": True, "semantic": "UNKNOWN"}, "schema.migration"),
        ({"migration": 1.0, "semantic": "UNKNOWN"}, "schema.migration"),
        ({"migration": [1], "semantic": "UNKNOWN"}, "schema.migration"),
        ({"migration": 1, "semantic": None}, "schema.semantic"),
        ({"migration": 1, "semantic": "unknown"}, "schema.semantic"),
        ({"migration": 1, "semantic": "MAJOR_0_MINOR_0_PATCH_2"}, "schema.semantic"),
        ({"migration": 1, "semantic": 0}, "schema.semantic"),
        ({"migration": 1, "semantic": ["UNKNOWN"]}, "schema.semantic"),
        ({"migration": 1, "semantic": {}}, "schema.semantic"),
        ({"migration": 1, "semantic": "UNKNOWN", "extra": 1}, '"extra"'),
    ],
)
def test_a_schema_that_is_malformed(server: Running, schema: Any, place: str) -> None:
    assert place in reason(send(server, export(schema=schema)))


@pytest.mark.parametrize(
    "value", [9, 9.2, True, [], {}, ["9.2.1"], "9.2.1\x00", "9.2.1\n", " 9.2.1", "9" * 10_000]
)
def test_a_version_of_a_wrong_kind(server: Running, value: Any) -> None:
    assert "version" in reason(send(server, export(version=value)))


CONTENT_TYPES: list[str | bytes] = [
    "garbage",
    "/",
    ";",
    ",",
    "application",
    "application/",
    "/json",
    "text/plain",
    "text/html; charset=utf-8",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "application/json-seq",
    "application/json; charset=utf-16",
    "application/json; charset=latin-1",
    "application/json; charset=nonsense",
    "application/json, text/plain",
    "*/*",
    "x" * 5_000,
    "application/jsön",
    "приложение/json".encode(),
    b"\xff\xfe",
    "application/json; charset=\xfc\xf6",
]


@pytest.mark.parametrize("kind", CONTENT_TYPES)
def test_a_content_type_that_is_not_json(server: Running, kind: str | bytes) -> None:
    body = export(tags=packed({"id": "never"}))
    assert "media type" in reason(send(server, body, ("Content-Type", kind)))


@pytest.mark.parametrize("size", [1, 10, 5_000_000])
def test_a_chunked_body_that_is_malformed(server: Running, size: int) -> None:
    chunk = b"[" * size
    reason(chunked(server.base_url, "POST", IMPORT, [JSON], chunk[: size // 2], chunk[size // 2 :]))


def test_a_large_body_with_one_bad_byte_at_its_end(server: Running) -> None:
    numbers = b"[" + b"91," * 1_700_000 + b"300]"
    assert len(numbers) > 5_000_000
    assert "websites[1700000]" in reason(send(server, with_raw("websites", numbers)))


def test_a_large_body_that_is_not_json(server: Running) -> None:
    reason(send(server, b'{"version":"' + b"x" * 5_000_000))


def test_many_unknown_fields(server: Running) -> None:
    reason(send(server, export(**{f"field{n}": n for n in range(50_000)})))


def test_a_body_above_every_bound(server: Running) -> None:
    assert "bytes" in reason(send(server, b" " * (64 * 1024 * 1024 + 1)))


def test_a_client_that_hangs_up_in_the_middle(server: Running) -> None:
    body = json.dumps(export(tags=packed({"id": "never"}))).encode()
    with connection(server.base_url) as sock:
        head = f"POST {IMPORT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body) + 1}\r\n\r\n"
        sock.sendall(head.encode() + body)
    with connection(server.base_url) as sock:
        sock.sendall(
            b"POST /database/import HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}"
        )


@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: x",
        "Content-Length: -1",
        "Content-Length: 1\r\nContent-Length: 2",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        "X-Null: a\x00b",
    ],
)
def test_framing_that_is_not_http(server: Running, lines: str) -> None:
    with connection(server.base_url) as sock:
        sock.sendall(f"POST {IMPORT} HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n".encode())
        answer = sock.recv(10_000)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 500 "))
    assert b"Traceback" not in answer


def test_formats_with_a_duplicate_key_take_the_last_one_or_refuse(server: Running) -> None:
    body = with_raw("values", b'{"iterable":[],"iterable":[{"id":"v","raw":[256]}]}')
    assert "values" in reason(send(server, body))
    body = with_raw("tags", b'[256],"tags":[256]')
    assert "tags" in reason(send(server, body))


def test_an_export_ignores_a_query_and_a_body(server: Running, pieces: Client) -> None:
    expected = pieces.get("/database/export").content
    answer = literal(server.base_url, "GET", "/database/export?x=1&x=2&page=-1&%zz", [JSON], b"{")
    assert (answer.status, answer.body) == (200, expected)


def test_what_was_sent_above_is_refused_for_its_fault_alone(server: Running) -> None:
    assert send(server, export(values=formats(), schema=SCHEMA)).status == 204
