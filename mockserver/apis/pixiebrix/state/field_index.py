"""What a large table remembers of filters: of each record a byte that tells most values of a field apart.

A search through half a million records takes a tenth of a second, and half of one where each has to be
parsed. A byte for each record tells whether a field is null, and leaves one value in 254 to be looked at.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from itertools import compress
from typing import Any, Final

import orjson

from ....state.rows import DATA, Row
from .filters import FieldEquals, FieldNull, Filter, decoded

BLOCK: Final = 1_000
"""How many rows are learnt together."""
MAX_FIELDS: Final = 8
"""How many fields are remembered, those asked for last: half a megabyte each for half a million records."""

_TOGETHER: Final = 125
"""Records that are parsed at once: of more, the collector of garbage would look at all."""

_NULL: Final = 0
_NO_TEXT: Final = 1
_FIRST_TEXT: Final = 2
_TEXTS: Final = 256 - _FIRST_TEXT


class FieldIndex:
    """What was found of the fields of rows that do not change; block by block, as queries come to them.

    A block is learnt the second time that it is searched for a value, so that a single query costs nothing;
    and the first time where nulls are looked for, which takes as long.
    """

    __slots__ = ("_fields",)

    def __init__(self) -> None:
        # field -> number of the block -> its bytes, empty until it is searched again
        self._fields: OrderedDict[str, dict[int, bytes]] = OrderedDict()

    def to_learn(self, block: int, filters: Iterable[Filter]) -> list[str]:
        """The fields that a block is to be learnt of before these filters are asked."""
        fields = []
        for one in filters:
            if type(one) not in _KINDS:
                continue
            blocks = self._fields.setdefault(one.field, {})
            self._fields.move_to_end(one.field)
            if len(self._fields) > MAX_FIELDS:
                self._fields.popitem(last=False)
            again = block in blocks
            if not blocks.setdefault(block, b"") and (again or type(one) is FieldNull):
                fields.append(one.field)
        return fields

    def learn(self, block: int, rows: list[Row], field: str) -> None:
        """Note what the rows of a block, all of them, have in this field."""
        blocks = self._fields.get(field)
        if blocks is not None:  # others may have asked for other fields meanwhile
            blocks[block] = b"".join(
                _codes([row[DATA] for row in rows[start : start + _TOGETHER]], field)
                for start in range(0, len(rows), _TOGETHER)
            )

    def narrowed(self, block: int, rows: list[Row], filters: list[Filter]) -> tuple[list[Row], list[Filter]]:
        """The rows of a block that may pass, and the filters that they are still to be held against."""
        left: list[Filter] = []
        wanted: int | None = None
        for one in filters:
            codes = self._fields.get(one.field, {}).get(block) if type(one) in _KINDS else None
            if not codes:
                left.append(one)
                continue
            fitting = int.from_bytes(codes.translate(_fitting(_asked(one))))
            wanted = fitting if wanted is None else wanted & fitting
            if type(one) is FieldEquals:
                left.append(one)
        if wanted is None:
            return rows, left
        return (list(compress(rows, wanted.to_bytes(len(rows)))) if wanted else []), left


_KINDS: Final = {FieldEquals, FieldNull}
"""A variant's own kind of filter may mean something else."""


def _codes(data: list[bytes], field: str) -> bytes:
    return bytes(_code(record.get(field)) for record in _decoded(data))


def _code(value: Any) -> int:
    if type(value) is str:
        return _FIRST_TEXT + hash(value) % _TEXTS
    return _NULL if value is None else _NO_TEXT


def _asked(one: Filter) -> tuple[int, bool]:
    """The byte that a filter asks for, and whether it asks for all others instead."""
    return (_NULL, not one.is_null) if isinstance(one, FieldNull) else (_code(one.value), False)


@lru_cache(maxsize=512)
def _fitting(asked: tuple[int, bool]) -> bytes:
    """A table for `translate`: 1 for what is asked for, 0 for the rest."""
    code, others = asked
    return bytes((other == code) is not others for other in range(256))


def _decoded(data: list[bytes]) -> list[dict[str, Any]]:
    try:
        records: list[dict[str, Any]] = orjson.loads(b"[%b]" % b",".join(data))
    except orjson.JSONDecodeError:  # an integer is out of all bounds
        return [decoded(one) for one in data]
    return records
