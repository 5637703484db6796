"""What was as described once is not looked at again; whatever differs from it is."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from dbcontract import openapi
from dbcontract.conformance.http.wire import Header, Received, Request
from dbcontract.conformance.schema.description import Description

JSON = (("Content-Type", "application/json"), ("Date", "Wed, 13 May 2026 12:00:00 GMT"))
Judge = Callable[..., list[str]]


@pytest.fixture
def judge() -> Judge:
    """Holds answers of one operation, all of them against the same description."""
    description = Description("pieces")

    def told(content: bytes, status: int = 200, headers: tuple[Header, ...] = JSON) -> list[str]:
        call = description.call("exportDatabase")
        request = Request("GET", "http://target/database/export")
        received = Received(status, "", headers, content, 0.0)
        return [finding.check for finding in description.hold(call, "http://target", request, received)]

    return told


@pytest.fixture
def export() -> bytes:
    """A small export, as described."""
    value = openapi.load("pieces")["components"]["examples"]["SmallDatabase"]["value"]
    return json.dumps(value).encode()


def test_an_answer_that_was_as_described_is_so_again(judge: Judge, export: bytes) -> None:
    """Also at another time."""
    assert judge(export) == judge(export) == []
    later = (JSON[0], ("Date", "Thu, 14 May 2026 12:00:00 GMT"))
    assert judge(export, headers=later) == []


def test_what_differs_from_it_is_looked_at(judge: Judge, export: bytes) -> None:
    """In its status, its headers or its body."""
    assert judge(export) == []
    assert judge(export, status=418) == ["status_code_conformance"]
    assert judge(export, headers=(("Content-Type", "text/html"),)) == ["content_type_conformance"]
    assert judge(export[:-1] + b', "values": 1}') == ["response_schema_conformance"]


def test_a_wrong_answer_is_told_every_time(judge: Judge) -> None:
    """It is not remembered as if it were as described."""
    assert judge(b"[]") == judge(b"[]") == ["response_schema_conformance"]
