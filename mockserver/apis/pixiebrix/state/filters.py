"""Filters on the data of records (Database APIs: Filtering Records).

`data__<field>=<value>` keeps the records whose field is that very string; `data__<field>__isnull=true|false`
keeps those whose field is null (or absent), or is not. Field names are case-sensitive; what lies between
`data__` and the end is one name, so `data__a__b=x` asks for a field literally named `a__b`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ....state.errors import InvalidInput, MalformedJSON, Wrong
from ....state.jsonio import dumps, loads
from ....state.rows import DATA, Row

_PREFIX = "data__"
_IS_NULL = "__isnull"
_TOGETHER: Final = 256
"""Records that are searched as one text: one long search is several times faster than many short ones."""
_BOOLEANS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


@dataclass(frozen=True, slots=True)
class FieldEquals:
    """Keeps the records whose string field equals the value; a number 5 does not equal the string "5"."""

    field: str
    value: str
    _needle: bytes | None = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_needle", _needle(self.field, self.value))

    def matches(self, data: bytes) -> bool:
        """Whether the record's data, compact JSON, passes."""
        # The bytes can occur elsewhere too (in a nested object), so a find is only a candidate.
        if self._needle is None or self._needle not in data:
            return False
        return bool(decoded(data).get(self.field) == self.value)


@dataclass(frozen=True, slots=True)
class FieldNull:
    """Keeps the records whose field is null or absent (`is_null`), or is neither."""

    field: str
    is_null: bool
    _needle: bytes | None = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_needle", _needle(self.field, None))

    def matches(self, data: bytes) -> bool:
        """Whether the record's data, compact JSON, passes."""
        if self._needle is None or self._needle not in data:
            return self.is_null
        return (decoded(data).get(self.field) is None) is self.is_null


Filter = FieldEquals | FieldNull


def sift(rows: list[Row], one: Filter) -> list[Row]:
    """The rows whose data passes a filter, as its `matches` would tell of each, in their order."""
    sieve = _SIEVES.get(type(one))
    if sieve is None:  # a variant's own kind of filter
        return [row for row in rows if one.matches(row[DATA])]
    return list(sieve(one, rows))


def _equal(one: FieldEquals, rows: list[Row]) -> Iterator[Row]:
    needle = one._needle  # noqa: SLF001 - of this module
    for part, text in _parts(rows):
        if needle is not None and needle in text:
            yield from (row for row in part if one.matches(row[DATA]))


def _null(one: FieldNull, rows: list[Row]) -> Iterator[Row]:
    needle = one._needle  # noqa: SLF001 - of this module
    if needle is None:
        yield from rows if one.is_null else ()
        return
    # Quotes inside of texts are escaped, so these are keys, or ends of keys, at any depth.
    null, end_of_key = needle + b"null", b"\\" + needle
    is_nested = False  # in one part, and so probably in those that follow
    for part, text in _parts(rows):
        if needle not in text:
            yield from part if one.is_null else ()
            continue
        values = -1 if is_nested else text.count(needle) - text.count(null)
        if not values:
            yield from part if one.is_null else ()
        elif is_nested or text.count(b"{") > len(part) or end_of_key in text:
            is_nested = True
            yield from (row for row in part if one.matches(row[DATA]))
        elif values == len(part):  # without objects inside, any such key is the field, and in a record once
            yield from () if one.is_null else part
        else:
            yield from (
                row for row in part if (needle in row[DATA] and null not in row[DATA]) is not one.is_null
            )


_SIEVES: Final[Mapping[type, Callable[[Any, list[Row]], Iterator[Row]]]] = {
    FieldEquals: _equal,
    FieldNull: _null,
}


def _parts(rows: list[Row]) -> Iterator[tuple[list[Row], bytes]]:
    for start in range(0, len(rows), _TOGETHER):
        part = rows[start : start + _TOGETHER]
        yield part, b"".join([row[DATA] for row in part])


def parse_filters(pairs: Iterable[tuple[str, str]]) -> list[Filter]:
    """The filters among the decoded query pairs; other parameters are passed over.

    The document's own example encodes the `=` too (`data__user%20email%3Ddavid%40pixiebrix.com`), which
    decodes to a name that holds the `=` and an empty value. Such a pair is split at its first `=`; as decoded
    pairs do not tell `name` from `name=`, a field whose name holds a `=` cannot be compared with the empty
    string.

    Raises `InvalidInput`, keyed by the parameter, for an empty field name and for an `__isnull` that is no
    boolean.
    """
    filters: list[Filter] = []
    errors: dict[str, Any] = {}
    for parameter, given in pairs:
        if not parameter.startswith(_PREFIX):
            continue
        name, value = parameter, given
        if not given and "=" in parameter:
            name, _, value = parameter.partition("=")
        target = name.removeprefix(_PREFIX)
        asks_null = target.endswith(_IS_NULL)
        target = target.removesuffix(_IS_NULL)
        if not target:
            errors[name] = [Wrong("field-not-named")]
        elif not asks_null:
            filters.append(FieldEquals(target, value))
        elif value in _BOOLEANS:
            filters.append(FieldNull(target, _BOOLEANS[value]))
        else:
            errors[name] = [Wrong("not-a-boolean")]
    if errors:
        raise InvalidInput(errors)
    return filters


def _needle(name: str, value: str | None) -> bytes | None:
    """Bytes that data with such a field must hold; None when no data can have it (a lone surrogate)."""
    try:
        return dumps(name) + b":" + (b"" if value is None else dumps(value))
    except MalformedJSON:
        return None


def decoded(data: bytes) -> dict[str, Any]:
    """The fields of a record, whose numbers may be inexact."""
    # Only strings and nulls matter here, so the fast library will do unless an integer is out of all bounds.
    try:
        result: dict[str, Any] = orjson.loads(data)
    except orjson.JSONDecodeError:
        result = loads(data)
    return result
