"""What is read faster than by the standard library is read alike."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Callable
from typing import IO, Any

import pytest

from dbcontract.conformance.http.head import headers_of
from dbcontract.plain_json import read_json

HEADS = {
    "usual": b"Date: Mon, 30 Nov 2026\r\ncontent-type: a/b; c=1\r\nX-A:\r\nX-B:\t b  c \r\n\r\nrest",
    "twice": b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "goes on": b"a: b\r\n c\r\n\r\n",
    "begins with a blank": b" a: b\r\n\r\n",
    "blank before the colon": b"a : b\r\n\r\n",
    "bare line feeds": b"a: b\nc: d\n\n",
    "a bare carriage return": b"a: b\rc: d\r\n\r\n",
    "a form feed": b"a: b\x0cc: d\r\n\r\n",
    "not ASCII": b"a: \xe4\r\n\r\n",
    "no name": b": b\r\n\r\n",
    "no colon": b"a\r\nb: c\r\n\r\n",
    "an envelope": b"a: b\r\nFrom c\r\nd: e\r\n\r\n",
    "ends within": b"a: b",
    "ends between": b"a: b\r\n",
    "nothing": b"",
    "as many as may be": b"a: b\r\n" * 99 + b"\r\n",
    "one too many": b"a: b\r\n" * 100 + b"\r\n",
    "too long": b"a: " + b"b" * 70_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_heads(head: bytes) -> None:
    def told(read: Callable[[IO[bytes]], http.client.HTTPMessage]) -> object:
        file = io.BytesIO(head)
        try:
            headers = read(file)
        except http.client.HTTPException as error:
            return type(error), str(error)
        return headers.items(), headers.get("content-length"), file.tell()

    assert told(headers_of) == told(http.client.parse_headers)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, -0, -0.0, 1e5, 0.1, true, null, "\\u00e4 \\ud83d\\ude00"], "a": 2}',
        "18446744073709551616",
        "[9007199254740993, 123456789012345678901234567890]",
        "100000000000000000000.5",
        "1e400",
        "NaN",
        '"\\ud800"',
        '"\\u0000"',
        '"a\tb"',
        "\ufeff1",
        "[1,]",
        "01",
        "",
        "[" * 100_000,
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_json(text: str, encoding: str) -> None:
    content = text.encode(encoding)

    def told(read: Callable[[bytes], Any]) -> object:
        try:
            return repr(read(content))
        except (ValueError, RecursionError) as error:
            return type(error)

    assert told(read_json) == told(json.loads)
