"""What of an answer of Pieces OS no vendor publishes, so that it is left open."""

from __future__ import annotations

from typing import Any, Final

from ...schema.latitude import BAD_REQUEST, IMPORT, null_or_absent, response

_EXPORTED: Final = ("ExportedDatabase", "ExportedDatabaseFormats", "ExportedDatabaseFormat")


def relax(description: dict[str, Any]) -> None:
    """Let an export have null where an optional field is absent, and an import be refused with 400.

    The vendor's SDK reads null and absence alike. Whether a body deserves the 400, which is in plain text,
    `schema.latitude.Model` says.
    """
    schemas = description["components"]["schemas"]
    for name in _EXPORTED:
        null_or_absent(schemas[name])
    for item in description["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and operation.get("operationId") == IMPORT:
                operation["responses"][str(BAD_REQUEST)] = response("text/plain", {"type": "string"})
