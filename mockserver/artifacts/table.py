"""Records as the rows of a table: one column for each field that any of them has."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from typing import Any

import orjson

from dbcontract.plain_json import read_json

_DECODER = json.JSONDecoder()


class NestedText(str):
    """An array or object as compact JSON text, to be told from a string that looks the same."""

    __slots__ = ()


def fields_of(data: bytes) -> dict[str, Any]:
    """The fields of a stored record; arrays and objects come as they are or as NestedText.

    Integers keep every digit, whatever their size, also inside the text of arrays and objects.
    """
    fields: dict[str, Any] = read_json(data, _exact_fields)
    return fields


def records_of(data: Sequence[bytes]) -> list[dict[str, Any]]:
    """The fields of several stored records, as `fields_of` gives them for each."""
    records: list[dict[str, Any]] = read_json(
        b"[%b]" % b",".join(data), lambda _: [fields_of(one) for one in data]
    )
    return records


def nested_text(value: Any) -> str:
    """An array or object as compact JSON text."""
    return str(value) if type(value) is NestedText else orjson.dumps(value).decode()


def number_text(value: float) -> str:
    """A number as JSON text."""
    return str(value) if type(value) is int else orjson.dumps(value).decode()


def field_names(batches_of_data: Iterable[Sequence[bytes]]) -> Generator[bytes, None, list[str]]:
    """Return the union of the records' fields, in first-seen order; yield an empty chunk after each batch."""
    seen: dict[str, Any] = {}
    for batch in batches_of_data:
        for record in records_of(batch):
            seen |= record  # a field seen before keeps its place
        yield b""
    return list(seen)


def _exact_fields(data: bytes) -> dict[str, Any]:
    """Read a compact JSON object's own level only; what is nested stays the text that it is."""
    text = data.decode()
    fields: dict[str, Any] = {}
    position = 1
    while text[position] != "}":
        name, end = _DECODER.raw_decode(text, position)
        start = end + 1  # the colon: compact JSON has no white space
        value, position = _DECODER.raw_decode(text, start)
        fields[name] = NestedText(text[start:position]) if isinstance(value, (dict, list)) else value
        if text[position] == ",":
            position += 1
    return fields
