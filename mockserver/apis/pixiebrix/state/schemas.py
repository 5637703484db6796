"""The JSON Schema that a database may hold its records to (published specification: DatabaseSchema)."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

import jsonschema_rs

from ....state.errors import InvalidInput, MalformedJSON, Wrong
from ....state.jsonio import loads

MAX_MESSAGES: Final = 20
"""How many findings of one record are told."""
_SHOWN: Final = 300


class RecordSchema:
    """A JSON Schema for the data of records; which draft, its `$schema` says (2020-12 by default).

    Raises `InvalidInput`, keyed by `schema_text`, for a text that is not a schema, and for one that refers to
    another document: nothing is fetched.
    """

    __slots__ = ("_validator", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            schema = loads(text.encode())
            if not isinstance(schema, dict):
                raise InvalidInput({"schema_text": [Wrong("schema-not-an-object")]})
            self._validator = jsonschema_rs.validator_for(schema, offline=True)
        except MalformedJSON as error:
            raise InvalidInput({"schema_text": [error.wrong]}) from None
        except UnicodeEncodeError as error:
            raise InvalidInput({"schema_text": [Wrong("not-json", error)]}) from None
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            reason = str(error).partition("\n")[0][:_SHOWN]
            raise InvalidInput({"schema_text": [Wrong("not-a-schema", reason)]}) from None

    def problems(self, data: Any) -> list[str]:
        """What is wrong with the data of a record, each with its place; empty when nothing is."""
        if self._validator.is_valid(data):
            return []
        return [_told(error)[:_SHOWN] for error in islice(self._validator.iter_errors(data), MAX_MESSAGES)]


def _told(error: jsonschema_rs.ValidationError) -> str:
    place = ".".join(str(part) for part in error.instance_path)
    return f"{place}: {error.message}" if place else error.message
