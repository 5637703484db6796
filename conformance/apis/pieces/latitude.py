"""What of an answer of Pieces OS no vendor publishes, so that it is left open."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import jsonschema_rs

from ...schema.latitude import BAD_REQUEST, as_draft_4, null_or_absent, response

IMPORT: Final = "importDatabase"
_MODEL: Final = "ExportedDatabaseInput"
_EXPORTED: Final = ("ExportedDatabase", "ExportedDatabaseFormats", "ExportedDatabaseFormat")


def relax(description: dict[str, Any]) -> None:
    """Let an export have null where an optional field is absent, and an import be refused with 400.

    The vendor's SDK reads null and absence alike. Whether a body deserves the 400, which is in plain text,
    `deserves_400` says.
    """
    schemas = description["components"]["schemas"]
    for name in _EXPORTED:
        null_or_absent(schemas[name])
    for item in description["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and operation.get("operationId") == IMPORT:
                operation["responses"][str(BAD_REQUEST)] = response("text/plain", {"type": "string"})


def deserves_400(description: Mapping[str, Any]) -> Callable[[bytes | None], bool]:
    """Tells whether the body of an import is not JSON or not an exported database by the published model.

    That there is no body is not a mistake.
    """
    schemas = description["components"]["schemas"]
    schema = {**schemas[_MODEL], "components": {"schemas": schemas}}
    validator = jsonschema_rs.Draft4Validator(as_draft_4(schema))

    def tell(body: bytes | None) -> bool:
        if not body:
            return False
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return True
        return not validator.is_valid(document)

    return tell
