"""`Prefer: code=…` forces a documented response with its example, and refuses any other."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from openapi_schema_validator import OAS30ReadValidator

from dbcontract import openapi

from .mock import Mock

METHODS = {"get", "post", "put", "patch", "delete"}
SOMEWHERE = "00000000-0000-4000-8000-000000000000"


def resolved(api: str, node: Any) -> Any:
    """The node with its references followed; no response refers to itself."""
    if isinstance(node, list):
        return [resolved(api, item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = openapi.load(api)
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return resolved(api, target)
    return {name: resolved(api, item) for name, item in node.items()}


class Operation:
    """One described operation, with a path that addresses it and names nothing that exists."""

    def __init__(self, api: str, base: str, method: str, template: str, operation: dict[str, Any]) -> None:
        self.api = api
        self.method = method.upper()
        self.path = base + re.sub(r"\{[^}]*\}", SOMEWHERE, template)
        self.responses: dict[str, Any] = operation["responses"]
        self.id = operation["operationId"]


OPERATIONS = [
    Operation(api, base, method, template, operation)
    for api, base in (("pieces", ""), ("pixiebrix", "/api"))
    for template, item in openapi.load(api)["paths"].items()
    for method, operation in item.items()
    if method in METHODS
]
DOCUMENTED = [(operation, status) for operation in OPERATIONS for status in operation.responses]


def test_all_operations_are_tried() -> None:
    assert len(OPERATIONS) >= 17
    assert all(status.isdigit() for _, status in DOCUMENTED)


@pytest.mark.parametrize(
    ("operation", "status"), DOCUMENTED, ids=[f"{operation.id}-{status}" for operation, status in DOCUMENTED]
)
def test_every_documented_code_of_every_operation(mock: Mock, operation: Operation, status: str) -> None:
    before = mock.state()
    # neither token nor body: what is forced comes whatever the request
    response = mock.send(operation.method, operation.path, headers={"Prefer": f"code={status}"})
    assert response.status_code == int(status)
    assert response.headers["Preference-Applied"] == f"code={status}"
    documented = resolved(operation.api, operation.responses[status])
    for name, header in documented.get("headers", {}).items():
        assert name in response.headers or not header.get("required")
    content = documented.get("content")
    if not content:
        assert response.content == b""
    else:
        media_type = response.headers["Content-Type"].partition(";")[0]
        assert media_type in content or "*/*" in content
        if media_type == "application/json":
            OAS30ReadValidator(content[media_type]["schema"]).validate(response.json())
            assert response.json()
        else:
            assert response.text.strip()
    assert mock.state() == before
    (entry,) = mock.journal()
    assert (entry["operation"], entry["status"]) == (operation.id, int(status))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
@pytest.mark.parametrize("code", ["418", "000"])
def test_an_undocumented_code_is_refused_with_the_documented_ones(
    mock: Mock, operation: Operation, code: str
) -> None:
    response = mock.send(operation.method, operation.path, headers={"Prefer": f"code={code}"})
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/json"
    detail = response.json()["detail"]
    assert f"code={code}" in detail
    assert operation.id in detail
    assert all(status in detail for status in operation.responses)
    assert "Preference-Applied" not in response.headers


@pytest.mark.parametrize("prefer", ["code=50", "code=5055", "code=", "code=abc", "code=-1", "code=505.0"])
def test_a_code_that_is_none_is_refused(mock: Mock, prefer: str) -> None:
    response = mock.send("POST", "/database/import", headers={"Prefer": prefer})
    assert response.status_code == 400
    assert "204, 500, 505" in response.json()["detail"]


@pytest.mark.parametrize(
    "prefer",
    [
        "code=505",
        'code="505"',
        "Code = 505",
        "respond-async, code=505",
        "wait=10; code=505",
        "handling=lenient,code=505;x=y",
    ],
)
def test_how_it_may_be_written(mock: Mock, prefer: str) -> None:
    assert mock.send("POST", "/database/import", headers={"Prefer": prefer}).status_code == 505


@pytest.mark.parametrize("prefer", ["wait=10", "respond-async", "return=minimal", "barcode=505", "x=1"])
def test_other_preferences_are_ignored(mock: Mock, prefer: str) -> None:
    response = mock.send("GET", "/database/export", headers={"Prefer": prefer})
    assert response.status_code == 200
    assert "Preference-Applied" not in response.headers


@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere", "/_mock/health", "/_storage/x"])
def test_outside_the_two_apis_it_says_nothing(mock: Mock, path: str) -> None:
    plain, preferring = mock.send("GET", path), mock.send("GET", path, headers={"Prefer": "code=500"})
    assert preferring.status_code == plain.status_code != 500


def test_a_forced_answer_to_head_has_no_body(mock: Mock) -> None:
    response = mock.send("HEAD", "/database/export", headers={"Prefer": "code=500"})
    assert (response.status_code, response.content) == (500, b"")


def test_what_the_user_asks_for_goes_before_a_fault(mock: Mock) -> None:
    made = mock.fault("exportDatabase", status=503, times=1)
    assert mock.send("GET", "/database/export", headers={"Prefer": "code=200"}).status_code == 200
    assert mock.control("GET", "/faults") == [made]
    assert mock.send("GET", "/database/export").status_code == 503


def test_an_example_leads_to_this_mock_not_to_the_vendor(sandbox: Callable[[], Mock]) -> None:
    for mock in (sandbox(), sandbox()):
        path = f"/databases/{SOMEWHERE}/assets/"
        created = mock.api("POST", path, headers={"Prefer": "code=201"}).json()
        assert created["asset"]["download_url"].startswith(f"{mock.pixiebrix}/databases/")
        link = mock.api("GET", path, headers={"Prefer": "code=200"}).headers["Link"]
        assert f"<{mock.pixiebrix}/" in link
        for operation in OPERATIONS:
            for status in operation.responses:
                answer = mock.send(operation.method, operation.path, headers={"Prefer": f"code={status}"})
                assert "pixiebrix.com" not in answer.text + str(answer.headers)


def test_a_web_page_may_ask_too(start: Callable[..., Mock]) -> None:
    mock = start(cors=("*",))
    asked = {"Origin": "http://page.example", "Access-Control-Request-Method": "POST"}
    preflight = {**asked, "Access-Control-Request-Headers": "prefer"}
    assert mock.send("OPTIONS", "/database/import", headers=preflight).status_code == 200
    forced = {"Origin": "http://page.example", "Prefer": "code=505"}
    response = mock.send("POST", "/database/import", headers=forced)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (505, "*")
