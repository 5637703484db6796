"""What of an answer of PixieBrix no vendor publishes, so that it is left open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...schema.latitude import BAD_REQUEST, response

_ANY_ERROR: Final = "4XX"
_ANY_OBJECT: Final[Mapping[str, Any]] = {"type": "object"}
_READ_ONLY: Final = {"$ref": "#/components/schemas/Ignored"}

FREE_BODIES: Final = frozenset({"ExportFilters"})
"""Parts of bodies that take any further field."""

GIVEN_BY_SERVERS: Final = frozenset({"id"})
"""Fields of a record that it is written without where the server gives it a key."""

_UNPROMISED: Final[Mapping[str, tuple[str, ...]]] = {
    "DatabaseRequest": ("enforce_schema", "type"),
    "DatabaseUpdateRequest": ("enforce_schema", "type"),
}
"""Fields of bodies whose wrong values nobody says to be refused: a server may read them as it likes."""

# What a server in front of the application answers by itself, in a body of its own.
_FROM_IN_FRONT: Final = ("413", "414", "431")


def relax(description: dict[str, Any]) -> None:
    """Let PixieBrix answer with any error below 500; its body is a JSON object, for 400 any JSON."""
    _leave_out_what_is_read_only(description["components"]["schemas"])
    for item in description["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "responses" in operation:
                _open(operation["responses"])


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
        responses[str(BAD_REQUEST)] = response("application/json", {})
    for status in _FROM_IN_FRONT:
        responses.setdefault(status, {"description": "Too large for a server in front."})
    responses[_ANY_ERROR] = response("application/json", _ANY_OBJECT)


def tolerate(description: dict[str, Any]) -> None:
    """Let bodies have values that nobody says to be refused, and a record no key, or an empty one.

    A server may give it one.
    """
    schemas = description["components"]["schemas"]
    for name, fields in _UNPROMISED.items():
        for field in fields:
            schemas[name]["properties"].pop(field, None)
    record = schemas["RecordRequest"]
    record["required"] = [field for field in record["required"] if field not in GIVEN_BY_SERVERS]
    for field in GIVEN_BY_SERVERS:
        record["properties"][field].pop("minLength", None)
