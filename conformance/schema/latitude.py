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

from ..authoring.check import PIECES

IMPORT: Final = "importDatabase"
BAD_REQUEST: Final = 400
_MODEL: Final = "ExportedDatabaseInput"
_EXPORTED: Final = ("ExportedDatabase", "ExportedDatabaseFormats", "ExportedDatabaseFormat")
_ANY_ERROR: Final = "4XX"
_ANY_OBJECT: Final[Mapping[str, Any]] = {"type": "object"}

# Parts of bodies that take any further field.
_FREE: Final = frozenset({"ExportFilters"})

GIVEN_BY_SERVERS: Final = frozenset({"id"})
"""Fields of a record that it is written without where the server gives it a key."""

_UNPROMISED: Final[Mapping[str, tuple[str, ...]]] = {
    "DatabaseRequest": ("enforce_schema", "type"),
    "DatabaseUpdateRequest": ("enforce_schema", "type"),
}
"""Fields of bodies whose wrong values nobody says to be refused: a server may read them as it likes."""

_READ_ONLY: Final = {"$ref": "#/components/schemas/Ignored"}

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
    if api != PIECES:
        _leave_out_what_is_read_only(schemas)
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
        if name not in schema.get("required", ()):
            schema["properties"][name] = {"allOf": [field], "nullable": True}


def _close(schemas: Mapping[str, dict[str, Any]]) -> None:
    for name, schema in schemas.items():
        if name.endswith("Request") or name in _FREE:
            schema.setdefault("additionalProperties", False)


def _leave_out_what_is_read_only(schemas: Mapping[str, dict[str, Any]]) -> None:
    """Let bodies have no more than what they may change: a server may ignore the rest, or not know it.

    The key of a record that is put is that of the path, whatever the body has. Null where a text belongs is
    taken by some.
    """
    for name, schema in schemas.items():
        fields = schema.get("properties", {})
        if name == "RecordUpdateRequest":
            fields.pop("id", None)
        for field in [field for field, one in fields.items() if one == _READ_ONLY]:
            del fields[field]
        if name.endswith("Request"):
            for one in fields.values():
                if one.pop("nullable", False):
                    one["x-nullable"] = True


def _open(responses: dict[str, Any]) -> None:
    """Let an operation answer with errors that its description does not have."""
    if str(BAD_REQUEST) in responses:
        responses[str(BAD_REQUEST)] = _response("application/json", {})
    for status in _FROM_IN_FRONT:
        responses.setdefault(status, {"description": "Too large for a server in front."})
    responses[_ANY_ERROR] = _response("application/json", _ANY_OBJECT)


def _response(media_type: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": "An error.", "content": {media_type: {"schema": dict(schema)}}}


def tolerated(description: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a description, by which a body is wrong only if every server has to refuse it.

    Unknown fields are no reason, nor values that nobody says to be refused, nor nulls in optional fields, nor
    a record without a key, or with an empty one: a server may give it one.
    """
    found: dict[str, Any] = _without_closing(description)
    for name, schema in found["components"]["schemas"].items():
        for field in _UNPROMISED.get(name, ()):
            schema["properties"].pop(field, None)
        if name == "RecordRequest":
            schema["required"] = [field for field in schema["required"] if field not in GIVEN_BY_SERVERS]
            for field in GIVEN_BY_SERVERS:
                schema["properties"][field].pop("minLength", None)
        if name.endswith("Request"):
            _null_or_absent(schema)
    return found


def _without_closing(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {
            key: _without_closing(one)
            for key, one in value.items()
            if not (key == "additionalProperties" and one is False)
        }
        return {**kept, "nullable": True} if value.get("x-nullable") is True else kept
    return [_without_closing(one) for one in value] if isinstance(value, list) else value


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
