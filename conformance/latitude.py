"""The description as a judge of foreign implementations reads it: what no vendor publishes is left open.

The description of an API is that of the mock, errors and all. The vendors publish successes: the status of an
error, and whether an input gets one, is this project's own reading. So answers are held against a description
that says less of errors, and nothing less of successes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import jsonschema_rs

from dbcontract import openapi

from .check import PIECES

IMPORT: Final = "importDatabase"
BAD_REQUEST: Final = 400
_MODEL: Final = "ExportedDatabaseInput"
_EXPORTED: Final = ("ExportedDatabase", "ExportedDatabaseFormats", "ExportedDatabaseFormat")
_ANY_ERROR: Final = "4XX"
_ANY_OBJECT: Final[Mapping[str, Any]] = {"type": "object"}

# Parts of bodies that take any further field.
_FREE: Final = frozenset({"ExportFilters"})

# What a server in front of the application answers by itself, in a body of its own.
_FROM_IN_FRONT: Final = ("413", "414", "431")


def judged(api: str) -> dict[str, Any]:
    """The description of an API that answers are held against.

    The export of a Pieces OS may have null where an optional field is absent, as the vendor's SDK reads both
    alike. Pieces OS may answer an import with 400 in plain text: whether to a body that deserves it,
    `undeserved` says. PixieBrix may answer with any error below 500; its body is a JSON object, for 400 any
    JSON.

    No body has fields that are not described: a server may refuse them, and has to take what is generated.
    """
    description = openapi.load(api, written_out=True)
    schemas = description["components"]["schemas"]
    _close(schemas)
    for name in _EXPORTED:
        if api == PIECES:
            _null_or_absent(schemas[name])
    for item in description["paths"].values():
        for operation in item.values():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            if api != PIECES:
                _open(operation["responses"])
            elif operation["operationId"] == IMPORT:
                operation["responses"][str(BAD_REQUEST)] = _response("text/plain", {"type": "string"})
    return description


def _null_or_absent(schema: dict[str, Any]) -> None:
    """Let the optional fields of an object be null."""
    for name, field in schema["properties"].items():
        if name not in schema["required"]:
            schema["properties"][name] = {"allOf": [field], "nullable": True}


def _close(schemas: Mapping[str, dict[str, Any]]) -> None:
    for name, schema in schemas.items():
        if name.endswith("Request") or name in _FREE:
            schema.setdefault("additionalProperties", False)


def _open(responses: dict[str, Any]) -> None:
    """Let an operation answer with errors that its description does not have."""
    if str(BAD_REQUEST) in responses:
        responses[str(BAD_REQUEST)] = _response("application/json", {})
    for status in _FROM_IN_FRONT:
        responses.setdefault(status, {"description": "Too large for a server in front."})
    responses[_ANY_ERROR] = _response("application/json", _ANY_OBJECT)


def _response(media_type: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": "An error.", "content": {media_type: {"schema": dict(schema)}}}


class Model:
    """What a body of an import has to be, by the published model."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        schemas = description["components"]["schemas"]
        schema = {**schemas[_MODEL], "components": {"schemas": schemas}}
        self._validator = jsonschema_rs.Draft4Validator(as_draft_4(schema))

    def deserves_400(self, body: bytes | None) -> bool:
        """Whether a body is no JSON, or no exported database; that there is none is no mistake."""
        if not body:
            return False
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return True
        return not self._validator.is_valid(document)


def as_draft_4(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema has it."""
    if isinstance(value, list):
        return [as_draft_4(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    plain = {
        key: as_draft_4(one) for key, one in value.items() if key not in {"nullable", "example", "examples"}
    }
    return {"anyOf": [plain, {"type": "null"}]} if value.get("nullable") is True else plain
