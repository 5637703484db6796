"""JSON in and out, strict and exact.

The fast library does the work; the standard one steps in for integers beyond 64 bits, which the fast one
would read as floats or refuse to write. Whatever is wrong with the input, the error is `MalformedJSON`.
"""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate
from typing import Any, Final

import orjson

from .errors import MalformedJSON, Wrong

__all__ = ["MAX_DEPTH", "MAX_DIGITS", "MalformedJSON", "dumps", "finite", "loads"]

MAX_DEPTH: Final = 200
"""How deep arrays and objects may nest."""
MAX_DIGITS: Final = 4300
"""How many digits an integer may have (Python's own default limit for reading and writing them)."""

# Up to 18 digits always fit 64 bits; from 19 on, only the standard library is sure to be exact.
_LONG: Final = b"0" * 19
_DIGITS_TO_ZERO: Final = bytes(ord("0") if code in b"0123456789" else ord(" ") for code in range(256))
_LONG_NUMBER: Final = re.compile(rb"([0-9]{15})[0-9]{4,}")
_COPIED_BELOW: Final = 65_536
_NO_MARKS: Final = bytes(code for code in range(256) if code not in b'[]{}"')
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_STEP: Final = {ord("["): 1, ord("]"): -1}
_PEELED: Final = 16
"""How many levels are taken off from inside, each at once, before the rest is counted one by one."""


def loads(raw: bytes, max_depth: int = MAX_DEPTH) -> Any:
    """The value that the UTF-8 JSON text holds; integers of any size stay exact.

    Raises `MalformedJSON` for text that is not UTF-8 or not JSON, for NaN and infinities (also `1e400`), for
    lone surrogates, for nesting deeper than `max_depth` and for integers of more than `MAX_DIGITS` digits.
    """
    exact = _LONG in raw.translate(_DIGITS_TO_ZERO)  # much faster than a search for the pattern
    try:
        # Shortened numbers change values, not validity: this pass then only judges the syntax. An escape such
        # as \u1234 keeps its digits, because the first fifteen of a run stay.
        value = orjson.loads(_LONG_NUMBER.sub(rb"\1", raw) if exact else raw)
    except orjson.JSONDecodeError as error:
        raise MalformedJSON(Wrong("not-json", error)) from None
    if _depth(raw, max_depth) > max_depth:
        raise MalformedJSON(Wrong("nested-too-deep", max_depth))
    if not exact:
        return value
    try:
        return json.loads(raw.decode(), parse_int=_integer, parse_float=finite)
    except ValueError as error:
        raise MalformedJSON(Wrong("not-json", error)) from None


def dumps(value: Any) -> bytes:
    """The value as compact UTF-8 JSON, keys in their order, integers of any size.

    Raises `MalformedJSON` for what JSON cannot hold: NaN and infinities, lone surrogates, keys that are no
    text.
    """
    try:
        raw = orjson.dumps(value)
    except TypeError:
        return _dumps_exactly(value)
    # The fast library writes NaN and infinities as null; a value must not change in silence.
    nulls = raw.count(b"null")
    if nulls and not (type(value) is dict and list(value.values()).count(None) == nulls):
        _refuse_what_changes(value)
    # The fast library shrinks a larger buffer in place, which leaves holes that nothing fits into: half a
    # million such results would take ten times their size. Formatting is the fastest way to copy.
    return b"%b" % raw if len(raw) < _COPIED_BELOW else raw


def _dumps_exactly(value: Any) -> bytes:
    try:
        raw = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedJSON(Wrong("not-expressible", error)) from None
    _refuse_what_changes(value)  # keys that are not text, NaN and infinities
    return raw


def _refuse_what_changes(value: Any) -> None:
    """Refuse keys that are not text and floats that are not finite, without recursion."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            if not all(isinstance(key, str) for key in item):
                raise MalformedJSON(Wrong("key-not-text"))
            todo.extend(item.values())
        elif isinstance(item, list | tuple):
            todo.extend(item)
        elif isinstance(item, float) and not math.isfinite(item):
            raise MalformedJSON(Wrong("not-expressible", item))


def _depth(raw: bytes, enough: int) -> int:
    """How deep valid JSON nests; an upper bound where that is already small enough."""
    most = raw.count(b"[") + raw.count(b"{")
    if most <= enough:
        return most
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Taking away two quotes that stand together leaves all else inside or outside of a string as it was.
    marks = raw.translate(_ONE_KIND, _NO_MARKS).replace(b'""', b"")
    brackets = b"".join(marks.split(b'"')[::2]) if b'"' in marks else marks
    depth = 0
    while brackets and depth < _PEELED:
        brackets = brackets.replace(b"[]", b"")
        depth += 1
    return depth + max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise ValueError(f"an integer has more than {MAX_DIGITS} digits")
    return int(text)


def finite(text: str) -> float:
    """The number. Raises ValueError for one that a double cannot hold."""
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large for a double")
    return number
