"""What no vendor publishes is left open: which error an input gets, 400 for a body that is not a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dbcontract import openapi
from dbcontract.conformance.http.wire import Received, Request
from dbcontract.conformance.schema.description import Description, leads_to_other_form
from dbcontract.conformance.schema.latitude import judged

STATUS = "status_code_conformance"
GOOD: dict[str, Any] = openapi.load("pieces")["components"]["examples"]["SmallDatabase"]["value"]
Judge = Callable[..., set[str]]


@pytest.fixture(scope="module")
def judge() -> Judge:
    description = Description("pieces")

    def told(body: bytes | None, status: int = 400, media_type: str = "text/plain") -> set[str]:
        call = description.call("importDatabase")
        request = Request("POST", "http://target/database/import", (), body)
        received = Received(status, "", (("Content-Type", media_type),), b"No.", 0.0)
        return {finding.check for finding in description.hold(call, "http://target", request, received)}

    return told


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 100_000,
        json.dumps({**GOOD, "persons": [256]}).encode(),
        json.dumps({name: value for name, value in GOOD.items() if name != "values"}).encode(),
    ],
    ids=["broken", "bytes", "array", "null", "deep", "byte", "field"],
)
def test_a_framework_may_refuse_what_is_not_a_database(judge: Judge, body: bytes) -> None:
    assert judge(body) == set()


def test_a_good_database_and_none_at_all_deserve_no_client_error(judge: Judge) -> None:
    assert judge(json.dumps(GOOD).encode()) == {STATUS}
    assert judge(json.dumps({**GOOD, "hints": None}).encode()) == {STATUS}
    assert judge(None) == {STATUS}
    assert judge(b"") == {STATUS}


def test_only_400_and_only_as_plain_text(judge: Judge) -> None:
    assert judge(b"{", status=422) == {STATUS}
    assert judge(b"{", media_type="application/json") == {"content_type_conformance"}


@pytest.mark.parametrize("api", ["pieces", "pixiebrix"])
def test_successes_are_as_described(api: str) -> None:
    described, left = openapi.load(api, written_out=True), judged(api)
    for path, item in described["paths"].items():
        for method, operation in item.items():
            if "responses" in operation:
                for status, response in operation["responses"].items():
                    if int(status) < 400:
                        assert left["paths"][path][method]["responses"][status] == response


@pytest.mark.parametrize(
    ("status", "location", "allowed"),
    [
        (301, "http://target/database/export/", True),
        (308, "./export/?a=b", True),
        (302, "/database/export", False),
        (307, "http://elsewhere/database/export/", False),
        (307, "/database/exports/", False),
        (303, "", False),
        (200, "/database/export/", False),
    ],
)
def test_a_path_may_lead_to_its_other_form(status: int, location: str, *, allowed: bool) -> None:
    assert leads_to_other_form("http://target/database/export", status, location) is allowed
