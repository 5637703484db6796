"""How the tests of the descriptions walk them: operations, references, schemas as JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from dbcontract import openapi

VENDORS = ("pieces", "pixiebrix")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a description, with references followed where it matters."""

    api: str
    document: dict[str, Any]
    path: str
    method: str
    spec: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.spec.get("operationId", f"{self.method} {self.path}"))

    @property
    def parameters(self) -> list[dict[str, Any]]:
        own = [*self.document["paths"][self.path].get("parameters", []), *self.spec.get("parameters", [])]
        return [follow(self.document, parameter) for parameter in own]

    @property
    def responses(self) -> dict[str, dict[str, Any]]:
        return {code: follow(self.document, one) for code, one in self.spec["responses"].items()}

    @property
    def bodies(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(where, media type, media type object) of the request and of each response."""
        for media_type, content in self.spec.get("requestBody", {}).get("content", {}).items():
            yield "request", media_type, content
        for code, response in self.responses.items():
            for media_type, content in response.get("content", {}).items():
                yield code, media_type, content


def operations(name: str) -> list[Operation]:
    document = openapi.load(name)
    return [
        Operation(name, document, path, method, spec)
        for path, item in document["paths"].items()
        for method, spec in item.items()
        if method in METHODS
    ]


def of_every_operation(*names: str) -> Callable[[Callable[[Operation], None]], Callable[[], None]]:
    """Make one test of a fact of each operation; its message lists those of which it is not true."""

    def decorate(fact: Callable[[Operation], None]) -> Callable[[], None]:
        def test() -> None:
            offenders = {}
            for operation in (one for name in names for one in operations(name)):
                try:
                    fact(operation)
                except AssertionError as error:
                    offenders[operation.id] = str(error)
            if offenders:
                pytest.fail("\n".join(f"{name}: {what}" for name, what in offenders.items()), pytrace=False)

        test.__doc__ = fact.__doc__
        return test

    return decorate


def follow(document: Mapping[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node itself, or what its `$ref` points at."""
    while "$ref" in node:
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def examples(document: Mapping[str, Any], media: Mapping[str, Any]) -> list[Any]:
    """The examples of a media type object, a parameter or a header."""
    found = [media["example"]] if "example" in media else []
    return found + [follow(document, one)["value"] for one in media.get("examples", {}).values()]


def validator(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Draft202012Validator:
    """A validator for a schema of OpenAPI 3.0, with formats and `nullable`."""
    inlined = as_json_schema(document, schema)
    Draft202012Validator.check_schema(inlined)
    return Draft202012Validator(inlined, format_checker=_formats())


def as_json_schema(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as JSON Schema, references inlined (none of ours is recursive)."""
    plain: dict[str, Any] = {}
    resolved = follow(document, dict(schema))
    for key, value in resolved.items():
        if key == "properties":
            plain[key] = {name: as_json_schema(document, one) for name, one in value.items()}
        elif key in {"items", "additionalProperties", "not"} and isinstance(value, dict):
            plain[key] = as_json_schema(document, value)
        elif key in {"oneOf", "anyOf", "allOf"}:
            plain[key] = [as_json_schema(document, one) for one in value]
        elif key != "nullable":
            plain[key] = value
    if resolved.get("nullable"):
        return {"anyOf": [{"type": "null"}, plain]}
    return plain


def _formats() -> FormatChecker:
    checker = FormatChecker()
    checker.checks("uri")(lambda value: not isinstance(value, str) or bool(urlsplit(value).scheme))
    return checker
