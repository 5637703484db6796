"""The descriptions are whole: texts, examples, links, nothing left over."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from dbcontract import openapi

from .documents import VENDORS, Operation, examples, follow, of_every_operation, operations, validator


@pytest.mark.parametrize("written_out", [False, True])
@pytest.mark.parametrize("name", openapi.names())
def test_the_description_is_valid_openapi(name: str, *, written_out: bool) -> None:
    """As it is published, and as servers have it, which trust in that."""
    document = openapi.load(name, written_out=written_out)
    assert document["openapi"] == "3.0.3"
    assert list(OpenAPIV30SpecValidator(document).iter_errors()) == []


@pytest.mark.parametrize("name", openapi.names())
def test_no_module_path_is_in_the_description(name: str) -> None:
    # Handlers are found by operationId; a path would tie the description to one implementation.
    text = json.dumps(openapi.load(name))
    assert "x-openapi-router-controller" not in text
    assert all("." not in one.id for one in operations(name))


@pytest.mark.parametrize("name", VENDORS)
def test_operation_ids_are_unique(name: str) -> None:
    ids = [one.id for one in operations(name)]
    assert len(set(ids)) == len(ids)


@of_every_operation(*VENDORS)
def test_every_operation_is_described(operation: Operation) -> None:
    declared = {tag["name"]: tag["description"] for tag in operation.document["tags"]}
    assert re.fullmatch(r"[a-z]+[A-Za-z]*", operation.spec["operationId"])
    assert operation.spec["summary"].strip()
    assert not operation.spec["summary"].endswith(".")
    assert "Source: " in operation.spec["description"]
    assert operation.spec["tags"]
    assert all(declared[tag] for tag in operation.spec["tags"])


@of_every_operation(*VENDORS)
def test_every_parameter_response_and_header_is_described(operation: Operation) -> None:
    for parameter in operation.parameters:
        assert parameter["description"], parameter["name"]
        assert "type" in parameter["schema"]
    for code, response in operation.responses.items():
        assert response["description"], code
        for header in response.get("headers", {}).values():
            assert follow(operation.document, header)["description"]
    if "requestBody" in operation.spec:
        assert operation.spec["requestBody"]["description"]


@of_every_operation(*VENDORS)
def test_every_json_or_text_body_has_an_example(operation: Operation) -> None:
    for where, media_type, content in operation.bodies:
        assert content["schema"], (where, media_type)
        if media_type != "*/*":
            assert examples(operation.document, content), (where, media_type)


@of_every_operation(*VENDORS)
def test_every_example_is_valid(operation: Operation) -> None:
    for where, media_type, content in operation.bodies:
        check = validator(operation.document, content["schema"])
        for example in examples(operation.document, content):
            assert [error.message for error in check.iter_errors(example)] == [], (where, media_type)
    for holder in [*operation.parameters, *_headers(operation)]:
        check = validator(operation.document, holder["schema"])
        for example in [*examples(operation.document, holder), *_defaults(holder)]:
            assert [error.message for error in check.iter_errors(example)] == []


@of_every_operation(*VENDORS)
def test_every_error_has_a_schema_and_no_media_type_has_parameters(operation: Operation) -> None:
    for code, response in operation.responses.items():
        content = response.get("content", {})
        if int(code) >= 400:
            assert content, code
            assert all(one["schema"] for one in content.values())
        assert not any(";" in media_type for media_type in content)


@of_every_operation(*VENDORS)
def test_every_link_leads_somewhere(operation: Operation) -> None:
    known = {one.id: one for one in operations(operation.api)}
    for code, response in operation.responses.items():
        for name, link in response.get("links", {}).items():
            target = known[link["operationId"]]
            assert link["description"], name
            parameters = {one["name"]: one for one in target.parameters}
            required = {one["name"] for one in target.parameters if one.get("required")}
            given = link.get("parameters", {})
            assert required <= set(given) <= set(parameters), (code, name)
            for parameter, expression in given.items():
                check = validator(operation.document, parameters[parameter]["schema"])
                values = _evaluate(operation, code, expression)
                assert any(check.is_valid(value) for value in values), (code, name, parameter)
            if "requestBody" in link:
                content = target.spec["requestBody"]["content"]["application/json"]
                check = validator(operation.document, content["schema"])
                values = _evaluate(operation, code, link["requestBody"])
                assert values
                assert all(check.is_valid(value) for value in values)


def test_every_resource_can_be_reached_by_a_link() -> None:
    reached = {
        link["operationId"]
        for one in operations("pixiebrix")
        for response in one.responses.values()
        for link in response.get("links", {}).values()
    }
    starts = {
        "createExportJob", "createDatabase", "listUserDatabases", "createUserDatabase", "listOrganizations",
        "getMe", "getHealth",
    }  # fmt: skip
    assert reached == {one.id for one in operations("pixiebrix")} - starts


@pytest.mark.parametrize("name", openapi.names())
def test_no_component_is_unused(name: str) -> None:
    document = openapi.load(name)
    used = set(re.findall(r'"\$ref": "#/components/([^"]+)"', json.dumps(document)))
    used |= {f"securitySchemes/{one}" for entry in document.get("security", []) for one in entry}
    defined = {
        f"{kind}/{component}"
        for kind, components in document.get("components", {}).items()
        for component in components
    }
    assert used == defined


@pytest.mark.parametrize("schema", [{"type": "string"}, {"type": "object", "properties": {}}])
def test_the_checks_of_these_tests_know_null_and_formats(schema: dict[str, Any]) -> None:
    assert not validator({}, schema).is_valid(None)
    assert validator({}, {**schema, "nullable": True}).is_valid(None)
    for name, good, bad in [
        ("uuid", "6a3a88cc-797d-40c1-82ce-9fd15e0e3d02", "6a3a88cc"),
        ("date", "2024-02-29", "2023-02-29"),
        ("date-time", "2024-11-15T20:42:47.670046Z", "2024-11-15 at noon"),
        ("uri", "https://x.example/", "/relative"),
    ]:
        assert validator({}, {"type": "string", "format": name}).is_valid(good)
        assert not validator({}, {"type": "string", "format": name}).is_valid(bad)


@pytest.mark.parametrize("field", ["persons", "tags", "assets", "files"])
def test_the_collections_of_the_small_database_decode(field: str) -> None:
    value = openapi.load("pieces")["components"]["examples"]["SmallDatabase"]["value"]
    entries = json.loads(bytes(value[field]).decode() or "[]")
    assert all(isinstance(entry["id"], str) for entry in entries)
    assert [entry["id"] for entry in entries] == {"persons": ["p1", "p2"], "tags": ["t1"]}.get(field, [])


def _headers(operation: Operation) -> list[dict[str, Any]]:
    return [
        follow(operation.document, header)
        for response in operation.responses.values()
        for header in response.get("headers", {}).values()
    ]


def _defaults(holder: dict[str, Any]) -> list[Any]:
    return [holder["schema"]["default"]] if "default" in holder["schema"] else []


def _evaluate(operation: Operation, code: str, expression: str) -> list[Any]:
    """The values that a runtime expression has in the examples of the operation."""
    if match := re.fullmatch(r"\$request\.path\.(\w+)", expression):
        parameter = next(one for one in operation.parameters if one["name"] == match[1])
        return examples(operation.document, parameter)
    match = re.fullmatch(r"\$response\.body(?:#/(.+))?", expression)
    assert match, expression
    content = operation.responses[code]["content"]["application/json"]
    return [
        value
        for example in examples(operation.document, content)
        if (value := _at(example, match[1])) is not None
    ]


def _at(value: Any, pointer: str | None) -> Any:
    for step in pointer.split("/") if pointer else []:
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value
