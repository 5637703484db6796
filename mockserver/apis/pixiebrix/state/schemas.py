"""The JSON Schema that a database may hold its records to (published specification: DatabaseSchema)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import jsonschema_rs

from ....state.errors import InvalidInput, MalformedJSON, Wrong
from ....state.jsonio import MAX_DEPTH, loads
from .schema_work import SchemaWork, TooMuch

MAX_MESSAGES: Final = 20
"""How many findings of one record are told."""
MAX_WORK: Final = 10_000
"""How often a schema may ask something of one value."""
TOO_MUCH: Final = "The schema is too much work for this many values; write fewer at once, or simplify it."
UNTOLD: Final = "The data breaks the schema, in more ways than can be told."
_SHOWN: Final = 300
_VALUES: Final = 10_000
_TOLD: Final = 10_000
_BACKTRACKS: Final = 1_000


class RecordSchema:
    """A JSON Schema for the data of records; which draft, its `$schema` says (2020-12 by default).

    Raises `InvalidInput`, keyed by `schema_text`, for a text that is not a schema, and for one that refers to
    another document: nothing is fetched.
    """

    __slots__ = ("_validator", "_work", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            schema = loads(text.encode())
            if not isinstance(schema, dict):
                raise InvalidInput({"schema_text": [Wrong("schema-not-an-object")]})
            self._validator = jsonschema_rs.validator_for(
                schema, offline=True, pattern_options=jsonschema_rs.FancyRegexOptions(_BACKTRACKS)
            )
            self._work = SchemaWork(schema, MAX_WORK)
        except MalformedJSON as error:
            raise InvalidInput({"schema_text": [error.wrong]}) from None
        except TooMuch as error:
            raise InvalidInput({"schema_text": [Wrong("not-a-schema", str(error))]}) from None
        except UnicodeEncodeError as error:
            raise InvalidInput({"schema_text": [Wrong("not-json", error)]}) from None
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            reason = str(error).partition("\n")[0][:_SHOWN]
            raise InvalidInput({"schema_text": [Wrong("not-a-schema", reason)]}) from None

    def problems(self, records: Iterable[bytes]) -> Iterator[list[str]]:
        """What is wrong with the data of each record, with its place; empty where nothing is.

        It ends early, behind what is wrong, where all of them would be too much work.
        """
        asked = told = 0
        for raw in records:
            data = loads(raw)
            work = self._work_of(raw, data)
            asked += work
            if asked > MAX_WORK * _VALUES:
                yield [TOO_MUCH]
                return
            if self._validator.is_valid(data):
                yield []
            elif told + work > _TOLD:
                # The validator finds all errors before it gives any, and each takes a thousand times as long
                # as the question.
                yield [UNTOLD]
            else:
                told += work
                errors = islice(self._validator.iter_errors(data), MAX_MESSAGES)
                yield [_told(error)[:_SHOWN] for error in errors]

    def _work_of(self, raw: bytes, data: Any) -> int:
        """How many questions a record can take at most."""
        opening = raw.count(b"{") + raw.count(b"[")
        values = 1 + opening + raw.count(b",") + raw.count(b":")
        work = values * self._work.at(min(opening, MAX_DEPTH))
        return work if work <= _TOLD else values * self._work.at(_depth(data))


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [
        inner
        for one in level
        if isinstance(one, dict | list)
        for inner in (one.values() if isinstance(one, dict) else one)
    ]:
        depth += 1
    return depth


def _told(error: jsonschema_rs.ValidationError) -> str:
    place = ".".join(str(part) for part in error.instance_path)
    return f"{place}: {error.message}" if place else error.message
